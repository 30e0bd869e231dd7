"""When activities take place, from the pack alone: the one arithmetic for bookings and print.

A pack tells weekdays and not dates, so that it does not go stale: `week_offset` 0 is the week
in which the pack is first loaded. What the assistant books remembers that week in its sessions
(`actions.booking.schedule`); whoever has no sessions to look at hands it in as `loaded_on`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from knowledge.calendar import DayKind, published_kind
from knowledge.pack import Activity, Pack

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Occurrence:
    """An activity on one day; both ends are aware, on the community's clock."""

    activity: Activity
    starts_at: datetime
    ends_at: datetime


Clash = tuple[Occurrence, Occurrence]


def occurrences(activity: Activity, first: date, zone: ZoneInfo) -> Iterator[Span]:
    """Yield when an activity happens, from its first day on, soonest first.

    Days left out count where its rule counts: of twelve lessons one that falls on a holiday is
    lost. Holidays are left out once they are published.
    """
    begin = datetime.combine(first, activity.start)
    days = rrulestr(activity.rrule, dtstart=begin, forceset=True)
    for day in activity.except_days:
        days.exdate(datetime.combine(day, activity.start))
    for day in activity.extra_days:
        days.rdate(datetime.combine(day, activity.start))
    for local in days:
        if not activity.on_holidays and published_kind(local.date()) == DayKind.HOLIDAY:
            continue
        ends = datetime.combine(local.date(), activity.end)
        if ends <= local:  # past midnight
            ends += timedelta(days=1)
        yield local.replace(tzinfo=zone), ends.replace(tzinfo=zone)


def clashes(pack: Pack, *, loaded_on: date, weeks: int) -> Iterator[Clash]:
    """Yield each two activities that take place in one room at the same time, once."""
    seen = set()
    for week in range(weeks):
        found = in_week(pack, loaded_on + timedelta(weeks=week), loaded_on=loaded_on)
        for one, other in combinations(found, 2):
            key = frozenset((one.activity.id, other.activity.id))
            overlap = one.starts_at < other.ends_at and other.starts_at < one.ends_at
            if overlap and key not in seen and _room(one.activity) == _room(other.activity):
                seen.add(key)
                yield one, other


def _room(activity: Activity) -> tuple[str, str] | str:
    """Return the room an activity takes up; without one it takes up nothing but itself."""
    return (activity.venue, activity.room) if activity.room else activity.id


def first_day(activity: Activity, loaded_on: date) -> date:
    """Return an activity's first day, in a pack that is loaded for the first time on a day."""
    return monday_of(loaded_on) + timedelta(
        weeks=activity.first.week_offset, days=WEEKDAYS.index(activity.first.weekday)
    )


def in_week(pack: Pack, week_of: date, *, loaded_on: date) -> list[Occurrence]:
    """Return what takes place in the week of a day, soonest first.

    The same as the assistant offers, if the pack was loaded in the week of `loaded_on` and is
    as it was then: what is weekly is right from that week on whatever is handed in, what
    happens once is right only with the true one.
    """
    begin = datetime.combine(monday_of(week_of), time(), pack.zone)
    end = datetime.combine(monday_of(week_of) + timedelta(weeks=1), time(), pack.zone)
    found = []
    for activity in pack.activities.values():
        for starts_at, ends_at in occurrences(
            activity, first_day(activity, loaded_on), pack.zone
        ):
            if starts_at >= end:
                break
            if starts_at >= begin:
                found.append(Occurrence(activity, starts_at, ends_at))
    return sorted(found, key=lambda each: each.starts_at)


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())
