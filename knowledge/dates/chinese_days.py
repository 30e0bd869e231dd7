"""How days are said in Chinese: each expression stands above the function that reads it."""

import re
from datetime import date, datetime, timedelta

from knowledge.dates.calendar_days import (
    FESTIVALS,
    by_moon,
    day_of_month,
    every_year,
    festival,
    holiday,
    month,
    month_day,
    nth_week,
    nth_weekday,
    shifted,
)
from knowledge.dates.chinese_words import (
    DIGIT,
    HAN,
    MONTH_PARTS,
    MOON_FEASTS,
    NAMED_MONTHS,
    NOT_INSIDE,
    RELATIVE_DAYS,
    RELATIVE_YEARS,
    SHORT_DAYS,
    WEEKDAYS,
    N,
    any_of,
    number,
)
from knowledge.dates.numeric import SLASHED, next_date
from knowledge.dates.tokens import (
    Days,
    Grammar,
    Unsure,
    Value,
    day,
    days,
    either,
    next_weekdays,
    week_of,
)

CHINESE_DAYS = Grammar()
says = CHINESE_DAYS.says

_WRITTEN_YEAR = rf"(?:(?<!\d)(?:(?:19|20)?\d\d)|(?:一九|二[零〇]){DIGIT}{{2}})"
_YEAR = rf"(?:(?P<year>{any_of(RELATIVE_YEARS)}|{_WRITTEN_YEAR}年)的?)?"
_WEEK = "(?:周|星期|礼拜)"
# In 一下, 楼下, 网上 and 碰上周末 the word before has the 下 or 上.
_WHICH = (
    r"(?P<which>这一?|本|当|(?<![楼以地桥车线手山底早晚网街路马乡加算赶碰遇想能])上+一?|"
    r"(?<![楼以地桥车线手山底乡剩留余放一])下+一?)个?"
)
# A week begins here, not in “三周”; in 周四周五 it does.
_WHICH_WEEK = rf"(?:{_WHICH}|(?<=[周期拜][一二三四五六日天])|(?<![\d{HAN}个每])){_WEEK}"
_NTH = rf"(?P<nth>第{N}|最后[一1]?)个?{_WEEK}(?P<weekday>[一二三四五六日天])?"
_EARLY = r"初(?:[一二三四五六七八九十]|\d(?!\d))"  # in the moon's months
_MONTH_PART = "(?P<part>上旬|中旬|下旬|初|底|末|中)"
_OF_MONTH = rf"(?:{_NTH}|月?{_MONTH_PART}|(?P<last>最后一天))"
_FESTIVALS = any_of(name for name in FESTIVALS if not name.isascii())
_NO_NUMBER = rf"(?:(?<![{HAN}])|(?![{HAN}]))"  # 一五一十 has no 五一
_SOME = (
    rf"(?<![\d.几百千{HAN}个])(?P<n>(?P<two>一两|两三|三四|四五|三五)|半|"
    + N
    + ")个?(?P<half>半)?"
)
_UNIT = "天|日|周|星期|礼拜|(?<=[个两半])月"  # 三月前 is before March


FARTHEST = 1000  # days, weeks, months or years
SOON = 20  # years: 41年 is to come, 51年 is when somebody was born


def _year(match: re.Match[str], now: datetime) -> int | None:
    said = match["year"]
    if not said or said in RELATIVE_YEARS:
        return now.year + RELATIVE_YEARS[said] if said else None
    year = number(said.rstrip("年"))
    if year >= 100:
        return year
    return 2000 + year if year < now.year % 100 + SOON else 1900 + year


def _steps(which: str | None) -> int:
    """Return how many weeks or months “下下” goes on."""
    return (which or "").count("下") - (which or "").count("上")


@says(rf"(?<![然之以今最目从])(?:{any_of(RELATIVE_DAYS)})")
def _relative_day(match: re.Match[str], now: datetime) -> Value | None:
    return day(now.date() + timedelta(days=RELATIVE_DAYS[match[0]]))


@says("(?:[今明后昨前](?=[早晚夜])|当(?=[晚夜]))(?!.[饭餐])")
def _short_day(match: re.Match[str], now: datetime) -> Value | None:
    return day(now.date() + timedelta(days=SHORT_DAYS[match[0]]))


