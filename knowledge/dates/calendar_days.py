"""Days of the calendar: of a month, of the moon's year, and the festivals."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

from knowledge.dates.tokens import Days, Unsure, day, days, either

# One number a year from 2020 on, as every Chinese almanac program has them: bits 15–4 say which
# of the twelve months have 30 days, the lowest four which month is doubled, bit 16 that its
# double has 30 days.
MOON_YEARS = (
    *(0x07954, 0x06AA0, 0x0AD50, 0x05B52, 0x04B60, 0x0A6E6, 0x0A4E0, 0x0D260, 0x0EA65, 0x0D530),
    *(0x05AA0, 0x076A3, 0x096D0, 0x04AFB, 0x04AD0, 0x0A4D0, 0x1D0B6, 0x0D250, 0x0D520, 0x0DD45),
    *(0x0B5A0, 0x056D0, 0x055B2, 0x049B0, 0x0A577, 0x0A4B0, 0x0AA50, 0x1B255, 0x06D20, 0x0ADA0),
)
FIRST_MOON_YEAR, FIRST_NEW_YEAR = 2020, date(2020, 1, 25)
YEARS_AHEAD = 3


def month_day(year: int, month: int, of: int) -> date | None:
    """Return a date, None when the month has no such day."""
    try:
        return date(year, month, of)
    except ValueError:
        return None


def day_of_month(of: int, today: date) -> Days | None:
    """Return this day of this month and of the next twelve, None when there is no such day."""
    first = today.replace(day=1)
    months = [shifted(first, n) for n in range(13)]
    found = [on for m in months if (on := month_day(m.year, m.month, of))]
    return Days(tuple((on, on) for on in found), of_month=True) if found else None


def month(year: int, number: int) -> Days:
    """Return all days of a month; `number` may run over the year's end."""
    first = shifted(date(year, 1, 1), number - 1)
    return days(first, shifted(first, 1) - timedelta(days=1))


def shifted(on: date, months: int) -> date:
    """Return the same day some months later, the month's last when it has no such day."""
    year, number = divmod(on.year * 12 + on.month - 1 + months, 12)
    for of in range(on.day, 27, -1):
        found = month_day(year, number + 1, of)
        if found:
            return found
    return date(year, number + 1, min(on.day, 27))


def nth_weekday(first: date, nth: int, weekday: int) -> date | None:
    """Return the nth weekday of the month that begins on `first`; the last with nth = -1."""
    found = first + timedelta(days=(weekday - first.weekday()) % 7)
    of_month = [found + timedelta(weeks=n) for n in range(5)]
    of_month = [on for on in of_month if on.month == first.month]
    return of_month[nth if nth < 0 else nth - 1] if nth <= len(of_month) else None


def nth_week(first: date, nth: int) -> Days | Unsure:
    """Return the nth week of a month: some count from its first day, some from its Monday."""
    monday = first + timedelta(days=-first.weekday() % 7)
    counted = {monday - timedelta(weeks=1) if monday > first else monday, monday}
    starts = [start + timedelta(weeks=nth - 1) for start in sorted(counted)]
    return either(*(days(start, start + timedelta(days=6)) for start in starts))


def every_year(of_year: Callable[[int], date | None], today: date) -> Days | None:
    """Return this year's day and those of the years after it."""
    years = range(today.year - 1, today.year + YEARS_AHEAD)
    found = [on for on in map(of_year, years) if on and on.year >= today.year]
    return Days(tuple((on, on) for on in found)) if found else None


@lru_cache(maxsize=4096)  # twelve years of days; elders' feasts are looked up again and again
def by_moon(year: int, number: int, of: int) -> date | None:
    """Return the date of a day of the moon's year, None when unknown or when there is none."""
    if not 0 <= year - FIRST_MOON_YEAR < len(MOON_YEARS):
        return None
    passed = sum(
        sum(length for _, length in _moons(MOON_YEARS[n]))
        for n in range(year - FIRST_MOON_YEAR)
    )
    for moon, length in _moons(MOON_YEARS[year - FIRST_MOON_YEAR]):
        if moon == number:
            return (
                FIRST_NEW_YEAR + timedelta(days=passed + of - 1) if 1 <= of <= length else None
            )
        passed += length
    return None


def _moons(year: int) -> Iterator[tuple[int, int]]:
    """Yield (month, its days) of a year; the doubled one once more, as month 0."""
    for number in range(1, 13):
        yield number, 30 if year >> (16 - number) & 1 else 29
        if year & 15 == number:
            yield 0, 30 if year >> 16 else 29


