"""Which language a message is in: by its letters."""

import re
import unicodedata

from actions.people.links import ALPHABET

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")

# A code is of no language: as it is shown, or its letters however they are grouped.
CODE = re.compile(
    rf"(?:\w{{3}}-){{2}}\w{{3}}|(?:[{ALPHABET}]{{3}}[\s-]*){{3}}", re.ASCII | re.IGNORECASE
)


# The small words of an English sentence, and what is said to begin or end one.
SMALL = re.compile(
    r"an?|the|is|are|was|do|does|did|can|could|will|would|what|when|where|which|who|how|why"
    r"|i|me|my|we|you|your|it|to|from|of|in|on|at|for|and|or|not|no|yes|please|hello|hi|hey"
    r"|thanks?|good|morning|evening|bye|cancel|help|open|want|need|speak|english",
    re.IGNORECASE,
)
NAME = re.compile(r"(?:[A-Z][\w&'-]*)(?:\s+[A-Z0-9][\w&'-]*)+|[A-Za-z][a-z]+[A-Z]\w*")
MOST_HAN = 6  # characters of a Chinese name in an English sentence


def language_of(text: str, before: str) -> str:
    """Return zh or en; what has neither language's letters stays in the language before.

    One Latin word alone (OK, a bus line) changes nothing either, nor does a code or a name
    (WeChat, Wanda Plaza); nor a Chinese name in an English sentence.
    """
    words = LATIN_WORD.findall(text)
    if han := HAN.findall(text):
        is_english = len(han) <= MOST_HAN and _small_words(words) >= 2
        return "en" if is_english else "zh"
    said = unicodedata.normalize("NFKC", text).strip()
    if CODE.fullmatch(said) or (NAME.fullmatch(said) and not _small_words(words)):
        return before
    if len(words) >= 2 or (len(words) == 1 and len(words[0]) >= 4):
        return "en"
    return before


def may_be_a_name(text: str) -> bool:
    """Whether Latin words may only be what a place is called, as an answer to a question."""
    words = LATIN_WORD.findall(text)
    return HAN.search(text) is None and 0 < len(words) <= 4 and not _small_words(words)


def _small_words(words: list[str]) -> int:
    return sum(SMALL.fullmatch(word) is not None for word in words)
