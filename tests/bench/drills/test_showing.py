"""A promise is shown by drills and tests in processes of their own; one that breaks is told."""

import json
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bench import stores
from bench.drills import __main__ as drills
from bench.drills.processes import run
from bench.drills.promises import Drill, Shown
from bench.drills.report import Report
from bench.drills.showing import NO_POSTGRES, Result, Showing, run_tests

HERE = "tests/bench/drills/test_showing.py"
WORDS = {"P1": "Nothing is lost", "P2": "Nothing is done twice"}
Write = Callable[[str], Drill]


@pytest.fixture
def drill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a drill of a few lines; it is told on which store it runs."""
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:.")

    def write(body: str) -> Drill:
        name = f"a_drill_{len(list(tmp_path.iterdir()))}"
        begin = "import sys\nfrom bench.drills.verdict import Verdict, conclude\n"
        (tmp_path / f"{name}.py").write_text(begin + body)
        return Drill(name, minutes=1, short="--few")

    return write


def saying(drill: Drill, *, postgres: bool = True, short: bool = False) -> Showing:
    return Showing({"one": drill}, short, postgres)


BOTH = Shown(by=("one",), control=("one",))


def test_what_a_drill_says_on_each_store_is_put_together(drill: Write) -> None:
    showing = saying(drill("conclude({}, P1=Verdict(True, 3, sys.argv[2], True))"))
    found = showing.show("P1", BOTH)
    assert (found.held, found.trials, found.control_failed) == (True, 6, True)
    assert found.figure == "sqlite: sqlite; postgresql: postgresql"
    assert found.seconds > 0
    assert found.not_run == ""


@pytest.mark.parametrize(
    ("says", "held", "failed"),
    [
        ("P1=Verdict(False, 1, '', True)", False, True),
        ("P1=Verdict(True, 1, '', False)", True, False),
        ("P1=Verdict(True, 1, '')", True, False),  # it names no control, and should
        ("P2=Verdict(True, 1, '', True)", False, False),  # silent about what it is asked for
    ],
)
def test_a_promise_that_is_not_held_and_a_control_that_does_not_fail_are_told(
    drill: Write, says: str, held: bool, failed: bool
) -> None:
    showing = saying(drill(f"conclude({{}}, {says})"), postgres=False)
    found = showing.show("P1", BOTH)
    assert (found.held, found.control_failed) == (held, failed)
    assert not found.is_good


def test_a_drill_that_breaks_has_shown_nothing(drill: Write) -> None:
    found = saying(drill("raise SystemExit(3)"), postgres=False).show("P1", BOTH)
    assert (found.held, found.control_failed) == (False, False)
    assert "exit code 3" in found.figure


def test_a_drill_that_comes_to_no_end_is_ended_and_those_it_started(tmp_path: Path) -> None:
    child = f"import time; time.sleep(30); open({str(tmp_path / 'late')!r}, 'w')"
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    began = time.monotonic()
    ended = run((sys.executable, "-c", start), minutes=0.06)  # both have begun by then
    assert not ended.in_time
    assert time.monotonic() - began < 25
    assert not (tmp_path / "late").exists()


def test_without_a_postgresql_that_is_said(drill: Write) -> None:
    showing = saying(drill("conclude({}, P1=Verdict(True, 1, '', True))"), postgres=False)
    found = showing.show("P1", BOTH)
    assert (found.held, found.trials, found.not_run) == (True, 1, NO_POSTGRES)
    alone = Drill("x", minutes=1, stores=(stores.POSTGRESQL,))
    nothing = saying(alone, postgres=False).show("P1", BOTH)
    assert (nothing.held, nothing.control_failed, nothing.is_good) == (None, None, True)


def test_a_short_form_is_asked_for_by_what_the_table_says(drill: Write) -> None:
    one = drill("conclude({}, P1=Verdict('--few' in sys.argv, 1, '', True))")
    assert saying(one, short=True).show("P1", BOTH).held
    assert not saying(one).show("P1", BOTH).held
    full = Drill("x", minutes=1)
    assert "in full alone" in saying(full, short=True).show("P1", BOTH).not_run


def test_a_drill_of_two_promises_is_run_once(drill: Write, tmp_path: Path) -> None:
    count = f"open({str(tmp_path / 'runs')!r}, 'a').write('x')\n"
    one = drill(
        count + "conclude({}, **dict.fromkeys(('P1', 'P2'), Verdict(True, 1, '', True)))"
    )
    showing = saying(one, postgres=False)
    assert showing.show("P1", BOTH).held
    assert showing.show("P2", BOTH).held
    assert (tmp_path / "runs").read_text() == "x"


@pytest.mark.parametrize("way", ["as it is", "naive"])
def test_that_is_run_below(way: str) -> None:
    assert way in {"as it is", "naive"}


def test_tests_are_run_by_name_and_part_of_a_name() -> None:
    it = f"{HERE}::test_that_is_run_below"
    ran, _ = run_tests([it, f"{it}[naive]", f"{it}[other]"])
    assert [(one.held, one.trials) for one in ran.values()] == [
        (True, 2),
        (True, 1),
        (False, 0),
    ]


def test_the_report_says_what_held_and_stays_after_each_promise(tmp_path: Path) -> None:
    report = Report(WORDS, short=True, folder=tmp_path)
    report.note("P1", Result(True, 5, "0 lost", True, "PostgreSQL", 2.0))
    written = json.loads(report.file.read_text("utf-8"))
    assert written["promises"]["P1"] == {
        **{"held": True, "trials": 5, "figure": "0 lost", "control_failed": True},
        **{"not_run": "PostgreSQL", "seconds": 2.0, "commit": written["commit"]},
    }
    assert written["short"]
    assert written["commit"]
    assert "cores" in written["machine"]
    Report(WORDS, short=True, folder=tmp_path).note("P2", Result(False, 1, "1 twice", True))
    read = report.file.with_suffix(".md").read_text("utf-8")
    assert (
        "| P1 | Nothing is lost<br>*0 lost. not run: PostgreSQL* | yes | 5 | yes | 2 |" in read
    )
    assert "| P2 | Nothing is done twice<br>*1 twice* | **no** | 1 | yes | 0 |" in read
    assert "SHORT=1" in read
    in_full = Report(WORDS, short=False, folder=tmp_path)
    assert in_full.results == {}  # what was short is no part of it


def test_what_an_earlier_commit_has_shown_that_day_is_said_to_be_its(tmp_path: Path) -> None:
    before = Report(WORDS, short=True, folder=tmp_path, commit="1111aaaa")
    before.note("P1", Result(True, 5, "0 lost", True))
    after = Report(WORDS, short=True, folder=tmp_path, commit="2222bbbb")
    after.note("P2", Result(True, 1, "0 twice", True))
    read = after.file.with_suffix(".md").read_text("utf-8")
    assert "Commit 2222bbbb" in read
    assert "*0 lost. shown at 1111aaaa*" in read
    assert "*0 twice*" in read


def test_an_interrupted_run_leaves_what_has_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def show(_: Showing, name: str, _shown: Shown) -> Result:
        if name == "P3":
            raise KeyboardInterrupt
        return Result(True, 1, "all is well", True)

    monkeypatch.setattr(Showing, "show", show)
    monkeypatch.setattr(drills, "Report", partial(Report, folder=tmp_path))
    monkeypatch.setattr(sys, "argv", ["drills", "--short", "--only", "P2,P3,P4"])
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit, match=r"^1$"):
        drills.main()
    signal.signal(signal.SIGTERM, before)
    (file,) = tmp_path.glob("drill-*.json")
    assert list(json.loads(file.read_text("utf-8"))["promises"]) == ["P2"]
    assert json.loads(capsys.readouterr().out)["interrupted"]


def test_what_is_not_promised_cannot_be_drilled() -> None:
    assert drills.chosen("P2 P1", ["P1", "P2"]) == ["P2", "P1"]
    assert drills.chosen("", ["P1", "P2"]) == ["P1", "P2"]
    with pytest.raises(SystemExit, match="P99"):
        drills.chosen("P99", ["P1"])
