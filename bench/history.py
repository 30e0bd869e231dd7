"""Runs what says how good the assistant is, and keeps what it gave: `make bench [ONLY=dates]`.

Each bench of `BENCHES` is a command whose last line is one JSON. The figures named here go to
`bench/results/figures.jsonl`, one line a run, with date, commit and machine; a table of them
is `bench/results/README.md`. `make bench-check` compares the newest figures with those before
them, and fails where one is worse by more than its margin.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bench.here import RESULTS, commit, machine
from bench.output import finish, say

LINES, TABLE = RESULTS / "figures.jsonl", RESULTS / "README.md"
SHOWN = 8  # runs in the table
HIGHER, LOWER = 1, -1
Run = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """What is kept of a bench: where it stands in its JSON, what is better, and a margin.

    A figure that is worse by more than `margin`, in its own unit, is a regression.
    """

    path: str
    better: int
    margin: float

    def of(self, found: Mapping[str, Any]) -> float:
        """Return it from a bench's JSON.

        Raises:
            KeyError: it is not there.
        """
        part: Any = found
        for key in self.path.split("."):
            part = part[key]
        return float(part)

    def is_worse(self, now: float, before: float) -> bool:
        """Whether it has become worse than the margin allows."""
        return (before - now) * self.better > self.margin


@dataclass(frozen=True)
class Bench:
    """A command of our Python, and what is kept of its JSON."""

    command: tuple[str, ...]
    figures: tuple[Figure, ...]


def _dates(file: str) -> Bench:
    return Bench(
        ("-m", "bench.dates", "--file", f"tests/knowledge/{file}.tsv"),
        (
            Figure("accuracy", HIGHER, 0.005),
            Figure("silent_wrong", LOWER, 0.0),
            Figure("ms_p95", LOWER, 0.5),
        ),
    )


BENCHES: Mapping[str, Bench] = {
    "understanding": Bench(
        ("-m", "bench.understanding"),
        (
            Figure("intent.accuracy", HIGHER, 0.005),
            Figure("slots.f1", HIGHER, 0.005),
            Figure("slots.with_the_intent_as_read", HIGHER, 0.01),
        ),
    ),
    "dates": _dates("dates_held_back"),
    "dates_fresh": _dates("dates_fresh"),
    "retrieval": Bench(
        ("-m", "bench.retrieval"),
        (
            Figure("xiaoli.all.right_first", HIGHER, 0.01),
            Figure("xiaoli.all.confidently_wrong", LOWER, 0.005),
            Figure("cpu_ms_per_question", LOWER, 5.0),
        ),
    ),
    "categories": Bench(
        ("-m", "bench.categories"),
        (
            Figure("shipped.top1", HIGHER, 0.01),
            Figure("shipped.top3", HIGHER, 0.01),
        ),
    ),
    "chat": Bench(
        ("-m", "bench.chat"),
        (
            Figure("ours.cpu_ms_per_message", LOWER, 10.0),
            Figure("ours.messages_per_second", HIGHER, 5.0),
            Figure("ours.resident_mb", LOWER, 100.0),
        ),
    ),
}


def run(bench: Bench) -> Mapping[str, Any]:
    """Run a bench as somebody would; what it says on the way is seen.

    Raises:
        SystemExit: it failed.
    """
    done = subprocess.run(
        (sys.executable, *bench.command), stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(bench.command)} failed ({done.returncode})")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(names: Iterable[str]) -> Run:
    """Run benches by name; returns what is kept of them, and when and where it was."""
    figures: dict[str, float] = {}
    for name in names:
        say(f"== {name}")
        found = run(BENCHES[name])
        figures |= {f"{name}.{one.path}": one.of(found) for one in BENCHES[name].figures}
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "machine": machine(),
        "figures": figures,
    }


def read() -> list[Run]:
    """Return all runs, the oldest first."""
    if not LINES.is_file():
        return []
    return [json.loads(line) for line in LINES.read_text(encoding="utf-8").splitlines()]


def keep(runs: Sequence[Run]) -> None:
    """Write the runs down, and the table of the last of them."""
    RESULTS.mkdir(exist_ok=True)
    lines = (json.dumps(one, ensure_ascii=False) for one in runs)
    LINES.write_text("\n".join(lines) + "\n", encoding="utf-8")
    TABLE.write_text(table(runs), encoding="utf-8")


def table(runs: Sequence[Run]) -> str:
    """Return the last runs as Markdown, a figure a line; empty where it was not measured."""
    shown = runs[-SHOWN:]
    names = list(dict.fromkeys(name for one in shown for name in one["figures"]))
    head = ["figure", *(f"{one['date']} {one['commit']}" for one in shown)]
    rows = [[name, *(f"{one['figures'].get(name, '')}" for one in shown)] for name in names]
    body = "\n".join(
        "| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)
    )
    machines = sorted({one["machine"] for one in shown})
    return (
        "# What the benches gave\n\nWritten by `make bench`; `make bench-check` compares the "
        f"newest figures with those before. Measured on: {'; '.join(machines)}.\n\n{body}\n"
    )


def regressions(runs: Sequence[Run]) -> dict[str, dict[str, float]]:
    """Return the figures of the last run that are worse than when they were last measured."""
    *earlier, latest = runs
    worse = {}
    for name, now in latest["figures"].items():
        before = next((o["figures"][name] for o in earlier[::-1] if name in o["figures"]), None)
        bench, _, path = name.partition(".")
        known = BENCHES[bench].figures if bench in BENCHES else ()
        figure = next((one for one in known if one.path == path), None)
        if before is not None and figure and figure.is_worse(now, before):
            worse[name] = {"before": before, "now": now, "margin": figure.margin}
    return worse


def main() -> None:
    """Measure and keep, or check what was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(BENCHES), help="names, between commas")
    parser.add_argument("--check", action="store_true", help="compare, measure nothing")
    asked = parser.parse_args()
    if asked.check:
        runs = read()
        if not runs:
            raise SystemExit("Nothing was measured yet: run make bench first")
        worse = regressions(runs)
        finish({"commit": runs[-1]["commit"], "regressions": worse})
        raise SystemExit(1 if worse else 0)
    names = asked.only.split(",")
    if unknown := [name for name in names if name not in BENCHES]:
        raise SystemExit(f"No such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    measured = measure(names)
    keep([*read(), measured])
    finish(measured)


if __name__ == "__main__":
    main()
