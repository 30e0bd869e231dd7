"""Readers of times that others wrote, where they are installed, to compare ours with.

Each is asked as its documentation says, without a guard of ours; neither ever asks back.
"""

import importlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from knowledge.dates import Grain, Unclear, When
from knowledge.text import has_han

Answer = When | Unclear | None
Reader = Callable[[str, datetime], Answer]

SECOND = timedelta(seconds=1)
BASE = ("year", "month", "day", "hour", "minute", "second")


def others() -> dict[str, Reader]:
    """Return the readers that are installed, by name."""
    found: dict[str, Reader] = {}
    for name, library, make in (
        ("dateparser", "dateparser.search", _dateparser),
        ("jionlp", "jionlp", _jionlp),
    ):
        try:
            found[name] = make(importlib.import_module(library))
        except ImportError:
            continue
    if {"jionlp", "dateparser"} <= found.keys():  # each where it is strong
        chinese, english = found["jionlp"], found["dateparser"]
        found["both"] = lambda text, now: (chinese if has_han(text) else english)(text, now)
    return found


def _dateparser(library: Any) -> Reader:
    def read(text: str, now: datetime) -> Answer:
        settings = {"RELATIVE_BASE": now, "PREFER_DATES_FROM": "future"}
        language = "zh" if has_han(text) else "en"
        found = library.search_dates(text, languages=[language], settings=settings)
        if not found:
            return None
        words, start = found[0]
        start = start if start.tzinfo else start.replace(tzinfo=now.tzinfo)
        start = start.replace(second=0, microsecond=0)
        return When(Grain.MINUTE, start, start + timedelta(minutes=1), words)

    return read


def _jionlp(library: Any) -> Reader:
    def read(text: str, now: datetime) -> Answer:
        base = {name: getattr(now, name) for name in BASE}
        found = library.ner.extract_time(text, time_base=base)
        times = [one for one in found if one["type"] in ("time_point", "time_span")]
        return _of_jionlp(times[0], now) if times else None

    return read


def _of_jionlp(found: Any, now: datetime) -> When | None:
    """Return a time told as its first and last second; without an end it lasts a minute."""
    first, last = found["detail"]["time"]
    if "inf" in first:
        return None
    start = datetime.fromisoformat(first).replace(second=0, tzinfo=now.tzinfo)
    if "inf" in last:
        return When(Grain.MINUTE, start, start + timedelta(minutes=1), found["text"])
    end = datetime.fromisoformat(last).replace(tzinfo=now.tzinfo) + SECOND
    end = end.replace(second=0)
    grain = Grain.SPAN if end - start > timedelta(days=1) else Grain.DAY
    return When(grain, start, max(end, start + timedelta(minutes=1)), found["text"])
