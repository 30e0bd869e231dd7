"""Ways in which two spellings are the same name: letters, sounds, parts, slips, English."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from rapidfuzz import fuzz

from knowledge.sounds import syllables
from knowledge.text import normalise

BRACKETED = re.compile(r"[(（][^)）]*[)）]")
NOISE = re.compile(r"[\s·・,，。.!！?？、:：;；/\-–—~〜()（）“”\"']+")
GENERIC = re.compile(r"(公交站|车站|公交|站台|站点|站|駅|バス停|那站|那里|那儿)$")
GENERIC_EN = re.compile(r"\b(the|bus|stop|station|at|sample|return|line|route|number|no)\b")
# What many do not tell apart when they type by sound: zh/z, ch/c, sh/s, -ng/-n, l/n, hu-/f-.
ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"), ("hua", "fa"), ("hui", "fei"))


@dataclass(frozen=True)
class Key:
    """One spelling of a name, ready to be compared."""

    id: str
    letters: str  # normalised, without blanks and punctuation
    core: str  # without 站, 公交站, stop, station …
    sounds: tuple[str, ...]  # toneless syllables, those alike written alike

    @cached_property
    def english(self) -> bool:
        """Whether it has no Chinese character."""
        return self.letters.isascii()

    @cached_property
    def generic(self) -> bool:
        """Whether it may be said of every stop: 公交站, bus stop."""
        return not self.core or GENERIC.fullmatch(self.letters) is not None

    @cached_property
    def digits(self) -> str:
        """The numbers in it: 74路 is no slip for 740路."""
        return "".join(filter(str.isdigit, self.letters))


def keys(id_: str, said: Iterable[str]) -> Iterator[Key]:
    """Yield the spellings of something, each also without what stands in brackets."""
    for name in dict.fromkeys(said):
        for form in dict.fromkeys((name, BRACKETED.sub("", name))):
            if NOISE.sub("", form):
                yield key_of(id_, form)


@lru_cache(maxsize=4096)
def key_of(id_: str, name: str) -> Key:
    """Return one spelling ready to be compared; `id_` is what it stands for."""
    plain = normalise(name)
    letters = NOISE.sub("", plain)
    if letters.isascii():
        words = GENERIC_EN.sub(" ", NOISE.sub(" ", plain)).replace("road", "rd").split()
        return Key(id_, letters, "".join(words), tuple(map(_alike, words)))
    core = GENERIC.sub("", letters)
    return Key(id_, letters, core or letters, _sounds(letters))


def _sounds(letters: str) -> tuple[str, ...]:
    return tuple(_alike(syllable) for syllable in syllables(letters))


@lru_cache(maxsize=2048)
def _alike(syllable: str) -> str:
    for said, meant in ALIKE:
        syllable = syllable.replace(said, meant)
    return syllable


# Ways of being the same name, each with how well it is, 0 to 100 (0: not this way).


def _same(asked: Key, key: Key) -> float:
    return 100 * (asked.letters == key.letters)


def _same_core(asked: Key, key: Key) -> float:
    return 100 * (len(asked.core) > 1 and asked.core == key.core)


def _same_sound(asked: Key, key: Key) -> float:
    return 100 * (len(asked.sounds) > 1 and asked.sounds == key.sounds)


def _part(asked: Key, key: Key) -> float:
    """A part of a name; of several that have it, one that begins so is meant."""
    if len(asked.core) < 2 or key.english != asked.english or asked.core not in key.letters:
        return 0
    return 100 if key.letters.startswith(asked.core) else 95


def _part_by_sound(asked: Key, key: Key) -> float:
    size = len(asked.sounds)
    if asked.english and not key.english:  # typed as it sounds: gongjiaozhan
        sounds = "".join(asked.sounds)
        return 100 * (len(sounds) > 5 and sounds in "".join(key.sounds))
    if size < 2 or key.english or size > len(key.sounds):
        return 0
    windows = (key.sounds[n : n + size] for n in range(len(key.sounds) - size + 1))
    return 100 * (asked.sounds in windows)


def _slip(asked: Key, key: Key) -> float:
    """One wrong, missing or added character of four or more, or two of eight."""
    if asked.english or len(asked.letters) < 3 or asked.digits != key.digits:
        return 0
    return fuzz.ratio(asked.letters, key.letters, score_cutoff=74)


def _slip_by_sound(asked: Key, key: Key) -> float:
    if (len(asked.sounds) < 3 and not asked.english) or asked.digits != key.digits:
        return 0
    return fuzz.ratio("".join(asked.sounds), "".join(key.sounds), score_cutoff=88)


def _english_words(asked: Key, key: Key) -> float:
    if not (asked.english and key.english) or len(asked.letters) < 4:
        return 0
    return fuzz.token_set_ratio(" ".join(asked.sounds), " ".join(key.sounds), score_cutoff=85)


WAYS: dict[str, Callable[[Key, Key], float]] = {
    "same": _same,
    "same but for 站": _same_core,
    "same sound": _same_sound,
    "part": _part,
    "part by sound": _part_by_sound,
    "English words": _english_words,
    "slip": _slip,
    "slip by sound": _slip_by_sound,
}


EXACT = {"same": _same}  # all that a name such as “bus stop” can be