def _eve(year: int) -> date | None:
    new_year = by_moon(year + 1, 1, 1)
    return new_year - timedelta(days=1) if new_year else None


def _before_eve(year: int) -> date | None:
    eve = _eve(year)
    return eve - timedelta(days=1) if eve else None


def _term(number: int, of: float) -> Callable[[int], date]:
    """Return the day of a solar term, by the almanacs' formula for this century."""
    return lambda year: date(year, number, int(year % 100 * 0.2422 + of) - year % 100 // 4)


def _on(number: int, of: int) -> Callable[[int], date | None]:
    return lambda year: month_day(year, number, of)


def _moon(number: int, of: int) -> Callable[[int], date | None]:
    return lambda year: by_moon(year, number, of)


def _nth(number: int, nth: int, weekday: int) -> Callable[[int], date | None]:
    return lambda year: nth_weekday(date(year, number, 1), nth, weekday)


# Every name of a festival, and the day of it in a year.
FESTIVALS: dict[str, Callable[[int], date | None]] = {
    "元旦": _on(1, 1),
    "新年第一天": _on(1, 1),
    "情人节": _on(2, 14),
    "妇女节": _on(3, 8),
    "三八节": _on(3, 8),
    "植树节": _on(3, 12),
    "清明": _term(4, 4.81),
    "劳动节": _on(5, 1),
    "五一": _on(5, 1),
    "立夏": _term(5, 5.52),
    "青年节": _on(5, 4),
    "母亲节": _nth(5, 2, 6),
    "儿童节": _on(6, 1),
    "六一": _on(6, 1),
    "父亲节": _nth(6, 3, 6),
    "建党节": _on(7, 1),
    "建军节": _on(8, 1),
    "教师节": _on(9, 10),
    "国庆": _on(10, 1),
    "万圣节": _on(10, 31),
    "冬至": _term(12, 21.94),
    "平安夜": _on(12, 24),
    "圣诞": _on(12, 25),
    "春节": _moon(1, 1),
    "大年初一": _moon(1, 1),
    "元宵": _moon(1, 15),
    "端午": _moon(5, 5),
    "七夕": _moon(7, 7),
    "中元节": _moon(7, 15),
    "七月半": _moon(7, 15),
    "中秋": _moon(8, 15),
    "重阳": _moon(9, 9),
    "腊八": _moon(12, 8),
    "除夕": _eve,
    "小年夜": _before_eve,
    "大年夜": _eve,
    "大年三十": _eve,
    "年三十": _eve,
    "christmas eve": _on(12, 24),
    "christmas day": _on(12, 25),
    "christmas": _on(12, 25),
    "new year's day": _on(1, 1),
    "new years day": _on(1, 1),
    "new year's eve": _on(12, 31),
    "new years eve": _on(12, 31),
    "national day": _on(10, 1),
    "labour day": _on(5, 1),
    "labor day": _on(5, 1),
    "children's day": _on(6, 1),
    "spring festival": _moon(1, 1),
    "chinese new year": _moon(1, 1),
    "lunar new year": _moon(1, 1),
    "lantern festival": _moon(1, 15),
    "dragon boat festival": _moon(5, 5),
    "mid-autumn festival": _moon(8, 15),
    "mid-autumn": _moon(8, 15),
    "double ninth": _moon(9, 9),
}


def festival(name: str, today: date, year: int | None = None) -> Days | None:
    """Return the festival of a year, the next one when no year is named."""
    of_year = FESTIVALS[name]
    found = every_year(of_year, today) if year is None else _of_year(of_year(year))
    return replace(found, feast=True) if found else None


def _of_year(on: date | None) -> Days | None:
    return day(on) if on else None


def holiday(name: str, today: date, year: int | None = None) -> Days | Unsure:
    """Return the free days around a festival; nobody knows them before they are published."""
    named = festival(name, today, year)
    for _, on in named.successive if named else ():
        if year is None and on < today:
            continue
        free = free_days(on)
        return days(free[0], free[-1]) if free else Unsure(())
    return Unsure(())


def free_days(on: date) -> list[date]:
    """Return the statutory holiday a day belongs to, its days in order; none if unpublished."""
    before, after = _free(on, -1), _free(on, 1)
    return [*reversed(before[1:]), *after]


def _free(on: date, step: int) -> list[date]:
    """Return the free days from one on, until the first that is no holiday."""
    days: list[date] = []
    while _is_holiday(on):
        days.append(on)
        on += timedelta(days=step)
    return days


def _is_holiday(on: date) -> bool:
    try:
        off_work, occasion = chinese_calendar.get_holiday_detail(on)
    except NotImplementedError:
        return False
    return off_work and occasion is not None
