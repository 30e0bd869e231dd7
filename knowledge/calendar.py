"""What kind of day it is: public holiday, make-up workday (调休), or an ordinary one."""

from datetime import date, timedelta
from enum import StrEnum

import chinese_calendar

from knowledge.pack import Pack

LOOKED_AHEAD = 400  # days: a year's arrangement is published before it begins


class DayKind(StrEnum):
    """UNKNOWN: the year's arrangement is not published yet; go by the weekday and say so."""

    ORDINARY = "ordinary"
    HOLIDAY = "holiday"
    MAKEUP_WORKDAY = "makeup_workday"
    UNKNOWN = "unknown"


def day_kind(pack: Pack, on: date) -> DayKind:
    """Return the kind of a day; the pack's own make-up workdays come before the calendar's."""
    if any(day.date == on for day in pack.makeup_workdays):
        return DayKind.MAKEUP_WORKDAY
    return published_kind(on)


def published_kind(on: date) -> DayKind:
    """Return the kind of a day as the State Council has published it."""
    try:
        off_work, occasion = chinese_calendar.get_holiday_detail(on)
    except NotImplementedError:
        return DayKind.UNKNOWN
    if occasion is None:
        return DayKind.ORDINARY
    return DayKind.HOLIDAY if off_work else DayKind.MAKEUP_WORKDAY


def is_worked(pack: Pack, on: date) -> bool:
    """Whether a day is worked; a year that is not published yet goes by the weekday."""
    kind = day_kind(pack, on)
    return kind == DayKind.MAKEUP_WORKDAY or (kind != DayKind.HOLIDAY and on.weekday() < 5)


def next_makeup_workday(pack: Pack, today: date) -> date | None:
    """Return the next weekend day that is worked, None when none is known of."""
    days = (today + timedelta(days=n) for n in range(LOOKED_AHEAD))
    return next((day for day in days if day_kind(pack, day) == DayKind.MAKEUP_WORKDAY), None)
