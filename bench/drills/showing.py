"""Shows one promise after the other: runs its drills and tests, and says what came of it."""

import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

from bench import stores
from bench.drills.processes import run
from bench.drills.promises import Drill, Shown, is_test, node_and_case
from bench.drills.verdict import Verdict
from bench.output import say

TESTS_TAKE = 30.0  # minutes, of one promise, at most
NO_POSTGRES = "PostgreSQL: nobody answers there (TEST_POSTGRES)"


@dataclass(frozen=True)
class Result(Verdict):
    """A verdict, and how many seconds it took."""

    seconds: float = 0.0


@dataclass(frozen=True)
class Drilled:
    """What a drill said of promises, and what holds of those it is silent about."""

    otherwise: Verdict
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)

    def of(self, name: str) -> Verdict:
        """Return what it said of a promise."""
        return self.verdicts.get(name, self.otherwise)

    def control_of(self, name: str) -> Verdict:
        """Return whether its control failed, as if that were to hold."""
        found = self.of(name)
        failed = found.held is None and found.control_failed is None
        return replace(found, held=None if failed else bool(found.control_failed), not_run="")


@dataclass
class Showing:
    """Shows promises; a drill is run once on each store, however many promises it is about."""

    drills: Mapping[str, Drill]
    short: bool = False
    postgres: bool = field(default_factory=stores.is_there)
    _run: dict[str, tuple[list[Drilled], float]] = field(default_factory=dict)

    def show(self, name: str, shown: Shown) -> Result:
        """Run what shows a promise, and its control."""
        everything = (*shown.by, *shown.control)
        tests = [one for one in dict.fromkeys(everything) if is_test(one)]
        ran, seconds = run_tests(tests) if tests else ({}, 0.0)
        parts = [together(ran[one] for one in shown.by if is_test(one))] if tests else []
        controls = [ran[one] for one in shown.control if is_test(one)]
        for drill in dict.fromkeys(one for one in everything if not is_test(one)):
            found, took = self._drilled(drill)
            seconds += took
            parts += [one.of(name) for one in found] if drill in shown.by else []
            controls += (
                [one.control_of(name) for one in found] if drill in shown.control else []
            )
        whole, control = together(parts), together(controls)
        gaps = (whole.not_run, control.not_run, shown.gap)
        return Result(
            whole.held,
            whole.trials,
            whole.figure,
            control.held,
            "; ".join(dict.fromkeys(filter(None, gaps))),
            round(seconds, 1),
        )

    def _drilled(self, name: str) -> tuple[list[Drilled], float]:
        """Run a drill on all its stores, unless it has been; also returns the seconds."""
        if name not in self._run:
            ran = [self._on(name, store) for store in self.drills[name].stores]
            self._run[name] = [found for found, _ in ran], sum(took for _, took in ran)
        return self._run[name]

    def _on(self, name: str, store: str) -> tuple[Drilled, float]:
        drill = self.drills[name]
        asked = drill.short if self.short else drill.full
        if asked is None:
            return Drilled(Verdict(None, 0, "", not_run=f"{name}: in full alone")), 0.0
        if store == stores.POSTGRESQL and not self.postgres:
            return Drilled(Verdict(None, 0, "", not_run=NO_POSTGRES)), 0.0
        say(f"-- {name} on {store}")
        on = ("--store", store) if len(drill.stores) > 1 else ()
        ended = run((sys.executable, "-m", drill.module, *on, *asked.split()), drill.minutes)
        try:
            said = json.loads(ended.last_line)["promises"]
        except (ValueError, KeyError, TypeError):
            why = f"exit code {ended.exit_code}" if ended.in_time else f"{drill.minutes} min"
            broke = Verdict(False, 0, f"{name} on {store} came to no end ({why})", False)
            return Drilled(broke), ended.seconds
        verdicts = {promise: Verdict(**one) for promise, one in said.items()}
        if on:
            verdicts = {
                promise: replace(one, figure=f"{store}: {one.figure}")
                for promise, one in verdicts.items()
            }
        return Drilled(Verdict(False, 0, f"{name} is silent", False), verdicts), ended.seconds


def together(parts: Iterable[Verdict]) -> Verdict:
    """Put several verdicts on one promise into one: it held where each part held."""
    all_of = list(parts)
    held = [one.held for one in all_of if one.held is not None]
    return Verdict(
        all(held) if held else None,
        sum(one.trials for one in all_of),
        "; ".join(filter(None, (one.figure for one in all_of))),
        not_run="; ".join(dict.fromkeys(filter(None, (one.not_run for one in all_of)))),
    )


def run_tests(names: Sequence[str]) -> tuple[dict[str, Verdict], float]:
    """Run tests by name; returns what came of each, and how many seconds all took."""
    nodes = list(dict.fromkeys(node_and_case(name)[0] for name in names))
    say(f"-- {len(nodes)} tests")
    with tempfile.TemporaryDirectory(prefix="xiaoli-drill-") as folder:
        report = Path(folder) / "tests.xml"
        ended = run(
            (
                *(sys.executable, "-m", "pytest", "-q", "-n", "0", "--no-header"),
                *("-o", "junit_family=xunit1", "--junitxml", str(report), *nodes),
            ),
            TESTS_TAKE,
            is_shown=True,
        )
        cases = list(parse(report).iter("testcase")) if report.exists() else []
    return {name: _of_cases(name, cases) for name in names}, ended.seconds


def _of_cases(name: str, cases: Sequence[Element]) -> Verdict:
    node, part = node_and_case(name)
    file, _, test = node.partition("::")
    own = [one for one in cases if one.get("file") == file and _is_of(one, test, part)]
    skipped = [one for one in own if one.find("skipped") is not None]
    failed = [one for one in own if {"failure", "error"} & {child.tag for child in one}]
    reasons = dict.fromkeys(str(one.find("skipped").get("message")) for one in skipped)  # type: ignore[union-attr]
    passed = len(own) - len(skipped) - len(failed)
    held = None if own and len(skipped) == len(own) else bool(passed) and not failed
    figure = f"{passed} cases" if held or held is None else f"{test}: {len(failed)} failed"
    return Verdict(held, passed, figure, not_run="; ".join(reasons))


def _is_of(case: Element, test: str, part: str) -> bool:
    function, _, called = str(case.get("name")).partition("[")
    return function == test and part in called