@says("明后两?天|今明两?天|这两天")
def _two_days(match: re.Match[str], now: datetime) -> Value | None:
    first = now.date() + timedelta(days=1 if match[0].startswith("明") else 0)
    return days(first, first + timedelta(days=1))


@says(
    rf"(?:{_WHICH_WEEK}|(?<=[一那]个){_WEEK})的?{_WEEK}?(?P<day>[一二三四五六日]|天(?!气)|[1-7](?![\d点:月号]))(?!次|节|回)"
)
def _weekday(match: re.Match[str], now: datetime) -> Value | None:
    named = match["day"]
    weekday = int(named) - 1 if named.isdigit() else WEEKDAYS[named]
    if match["which"] is None:
        return next_weekdays(weekday, now.date())
    monday = week_of(now.date()) + timedelta(weeks=_steps(match["which"]))
    return day(monday + timedelta(days=weekday))


@says(rf"{_WHICH_WEEK}的?(?:末|{_WEEK}?六[、和与及跟到至]?{_WEEK}?[日天])|双休日")
def _weekend(match: re.Match[str], now: datetime) -> Value | None:
    monday = week_of(now.date()) + timedelta(weeks=_steps(match["which"]))
    return days(monday + timedelta(days=5), monday + timedelta(days=6))


@says(rf"{_WHICH}{_WEEK}")
def _week(match: re.Match[str], now: datetime) -> Value | None:
    monday = week_of(now.date()) + timedelta(weeks=_steps(match["which"]))
    return days(monday, monday + timedelta(days=6))


@says(rf"{_WHICH_WEEK}(?P<all>[一二三四五六](?:、?[一二三四五六日])+)(?![点{HAN}])")
def _some_weekdays(match: re.Match[str], now: datetime) -> Value | None:
    """Read “周二三” and “周一、三、五”: which of them is for the resident to say."""
    named = [WEEKDAYS[han] for han in match["all"].replace("、", "")]
    if named == [5, 6]:
        return None
    monday = week_of(now.date()) + timedelta(weeks=_steps(match["which"]))
    if match["which"]:
        return either(*(day(monday + timedelta(days=n)) for n in named))
    return either(*(next_weekdays(n, now.date()) for n in named))


def _dated(year: int | None, number_: int, of: int, now: datetime, moon: bool) -> Days | None:
    make = by_moon if moon else month_day
    if year is None:
        return every_year(lambda y: make(y, number_, of), now.date())
    on = make(year, number_, of)
    return day(on) if on else None


@says(rf"{_YEAR}{NOT_INSIDE}(?P<m>{N})月份?的?(?P<d>{N})(?P<suffix>号|日)?(?![个点时{HAN}\d:])")
def _date(match: re.Match[str], now: datetime) -> Value | None:
    """Read month and day: by the sun, by the moon, or either where both are said like this."""
    year, number_, of = _year(match, now), number(match["m"]), number(match["d"])
    by_sun = _dated(year, number_, of, now, moon=False)
    if match["suffix"] or match["d"].isdigit():
        return by_sun or Unsure(())  # there is no 2月30日: ask, and never read 30日 alone
    moons = _dated(year, number_, of, now, moon=True)
    if (number_, of) in MOON_FEASTS:
        return moons
    if not match["m"].isdigit() and 10 < of < 31 and 1 < number_ < 12 and by_sun and moons:
        return either(by_sun, moons)
    return by_sun


@says(SLASHED)
@says(r"(?<![\d.])(?P<a>1[0-2]|0?[1-9])\.(?P<b>\d\d?)(?=[号日上下早晚])")
@says(
    r"(?:^|(?<=[约订报选是到在,。 ]))(?P<a>1[0-2]|[1-9])\.(?P<b>\d\d?)"
    r"(?=$|[\s,。?(周星礼中凌傍]|有|那天|的(?!.{0,4}[价费钱票元度米]))"
)
def _slashed(match: re.Match[str], now: datetime) -> Value | None:
    return next_date(int(match["a"]), int(match["b"]), now)


