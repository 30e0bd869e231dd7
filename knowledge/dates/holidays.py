"""The seven statutory holidays by name: which days the next one takes, published or not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from knowledge.dates.calendar_days import FESTIVALS, free_days
from knowledge.dates.chinese_words import RELATIVE_YEARS
from knowledge.records import Text
from knowledge.text import normalise

YEARS_AROUND = range(-1, 3)  # 元旦 may begin in the old year; the moon's table ends some day


@dataclass(frozen=True)
class Holiday:
    """A statutory holiday of one year.

    `days` are the free days as the State Council published them; before it has, the days the
    law itself gives (`published` is False): which days around those are free nobody knows.
    """

    name: Text
    year: int
    days: tuple[date, ...]
    published: bool


@dataclass(frozen=True)
class _Law:
    """A holiday of the law: its festival, and the days it gives, counted from that."""

    name: Text
    said: str
    festival: str
    given: range = range(1)


# 全国年节及纪念日放假办法, as amended on 10 November 2024.
LAWS = (
    _Law(Text(zh="元旦", en="New Year's Day"), "元旦|new year'?s? day", "元旦"),
    _Law(
        Text(zh="春节", en="Spring Festival"),
        r"春节|过年|新春|(?<!法)年假|spring festival|(?:chinese|lunar) new year",
        *("春节", range(-1, 3)),
    ),
    _Law(Text(zh="清明", en="Tomb-Sweeping Day"), "清明|qingming|tomb.sweeping", "清明"),
    _Law(
        Text(zh="劳动节", en="Labour Day"), "五一|劳动节|labou?r day|may day", "五一", range(2)
    ),
    _Law(Text(zh="端午", en="Dragon Boat Festival"), "端午|dragon boat", "端午"),
    _Law(Text(zh="中秋", en="Mid-Autumn Festival"), "中秋|mid.autumn", "中秋"),
    _Law(
        Text(zh="国庆", en="National Day"),
        "国庆|十一(?=长假|假期|黄金周|放假|期间|小长假)|national day",
        *("国庆", range(3)),
    ),
)
ANY = re.compile(
    r"节假日|法定假|假日|放假|假期|长假|\b(?:public|bank|national|statutory) holiday|\bholidays"
)
NAMED = re.compile(
    rf"(?:(?P<year>{'|'.join(RELATIVE_YEARS)}|20\d\d年?)的?)?"
    rf"(?:{'|'.join(f'(?P<law{n}>{law.said})' for n, law in enumerate(LAWS))})"
    "(?![前后路街村桥巷弄广小]|以[前后]|之[前后])|小长假"
)


def read_holiday(text: str, today: date) -> Holiday | None:
    """Return the holiday a message asks about, None when it names none.

    Without a year the next one that is not over is meant; “节假日” alone is the next of all.
    """
    said = normalise(text)
    for match in NAMED.finditer(said):
        law = next((law for n, law in enumerate(LAWS) if match[f"law{n}"]), None)
        if law:
            year = match["year"]
            return _of_year(law, _year(year, today)) if year else _next(law, today)
    if not ANY.search(said):
        return None
    coming = [found for law in LAWS if (found := _next(law, today))]
    return min(coming, key=lambda holiday: holiday.days[0], default=None)


def _year(said: str, today: date) -> int:
    return today.year + RELATIVE_YEARS[said] if said in RELATIVE_YEARS else int(said[:4])


def _next(law: _Law, today: date) -> Holiday | None:
    return next((h for h in _around(law, today) if h.days[-1] >= today), None)


def _around(law: _Law, today: date) -> Iterator[Holiday]:
    for n in YEARS_AROUND:
        if found := _of_year(law, today.year + n):
            yield found


def _of_year(law: _Law, year: int) -> Holiday | None:
    on = FESTIVALS[law.festival](year)
    if on is None:
        return None
    free = free_days(on)
    given = [on + timedelta(days=n) for n in law.given]
    return Holiday(law.name, on.year, tuple(free or given), published=bool(free))
