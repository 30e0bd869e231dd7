"""Opening hours, computed: open now? until when? and on holidays and make-up workdays."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from knowledge import osm
from knowledge.calendar import DayKind, day_kind
from knowledge.osm import Stretch
from knowledge.pack import ExceptionDay, Facility, Pack

DAYS_AHEAD = 21  # how far the next opening is looked for
NOON = time(11), time(14, 30)  # a break that begins in between is the noon break

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Opening:
    """Whether a facility is open at a moment, and what comes next.

    `known` is False when nobody has told us the hours. `today` are today's spans. `reason` says
    why today is not as usual (a holiday, a stock-taking), None otherwise. `day` says what kind
    of day it is; when UNKNOWN, the hours are those of the weekday and may be a holiday's.
    """

    known: bool
    is_open: bool = False
    closes_at: datetime | None = None
    opens_at: datetime | None = None
    today: tuple[Span, ...] = ()
    reason: str | None = None
    always: bool = False
    day: DayKind = DayKind.ORDINARY


@dataclass(frozen=True)
class Usual:
    """Weekdays (Monday is 0) from `first` to `last` with the same hours in an ordinary week.

    `spans` are those of any such day, put on a Monday; none when it is closed.
    """

    first: int
    last: int
    spans: tuple[Span, ...]


def opening(pack: Pack, facility: Facility, now: datetime) -> Opening:
    """Say whether a facility is open at `now` (aware), by its hours, exceptions and 调休."""
    local = now.astimezone(pack.zone)
    day = day_kind(pack, local.date())
    if not facility.opening_hours:
        return Opening(known=False, day=day)
    today = spans_on(pack, facility, local.date())
    yesterday = spans_on(pack, facility, local.date() - timedelta(days=1))
    current = next((s for s in (*yesterday, *today) if s[0] <= local < s[1]), None)
    closes_at = _closing(pack, facility, current[1]) if current else None
    return Opening(
        known=True,
        is_open=current is not None,
        closes_at=closes_at,
        opens_at=None if current else _next_opening(pack, facility, local),
        today=tuple(today),
        reason=reason_on(pack, facility, local.date()),
        always=current is not None and closes_at is None,
        day=day,
    )


def spans_on(pack: Pack, facility: Facility, on: date) -> list[Span]:
    """Return when a facility is open on a day, earliest first; empty when closed or unknown."""
    hours = facility.opening_hours
    if not hours:
        return []
    zone = pack.zone
    exception = _exception(pack, facility, on)
    if exception:
        return _place(_excepted(exception), on, zone)
    kind = day_kind(pack, on)
    as_weekday = pack.exception_sets[facility.exceptions].makeup_workdays == "as-weekday"
    if kind == DayKind.MAKEUP_WORKDAY and as_weekday:
        return _place(osm.week(hours)[0], on, zone)
    told = osm.holiday(hours) if kind == DayKind.HOLIDAY else None
    if told is not None:
        return _place(told, on, zone)
    return usually_on(pack, facility, on)


def reason_on(pack: Pack, facility: Facility, on: date) -> str | None:
    """Return why a day is not as usual: an exception, or a weekend day that is worked."""
    exception = _exception(pack, facility, on)
    return exception.reason if exception else _makeup_reason(pack, on)


def uncertain(pack: Pack, facility: Facility, on: date) -> bool:
    """Whether a day's hours may yet be a holiday's: neither its year nor its own are told."""
    return day_kind(pack, on) == DayKind.UNKNOWN and not _exception(pack, facility, on)


def exceptions_after(pack: Pack, facility: Facility, on: date, by: date) -> list[ExceptionDay]:
    """Return the exceptions that begin after one day and by another, soonest first."""
    days = pack.exception_sets[facility.exceptions].dates
    return sorted((day for day in days if on < day.date <= by), key=lambda day: day.date)


def usually_on(pack: Pack, facility: Facility, on: date) -> list[Span]:
    """Return when a facility would be open on a day if that were like any of its weekday."""
    hours = facility.opening_hours
    return _place(osm.week(hours)[on.weekday()], on, pack.zone) if hours else []


def usual_week(pack: Pack, facility: Facility) -> list[Usual]:
    """Return the ordinary week, weekdays that follow one another with the same hours as one."""
    if not facility.opening_hours:
        return []
    week = osm.week(facility.opening_hours)
    starts = [n for n in range(7) if n == 0 or week[n] != week[n - 1]]
    return [
        Usual(first, after - 1, tuple(_place(week[first], osm.MONDAY, pack.zone)))
        for first, after in zip(starts, [*starts[1:], 7], strict=True)
    ]


def on_holidays(pack: Pack, facility: Facility) -> tuple[Span, ...] | None:
    """Return the hours of a public holiday; None when nothing else is told of those days."""
    told = osm.holiday(facility.opening_hours or "")
    return None if told is None else tuple(_place(told, osm.MONDAY, pack.zone))


def noon_break(spans: Sequence[Span]) -> Span | None:
    """Return from when to when a facility closes around noon; None when it does not."""
    gaps = ((end, start) for (_, end), (start, _) in itertools.pairwise(spans))
    return next((gap for gap in gaps if NOON[0] <= gap[0].time() <= NOON[1]), None)


def spans_around(pack: Pack, facility: Facility, on: date) -> list[Span]:
    """Return the spans of a day and of the days beside it: one may reach past midnight."""
    days = (on + timedelta(days=n) for n in (-1, 0, 1))
    return [span for day in days for span in spans_on(pack, facility, day)]


def clipped(spans: Iterable[Span], start: datetime, end: datetime) -> Iterator[Span]:
    """Yield the parts of some spans that lie between two moments."""
    for opens, closes in spans:
        if opens < end and start < closes:
            yield max(opens, start), min(closes, end)


def _exception(pack: Pack, facility: Facility, on: date) -> ExceptionDay | None:
    days = pack.exception_sets[facility.exceptions].dates
    return next((day for day in days if day.date <= on <= day.to), None)


def _excepted(exception: ExceptionDay) -> Iterable[Stretch]:
    return () if exception.hours == "off" else osm.week(exception.hours)[0]


def _makeup_reason(pack: Pack, on: date) -> str | None:
    return next((day.reason for day in pack.makeup_workdays if day.date == on), None)


def _next_opening(pack: Pack, facility: Facility, local: datetime) -> datetime | None:
    for ahead in range(DAYS_AHEAD):
        for start, _ in spans_on(pack, facility, local.date() + timedelta(days=ahead)):
            if start > local:
                return start
    return None


def _closing(pack: Pack, facility: Facility, end: datetime) -> datetime | None:
    """Follow a span on through midnights; None when it is not seen to end."""
    for _ in range(DAYS_AHEAD):
        following = spans_on(pack, facility, end.date())
        on = next((stop for start, stop in following if start == end), None)
        if on is None:
            return end
        end = on
    return None


def _place(spans: Iterable[Stretch], on: date, zone: ZoneInfo) -> list[Span]:
    """Put (start, minutes) on a date; a span may end after midnight."""
    starts = [(datetime.combine(on, start, zone), minutes) for start, minutes in spans]
    return [(start, start + timedelta(minutes=minutes)) for start, minutes in starts]