@says(rf"{_YEAR}(?:农历|阴历|老历|旧历)的?(?P<m>{N}|正|冬|腊)月的?(?P<d>初?{N})")
@says(rf"{_YEAR}(?P<m>[正冬腊])月的?(?P<d>初?{N})(?![点个{HAN}])")
@says(rf"{_YEAR}{NOT_INSIDE}(?P<m>{N})月的?(?P<d>{_EARLY})")
@says(rf"{_YEAR}(?P<m>)大年(?P<d>{_EARLY})")
@says(rf"(?<![今明去后前每半些多几\d{HAN}])(?P<year>)(?P<m>)年(?P<d>{_EARLY})")
def _moon_date(match: re.Match[str], now: datetime) -> Value | None:
    named = match["m"]
    number_ = NAMED_MONTHS[named] if named in NAMED_MONTHS else number(named)
    of = number(match["d"].removeprefix("初"))
    return _dated(_year(match, now), number_, of, now, moon=True)


@says(rf"{_YEAR}(?:农历|阴历|老历|旧历)的?(?P<m>{N}|[正冬腊])月(?!的?(?:初|{N}|底|末))")
@says(rf"{_YEAR}(?P<m>[正冬腊])月(?!的?(?:初|{N}|底|末))")
def _moon_month(match: re.Match[str], now: datetime) -> Value | None:
    named, year = match["m"], _year(match, now)
    number_ = NAMED_MONTHS[named] if named in NAMED_MONTHS else number(named)
    years = (year,) if year else range(now.year - 1, now.year + 2)
    firsts = [(by_moon(y, number_, 1), by_moon(y, number_, 30)) for y in years]
    found = [(first, last or first + timedelta(days=28)) for first, last in firsts if first]
    return Days(tuple(dates for dates in found if year or dates[1] >= now.date())) or None


@says(rf"(?<![年月当最])初(?P<d>[一二三四五六七八九十]|\d)(?![中级\d{HAN}])")
def _moon_day(match: re.Match[str], now: datetime) -> Value | None:
    today, of = now.date(), number(match["d"])
    found = sorted(
        on
        for year in (today.year - 1, today.year, today.year + 1)
        for number_ in range(13)  # the doubled month, too
        if (on := by_moon(year, number_, of)) and on >= today
    )
    return Days(tuple((on, on) for on in found), of_month=True) if found else None


@says(rf"{_YEAR}{NOT_INSIDE}(?P<m>{N})月份?的?{_OF_MONTH}?(?![{HAN}\d卡]|多少)")
def _month(match: re.Match[str], now: datetime) -> Value | None:
    number_ = number(match["m"])
    if not 1 <= number_ <= 12 or match["m"] == "两":  # 两月 lasts two months
        return None
    year = _year(match, now)
    years = (year,) if year else (now.year, now.year + 1)
    return _successive([_in_month(match, date(y, number_, 1)) for y in years])


@says(rf"{_WHICH}月份?的?(?:(?P<d>{N})[号日]|{_OF_MONTH})?")
def _relative_month(match: re.Match[str], now: datetime) -> Value | None:
    first = shifted(now.date().replace(day=1), _steps(match["which"]))
    if match["d"]:
        on = month_day(first.year, first.month, number(match["d"]))
        return day(on) if on else Unsure(())  # a month of 30 days has no 31号
    return _in_month(match, first)


@says(rf"(?<![\d{HAN}个这本上下当正冬腊])月(?P<part>底|末|初|中)(?!考|学)(?P<nth>)?(?P<last>)?")
@says(rf"(?<!月)(?<!月的){_NTH}(?P<part>)?(?P<last>)?")
def _part_of_some_month(match: re.Match[str], now: datetime) -> Value | None:
    if match["nth"] and not match["weekday"]:
        return None  # the third week of a course, perhaps
    first = now.date().replace(day=1)
    return _successive([_in_month(match, shifted(first, n)) for n in range(2)])


def _in_month(match: re.Match[str], first: date) -> Days | Unsure | None:
    """Read what is said of a month: a part, its last day, a weekday or a week of it, or all."""
    last = shifted(first, 1) - timedelta(days=1)
    if match["part"]:
        start, stop = MONTH_PARTS[match["part"]]
        return days(*(first.replace(day=min(of, last.day)) for of in (start, stop)))
    if match["last"]:
        return day(last)
    if not match["nth"]:
        return month(first.year, first.month)
    nth = -1 if match["nth"].startswith("最") else number(match["nth"][1:])
    if match["weekday"]:
        on = nth_weekday(first, nth, WEEKDAYS[match["weekday"]])
        return day(on) if on else None
    return nth_week(first, nth) if nth > 0 else days(last - timedelta(days=6), last)


