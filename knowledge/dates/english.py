"""How time is said in English: each expression stands above the function that reads it."""

import re
from datetime import UTC, date, datetime, timedelta

from knowledge.dates.calendar_days import (
    FESTIVALS,
    day_of_month,
    festival,
    month,
    month_day,
    nth_weekday,
    shifted,
)
from knowledge.dates.numeric import AM, NUMERIC, PM, SLASHED, next_date
from knowledge.dates.tokens import (
    Clock,
    Days,
    Grammar,
    Moment,
    Part,
    Unsure,
    Value,
    day,
    days,
    next_weekdays,
    week_of,
)

ENGLISH = Grammar(NUMERIC)
says = ENGLISH.says

NUMBERS = {
    **{"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6},
    **{"seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12},
    **{"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45, "fifty": 50},
    **{"a couple of": 2, "half an": 0.5, "half a": 0.5},
}
NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
PARTS = {
    **{"morning": Part(6, 12, 1), "noon": Part(11, 13, 10), "afternoon": Part(12, 18, 12)},
    **{"evening": Part(18, 24, 14), "night": Part(18, 24, 17)},
}
UNITS = {"minute": 1, "min": 1, "hour": 60, "hr": 60}
NO_TIME = re.compile(
    r"\bgood (?:morning|afternoon|evening|night)\b|"
    r"\b(?:morning|afternoon|evening|night) before\b(?! \d)|"
    r"\b\d+(?:st|nd|rd|th) (?:floor|street|avenue|grade|time|person|line|class|birthday)\b|"
    r"\b(?:building|block|room|bus|line|route|platform|window|counter|unit|flat|no\.?|number|"
    r"gate|floor) \d+\b|\bat \d+ (?:\w+ )?(?:road|street|lane|avenue|people)\b"
)
RECURS = re.compile(r"\b(?:every|each)\s+\w+")
NEGATED = re.compile(r"\b(?:not|except|but not)\s+(?:on\s+)?$")
UNAVAILABLE = re.compile(r"[^,.;!?]{0,12}?(?:doesn't work|is full|i'm busy|i can't)")
REFUSED = re.compile(
    r"(?: o'clock)?(?:'s| is| would be| will be| sounds)? "
    r"(?:a bit |a little |far |much )?too (?:early|late)\b"
)
CHANGED = re.compile(r".*\b(?:mov|chang|reschedul|switch|postpon)\w*\b.*\bto\b")
RANGE = re.compile(r"\s*(?:to|until|till|through|-|–|~)\s*(?:the\s+)?")
BY = re.compile(r"\b(?:by|before|no later than)\s+(?:the\s+)?$")
BEFORE = re.compile(r"(?!)")
BETWEEN = re.compile(r"(\bbetween [a-z\d:. ]{1,20}? )and\b")
EITHER = re.compile(r"\s*(?:or|and|&)\s*")
TOGETHER = re.compile(r"\s*(?:and|&|,)\s*")

_N = r"(?P<n>\d{1,3}|a couple of|half an?|" + "|".join(n for n in NUMBERS if " " not in n) + ")"
_HOURS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_H = rf"(?P<h>\d{{1,2}}|{_HOURS})"
_WEEKDAY = (
    r"(?P<weekday>mon(?:day)?|tues?(?:day)?|wed(?:nesday)?|thu(?:rs?)?(?:day)?|fri(?:day)?|"
    r"sat(?:urday)?|sun(?:day)?)s?"
)
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s+(?P<year>20\d\d))?"
_UNIT = "minute|min|hour|hr"
_HALF = "(?P<half> and a half)?"
_MORE = (
    r"(?: and (?P<more>a half)|"
    r",? (?:and )?(?P<minutes>\d{1,3}|ten|twenty|thirty) min(?:ute)?s?)?"
)
_B, _E = r"(?<![a-z0-9])", r"(?![a-z0-9])"  # also between Chinese characters


def _number(said: str) -> float:
    return float(said) if said.isdigit() else NUMBERS[said]


def _weekday(match: re.Match[str]) -> int:
    return WEEKDAYS.index(match["weekday"][:3])


def _month_number(match: re.Match[str]) -> int:
    return MONTHS.index(match["month"][:3]) + 1


DAYS_AWAY = {
    **{"day after tomorrow": 2, "tomorrow": 1, "tomorow": 1, "tommorow": 1, "tommorrow": 1},
    **{"tmr": 1, "tmrw": 1, "today": 0, "yesterday": -1, "day before yesterday": -2},
    **{"to": 0, "this": 0, "last": -1},  # tonight, this morning, last night
}


@says(rf"{_B}(?:the )?(?P<which>day after tomorrow|day before yesterday){_E}")
@says(rf"{_B}(?P<which>today|tomorrow|tom+or+ow|tmrw?|yesterday){_E}")
@says(rf"{_B}(?P<which>to(?=night)|this(?= (?:morning|afternoon|evening))|last(?= night))")
def _relative_day(match: re.Match[str], now: datetime) -> Value | None:
    return day(now.date() + timedelta(days=DAYS_AWAY[match["which"]]))


@says(rf"{_B}(?P<which>this|next|last|coming)\s+{_WEEKDAY}{_E}")
@says(rf"{_B}on\s+{_WEEKDAY}(?P<which>)?{_E}")
@says(
    rf"^\s*{_WEEKDAY}(?P<which>)?(?=$|[,\s]+(?:\d|at|noon|morning|afternoon|evening|or|and|to))"
)
@says(rf"{_B}(?P<weekday>(?:mon|tues|wednes|thurs|fri|satur|sun)days?|tue|thu)(?P<which>)?{_E}")
def _named_weekday(match: re.Match[str], now: datetime) -> Value | None:
    weekday, which = _weekday(match), match["which"]
    if which in (None, "", "coming"):
        return next_weekdays(weekday, now.date())
    weeks = {"this": 0, "next": 1, "last": -1}[which]
    return day(week_of(now.date()) + timedelta(weeks=weeks, days=weekday))


@says(rf"{_B}(?:the |(?P<which>this|next|last) )?weekend{_E}")
def _weekend(match: re.Match[str], now: datetime) -> Value | None:
    weeks = {"next": 1, "last": -1}.get(match["which"] or "", 0)
    monday = week_of(now.date()) + timedelta(weeks=weeks)
    return days(monday + timedelta(days=5), monday + timedelta(days=6))


@says(rf"{_B}(?P<which>this|next|last) (?P<unit>week|month){_E}")
def _week_or_month(match: re.Match[str], now: datetime) -> Value | None:
    step = {"this": 0, "next": 1, "last": -1}[match["which"]]
    if match["unit"] == "month":
        first = shifted(now.date().replace(day=1), step)
        return month(first.year, first.month)
    monday = week_of(now.date()) + timedelta(weeks=step)
    return days(monday, monday + timedelta(days=6))


@says(rf"{_B}(?:the )?end of (?:the|this|(?P<which>next)) month{_E}")
def _end_of_month(match: re.Match[str], now: datetime) -> Value | None:
    first = shifted(now.date().replace(day=1), 1 if match["which"] else 0)
    return day(shifted(first, 1) - timedelta(days=1))


@says(rf"{_B}(?:the )?{_DAY}(?: of)? {_MONTH}{_YEAR}{_E}")
@says(rf"{_B}{_MONTH} (?:the )?{_DAY}{_YEAR}(?!\d|:|\s*[ap]\.?m)")
def _date(match: re.Match[str], now: datetime) -> Value | None:
    number, of = _month_number(match), int(match["d"])
    if match["year"] is None:
        return next_date(number, of, now) or Unsure(())  # there is no 30 February
    on = month_day(int(match["year"]), number, of)
    return day(on) if on else Unsure(())


@says(rf"{_B}in {_MONTH}(?P<plain>){_YEAR}{_E}")
@says(rf"{_B}{_MONTH}(?<!{_B}may)(?<!{_B}mar)(?<!{_B}march){_YEAR}{_E}")
def _whole_month(match: re.Match[str], now: datetime) -> Value | None:
    number = _month_number(match)
    years = (int(match["year"]),) if match["year"] else (now.year, now.year + 1)
    return Days(tuple(month(year, number).successive[0] for year in years))


@says(rf"{_B}the (?P<d>\d{{1,2}})(?:st|nd|rd|th){_E}")
def _day_of_month(match: re.Match[str], now: datetime) -> Value | None:
    return day_of_month(int(match["d"]), now.date())


@says(
    rf"{_B}(?:the )?(?P<nth>first|second|third|fourth|last) {_WEEKDAY} (?:of|in) "
    rf"(?:(?P<which>the|this|next) month|{_MONTH}){_E}"
)
def _nth_weekday(match: re.Match[str], now: datetime) -> Value | None:
    nth, weekday, this = NTH[match["nth"]], _weekday(match), now.date().replace(day=1)
    if match["month"]:
        months = [date(now.year + n, _month_number(match), 1) for n in range(2)]
    else:
        months = [shifted(this, 1 if match["which"] == "next" else 0)]
    found = [on for first in months if (on := nth_weekday(first, nth, weekday))]
    return Days(tuple((on, on) for on in found)) if found else None


@says(SLASHED)
def _slashed(match: re.Match[str], now: datetime) -> Value | None:
    """Read 3/12 as everybody here writes it, the month first; 28/11 can only be a day first."""
    first, second = int(match["a"]), int(match["b"])
    return next_date(first, second, now) or next_date(second, first, now)


@says(rf"{_B}(?P<name>{'|'.join(n for n in FESTIVALS if n.isascii())}){_E}")
def _festival(match: re.Match[str], now: datetime) -> Value | None:
    return festival(match["name"], now.date())


@says(rf"{_B}in {_N}{_HALF} (?P<unit>{_UNIT})s?{_MORE}(?P<ago>)?{_E}")
@says(rf"{_B}{_N}{_HALF} (?P<unit>{_UNIT})s?{_MORE} (?:(?P<ago>ago)|from now|later){_E}")
def _minutes_from_now(match: re.Match[str], now: datetime) -> Value | None:
    halves = 0.5 if match["half"] or match["more"] else 0
    minutes = (_number(match["n"]) + halves) * UNITS[match["unit"]]
    minutes += _number(match["minutes"] or "0")
    ahead = timedelta(minutes=minutes)
    at = now.astimezone(UTC) + (-ahead if match["ago"] else ahead)
    return Moment(at.astimezone(now.tzinfo))


@says(rf"{_B}(?P<in>in|within) {_N} (?P<unit>day|week|fortnight|month)s?(?P<ago>)?{_E}")
@says(
    rf"{_B}(?P<in>){_N} (?P<unit>day|week|fortnight|month)s? "
    rf"(?:(?P<ago>ago)|from (?:now|today)|later){_E}"
)
def _days_from_now(match: re.Match[str], now: datetime) -> Value | None:
    count = round(_number(match["n"])) * (-1 if match["ago"] else 1)
    if match["unit"] == "month":
        on = shifted(now.date(), count)
    else:
        on = now.date() + timedelta(
            days=count * {"day": 1, "week": 7, "fortnight": 14}[match["unit"]]
        )
    return days(now.date(), on) if match["in"] == "within" else day(on)


@says(rf"{_B}(?:in the |at )?(?P<part>morning|afternoon|evening|night)s?{_E}")
@says(rf"(?<={_B}to)(?P<part>night){_E}")
def _part(match: re.Match[str], now: datetime) -> Value | None:
    return PARTS[match["part"]]


@says(rf"{_B}(?P<at>noon|midday|midnight){_E}")
def _noon(match: re.Match[str], now: datetime) -> Value | None:
    return Clock(24 if match["at"] == "midnight" else 12, plain=True)


_RANGE_BEFORE = re.compile(
    r"(?:from|between)\s+[a-z\d:.]+\s*(?:[ap]\.?m\.?\s*)?(?:to|until|-)\s*$"
)
_NO_CLOCK = r"(?![a-z\d:]|\.\d|\s*[ap]\.?m|\s+(?:o'clock|people|hour|min|day))"


@says(rf"{_B}(?:at|by|around|about|from|between) {_H}{_NO_CLOCK}")
@says(rf"{_B}{_H} o'clock{_E}")
@says(rf"{_B}{_H}(?=\s*(?:-|–|to|until|till)\s*\d{{1,2}}(?:[:.]\d\d)?\s*[ap]\.?m)")
def _bare_hour(match: re.Match[str], now: datetime) -> Value | None:
    hour = int(_number(match["h"]))
    return Clock(hour) if hour <= 24 else None


@says(rf"{_B}{_H}{_NO_CLOCK}")
def _last_of_range(match: re.Match[str], now: datetime) -> Value | None:
    if not _RANGE_BEFORE.search(match.string[: match.start()]):
        return None
    return _bare_hour(match, now)


@says(rf"{_B}(?P<h>{_HOURS}) (?P<half>[ap])\.?m{_E}")
def _hour_in_words(match: re.Match[str], now: datetime) -> Value | None:
    hour = NUMBERS[match["h"]] % 12 + (12 if match["half"] == "p" else 0)
    return Clock(int(hour), plain=True)


_HALF_DAY = r"(?:\s*(?P<half>[ap])\.?m(?![a-z])\.?)?"


@says(rf"{_B}half past {_H}{_HALF_DAY}{_E}")
def _half_past(match: re.Match[str], now: datetime) -> Value | None:
    hour = int(_number(match["h"]))
    return _minutes_past(hour, 30, match["half"]) if 1 <= hour <= 12 else None


@says(
    rf"{_B}(?P<m>quarter|five|ten|twenty|\d{{1,2}}) (?:minutes )?(?P<way>past) {_H}"
    rf"{_HALF_DAY}{_E}"
)
@says(
    rf"{_B}(?<!from )(?<!between )(?P<m>quarter|five|ten|twenty|\d{{1,2}}(?= min)) "
    r"(?:minutes )?"
    rf"(?P<way>to) {_H}{_HALF_DAY}{_E}"
)
def _past_or_to(match: re.Match[str], now: datetime) -> Value | None:
    hour = int(_number(match["h"]))
    minute = 15 if match["m"] == "quarter" else int(_number(match["m"]))
    if not (1 <= hour <= 12 and 0 < minute < 60):
        return None
    return _minutes_past(hour, minute if match["way"] == "past" else -minute, match["half"])


def _minutes_past(hour: int, minutes: int, half: str | None) -> Clock:
    """Return the clock some minutes past an hour, or before it; `half` is the hour's."""
    if half is None:
        return Clock(hour, minutes) if minutes > 0 else Clock(hour - 1 or 12, 60 + minutes)
    (sharp,) = Clock(hour).minutes(AM if half == "a" else PM)
    hour, minute = divmod((sharp + minutes) % (24 * 60), 60)
    return Clock(hour, minute, plain=True)
