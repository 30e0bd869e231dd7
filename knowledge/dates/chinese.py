"""How the clock is said in Chinese, and the whole of its grammar."""

import re
from datetime import UTC, datetime, timedelta

from knowledge.dates.chinese_days import CHINESE_DAYS
from knowledge.dates.chinese_words import (
    HAN,
    MINUTES,
    NOT_INSIDE,
    PARTS,
    UNIT,
    N,
    any_of,
    number,
)
from knowledge.dates.numeric import NUMERIC
from knowledge.dates.tokens import Clock, Grammar, Moment, Value

CHINESE = Grammar([*NUMERIC, *CHINESE_DAYS])
says = CHINESE.says

_MINUTE = (
    rf"半|[一三13]刻|[零〇0](?:{UNIT}|\d)分?|[一二三四五]?十{UNIT}?分?|[1-5]\d分?|{N}分(?!钟)"
)
_AGO_OR_AHEAD = "(?P<way>之后|以后|后|之前|以前|前)"
_LENGTH = (
    rf"(?<![\d.几百千{HAN}])(?P<n>半|\d+\.5|{N})个?(?P<half>半)?个?(?P<unit>{any_of(MINUTES)})"
    rf"(?:[零又]?(?P<more>{N})分钟?)?"
)
# “一点” alone means a little; as a time it follows a day or a part of one, or begins a range.
_AFTER_A_DAY = re.compile(r"(?:[午晨晚上早夜里天日号一二三四五六儿朝]|,)\s*$")
_AFTER_A_TIME = re.compile(r"[点时半刻分\d]\s*(?:到|至|-|~|—)\s*$")
_BEFORE_A_TIME = re.compile(r"\s*(?:到|至|-|~|—|左右|来|开始)")


@says(rf"(?P<part>{any_of(part for part in PARTS if len(part) > 1)})")
@says(
    r"(?:(?<=[今明后昨前当六日天号])|(?<=[周期拜][一二三四五]))(?P<part>[早晚夜])"
    "(?!会|饭|餐|点|班|报|市|宵)"
)
@says(rf"(?<![今明后昨前当最提每这多清大老傍])(?P<part>[早晚])(?={N}[点:])")
def _part(match: re.Match[str], now: datetime) -> Value | None:
    return PARTS[match["part"]]


@says(
    rf"{NOT_INSIDE}(?<!差)(?P<h>{N})(?P<mark>点钟?|时(?!间|候|段|尚|常|光|期|代))(?P<sharp>整)?"
    rf"(?P<m>{_MINUTE})?(?![{HAN}\d]|分钟)"
)
def _clock(match: re.Match[str], now: datetime) -> Value | None:
    hour, said = number(match["h"]), match["m"] or ""
    little = match[0] in ("一点", "1点") or match[0].startswith("一时")
    if hour > 24 or (little and not _is_one_o_clock(match)):
        return None
    if said == "半":
        return Clock(hour, 30)
    minute = 15 * number(said[0]) if said.endswith("刻") else number(said.rstrip("分") or "0")
    return Clock(hour, minute) if minute < 60 else None


def _is_one_o_clock(match: re.Match[str]) -> bool:
    before, after = match.string[: match.start()], match.string[match.end() :]
    alone = match[0] == match.string.strip()
    said_before = _AFTER_A_DAY.search(before) or _AFTER_A_TIME.search(before)
    return bool(alone or said_before or _BEFORE_A_TIME.match(after))


@says(r"(?<=[午晨晚上早里])(?P<h>\d{1,2})\.(?P<m>[0-5]\d)(?![\d.元块度米公])")
def _dotted_clock(match: re.Match[str], now: datetime) -> Value | None:
    """Read “下午3.30”; without a part of the day it would be a date."""
    hour = int(match["h"])
    return Clock(hour, int(match["m"])) if hour <= 24 else None


@says(rf"差(?P<m>[一三13]刻|{N}分?)钟?(?:就|到)?(?P<h>{N})点钟?")
@says(rf"{NOT_INSIDE}(?P<h>{N})点差(?P<m>[一三13]刻|{N}分)")
def _before_the_hour(match: re.Match[str], now: datetime) -> Value | None:
    said, hour = match["m"], number(match["h"])
    less = 15 * number(said[0]) if said.endswith("刻") else number(said.rstrip("分"))
    return Clock(hour - 1 or 12, 60 - less) if 1 <= hour <= 24 and 0 < less < 60 else None


@says(rf"{NOT_INSIDE}(?P<h>{N})(?=\s*(?:到|至|-|~|—|–)\s*(?:上午|中午|下午|晚上)?{N}[点时:])")
def _first_of_range(match: re.Match[str], now: datetime) -> Value | None:
    hour = number(match["h"])
    return Clock(hour) if hour <= 24 else None


@says(rf"(?:再?过)?{_LENGTH}{_AGO_OR_AHEAD}")
@says(rf"(?<![超经路])再?过{_LENGTH}(?P<way>)(?!了)")
def _minutes_from_now(match: re.Match[str], now: datetime) -> Value | None:
    count = _count(match["n"]) + (0.5 if match["half"] else 0)
    minutes = count * MINUTES[match["unit"]] + number(match["more"] or "0")
    ahead = timedelta(minutes=minutes)
    at = now.astimezone(UTC) + (-ahead if match["way"].endswith("前") else ahead)
    return Moment(at.astimezone(now.tzinfo))


def _count(said: str) -> float:
    if said == "半":
        return 0.5
    return float(said) if "." in said else number(said)
