"""Measures how well times are understood: `python -m bench.dates --file f.tsv`.

One phrase a line: text, reference moment (ISO), grain, expected, between tabs. Grains: `minute`
and `day` (the start), `range` (the first and the last minute, A/B), `span` (first and last day,
A/B), `none`, `ask`. Lines that begin with #
are remarks.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.output import finish, following, say, share
from knowledge.dates import Unclear, When, read_when

ZONE = ZoneInfo("Asia/Shanghai")  # of a reference that names none
Answer = When | Unclear | None


@dataclass(frozen=True)
class Phrase:
    """A line of the file."""

    text: str
    now: datetime
    grain: str
    expected: str


def read(file: Path) -> list[Phrase]:
    """Read the file's phrases."""
    phrases = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        text, reference, grain, *expected = line.split("\t")
        if grain not in RIGHT:
            raise SystemExit(f"{file}, line {number}: grain {grain} is none of {list(RIGHT)}")
        now = datetime.fromisoformat(reference.strip())
        now = now if now.tzinfo else now.replace(tzinfo=ZONE)
        phrases.append(Phrase(text, now, grain, expected[0].strip() if expected else ""))
    return phrases


def _minute(found: Answer, phrase: Phrase) -> bool:
    return isinstance(found, When) and found.start == _moment(phrase.expected, phrase)


def _moment(said: str, phrase: Phrase) -> datetime:
    moment = datetime.fromisoformat(said)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=phrase.now.tzinfo)
    return moment.replace(second=0, microsecond=0)


def _day(found: Answer, phrase: Phrase) -> bool:
    return isinstance(found, When) and found.start.date().isoformat() == phrase.expected[:10]


def _span(found: Answer, phrase: Phrase) -> bool:
    first, _, last = phrase.expected.partition("/")
    if not isinstance(found, When):
        return False
    last_day = (found.end - timedelta(microseconds=1)).date()
    return (found.start.date().isoformat(), last_day.isoformat()) == (first[:10], last[:10])


def _range(found: Answer, phrase: Phrase) -> bool:
    first, _, last = phrase.expected.partition("/")
    ends = isinstance(found, When) and found.end == _moment(last, phrase)
    return ends and _minute(found, replace(phrase, expected=first))


RIGHT: dict[str, Callable[[Answer, Phrase], bool]] = {
    "minute": _minute,
    "day": _day,
    "range": _range,
    "span": _span,
    "none": lambda found, phrase: found is None,
    "ask": lambda found, phrase: isinstance(found, Unclear),
}


def measure(phrases: list[Phrase]) -> dict[str, float]:
    """Read every phrase, tell the misses, and return the figures."""
    right, silent = [], []
    read_when("明天", phrases[0].now)  # loading is not reading
    spent = 0.0
    for phrase in following(phrases, "phrases"):
        began = time.perf_counter()
        found = read_when(phrase.text, phrase.now)
        spent += time.perf_counter() - began
        is_right = RIGHT[phrase.grain](found, phrase)
        right.append(is_right)
        silent.append(not is_right and isinstance(found, When))
        if not is_right:
            say(f"{phrase.text} → {_told(found)}, expected {phrase.grain} {phrase.expected}")
    return {
        "phrases": len(phrases),
        "accuracy": share(right),
        "silent_wrong": share(silent),
        "ms_per_phrase": round(spent * 1000 / len(phrases), 3),
    }


def _told(found: Answer) -> str:
    if isinstance(found, Unclear):
        return "unclear: " + (" or ".join(_told(when) for when in found.readings) or "?")
    return f"{found.grain} {found.start:%F %H:%M} to {found.end:%F %H:%M}" if found else "none"


def main() -> None:
    """Read the command line and measure."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--file", type=Path, required=True)
    phrases = read(arguments.parse_args().file)
    if not phrases:
        raise SystemExit("The file has no phrases.")
    finish(measure(phrases))


if __name__ == "__main__":
    main()
