"""Measures how well times are understood: `python -m bench.dates --file f.tsv`.

The libraries others wrote are measured in the same run, where they are installed. How many
answers differ when eight threads read at once is counted for each.

One phrase a line: text, reference moment (ISO), grain, expected, between tabs. Grains: `minute`
and `day` (the start), `range` (the first and the last minute, A/B), `span` (first and last day,
A/B), `none`, `ask`. Lines that begin with # are remarks. JioNLP's own lines are read, too:
text, reference, its type, its definition, and the first and last second as JSON.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.dates_others import Answer, Reader, others
from bench.drills.verdict import Verdict, told
from bench.output import finish, following, say, share
from knowledge.dates import Unclear, When, read_when

ZONE = ZoneInfo("Asia/Shanghai")  # of a reference that names none
THREADS = 8
RIGHT_AT_LEAST = 0.95  # of everyday times
SWITCHING = 1e-5  # seconds until another thread may go on: a thousandth of Python's own


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
        if grain.startswith("time_"):
            phrases.append(_of_jionlp(text, reference, grain, expected[-1]))
        elif grain in RIGHT:
            now = _aware(datetime.fromisoformat(reference.strip()), ZONE)
            phrases.append(Phrase(text, now, grain, expected[0].strip() if expected else ""))
        else:
            raise SystemExit(f"{file}, line {number}: grain {grain} is none of {list(RIGHT)}")
    return phrases


def _of_jionlp(text: str, reference: str, kind: str, told: str) -> Phrase:
    """Read a line of JioNLP's; durations and what recurs are no times for us."""
    now = _reference(reference)
    if kind not in ("time_point", "time_span"):
        return Phrase(text, now, "none", "")
    first, last = (end.replace(" ", "T") for end in json.loads(told))
    if "inf" in first + last or not (
        first.endswith("T00:00:00") and last.endswith("T23:59:59")
    ):
        return Phrase(text, now, "minute", now.isoformat() if "inf" in first else first)
    if first[:10] == last[:10]:
        return Phrase(text, now, "day", first[:10])
    return Phrase(text, now, "span", f"{first[:10]}/{last[:10]}")


def _reference(said: str) -> datetime:
    """Read a reference of JioNLP's: a moment, or its first parts as a list or by name."""
    if not said.startswith(("[", "{", "null")):
        return _aware(datetime.fromisoformat(said), ZONE)
    told = json.loads(said) or [2021]
    parts: list[int] = list(told.values()) if isinstance(told, dict) else told
    year, month, of, hour, minute, *_ = [*parts, *(1, 1, 0, 0)[len(parts) - 1 :]]
    return datetime(year, month, of, hour, minute, tzinfo=ZONE)


def _aware(moment: datetime, zone: tzinfo | None) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _minute(found: Answer, phrase: Phrase) -> bool:
    return isinstance(found, When) and found.start == _moment(phrase.expected, phrase)


def _moment(said: str, phrase: Phrase) -> datetime:
    moment = _aware(datetime.fromisoformat(said), phrase.now.tzinfo)
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


def measure(
    phrases: list[Phrase], read: Reader = read_when, tells: bool = True
) -> dict[str, float]:
    """Read every phrase, tell the misses, and return the figures.

    `accuracy_of_times` leaves out what is no time or is to be asked. `silent_wrong` counts
    wrong times that are not asked about, before anything is read back.
    """
    right, of_times, silent, spent = [], [], [], []
    read("明天", phrases[0].now)  # loading is not reading
    for phrase in following(phrases, "phrases"):
        began = time.perf_counter()
        found = read(phrase.text, phrase.now)
        spent.append(1000 * (time.perf_counter() - began))
        is_right = RIGHT[phrase.grain](found, phrase)
        right.append(is_right)
        silent.append(not is_right and isinstance(found, When))
        if phrase.grain not in ("none", "ask"):
            of_times.append(is_right)
        if tells and not is_right:
            say(f"{phrase.text} → {_told(found)}, expected {phrase.grain} {phrase.expected}")
    return {
        "phrases": len(phrases),
        "accuracy": share(right),
        "accuracy_of_times": share(of_times),
        "silent_wrong": share(silent),
        "ms_per_phrase": round(statistics.fmean(spent), 3),
        "ms_p50": round(statistics.median(spent), 3),
        "ms_p95": round(sorted(spent)[int(0.95 * (len(spent) - 1))], 3),
    }


def differing(phrases: Sequence[Phrase], read: Reader) -> int:
    """Return how many answers are others when many threads read at once than one by one."""
    alone = [_answer(read, phrase) for phrase in phrases]
    with _switching_often(), ThreadPoolExecutor(THREADS) as pool:
        together = list(pool.map(lambda phrase: _answer(read, phrase), phrases))
    return sum(one != other for one, other in zip(alone, together, strict=True))


@contextmanager
def _switching_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCHING)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _answer(read: Reader, phrase: Phrase) -> Answer | str:
    try:
        return read(phrase.text, phrase.now)
    except Exception as error:  # whatever a library raises when threads meet
        return repr(error)


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
    compared = {
        name: measure(phrases, reader, tells=False) | {"differing": differing(phrases, reader)}
        for name, reader in others().items()
    }
    ours = measure(phrases) | {"differing": differing(phrases, read_when)}
    right, wrong = ours["accuracy"], ours["silent_wrong"]
    figure = (
        f"{right} of {len(phrases)} phrases read rightly, {wrong} wrong and not asked about"
    )
    verdict = Verdict(right >= RIGHT_AT_LEAST, len(phrases), figure)
    finish({**ours, "others": compared, **told(A4=verdict)})


if __name__ == "__main__":
    main()
