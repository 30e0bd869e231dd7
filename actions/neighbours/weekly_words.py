"""Reads hours of the week from words: 周末, 工作日晚上, 周二下午三点到五点, weekday evenings.

A date is none of these: “下周三” is for `knowledge.dates`. What is read is read back.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from actions.neighbours.weekly import (
    ALL_DAYS,
    ANY_TIME,
    WEEKEND,
    WHOLE_DAY,
    WORKDAYS,
    Hours,
    Span,
    together,
    without,
    written,
)
from knowledge.dates.chinese_words import PARTS as CHINESE_PARTS
from knowledge.text import normalise

LATEST = 22 * 60  # until when an evening without an end goes on
EARLIEST = 7 * 60

AT_ANY_TIME = re.compile(
    r"随时|任何时候|[什啥]么?时[候间]都|几点都|时间不限|时间都行|一直有空"
    r"|any ?time|whenever|always free|all the time"
)
# A clause with one of these takes its times away.
NOT_THEN = re.compile(
    r"除了|除去|上班(?!日)|没空|没时间|不行|不可以|不方便|不在|有事|不来|别叫|不要叫"
    r"|\bexcept\b|\bnot\b|n't\b|cannot|\bbusy\b"
)
# A clause with one of these speaks of a date, which is no habit.
DATED = re.compile(
    r"[今明后昨前]天|今晚|明早|明晚|[下上这本]个?(?:周|星期|礼拜)|\d月|\d[号日]"
    r"|\b(?:today|tonight|tomorrow|yesterday|next|this|last)\b"
)
CLAUSES = re.compile(r"[，,。;；!！\n]|但是?|不过|可是|\bbut\b|(?=\bexcept\b)|(?=除了)")

_HAN = "一二三四五六日天"
_WEEK = "(?:周|星期|礼拜)"
_TO = r"\s*(?:到|至|-|—|–|~|to|till|until|through)\s*"
_EN = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?)?"
_N = r"(?:\d{1,2}|[一二两三四五六七八九十]{1,3})"
_AT = rf"(?:\d{{1,2}}[:：]\d\d|{_N}(?:点钟?半?|时))"
_EN_AT = r"(?:\d{1,2}(?:[:：]\d\d)?\s*(?:am|pm))"
_PART = "|".join(sorted(CHINESE_PARTS, key=len, reverse=True))

ENGLISH_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ENGLISH_PARTS: dict[str, Span] = {
    "morning": (8 * 60, 12 * 60),
    "noon": (11 * 60, 13 * 60),
    "lunch": (11 * 60, 13 * 60),
    "afternoon": (12 * 60, 18 * 60),
    "evening": (18 * 60, LATEST),
    "night": (18 * 60, LATEST),
}
DIGITS = {han: n for n, han in enumerate("零一二三四五六七八九")} | {"两": 2}


def read(text: str) -> Hours | None:
    """Return the hours of the week a message names; empty for any time, None for no hours."""
    said = normalise(text)
    given: Hours = ()
    taken: Hours = ()
    for clause in CLAUSES.split(said):
        if not clause or DATED.search(clause):
            continue
        hours = together(*_groups(clause))
        if NOT_THEN.search(clause):
            taken = together(taken, hours)
        else:
            given = together(given, hours)
    if given or taken:
        return without(given or written(ALL_DAYS, [WHOLE_DAY]), taken) or None
    return ANY_TIME if AT_ANY_TIME.search(said) else None


@dataclass(frozen=True)
class Token:
    """Days of the week, or a span of a day."""

    days: frozenset[int] = frozenset()
    span: Span | None = None


def _groups(clause: str) -> Iterator[Hours]:
    """周二下午周四上午 are two things: days first, then when on them."""
    days: frozenset[int] = frozenset()
    spans: list[Span] = []
    for token in _tokens(clause):
        if token.days and days and spans:
            yield written(days, spans)
            days, spans = frozenset(), []
        days |= token.days
        if token.span:
            spans.append(token.span)
    if days or spans:
        yield written(days or ALL_DAYS, spans or [WHOLE_DAY])


def _tokens(clause: str) -> list[Token]:
    """Find days and times in order; what one pattern has taken the later ones do not see."""
    found: list[tuple[int, Token]] = []
    left = clause
    for pattern, token_of in PATTERNS:
        for match in pattern.finditer(left):
            token = token_of(match)
            if token:
                found.append((match.start(), token))
                left = left[: match.start()] + " " * len(match[0]) + left[match.end() :]
    return [token for _, token in sorted(found, key=lambda one: one[0])]


def _day_run(match: re.Match[str]) -> Token:
    first, last = _day(match["first"]), _day(match["last"])
    return Token(frozenset(range(first, last + 1)) if first <= last else frozenset())


def _day_list(match: re.Match[str]) -> Token:
    return Token(frozenset(_day(one) for one in match["days"] if one in _HAN))


def _day(said: str) -> int:
    if said in _HAN:
        return min(_HAN.index(said), 6) + 1
    return ENGLISH_DAYS.index(said[:3]) + 1


def _named(days: frozenset[int]) -> Callable[[re.Match[str]], Token]:
    return lambda _match: Token(days)


def _from_to(match: re.Match[str]) -> Token | None:
    part = match["part"] or ""
    begin, end = _clock(match["begin"], part), _clock(match["end"], match["part2"] or part)
    if end <= begin and end + 720 <= 1440:  # 九点到五点
        end += 720
    return Token(span=(begin, end)) if begin < end else None


def _from_on(match: re.Match[str]) -> Token:
    begin = _clock(match["begin"], match["part"] or "")
    return Token(span=(begin, max(LATEST, begin + 60)))


def _up_to(match: re.Match[str]) -> Token | None:
    end = _clock(match["end"], match["part"] or "")
    return Token(span=(EARLIEST, end)) if end > EARLIEST else None


def _part(match: re.Match[str]) -> Token:
    part = CHINESE_PARTS[match[0]]
    return Token(span=(part.first * 60, min(part.last * 60, LATEST)))


def _english_part(match: re.Match[str]) -> Token:
    return Token(span=ENGLISH_PARTS[match["part"]])


def _clock(said: str, part: str) -> int:
    """Read 三点半, 15:00 or 3 pm as minutes of the day; a part says which half is meant."""
    number = re.match(_N, said)
    hour = _number(number[0]) if number else 0
    minutes = re.search(r"[:：](\d\d)", said)
    minute = int(minutes[1]) if minutes else 30 * ("半" in said)
    counts_from = 12 if "pm" in said else CHINESE_PARTS[part].clock_from if part else 0
    if hour < 12 and hour < counts_from:
        hour += 12
    return min(hour * 60 + minute, 1440)


def _number(said: str) -> int:
    if said.isdigit():
        return int(said)
    tens, ten, ones = said.rpartition("十")
    if not ten:
        return DIGITS[said[-1]]
    return 10 * (DIGITS[tens] if tens else 1) + (DIGITS[ones] if ones else 0)


# In this order: what is said more exactly first.
PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Token | None]], ...] = (
    (
        re.compile(rf"{_WEEK}(?P<first>[{_HAN}]){_TO}{_WEEK}?(?P<last>[{_HAN}])(?![点时])"),
        _day_run,
    ),
    (re.compile(rf"\b(?P<first>{_EN}){_TO}(?P<last>{_EN})\b"), _day_run),
    (re.compile(r"双休日?|周末|星期六?末|礼拜末|\bweekends?\b"), _named(WEEKEND)),
    (re.compile(r"工作日|上班日|平日|平时|\bweekdays?\b|\bworking days?\b"), _named(WORKDAYS)),
    (re.compile(r"每天|天天|每日|\bevery ?day\b|\bdaily\b|\bany day\b"), _named(ALL_DAYS)),
    (
        re.compile(
            rf"(?P<part>{_PART})?(?P<begin>{_AT}|{_N}){_TO}(?P<part2>{_PART})?(?P<end>{_AT})"
        ),
        _from_to,
    ),
    (
        re.compile(
            rf"(?P<part>)(?P<part2>)(?P<begin>{_EN_AT}|\d{{1,2}}){_TO}(?P<end>{_EN_AT})"
        ),
        _from_to,
    ),
    (
        re.compile(rf"(?P<part>{_PART})?(?P<begin>{_AT})(?:以后|之后|过后|后|起)"),
        _from_on,
    ),
    (re.compile(rf"(?P<part>)\bafter (?P<begin>{_EN_AT}|{_AT})"), _from_on),
    (re.compile(rf"(?P<part>{_PART})?(?P<end>{_AT})(?:以前|之前|前)"), _up_to),
    (re.compile(rf"(?P<part>)\bbefore (?P<end>{_EN_AT}|{_AT})"), _up_to),
    (
        re.compile(rf"{_WEEK}(?P<days>[{_HAN}](?:[、和跟,]?{_WEEK}?[{_HAN}])*)(?![点时])"),
        _day_list,
    ),
    (
        re.compile(rf"\b(?P<days>)(?P<day>{_EN})\b"),
        lambda m: Token(frozenset({_day(m["day"])})),
    ),
    (re.compile(rf"(?:{_PART})(?!{_AT})"), _part),
    (re.compile(rf"\b(?P<part>{'|'.join(ENGLISH_PARTS)})(?:s|time)?\b"), _english_part),
)
