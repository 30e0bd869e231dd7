"""Opening hours in OSM syntax: when each weekday is open, and when a public holiday is.

Which day is a holiday is the calendar's to say (`knowledge.calendar`), not the syntax's.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from opening_hours import OpeningHours, State

MONDAY = date(2026, 11, 23)  # any week without a holiday, to read a weekday's hours from

Stretch = tuple[time, int]  # from when, and for how many minutes: it may end after midnight


@lru_cache(maxsize=256)
def week(hours: str) -> tuple[tuple[Stretch, ...], ...]:
    """Return each weekday's stretches, Monday first; none on a day that is closed."""
    parsed = OpeningHours(_without_holidays(hours))
    return tuple(_day(parsed, MONDAY + timedelta(days=n)) for n in range(7))


@lru_cache(maxsize=256)
def holiday(hours: str) -> tuple[Stretch, ...] | None:
    """Return the stretches of a public holiday; None when it is like any other day."""
    if "PH" not in hours:
        return None
    rules = [rule.strip() for rule in hours.split(";")]
    named = [rule for rule in rules if "PH" in rule.split(" ")[0].split(",")]
    _, _, spans = (named or [rule for rule in rules if "PH" in rule])[-1].partition(" ")
    return () if spans in ("off", "closed") else _day(OpeningHours(spans), MONDAY)


def readable(hours: str) -> bool:
    """Say whether opening hours can be read."""
    try:
        week(hours)
        holiday(hours)
    except Exception:  # the library's ParserError is not in its type hints
        return False
    return True


def _without_holidays(hours: str) -> str:
    """Drop PH from the day lists."""
    rules = [rule.strip() for rule in hours.split(";")]
    kept = []
    for rule in rules:
        days, _, spans = rule.partition(" ")
        days = ",".join(day for day in days.split(",") if day != "PH")
        if days:
            kept.append(f"{days} {spans}".strip())
    return "; ".join(kept)


def _day(parsed: OpeningHours, on: date) -> tuple[Stretch, ...]:
    midnight = datetime.combine(on, time())
    return tuple(
        (start.time(), round((end - start).total_seconds() / 60))
        for start, end, state, _ in parsed.intervals(midnight, midnight + timedelta(days=1))
        if state == State.OPEN
    )
