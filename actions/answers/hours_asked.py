"""What a message asks about opening hours: which side of them, and for what time.

An `Asked` travels in the value of a choice (which library do you mean?), so that whoever taps
one gets the answer to the question that was put, not another one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

from knowledge.dates import Grain, Holiday, Unclear, When, read_holiday, read_when
from knowledge.text import normalise


class Aspect(StrEnum):
    """What is asked of the hours; STATE is whether it is open, and until when."""

    STATE = "state"
    OPENS = "opens"
    CLOSES = "closes"
    NOON = "noon"
    REST = "rest"
    WEEK = "week"
    MAKEUP = "makeup"
    SOMEWHERE = "somewhere"


# The first that is found holds: “中午休息吗” asks of noon, “哪天休息” of the week.
_WHEN = r"(?:几点钟?|啥时候|什么时候|几时|啥辰光)"
_OPENS = rf"{_WHEN}(?:才|能|可以|会)?(?:开门|开始|开饭|开(?!到|放|着)|上班|营业|有人|起)"
_CLOSES = (
    rf"(?:{_WHEN}(?:就|才|会|要)?(?:关|下班|结束|打烊|闭馆|收|停)|(?:开|做|供应|营业|上班)到)"
)
ASPECTS: tuple[tuple[Aspect, re.Pattern[str]], ...] = (
    (Aspect.MAKEUP, re.compile(r"调休|补班|补上班|\bmake-?up (?:work(?:ing)? ?)?day")),
    (
        Aspect.NOON,
        re.compile(
            r"(?:中午|午间|晌午)[^几]{0,6}(?:休息|歇|关|停|不开)|午休"
            r"|(?:at|over|for|during) (?:noon|lunch(?:time)?)\b|\b(?:noon|lunch|midday) break"
        ),
    ),
    (
        Aspect.REST,
        re.compile(
            r"(?:哪[一几]?[天日]|(?:周|星期|礼拜)几)[^几]{0,4}(?:休|闭馆|不开|不营业|放假|关门|歇)"
            r"|(?:什么时候|啥时候|几时)(?:休息|闭馆|不开|放假)"
            r"|\b(?:which|what) days?\b.*\b(?:clos|shut|off)|\bday off\b|\bclosing day"
        ),
    ),
    (
        Aspect.WEEK,
        re.compile(
            r"(?:开放|营业|上班|办公|开门|服务|开馆)的?时间|(?:什么时候|啥时候|几时)(?:开放|都?开着)"
            r"|(?:哪几[天日]|(?:周|星期|礼拜)几)[^几]{0,4}(?:开|上班|营业)|几点到几点|从几点"
            rf"|{_OPENS}.{{0,6}}{_CLOSES}"
            r"|\b(?:opening|business|office) (?:hours|times)\b|\bhours (?:of|for)\b"
            r"|\bwhat are (?:the|your|its)\b.*\b(?:hours|times)\b"
        ),
    ),
    (
        Aspect.CLOSES,
        re.compile(rf"{_CLOSES}|\b(?:clos(?:e|es|ing)|how late|until when|until what)\b"),
    ),
    (
        Aspect.OPENS,
        re.compile(rf"{_OPENS}|\b(?:when|what time)\b.*\b(?:open|opens|start|starts)\b"),
    ),
    (
        Aspect.SOMEWHERE,
        re.compile(
            r"(?:什么|哪些|有啥|啥个?)(?:地方|场所|店|设施)|哪里|哪儿|(?:有没有|有)地方"
            r"|\b(?:any(?:thing|where)|what(?:'s| places?)?(?: is| are)?"
            r"|which places?(?: is| are)|where is)(?: still)? open\b"
        ),
    ),
)
# A meal says which part of the day is meant.
MEALS = (
    (re.compile("早饭|早餐|早点"), "早上"),
    (re.compile("[中午]饭|[中午]餐"), "中午"),
    (re.compile("晚饭|晚餐"), "晚上"),
)


@dataclass(frozen=True)
class Asked:
    """A question about opening hours.

    `start` to `end` (aware) is the time it is about, None when it names none; `grain` says how
    exactly that was said, `other` is another moment it may mean as well. `holiday` is the
    statutory holiday it names. `no_such_day` are words for a day no calendar has: there is
    nothing to answer.
    """

    aspect: Aspect = Aspect.STATE
    start: datetime | None = None
    end: datetime | None = None
    grain: Grain | None = None
    other: datetime | None = None
    holiday: Holiday | None = None
    no_such_day: str = ""

    @property
    def moment(self) -> datetime | None:
        """The moment that is asked about, None when it is a longer time."""
        short = self.start and self.end and self.end - self.start <= timedelta(minutes=1)
        return self.start if short and self.grain == Grain.MINUTE else None

    @property
    def part_of_day(self) -> tuple[datetime, datetime] | None:
        """From when to when, if less than whole days were named: “周日早上”."""
        if self.start is None or self.end is None:
            return None
        whole = self.start.time() == time() == self.end.time()
        return None if whole else (self.start, self.end)

    @property
    def days(self) -> list[date]:
        """The days that are asked about, in order."""
        if self.start is None or self.end is None:
            return []
        last = (self.end - timedelta(seconds=1)).date()
        first = self.start.date()
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def read_asked(text: str, now: datetime) -> Asked:
    """Return what a message asks; `now` is aware, in the community's zone."""
    said = normalise(text)
    aspect = next((a for a, pattern in ASPECTS if pattern.search(said)), Aspect.STATE)
    if aspect == Aspect.MAKEUP:
        return Asked(aspect)
    holiday = None if aspect == Aspect.REST else read_holiday(said, now.date())
    if holiday:
        return Asked(aspect, holiday=holiday)
    return _timed(aspect, read_when(_with_meals(said), now))


def _with_meals(said: str) -> str:
    for meal, part in MEALS:
        said = meal.sub(part, said)
    return said


def _timed(aspect: Aspect, when: When | Unclear | None) -> Asked:
    match when:
        case Unclear(words=words, readings=()):
            return Asked(aspect, no_such_day=words)
        case Unclear(readings=(first, *more)):
            other = next((m.start for m in more if m.grain == Grain.MINUTE), None)
            return Asked(aspect, first.start, first.end, first.grain, other)
        case When():
            return Asked(aspect, when.start, when.end, when.grain)
        case _:
            return Asked(aspect)


def write_value(key: str, asked: Asked) -> str:
    """Join the key of a choice with the question it answers."""
    told = {
        "aspect": asked.aspect,
        "start": asked.start and asked.start.isoformat(),
        "end": asked.end and asked.end.isoformat(),
        "grain": asked.grain,
        "other": asked.other and asked.other.isoformat(),
        "holiday": asked.holiday and f"{asked.holiday.year}年{asked.holiday.name.zh}",
    }
    return f"{key}?{urlencode({name: value for name, value in told.items() if value})}"


def read_value(value: str) -> tuple[str, Asked | None]:
    """Split a choice's value into its key and the question, None where it carries none."""
    key, _, question = value.partition("?")
    told = dict(parse_qsl(question))
    return key, _asked(told) if told else None


def _asked(told: Mapping[str, str]) -> Asked:
    names = ("start", "end", "grain", "other")
    start, end, grain, other = (told.get(name) for name in names)
    return Asked(
        Aspect(told["aspect"]),
        datetime.fromisoformat(start) if start else None,
        datetime.fromisoformat(end) if end else None,
        Grain(grain) if grain else None,
        datetime.fromisoformat(other) if other else None,
        read_holiday(told["holiday"], date.min) if "holiday" in told else None,
    )
