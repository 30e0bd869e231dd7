"""Hours of the week somebody has time: compared with a wanted time, and written for people.

Kept as "6 09:00-12:00" (ISO weekday, times of the community's clock); none at all: any time.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from actions.wording import WEEKDAYS, Wording
from knowledge.pack import Text

Hours = tuple[str, ...]
Span = tuple[int, int]  # minutes of the day, the end not included

ALL_DAYS, WORKDAYS, WEEKEND = frozenset(range(1, 8)), frozenset(range(1, 6)), frozenset({6, 7})
WHOLE_DAY: Span = (0, 24 * 60)
ANY_TIME: Hours = ()
JOINT = {"zh": "、", "en": ", "}
# Days with a name of their own, as the domain has it.
NAMED_DAYS = {ALL_DAYS: "every_day", WORKDAYS: "workdays", WEEKEND: "weekend"}


def written(days: Iterable[int], spans: Iterable[Span]) -> Hours:
    """Return these spans on each of these days, as they are kept."""
    each = list(spans)
    return _kept(dict.fromkeys(days, each))


def spans_of(hours: Iterable[str]) -> dict[int, list[Span]]:
    """Return the spans of each weekday, in order and apart."""
    found: dict[int, list[Span]] = {}
    for one in hours:
        day, _, clock = one.partition(" ")
        begin, _, end = clock.partition("-")
        found.setdefault(int(day), []).append((_minutes(begin), _minutes(end)))
    return {day: _merged(spans) for day, spans in sorted(found.items())}


def together(*some: Hours) -> Hours:
    """Return what is in any of them."""
    return _kept(spans_of(one for hours in some for one in hours))


def without(hours: Hours, taken: Hours) -> Hours:
    """Return what is left of hours when others are taken away."""
    gone = spans_of(taken)
    left = {
        day: [piece for span in spans for piece in _pieces(span, gone.get(day, ()))]
        for day, spans in spans_of(hours).items()
    }
    return _kept(left)


@lru_cache(maxsize=4096)
def minutes_within(hours: Hours, start: datetime, end: datetime) -> float:
    """Return how many minutes of a wanted time lie in the hours; both moments in their zone."""
    if not hours:
        return (end - start) / timedelta(minutes=1)
    spans, total = spans_of(hours), 0.0
    day = start.date()
    while day <= end.date():
        midnight = datetime.combine(day, time(), start.tzinfo)
        for begin, close in spans.get(day.isoweekday(), ()):
            first = max(start, midnight + timedelta(minutes=begin))
            last = min(end, midnight + timedelta(minutes=close))
            total += max(0.0, (last - first) / timedelta(minutes=1))
        day += timedelta(days=1)
    return total


def share(hours: Hours, wanted: tuple[datetime, datetime], takes: int, zone: ZoneInfo) -> float:
    """Return the share, 0 to 1, of the minutes something takes for which there is time.

    A wanted point in time lasts as long as it takes; in a longer one any hour of it will do.
    """
    start, end = (moment.astimezone(zone) for moment in wanted)
    end = max(end, start + timedelta(minutes=takes)) if start == end else end
    needed = min(float(takes), (end - start) / timedelta(minutes=1))
    return min(1.0, minutes_within(hours, start, end) / needed) if needed else 1.0


def shown(wording: Wording, hours: Sequence[str]) -> Text:
    """Write hours of the week in both languages."""
    zh, en = (_said(wording, hours, language) for language in ("zh", "en"))
    return Text(zh=zh, en=en)


def _said(wording: Wording, hours: Sequence[str], language: str) -> str:
    def say(response: str, **values: Any) -> str:
        return wording.render(f"utter_weekly_{response}", language=language, values=values).text

    if not hours:
        return say("any_time")
    by_spans: dict[tuple[Span, ...], set[int]] = {}
    for day, spans in spans_of(hours).items():
        by_spans.setdefault(tuple(spans), set()).add(day)
    return " · ".join(
        say(
            "on",
            days=_days(say, frozenset(days), language),
            times=JOINT[language].join(_clock(span) for span in spans)
            if spans != (WHOLE_DAY,)
            else say("all_day"),
        )
        for spans, days in by_spans.items()
    )


def _days(say: Any, days: frozenset[int], language: str) -> str:
    if days in NAMED_DAYS:
        return str(say(NAMED_DAYS[days]))
    names = JOINT[language].join(WEEKDAYS[language][day - 1] for day in sorted(days))
    return str(say("some_days", days=names))


def _kept(spans: dict[int, list[Span]]) -> Hours:
    return tuple(
        f"{day} {_clock(span)}" for day in sorted(spans) for span in _merged(spans[day])
    )


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for begin, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((begin, end))
    return merged


def _pieces(span: Span, gone: Iterable[Span]) -> list[Span]:
    pieces = [span]
    for begin, end in gone:
        pieces = [
            piece
            for first, last in pieces
            for piece in ((first, min(last, begin)), (max(first, end), last))
            if piece[0] < piece[1]
        ]
    return pieces


def _clock(span: Span) -> str:
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in span)


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
