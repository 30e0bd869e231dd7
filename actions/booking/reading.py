"""What a message says about a booking: when, how many, and whether it is a question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from actions.booking.model import Session
from knowledge.dates import Grain, Unclear, When, read_when
from knowledge.text import normalise

QUESTION = re.compile(
    r"[?？]|[吗么呢]$|怎么|怎样|如何|什么|几点|多少|哪里|哪儿|有没有|有啥|"
    r"^(?:what|when|where|how|who|which|is|are|do|does)\b",
    re.IGNORECASE,
)
SOONEST = re.compile(
    r"最近|最早|最快|下一[场次节]|随便|都行|都可以|任意"
    r"|\b(?:next one|soonest|earliest|any|first)\b"
)
ENGLISH = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
CHINESE = "零一二三四五六七八九"
NUMBER = rf"(?P<number>\d{{1,3}}|[一二两三四五六七八九十]{{1,3}}|{'|'.join(ENGLISH)})"
PLACES = (
    re.compile(rf"(?<!第){NUMBER}\s*(?:个人|人|位|口|个名额|名额|个位[子置]|个座|张票|大一小)"),
    re.compile(rf"\b(?:for|are|be|we're) {NUMBER}(?: of us)?\s*[.!?]*$"),
    re.compile(
        rf"\b{NUMBER} (?:places?|people|persons?|seats?|spots?|of us|adults|tickets?)\b"
    ),
)
TWO = re.compile(
    r"我(?:和|跟|同|带)(?:我)?(?:家|的)?(?:老伴|老婆|老公|爱人|妈|爸|朋友|儿子|女儿|孙子|孙女|孩子|邻居)"
    r"|\b(?:me and my|my \w+ and (?:i|me))\b|\bboth of us\b"
)
BARE = re.compile(rf"(?:就|要|约|only |just )?{NUMBER}(?:个|位|人)?")


@dataclass(frozen=True)
class Window:
    """A stretch of time, the end not included; `exact` when one moment was said."""

    start: datetime
    end: datetime
    exact: bool = False

    def holds(self, session: Session) -> bool:
        """Whether a session begins in it, or was meant by a moment during it."""
        if self.exact:
            return session.starts_at <= self.start < session.ends_at
        return self.start <= session.starts_at < self.end


def read_windows(text: str, now: datetime, zone: tzinfo) -> tuple[Window, ...]:
    """Return the times a message may speak of; empty when it speaks of none."""
    match read_when(text, now.astimezone(zone)):
        case When() as when:
            return (_window(when),)
        case Unclear(readings=readings):
            return tuple(_window(when) for when in readings)
        case _:
            return ()


def held(windows: Sequence[Window], sessions: Sequence[Session]) -> list[Session]:
    """Return the sessions in any of the windows; a moment nothing is at stands for its day."""
    found = [s for s in sessions if any(window.holds(s) for window in windows)]
    if found:
        return found
    days = [day_of(window) for window in windows if window.exact]
    return [s for s in sessions if any(day.holds(s) for day in days)]


def day_of(window: Window) -> Window:
    """Return the whole day a window begins on."""
    start = window.start.replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(start, start + timedelta(days=1))


def read_places(text: str) -> int | None:
    """Return how many people or places a message speaks of."""
    said = normalise(text)
    for pattern in PLACES:
        if found := pattern.search(said):
            return number(found["number"])
    return 2 if TWO.search(said) else None


def read_number(text: str) -> int | None:
    """Return the number that is all a message says, or the places it speaks of."""
    bare = BARE.fullmatch(normalise(text).strip(" .!。！"))
    return number(bare["number"]) if bare else read_places(text)


def number(word: str) -> int:
    """Return a number below a hundred: digits, Chinese, or an English word up to ten."""
    if word.isdigit():
        return int(word)
    if word in ENGLISH:
        return ENGLISH.index(word) + 1
    tens, ten, ones = word.replace("两", "二").rpartition("十")
    return (10 * _digit(tens, 1) if ten else 0) + _digit(ones, 0)


def asks(text: str) -> bool:
    """Whether a message reads as a question."""
    return QUESTION.search(text.strip()) is not None


def _window(when: When) -> Window:
    return Window(when.start, when.end, exact=when.grain == Grain.MINUTE)


def _digit(word: str, absent: int) -> int:
    """Return the last digit of a Chinese number."""
    return CHINESE.index(word[-1]) if word and word[-1] in CHINESE else absent
