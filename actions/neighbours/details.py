"""What words tell of a need beside its kind: where, how long, for whom, what to know."""

import re
from collections.abc import Mapping
from functools import lru_cache

from actions.db import Db
from actions.people import acting, kin
from actions.people.model import Resident
from knowledge.dates.chinese_words import DIGIT, UNIT, any_of, number
from knowledge.pack import Pack, Place
from knowledge.places import asks_about, nicknames
from knowledge.text import has_han, normalise

# Kinds of places that say where somebody lives: neighbours are not told those.
HOMES = frozenset({"building"})

# What a helper must know → the words that tell it; `utter_help_special_<name>` says it.
SPECIAL: Mapping[str, tuple[str, ...]] = {
    "wheelchair": ("轮椅", r"\bwheelchair"),
    "crutches": (
        *("拐杖", "拐棍", "助行器", "腿脚不(?:方便|便|好|灵)", "走不动", "走路不(?:稳|方便)"),
        *(r"\bcrutch", "walking (?:stick|frame)", "(?:cannot|can't) walk"),
    ),
    "hearing": (
        *("耳背", "耳聋", "耳朵(?:不好|背|聋|听不)", "听不(?:清|见)", "助听器"),
        *(r"\bdeaf\b", "hard of hearing", "hearing aid"),
    ),
    "sight": (
        *("眼睛(?:不好|看不)", "看不(?:清|见)东西", "视力不", "失明"),
        *(r"\bblind\b", "poor sight", "(?:cannot|can't) see"),
    ),
    "stairs": (
        *("没有?电梯", "爬楼", "楼梯", "[五六七]楼.{0,4}(?:走|爬)"),
        *(r"\bno lift\b", r"\bstairs?\b", "upstairs", "downstairs"),
    ),
    "dialect": (
        *(
            "听不懂普通话",
            "不会(?:讲|说)普通话",
            "(?:会|讲|说).{0,4}(?:土话|方言|萧山话|绍兴话|本地话)",
        ),
        *(r"\bdialect\b", "no mandarin"),
    ),
    "two_people": (
        *("两个人", "二个人", "俩人", "两人", "多找(?:一|几)个人", "一个人(?:抬|搬|弄)不"),
        r"\btwo (?:people|persons|men|helpers)\b",
    ),
    "pet": (
        *("有狗", "有猫", "养了?(?:狗|猫)", "家里.{0,3}(?:狗|猫)"),
        r"\b(?:have|has|with) a (?:dog|cat)\b",
    ),
    "heavy": (
        *("很重", "太重", "太沉", "很沉", "重物", "五十斤", "百斤", "(?:抬|搬|提)不动"),
        r"\bheavy\b",
    ),
    "woman": (
        *("(?:女的|女性|女同志).{0,4}(?:陪|来|帮)", "最好是女"),
        *(r"\ba woman\b", "female helper"),
    ),
}
AROUND_A_PLACE = 4  # characters beside a place's name that still only say where
_SPECIAL = {name: re.compile("|".join(words)) for name, words in SPECIAL.items()}

