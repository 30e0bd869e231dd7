"""Opening hours, computed: open now? until when? and on holidays and make-up workdays."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, State

from knowledge.calendar import DayKind, day_kind
from knowledge.pack import ExceptionDay, Facility, Pack

DAYS_AHEAD = 21  # how far the next opening is looked for
MONDAY = date(2026, 11, 23)  # any week without a holiday, to read a weekday's hours from

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
    exception = _exception(pack, facility, local.date())
    return Opening(
        known=True,
        is_open=current is not None,
        closes_at=closes_at,
        opens_at=None if current else _next_opening(pack, facility, local),
        today=tuple(today),
        reason=exception.reason if exception else _makeup_reason(pack, local.date()),
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
        return _place([] if exception.hours == "off" else _week(exception.hours)[0], on, zone)
    kind = day_kind(pack, on)
    as_weekday = pack.exception_sets[facility.exceptions].makeup_workdays == "as-weekday"
    if kind == DayKind.MAKEUP_WORKDAY and as_weekday:
        return _place(_week(hours)[0], on, zone)
    if kind == DayKind.HOLIDAY and "PH" in hours:
        return _place(_holiday(hours), on, zone)
    return _place(_week(hours)[on.weekday()], on, zone)


def readable(hours: str) -> bool:
    """Say whether opening hours can be read."""
    try:
        _week(hours)
        if "PH" in hours:
            _holiday(hours)
    except Exception:  # the library's ParserError is not in its type hints
        return False
    return True


def _exception(pack: Pack, facility: Facility, on: date) -> ExceptionDay | None:
    days = pack.exception_sets[facility.exceptions].dates
    return next((day for day in days if day.date <= on <= day.to), None)


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


def _place(spans: list[tuple[time, int]], on: date, zone: ZoneInfo) -> list[Span]:
    """Put (start, minutes) on a date; a span may end after midnight."""
    starts = [(datetime.combine(on, start, zone), minutes) for start, minutes in spans]
    return [(start, start + timedelta(minutes=minutes)) for start, minutes in starts]


@lru_cache(maxsize=256)
def _week(hours: str) -> list[list[tuple[time, int]]]:
    """Return each weekday's spans, Monday first, as (start, minutes)."""
    parsed = OpeningHours(_without_holidays(hours))
    return [_day(parsed, MONDAY + timedelta(days=n)) for n in range(7)]


@lru_cache(maxsize=256)
def _holiday(hours: str) -> list[tuple[time, int]]:
    """Return the spans of a public holiday: the last rule that names PH holds."""
    rules = [rule.strip() for rule in hours.split(";") if "PH" in rule.split(" ")[0].split(",")]
    rules = rules or [rule.strip() for rule in hours.split(";") if "PH" in rule]
    _, _, spans = rules[-1].partition(" ")
    return [] if spans in ("off", "closed") else _day(OpeningHours(spans), MONDAY)


def _without_holidays(hours: str) -> str:
    """Drop PH from the day lists: which day is a holiday is the calendar's to say."""
    rules = [rule.strip() for rule in hours.split(";")]
    kept = []
    for rule in rules:
        days, _, spans = rule.partition(" ")
        days = ",".join(day for day in days.split(",") if day != "PH")
        if days:
            kept.append(f"{days} {spans}".strip())
    return "; ".join(kept)


def _day(parsed: OpeningHours, on: date) -> list[tuple[time, int]]:
    midnight = datetime.combine(on, time())
    return [
        (start.time(), round((end - start).total_seconds() / 60))
        for start, end, state, _ in parsed.intervals(midnight, midnight + timedelta(days=1))
        if state == State.OPEN
    ]
