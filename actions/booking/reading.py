"""What a message says about a booking: when, how many, for whom, whether it is a question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from actions.booking.model import Session
from actions.people import kin
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
PAIRS = str.maketrans("两俩仨", "二二三")
_ANY = rf"\d{{1,4}}|[零一二两三四五六七八九十百]{{1,5}}|{'|'.join(ENGLISH)}"
NUMBER = rf"(?P<number>{_ANY})"
_PEOPLE = "(?:大人|成人|老人|小孩|孩子|小朋友|娃娃?|囡|朋友|同学|同事|邻居|家属|学生)"
_CHILDREN = "(?:小孩子?|孩子|小朋友|儿童|娃娃?|囡|小)"
_WE = "(?:我|咱|你|他|她)们?|阿拉|大家"
_IN_ALL = "一?共|总共|合计|拢共|加起来|一起"
_OVER = (
    r"(?=$|[\s，。,.!！?？;；]|[吧啊呀哦的]|一起|一道|都|来|去|想(?!法)|要(?!求)|报|参加|人)"
)
# Two numbers that are counted together; without the first, it is whoever writes.
SUMS = (
    re.compile(
        rf"(?<![第\d])(?P<one>{_ANY})\s*个?(?:大人?|成人)[和加带跟、，, ]*"
        rf"(?P<other>{_ANY})\s*个?{_CHILDREN}"
    ),
    re.compile(
        rf"(?<![给帮替让为])我(?:自己)?(?P<one>)(?:要|想|会)?(?:和|跟|同|还?带着?|加上?|还有)(?:我家?的?)?"
        rf"(?P<other>{_ANY}|[俩仨])\s*个?(?:{_PEOPLE}|人|位)"
    ),
    re.compile(
        rf"\b(?P<one>{_ANY}) adults?(?:,| and| plus| with| &)* (?P<other>{_ANY}|an?) "
        r"(?:child(?:ren)?|kids?|toddlers?)\b"
    ),
    re.compile(
        rf"\b(?:me|i|myself)(?P<one>) (?:and|plus|with) (?:my )?(?P<other>{_ANY}|an?) "
        r"(?:friends?|kids?|children|others?|neighbours?|neighbors?|colleagues?|more)\b"
    ),
)
PLACES = (
    re.compile(
        rf"(?<![第\d]){NUMBER}\s*(?:个人|人|位|口|个?名额|名(?![字称单])|个位[子置]|个座|张票)"
    ),
    re.compile(rf"(?<![第\d]){NUMBER}\s*个{_PEOPLE}"),
    re.compile(
        rf"(?:{_WE}|{_IN_ALL})(?:就|是|有|要|来|去|大概|大约)*{NUMBER}(?:个|(?<=两)){_OVER}"
    ),
    re.compile(rf"(?P<number>[俩仨])个?(?:{_PEOPLE}|名额|位|{_OVER})"),
    re.compile(rf"(?:要|报|约|订|来|留|占|抢)(?P<number>(?!一个|1个)(?:{_ANY}))个[吧啊呀]?$"),
    re.compile(rf"\b(?:for|are|be|we're|party of|group of) {NUMBER}(?: of us)?\s*[.!?]*$"),
    re.compile(
        rf"\b{NUMBER} (?:places?|people|persons?|seats?|spots?|of us|adults|kids|children|"
        r"tickets?|in all|in total|altogether)\b"
    ),
    re.compile(rf"\b(?:party|group) of {NUMBER}\b"),
)
# A number that is added to, or taken from, how many were to come.
MORE = (
    (
        re.compile(
            rf"(?:再|多|加|添)[上来去]?(?:上|来|去|报|加)?{NUMBER}(?:个人|个名额|名额|个|人|位|口)"
        ),
        1,
    ),
    (
        re.compile(
            rf"(?:少|减|退)[掉去来]?(?:掉|去|来)?{NUMBER}(?:个人|个名额|名额|个|人|位|口)"
        ),
        -1,
    ),
    (re.compile(rf"\b(?:add )?{NUMBER} more (?:person|people|places?|seats?)\b"), 1),
    (re.compile(rf"\b{NUMBER} (?:person|people|places?) (?:fewer|less)\b"), -1),
)
WEEKDAY = re.compile(
    r"(?:周|星期|礼拜)[一二三四五六日天]|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
)
THIS = re.compile(
    r"[这本下上][一个]*(?:周|星期|礼拜)|今[天日晚]|\d月|月\d|\b(?:this|next|last|today|tonight)\b"
)
BARE = re.compile(
    rf"(?:{_WE}|{_IN_ALL}|就|只|要|约|来|报|订|有|是|only |just |about )*"
    rf"(?P<number>{_ANY}|[俩仨])(?:个人|个|位|人|名|口)?(?:吧|啊|呀|就行|就好|就够了?)*"
)
ALONE = re.compile(
    r"(?:就|只有|只)?我(?:自己|一个|本人)?(?:去|来|参加)?"
    r"|(?:(?:just|only|it's|it is) )*(?:me|myself)"
)


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


def read_possible(text: str, now: datetime, zone: tzinfo) -> tuple[Window, ...]:
    """Return the times a message may speak of; “周五” on a Friday is today or next week.

    Today comes first. What says which (今天, 这周五, this Friday) has one reading.
    """
    windows = read_windows(text, now, zone)
    when = read_when(text, now.astimezone(zone))
    if not isinstance(when, When) or not _is_todays_weekday(when, now.astimezone(zone)):
        return windows
    week = timedelta(days=7)
    later = (Window(w.start + week, w.end + week, w.exact) for w in windows)
    return (*windows, *later)


def is_bare_weekday(text: str) -> bool:
    """Whether a weekday is said, and not of which week."""
    said = normalise(text)
    return WEEKDAY.search(said) is not None and THIS.search(said) is None


def no_such_date(text: str, now: datetime, zone: tzinfo) -> str | None:
    """Return the words that name a day no calendar has, such as 2月30日; None without any."""
    when = read_when(text, now.astimezone(zone))
    return when.words if isinstance(when, Unclear) and not when.readings else None


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
    for pattern in SUMS:
        if found := pattern.search(said):
            return number(found["one"] or "one") + number(found["other"])
    for pattern in PLACES:
        if found := pattern.search(said):
            return number(found["number"])
    return 2 if kin.are_two(said) else None


def read_more(text: str) -> int | None:
    """Return how many places more a message wants than before; below zero for fewer."""
    said = normalise(text)
    found = ((pattern.search(said), sign) for pattern, sign in MORE)
    return next((sign * number(match["number"]) for match, sign in found if match), None)


def read_number(text: str) -> int | None:
    """Return the number that is all a message says, or the places it speaks of."""
    said = normalise(text).strip(" .!。！")
    if ALONE.fullmatch(said):
        return 1
    bare = BARE.fullmatch(said)
    return number(bare["number"]) if bare else read_places(text)


def number(word: str) -> int:
    """Return a number below a thousand: digits, Chinese, or an English word up to ten."""
    word = word.translate(PAIRS)
    if word.isdigit():
        return int(word)
    if word in ("a", "an", *ENGLISH):
        return ENGLISH.index(word) + 1 if word in ENGLISH else 1
    hundreds, hundred, rest = word.rpartition("百")
    if hundred:
        return 100 * _digit(hundreds, 1) + (number(rest) if rest else 0)
    tens, ten, ones = word.rpartition("十")
    return (10 * _digit(tens, 1) if ten else 0) + _digit(ones, 0)


def asks(text: str) -> bool:
    """Whether a message reads as a question."""
    return QUESTION.search(text.strip()) is not None


def _is_todays_weekday(when: When, now: datetime) -> bool:
    """Whether a time was said as a bare weekday, and that is what today is."""
    return is_bare_weekday(when.words) and when.start.date() == now.date()


def _window(when: When) -> Window:
    return Window(when.start, when.end, exact=when.grain == Grain.MINUTE)


def _digit(word: str, absent: int) -> int:
    """Return the last digit of a Chinese number."""
    return CHINESE.index(word[-1]) if word and word[-1] in CHINESE else absent
