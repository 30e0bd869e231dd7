"""Which activities a message speaks of: by name, by nickname, by what it is like."""

import re
from collections.abc import Callable, Sequence
from functools import cache

from actions.booking.filters import fitting, read_filters
from knowledge.pack import Activity, Pack
from knowledge.sounds import syllables
from knowledge.text import normalise

# 学游泳 and 游泳课 are both found by 游泳.
AROUND = re.compile(
    r"^(?:学|打|练|弹|少儿|小孩|老人|智能)|\(.*\)"
    r"|(?:社|班|课|队|课堂|早课|入门|入门班|基础|比赛|社区赛|志愿|专场|预约|日)$"
)
TOO_GENERAL = frozenset({"公益", "周六公益", "免费", "社区"})
# English words of names that many activities share.
COMMON_WORDS = frozenset(
    {
        "activities", "activity", "afternoon", "basics", "beginners", "book", "booking",
        "children", "class", "classes", "club", "clubs", "community", "corner", "course",
        "day", "elders", "evening", "event", "everyday", "group", "half", "hour", "kids",
        "learn", "lesson", "morning", "open", "parent", "people", "place", "places", "public",
        "show", "side", "three", "tour", "volunteer", "volunteering", "volunteers", "weekly",
        "with", "young",
    }
)  # fmt: skip
STEM = 4  # letters that make two English words the same: dance, dancing; swim, swimming
COMMON = frozenset(word[:STEM] for word in COMMON_WORDS)


def named(pack: Pack, text: str) -> list[Activity]:
    """Return the activities a message may mean, in the pack's order; empty for none.

    A full name means just that one; a nickname (书法) all that share it.
    """
    said = normalise(text)
    if exact := _longest(said, _names(pack)):
        return _of(pack, lambda a: any(_full(a, word) for word in exact))
    if words := _longest(said, _words(pack)):
        return _of(pack, lambda a: any(_speaks_of(a, word) for word in words))
    return _by_english_words(pack, said) or _by_sound(pack, said)


def alike(pack: Pack, text: str) -> list[Activity]:
    """Return the activities of the kind a message describes; all when it describes none.

    Visits of groups are only meant by those who speak of them.
    """
    return fitting(pack, read_filters(pack, text))


def _of(pack: Pack, fits: Callable[[Activity], bool]) -> list[Activity]:
    return [activity for activity in pack.activities.values() if fits(activity)]


def _longest(said: str, words: Sequence[str]) -> list[str]:
    """Return the words a text uses, the longest first, none within another."""
    found: list[str] = []
    for word in sorted(words, key=len, reverse=True):
        if _uses(said, word):
            found.append(word)
            said = said.replace(word, "\n")
    return found


def _uses(said: str, word: str) -> bool:
    if word.isascii():
        return re.search(rf"\b{re.escape(word)}\b", said) is not None
    return word in said


def _names(pack: Pack) -> list[str]:
    return [name for activity in pack.activities.values() for name in _names_of(activity)]


@cache
def _names_of(activity: Activity) -> tuple[str, ...]:
    names = [normalise(name) for name in (activity.name.zh, activity.name.en)]
    return (*names, *(re.sub(r"\(.*\)", "", name).strip() for name in names))


def _full(activity: Activity, word: str) -> bool:
    return word in _names_of(activity)


def _words(pack: Pack) -> list[str]:
    return [word for activity in pack.activities.values() for word in _words_of(activity)]


@cache
def _words_of(activity: Activity) -> tuple[str, ...]:
    """Return an activity's nicknames, and what its name is at the core."""
    names = [normalise(name) for name in (activity.name.zh, *activity.aliases)]
    cores = [AROUND.sub("", AROUND.sub("", name)) for name in names]
    return (*names[1:], *(c for c in cores if len(c) > 1 and c not in TOO_GENERAL))


def _speaks_of(activity: Activity, word: str) -> bool:
    return any(word in own for own in (*_words_of(activity), normalise(activity.name.zh)))


def _by_english_words(pack: Pack, said: str) -> list[Activity]:
    """Return the activities that share most words with the text: calligraphy, martial arts."""
    used = _english(said)
    scores: dict[str, int] = {}
    for activity in pack.activities.values():
        shared = used & _english(activity.name.en.lower())
        if shared - COMMON:
            scores[activity.id] = len(shared)
    best = max(scores.values(), default=0)
    return _of(pack, lambda activity: bool(best) and scores.get(activity.id) == best)


def _english(text: str) -> set[str]:
    return {word[:STEM] for word in re.findall(r"[a-z]{4,}", text)}


def _by_sound(pack: Pack, said: str) -> list[Activity]:
    """Return the activities whose nickname sounds like part of the text (书发, 太级)."""
    sounds = _sounds(said)
    heard = [w for w in _words(pack) if not w.isascii() and _sounds_of_word(w) in sounds]
    longest = max(map(len, heard), default=0)
    words = [word for word in heard if len(word) == longest]
    return _of(pack, lambda activity: any(_speaks_of(activity, word) for word in words))


@cache
def _sounds_of_word(word: str) -> str:
    return _sounds(word)


def _sounds(text: str) -> str:
    """Return the syllables without tones."""
    return f" {' '.join(syllables(text))} "
