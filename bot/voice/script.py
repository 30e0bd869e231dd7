"""What is said aloud of a message: whole sentences, no longer than one listens."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from actions.plain import PHONE, SENTENCE
from knowledge.printing.spoken import telephone

# Characters, well under a minute. A number to call is told however far down it stands.
LONGEST: Mapping[str, int] = {"zh": 150, "en": 400}
ADDRESS = re.compile(r"https?://[!-~]+")  # of a page: nobody can write that down
LISTED = re.compile(r"(?m)^\s*(\d{1,2})[.、．)）]\s*")  # a line of a list, in the text itself
PAUSE: Mapping[str, str] = {"zh": "，", "en": ": "}  # after a line's number
FIGURES = re.compile(r"\d")


def script(text: str, labels: Sequence[str], language: str, rest: str) -> str:
    """Return the words for a voice: the text, then its choices with their numbers.

    Where anything is left out `rest` says so.
    """
    pause = PAUSE[language]
    choices = [f"{number}{pause}{label}" for number, label in enumerate(labels, start=1)]
    listed = LISTED.sub(rf"\1{pause}", ADDRESS.sub("", text))
    sentences = filter(None, (one.strip() for one in SENTENCE.findall(listed)))
    pieces = [*sentences, *(choices if not LISTED.search(text) else ())]
    told = list(_in_time(pieces, LONGEST[language]))
    said = "\n".join(told if len(told) == len(pieces) else [*told, rest])
    return PHONE.sub(lambda number: _figures(number[0], language), said)


def _in_time(pieces: Sequence[str], longest: int) -> Iterator[str]:
    """Yield the first of them, and any that has a number to call."""
    for piece, length in zip(pieces, accumulate(map(len, pieces)), strict=True):
        if length <= longest or piece is pieces[0] or PHONE.search(piece):
            yield piece


def _figures(number: str, language: str) -> str:
    """Read a number to call figure by figure."""
    return telephone(number) if language == "zh" else " ".join(FIGURES.findall(number))
