"""Tries all that is promised and says what holds: `make drill [ONLY=P1,P14] [SHORT=1]`.

Last line: one JSON with what was not held, whose control did not fail, and what was not run.
"""

import argparse
import signal

from bench.drills.promises import read_list, read_table
from bench.drills.report import SAID, Report
from bench.drills.showing import Result, Showing
from bench.output import finish, say


def chosen(only: str, promises: list[str]) -> list[str]:
    """Return the promises that are named, all if none is.

    Raises:
        SystemExit: there is no such promise.
    """
    named = [name for name in only.replace(",", " ").split() if name]
    if unknown := [name for name in named if name not in promises]:
        raise SystemExit(f"No such promise: {', '.join(unknown)}; see docs/promises.md")
    return named or promises


def tell(name: str, found: Result) -> None:
    """Say how a promise came out."""
    say(f"{name} held: {SAID[found.held]}, control failed: {SAID[found.control_failed]}")
    say(f"   {found.figure}")
    if found.not_run:
        say(f"   not run: {found.not_run}")


def main() -> None:
    """Drill, and report what has run, also when it is interrupted."""
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__)
    parser.add_argument("--only", default="", help="promises, between commas")
    parser.add_argument("--short", action="store_true", help="in sizes that minutes allow")
    asked = parser.parse_args()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    words, (drills, promises) = read_list(), read_table()
    names = chosen(asked.only, list(promises))
    report, showing = Report(words, asked.short), Showing(drills, asked.short)
    found: dict[str, Result] = {}
    try:
        for number, name in enumerate(names, 1):
            say(f"== {name} ({number} of {len(names)}) {words[name]}")
            found[name] = showing.show(name, promises[name])
            report.note(name, found[name])
            tell(name, found[name])
    except KeyboardInterrupt:
        say("interrupted; what has run is in the report")
    say(f"the report: {report.file.with_suffix('.md')}")
    wrong = [name for name, one in found.items() if not one.is_good]
    finish(
        {
            "held": sum(one.held is True for one in found.values()),
            "wrong": wrong,
            "not_run": {name: one.not_run for name, one in found.items() if one.not_run},
            "interrupted": len(found) < len(names),
        }
    )
    raise SystemExit(1 if wrong or len(found) < len(names) else 0)


if __name__ == "__main__":
    main()