def _successive(read: list[Days | Unsure | None]) -> Value | None:
    """Put one reading a month or year in order; one that is unsure is told as it is."""
    found = [days for days in read if days]
    if not found or not all(isinstance(days, Days) for days in found):
        return found[0] if found else None
    return Days(tuple(d for one in found if isinstance(one, Days) for d in one.successive))


@says(rf"{NOT_INSIDE}(?P<d>{N})(?:号|日)(?!内|后|以后|之后|以内|之内)")
@says(rf"{NOT_INSIDE}(?P<d>{N})(?=[、和到至~-](?:{N}、)*{N}(?:号|日))")
def _day_of_month(match: re.Match[str], now: datetime) -> Value | None:
    if match["d"] == "两":  # 两日 lasts two days
        return None
    return day_of_month(number(match["d"]), now.date())


@says(
    rf"{_YEAR}{_NO_NUMBER}(?P<name>{_FESTIVALS})(?:儿童|劳动)?节?"
    r"(?P<free>小长假|长假|假期|期间|黄金周)?(?:的?(?P<off>前[一1]天|前夜|第[二三四五]天))?"
    r"(?![前后点号月楼个]|以[前后]|之[前后])"
)
def _festival(match: re.Match[str], now: datetime) -> Value | None:
    read = holiday if match["free"] else festival
    found, off = read(match["name"], now.date(), _year(match, now)), match["off"]
    if off is None or not isinstance(found, Days):
        return found
    later = timedelta(days=-1 if off[0] == "前" else number(off[1]) - 1)
    return Days(tuple((first + later, first + later) for first, _ in found.successive))


@says(rf"(?P<year>{any_of(RELATIVE_YEARS)})年?的?(?:最后[一1]天)")
def _last_of_year(match: re.Match[str], now: datetime) -> Value | None:
    return day(date(now.year + RELATIVE_YEARS[match["year"]], 12, 31))


@says(rf"(?:{any_of(RELATIVE_YEARS)})(?!的?(?:第|最后|[春夏秋冬上下暑寒年初底末]))")
def _whole_year(match: re.Match[str], now: datetime) -> Value | None:
    year = now.year + RELATIVE_YEARS[match[0]]
    return days(date(year, 1, 1), date(year, 12, 31))


@says(rf"(?:再?过)?{_SOME}(?P<unit>{_UNIT}|年)(?P<way>之后|以后|后|之前|以前|前)")
@says(rf"再过{_SOME}(?P<unit>天|周|星期|礼拜|月|年)(?P<way>)")
@says(rf"(?<![超经路])过{_SOME}(?P<unit>周|星期|礼拜|月)(?P<way>)(?!了)")
def _days_from_now(match: re.Match[str], now: datetime) -> Value | None:
    way = -1 if match["way"].endswith("前") else 1
    counts = [number(han) for han in match["n"]] if match["two"] else [_count(match)]
    read = [_stepped(now.date(), way * n, match["unit"]) for n in counts]
    found = [day(on) for on in read if on]
    return either(*found) if found else None


@says(rf"{_SOME}(?P<unit>{_UNIT})(?:之内|以内|内)")
@says(rf"(?:未来|接下来|今后){_SOME}(?P<unit>天|周|星期|礼拜|月)")
def _within(match: re.Match[str], now: datetime) -> Value | None:
    last = number(match["two"][-1]) if match["two"] else _count(match)
    on = _stepped(now.date(), last, match["unit"])
    return days(now.date(), on) if on else None


def _count(match: re.Match[str]) -> float:
    whole = 0.5 if match["n"] == "半" else number(match["n"])
    return whole + (0.5 if match["half"] else 0)


def _stepped(today: date, count: float, unit: str) -> date | None:
    """Return the day so far away; None if it is further than anybody can mean."""
    if abs(count) >= FARTHEST:
        return None
    if unit == "年":
        return shifted(today, round(count * 12))
    if unit == "月":
        half = count - int(count)
        return shifted(today, int(count)) + timedelta(days=round(half * 30))
    return today + timedelta(days=round(count * {"天": 1, "日": 1}.get(unit, 7)))
