"""The safety gate: knows an emergency by keyword and by meaning, before anything else.

A keyword alone would fire at 「消防演习什么时候」 and sleep through 「老头子倒在地上」. What a
message means, learned from the pack's examples (`alarm.py`), must reach a bar: a low one beside
a keyword, a higher one beside a mere sign of danger, a very high one without either or where
the words speak of the past, of “what if” or of a class. In doubt it fires.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from knowledge import alarm
from knowledge.alarm import Alarm
from knowledge.embedder import Embedder
from knowledge.pack import NeverRequest
from knowledge.sounds import syllables
from knowledge.text import normalise

KEYWORD, SIGN, SOUND, NEITHER = "keyword", "sign", "sound", "neither"
# How probable an emergency must be by its meaning: (what was said, whether it sounds harmless).
BARS = {
    (KEYWORD, False): 0.08,
    (SIGN, False): 0.2,
    (SOUND, False): 0.35,
    (NEITHER, False): 0.85,
    (KEYWORD, True): 0.7,
    (SIGN, True): 0.7,
    (SOUND, True): 0.85,
    (NEITHER, True): 0.95,
}
HARMLESS = re.compile(
    r"以前|从前|过去|曾|上次|上回|去年|前年|上个?月|听说|新闻|历史|如果|万一|要是|假如|遇到|预防|防止|"
    r"当心|(?<!不)小心|"
    r"演习|演练|讲座|课|培训|知识|宣传|保险|理赔|赔偿|报名|几点|什么时候|哪天|多少钱|在哪|哪里|哪儿|"
    r"怎么[交办领买订约样报]|过吗|过没有|"
    r"\bever\b|\bused to\b|\blast (?:week|month|year)\b|\bwhat if\b|\bif (?:some|there|a)|"
    r"\bdrill|\b(?:course|class|talk|lesson|training|insurance)\b|"
    r"^(?:when|where|how|can|is there)\b"
)
# What only sounds like death or somebody lost, and what it means: 臭死了, 夜里看不见.
FIGURES = (
    (re.compile(r"([臭吵热累烦脏忙闷晒挤黑痒])死(?:人|我)?了?"), r"很\1"),
    (
        re.compile(
            r"^(?!.*(?:[孩娃妈爸爷奶]|儿子|女儿|老人|老伴|child))"
            r"(.*?)(?:(?<=夜里)|(?<=晚上)|(?<=漆漆的)|(?<=什么都)|(?<=路都))看不见"
        ),
        r"\1看不清",
    ),
    (re.compile(r"(灯[^。！？!?]{0,8}(?:坏|不亮|没亮|灭|闪).*?)看不见(?!了|人)"), r"\1看不清"),
)
ASKS_OF_THE_PAST = re.compile(
    r"(?:以前|从前|过去|曾|去年|前年|听说).*(?:吗|没有|么|嘛)\W*$|^(?:was|were|has|have|did)\b.*\bever\b"
)
URGENT = re.compile(
    r"救命|快来|快点来|快救|正在|现在|还在|刚才|突然|马上|\bhelp\b|\bright now\b|\bjust\b"
)
# Most often the answer to a question of ours.
ONLY_A_NUMBER = re.compile(r"[0-9\s.,:、，。：]*")
SENTENCE = re.compile(r"[^。！？!?；;\n]+")
PIECE, PIECES = 80, 3  # characters of a piece, pieces of a message whose meaning is looked at


class SafetyGate:
    """Checks messages; made once, used on every message in every state.

    The kinds come in the order of danger: of several, the first is told. Without an embedder
    keywords alone decide. `learned` is the folder `python -m knowledge build` wrote; without
    it, or when it is not of these kinds, learning anew takes a second or more.
    """

    def __init__(
        self,
        kinds: Sequence[NeverRequest],
        embedder: Embedder | None,
        learned: Path | None = None,
    ) -> None:
        self._kinds, self._embedder = tuple(kinds), embedder
        self._keywords = [_expression(kind.keywords) for kind in kinds]
        self._signs = [_expression(kind.signs) for kind in kinds]
        self._sounds = [_sounds_of(kind.keywords) for kind in kinds]
        self._first = (
            _expression([word for kind in kinds for word in kind.keywords]),
            _expression([sign for kind in kinds for sign in kind.signs]),
        )
        kept = alarm.load(learned, alarm.fingerprint(kinds)) if learned else None
        self._alarm = kept or (alarm.learn(kinds, embedder) if embedder else None)

    def check(self, text: str) -> NeverRequest | None:
        """Return the kind of emergency a message tells of, None for everything else."""
        said, typed = _plainly(normalise(text)), text.lower()
        if self._first[0].search(typed) and not self._first[0].search(said):
            said = typed  # to simplify a word may lose it
        if self._embedder is None or self._alarm is None:
            found = zip(self._kinds, self._keywords, strict=True)
            named = [kind for kind, keywords in found if keywords.search(said)]
            return named[0] if named and not _is_harmless(said) else None
        pieces = self._pieces(said)
        return self._by_meaning(pieces, self._embedder, self._alarm) if pieces else None

    def _by_meaning(
        self, pieces: list[str], embedder: Embedder, learned: Alarm
    ) -> NeverRequest | None:
        """Let every piece reach the bar for what it says; the most dangerous kind is told."""
        found: set[int] = set()
        heard = [self._heard(piece) for piece in pieces]
        meant = learned.of(
            embedder.embed_queries(pieces), pieces, [kinds for _, kinds in heard]
        )
        for piece, (how, kinds), (probability, kind) in zip(pieces, heard, meant, strict=True):
            if probability > BARS[how, _is_harmless(piece)] and not _asks_of_the_past(piece):
                found |= set(kinds if how == KEYWORD else [kind])
        return self._kinds[min(found)] if found else None

    def _heard(self, piece: str) -> tuple[str, list[int]]:
        """Return the best thing a piece has of some kinds: a keyword, a sign, a misspelling.

        A misspelling in a cry for help is a sign.
        """
        for how, expressions, said in (
            (KEYWORD, self._keywords, piece),
            (SIGN, self._signs, piece),
            (SOUND, self._sounds, "" if piece.isascii() else _sound(piece)),
        ):
            kinds = [n for n, expression in enumerate(expressions) if expression.search(said)]
            if kinds:
                cried = how == SOUND and URGENT.search(piece) is not None
                return SIGN if cried else how, kinds
        return NEITHER, []

    def _pieces(self, said: str) -> list[str]:
        """Cut a message into the pieces to look at: keywords first, then signs of danger."""
        sentences = [said] if len(said) <= PIECE else SENTENCE.findall(said)
        pieces = [
            sentence[start : start + PIECE].strip()
            for sentence in sentences
            for start in range(0, len(sentence), PIECE)
        ]
        return sorted(filter(self._may_mean, pieces), key=self._rank)[:PIECES]

    def _may_mean(self, piece: str) -> bool:
        """A number alone means nothing, unless it is a keyword (「119」)."""
        return not ONLY_A_NUMBER.fullmatch(piece) or self._rank(piece) < len(self._first)

    def _rank(self, piece: str) -> int:
        """Order pieces by how much they need a look, without the cost of their sound."""
        found = (n for n, expression in enumerate(self._first) if expression.search(piece))
        return next(found, len(self._first))


def build(kinds: Sequence[NeverRequest], embedder: Embedder, folder: Path) -> None:
    """Learn what the gate learns, and keep it in a folder."""
    learned = alarm.learn(kinds, embedder)
    if learned:
        learned.save(folder)


def _expression(words: Sequence[str]) -> re.Pattern[str]:
    """Return one expression for all words, as typed and in the form messages are brought to."""
    forms = sorted({form for word in words for form in (word.lower(), normalise(word))})
    if not forms:
        return re.compile(r"(?!)")
    said = (rf"\b{re.escape(form)}\b" if form.isascii() else re.escape(form) for form in forms)
    begins = re.escape("".join(sorted({form[0] for form in forms})))
    return re.compile(f"(?=[{begins}])(?:{'|'.join(said)})")  # looks at few places, not at all


def _plainly(said: str) -> str:
    """Say what figures of speech mean."""
    for figure, meaning in FIGURES:
        said = figure.sub(meaning, said)
    return said


def _is_harmless(said: str) -> bool:
    return HARMLESS.search(said) is not None and URGENT.search(said) is None


def _asks_of_the_past(said: str) -> bool:
    return ASKS_OF_THE_PAST.search(said) is not None and URGENT.search(said) is None


def _sounds_of(keywords: Sequence[str]) -> re.Pattern[str]:
    """Return an expression for the sounds of the Chinese keywords."""
    sounds = sorted({_sound(normalise(word)) for word in keywords if not word.isascii()})
    return re.compile("|".join(map(re.escape, sounds)) or r"(?!)")


def _sound(text: str) -> str:
    """Return how each character sounds by itself, as people of the south may type it."""
    return "".join(f"{_southern(syllables(character)[0])} " for character in text)


def _southern(syllable: str) -> str:
    initial = syllable.replace("zh", "z").replace("ch", "c").replace("sh", "s")
    return initial.removesuffix("g") if initial.endswith("ng") else initial