_ENGLISH = {"half": 0.5, "couple": 2, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3}
_ENGLISH |= {"four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_ENGLISH |= {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
_ENGLISH |= {"forty-five": 45, "ninety": 90}
QUARTER, HOUR, DAY = 15, 60, 24 * 60
HALVES = {"小时": HOUR // 2, "钟头": HOUR // 2, "天": 4 * HOUR}
_UNITS = (
    (re.compile("刻钟"), QUARTER),
    (re.compile(r"分钟|分种|\bmin(?:ute)?s?\b"), 1),
    (re.compile(r"小时|钟头|\bhours?\b"), HOUR),
    (re.compile(r"天|日|\bdays?\b"), DAY),
    (re.compile(r"星期|礼拜|周|\bweeks?\b"), 7 * DAY),
)
_LONG = re.compile(
    rf"(?P<half>半)个?多?(?P<half_unit>{any_of(HALVES)})"
    rf"|(?P<much>\d+(?:\.\d+)?|{UNIT}?十{UNIT}?|{DIGIT})[来多]?个?(?P<and>半)?[来多]?"
    r"(?P<unit>分钟|分种|刻钟|小时|钟头|天(?!亮|气)|星期|礼拜|周(?![一二三四五六日末]))(?![后内前以之])"
    rf"|\b(?P<of>half an?|a couple of|{any_of(_ENGLISH)}|\d+(?:\.\d+)?)[ -]"
    r"(?P<of_unit>minutes?|mins?|hours?|days?|weeks?)\b(?P<and_half> and a half\b)?"
)
_WHOLE = re.compile(r"(?:一)?(?P<part>上午|下午|晚上|整天|一天)(?:的时间|就够)?")
PARTS_OF_A_DAY = {
    "上午": 4 * HOUR,
    "下午": 4 * HOUR,
    "晚上": 3 * HOUR,
    "整天": DAY,
    "一天": DAY,
}


def special(words: str) -> list[str]:
    """Return what a helper must know, by name, of a need in these words."""
    said = normalise(words)
    return [name for name, pattern in _SPECIAL.items() if pattern.search(said)]


def minutes(words: str) -> int | None:
    """Return about how long something takes, as some words say; None when they do not."""
    found = _LONG.search(normalise(words))
    if found is None:
        return None
    if found["half"]:
        return HALVES[found["half_unit"]]
    if found["of"]:
        half = 0.5 if found["and_half"] else 0
        return round((_number(found["of"]) + half) * _unit(found["of_unit"]))
    much = _number(found["much"]) + (0.5 if found["and"] else 0)
    return round(much * _unit(found["unit"]))


def answered_minutes(words: str) -> int | None:
    """Return as `minutes`, of an answer: 一下午 is long enough for that."""
    whole = _WHOLE.search(normalise(words))
    return minutes(words) or (PARTS_OF_A_DAY[whole["part"]] if whole else None)


def place(pack: Pack, words: str) -> Place | None:
    """Return the public place some words name: the longest name; where people live is none."""
    expression, ids = _names(tuple(_named(pack)))
    found = max(expression.findall(normalise(words)), key=len, default=None)
    return pack.places[ids[found]] if found else None


def is_a_place(pack: Pack, words: str) -> bool:
    """Whether some words are the name of a public place, and little more: 在七彩公交站门口."""
    expression, _ = _names(tuple(_named(pack)))
    said = normalise(words)
    found = max(expression.findall(said), key=len, default="")
    short = len(said) - len(found) <= AROUND_A_PLACE
    return bool(found) and short and not asks_about(words)


def whom(db: Db, actor_id: str, words: str) -> Resident | None:
    """Return for whom a need is, if the words name somebody its asker may act for."""
    return acting.principal(db, actor_id, words) if kin.kind_of(words) else None


def _named(pack: Pack) -> list[tuple[str, str]]:
    return [
        (normalise(name), one.id)
        for one in pack.places.values()
        if one.kind not in HOMES
        for name in nicknames(pack, one)
        if len(name) > 1
    ]


@lru_cache(maxsize=4)
def _names(named: tuple[tuple[str, str], ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    ids = dict(reversed(named))
    forms = sorted(ids, key=len, reverse=True)
    said = (rf"\b{re.escape(f)}\b" if f.isascii() else re.escape(f) for f in forms)
    return re.compile("|".join(said) or r"(?!)"), ids


def _unit(name: str) -> float:
    return next(length for unit, length in _UNITS if unit.search(name))


def _number(said: str) -> float:
    word = said.replace("half an", "half").replace("half a", "half")
    word = word.removeprefix("a couple of") or "couple"
    if word in _ENGLISH:
        return _ENGLISH[word]
    return number(word) if has_han(word) else float(word)
