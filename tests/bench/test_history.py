"""Figures are kept run by run, and one that became worse fails the check."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from bench import history
from bench.history import BENCHES, HIGHER, LOWER, Bench, Figure

SAYS = "import json; print('on the way'); print(json.dumps({'a': {'right': 0.9}, 'ms': 12}))"
HERE = Bench(("-c", SAYS), (Figure("a.right", HIGHER, 0.01), Figure("ms", LOWER, 1.0)))


@pytest.fixture(autouse=True)
def one_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "BENCHES", {"here": HERE})
    monkeypatch.setattr(history, "RESULTS", tmp_path)
    monkeypatch.setattr(history, "LINES", tmp_path / "figures.jsonl")
    monkeypatch.setattr(history, "TABLE", tmp_path / "README.md")


def a_run(right: float, ms: float = 12.0) -> dict[str, Any]:
    figures = {"here.a.right": right, "here.ms": ms}
    return {"date": "2026-11-30", "commit": "c0ffee", "machine": "2 cores", "figures": figures}


def test_what_a_bench_says_last_is_kept_with_when_and_where(tmp_path: Path) -> None:
    run = history.measure(["here"])
    assert run["figures"] == {"here.a.right": 0.9, "here.ms": 12.0}
    history.keep([run])
    assert history.read() == [run]
    assert "| here.a.right | 0.9 |" in (tmp_path / "README.md").read_text("utf-8")
    assert run["commit"]
    assert "cores" in run["machine"]


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        (a_run(0.9), a_run(0.895), []),
        (a_run(0.9), a_run(0.88), ["here.a.right"]),
        (a_run(0.9, 12), a_run(0.95, 13.5), ["here.ms"]),
        (a_run(0.9, 12), a_run(0.95, 9), []),
    ],
)
def test_worse_by_more_than_the_margin_is_a_regression(
    before: dict[str, Any], now: dict[str, Any], worse: list[str]
) -> None:
    assert list(history.regressions([before, now])) == worse


def test_a_figure_is_compared_with_when_it_was_last_measured() -> None:
    between = a_run(0.9) | {"figures": {}}
    assert list(history.regressions([a_run(0.9), between, a_run(0.8)])) == ["here.a.right"]
    assert history.regressions([between, a_run(0.1)]) == {}


def test_the_check_fails_for_a_regression_and_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["history", "--check"])
    history.keep([a_run(0.9), a_run(0.9)])
    with pytest.raises(SystemExit, match=r"^0$"):
        history.main()
    history.keep([a_run(0.9), a_run(0.5)])
    with pytest.raises(SystemExit, match=r"^1$"):
        history.main()
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["regressions"]["here.a.right"] == {"before": 0.9, "now": 0.5, "margin": 0.01}


def test_a_bench_that_fails_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Bench(("-c", "raise SystemExit(3)"), HERE.figures)
    monkeypatch.setattr(history, "BENCHES", {"here": broken})
    with pytest.raises(SystemExit, match=r"failed \(3\)"):
        history.measure(["here"])
    assert history.read() == []


def test_every_bench_of_the_table_is_there() -> None:
    for bench in BENCHES.values():
        assert find_spec(bench.command[1])
