"""Dates and times in figures, the same in every language."""

import re
from datetime import datetime

from knowledge.dates.calendar_days import every_year, month_day
from knowledge.dates.tokens import Clock, Grammar, Part, Unsure, Value, day

NUMERIC = Grammar()
SLASHED = r"(?<![\d/.])(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![\d/])"
AM, PM = Part(0, 12, 0), Part(12, 24, 12)
_BARE_BEFORE = re.compile(
    r"(?<![\d:.])(?:1[01]|[1-9])(?:[:.][0-5]\d)?\s*(?:-|–|~|to|until|till)\s*$"
)


@NUMERIC.says(r"^(?P<m>1[0-2]|[1-9])\.(?P<d>\d\d?)$")
def _dotted(match: re.Match[str], now: datetime) -> Value | None:
    """Read “12.5”, where it is all that is said."""
    return next_date(int(match["m"]), int(match["d"]), now)


@NUMERIC.says(r"(?<!\d)(?P<y>20\d\d)(?P<mark>[-/.])(?P<m>\d{1,2})(?P=mark)(?P<d>\d{1,2})(?!\d)")
@NUMERIC.says(r"(?<!\d)(?P<y>20\d\d)(?P<m>[01]\d)(?P<d>[0-3]\d)(?!\d)")
def _date(match: re.Match[str], now: datetime) -> Value | None:
    on = month_day(int(match["y"]), int(match["m"]), int(match["d"]))
    if on is None and "mark" in match.groupdict():
        return Unsure(())  # 2026-02-30 was meant as a date
    return day(on) if on else None


@NUMERIC.says(
    r"(?<![\d:.])(?P<h>\d{1,2}):(?P<m>[0-5]\d)(?::[0-5]\d)?(?!\d|:|\s*[ap]\.?m(?![a-z]))"
)
def _clock(match: re.Match[str], now: datetime) -> Value | None:
    """Read it in 24 hours; alone and without a day, 3:30 may be of the afternoon."""
    hour, minute = int(match["h"]), int(match["m"])
    if hour > 24 or (hour == 24 and minute):
        return None
    return Clock(hour, minute, plain=True, doubtful=match["h"] in set("123456"))


@NUMERIC.says(
    r"(?<![\d:.])(?P<h>\d{1,2})(?:[:.](?P<m>[0-5]\d))?\s*(?P<half>[ap])\.?m(?![a-z])\.?"
)
def _twelve_hours(match: re.Match[str], now: datetime) -> Value | None:
    hour = int(match["h"])
    if not 1 <= hour <= 12:
        return None
    if (hour, match["half"]) == (12, "a") and _BARE_BEFORE.search(
        match.string[: match.start()]
    ):
        return Clock(12, int(match["m"] or 0))  # “10 to 12 am”: noon is meant, or midnight
    part = AM if match["half"] == "a" else PM
    (minutes,) = Clock(hour, int(match["m"] or 0)).minutes(part)
    return Clock(minutes // 60, minutes % 60, plain=True)


def next_date(month: int, of: int, now: datetime) -> Value | None:
    """Return the next day of that month and number, None when no year has one."""
    return every_year(lambda year: month_day(year, month, of), now.date())
