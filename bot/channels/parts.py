"""Divides a message into parts a platform takes, a long text at the best place there is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from actions.channels import Channel
from actions.conversations import Choice, Message

# Where a text is best divided: after a paragraph, a line, a sentence, a clause, a word.
ENDS = ("\n\n", "\n", "。", "！", "？", "；", ". ", "! ", "? ", "，", ", ", " ")
LONGEST_LABEL = 64
LEAST = 0.5  # of a part: a division may not waste more


@dataclass(frozen=True)
class Piece:
    """What goes out at one time."""

    text: str = ""
    choices: tuple[Choice, ...] = ()
    photos: tuple[Path, ...] = ()


def in_pieces(message: Message, photos: Sequence[Path], facts: Channel) -> list[Piece]:
    """Divide a message the way a channel takes it. Choices come with the last of its text."""
    buttons = tuple(message.offered[: facts.choices])
    text = numbered(message.text, message.offered, after=len(buttons))
    *first, last = parts(text, longest=facts.longest, bytes_=facts.bytes_)
    if not (photos and facts.photos_apart):
        return [*map(Piece, first), Piece(last, buttons, tuple(photos))]
    with_words = [*map(Piece, first), Piece(last, buttons)] if text else []
    return with_words + [Piece(photos=(photo,)) for photo in photos]


def numbered(text: str, choices: Sequence[Choice], after: int = 0) -> str:
    """Write choices under a text, as lines; residents answer with a number or the label.

    So many come first that need no line.
    """
    lines = (f"{n}. {choice.label}" for n, choice in enumerate(choices, 1) if n > after)
    return "\n".join([text, *lines])


def label_of(choice: Choice) -> str:
    """Return a label as a button takes it: not empty, and not too long for a phone."""
    label = " ".join(choice.label.split()) or "…"
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def parts(text: str, *, longest: int, bytes_: int) -> list[str]:
    """Divide a text so that no part is longer, in UTF-16 units (as platforms count) or bytes.

    Joined they are the text, but for white space at the ends of parts. Never empty.
    """

    def fits(piece: str) -> bool:
        return utf16(piece) <= longest and len(piece.encode()) <= bytes_

    return list(_divided(text, fits)) or [""]


def utf16(text: str) -> int:
    """Return the length as Telegram and JavaScript count it."""
    return len(text.encode("utf-16-le")) // 2


def _divided(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    rest = text.strip()
    while rest and not fits(rest):
        most = _most(rest, fits)
        cut = next(
            (
                at + len(end)
                for end in ENDS
                if (at := rest.rfind(end, 0, most - len(end) + 1)) >= most * LEAST
            ),
            most,
        )
        yield rest[:cut].rstrip()
        rest = rest[cut:].lstrip()
    if rest:
        yield rest


def _most(text: str, fits: Callable[[str], bool]) -> int:
    """Return how many characters of a text fit, one at least."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle]) else (low, middle - 1)
    return low
