"""Which of their own bookings a resident speaks of: by tap, by code, by name, by time.

Only what is theirs is ever looked at: somebody else's code is a code that is not found.
"""

import re
from collections.abc import Sequence

from actions.booking import codes, matching, reading, showing
from actions.booking.model import Booking, DrawEntry, Held
from actions.dialogue import Turn

OF_DRAW = re.compile(r"抽签|摇号|\b(?:draw|lottery)\b")  # of all that is theirs, only lots


def meant(turn: Turn, own: Sequence[Held], text: str | None = None) -> list[Held]:
    """Return those of a resident's bookings a message speaks of; empty when of none.

    `text` is the part of the message that says which, all of it unless given.

    Raises:
        Refusal: it says what looks like a code, and no code of ours can be.
    """
    if turn.choice:
        return [one for one in own if showing.held_value(one) == turn.choice]
    said = turn.text if text is None else text
    if code := codes.read_code(said):
        return [one for one in own if isinstance(one, Booking) and one.code == code]
    if OF_DRAW.search(said.lower()):
        own = [one for one in own if isinstance(one, DrawEntry)]
    elif not says_which(turn, said):
        return []
    return _named(turn, own, said)


def says_which(turn: Turn, text: str | None = None) -> bool:
    """Whether a message names a code, an activity, a time or the draw.

    Raises:
        Refusal: as `meant`.
    """
    said = turn.text if text is None else text
    return bool(
        codes.read_code(said)
        or OF_DRAW.search(said.lower())
        or matching.named(turn.pack, said)
        or _windows(turn, said)
    )


def by_name(turn: Turn, own: Sequence[Held], text: str) -> list[Held]:
    """Return those whose activity a text names; all when it names none."""
    ids = {activity.id for activity in matching.named(turn.pack, text)}
    return [one for one in own if not ids or one.session.activity_id in ids]


def _named(turn: Turn, own: Sequence[Held], said: str) -> list[Held]:
    named = by_name(turn, own, said)
    windows = _windows(turn, said)
    if not windows:
        return named
    then = reading.held(windows, [one.session for one in named])
    return [one for one in named if one.session in then]


def _windows(turn: Turn, said: str) -> tuple[reading.Window, ...]:
    return reading.read_possible(said, turn.now, turn.wording.zone)
