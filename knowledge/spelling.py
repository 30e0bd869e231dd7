"""Puts words right that only sound like ours: 公胶站 is 公交站, 图书管 is 图书馆.

An input method, a dictation or a Xiaoshan tongue gives other characters of the same sound. What
is a word of its own is left alone, and so is everything that sounds like nothing in the pack.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import accumulate

from knowledge.sounds import syllables
from knowledge.text import is_han

LONGEST = 5  # characters of a word that is put right
# Sounds that southern speakers do not tell apart: each is written as the second.
ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))

Sound = tuple[str, ...]


def words_of(texts: Iterable[str]) -> list[str]:
    """Return the Chinese words of some texts, the most usual first."""
    counted = Counter(
        word for text in texts for word in _cut(text) if len(word) <= LONGEST and is_han(word)
    )
    return [word for word, _ in counted.most_common()]


class Spelling:
    """Some Chinese words, found again by their sound; of two that sound alike the first.

    `hear` says how a text sounds, a syllable a character.
    """

    def __init__(
        self, words: Sequence[str], hear: Callable[[str], Sequence[str]] = syllables
    ) -> None:
        self._words = frozenset(words)
        self._sound = lru_cache(maxsize=65536)(
            lambda word: tuple(_broad(syllable) for syllable in hear(word))
        )
        self._by_sound: dict[Sound, str] = {}
        for word in words:
            if len(word) > 1:
                self._by_sound.setdefault(self._sound(word), word)

    def restore(self, text: str) -> str:
        """Return normalised text with words put right; most texts come back as they are."""
        pieces = _cut(text)
        restored, at = [], 0
        while at < len(pieces):
            length, word = self._at(pieces, at)
            restored.append(word)
            at += length
        return "".join(restored)

    def _at(self, pieces: list[str], at: int) -> tuple[int, str]:
        """Return how many pieces from here on make which word, the longest first."""
        lengths = [n for n in accumulate(map(len, pieces[at : at + LONGEST])) if n <= LONGEST]
        for count in range(len(lengths), 0, -1):
            window = pieces[at : at + count]
            word = "".join(window)
            if word in self._words:
                return count, word
            if is_han(word) and self._is_odd(window, word):
                meant = self._by_sound.get(self._sound(word))
                if meant and _differ(word, meant) <= max(1, len(word) // 2):
                    return count, meant
        return 1, pieces[at]

    def _is_odd(self, pieces: list[str], word: str) -> bool:
        """Whether pieces that stand together are hardly meant as they are written.

        Two characters sound like a word by chance (没人, 每人): one must be nobody's word here.
        """
        alone = [piece for piece in pieces if len(piece) == 1]
        if len(word) > 2:
            return bool(alone) or len(pieces) == 1
        return any(piece not in self._words for piece in alone)


def _cut(text: str) -> list[str]:
    """Cut without guesses: an unknown word falls into its characters."""
    import rjieba  # with its dictionary, 33 MB: not every process cuts words

    return rjieba.cut(text, False)


def _broad(syllable: str) -> str:
    for heard, written in ALIKE:
        syllable = syllable.replace(heard, written)
    return "l" + syllable[1:] if syllable.startswith("n") and len(syllable) > 1 else syllable


def _differ(word: str, other: str) -> int:
    return sum(a != b for a, b in zip(word, other, strict=True))
