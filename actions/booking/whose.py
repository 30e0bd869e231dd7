"""Whose bookings a message is about: one's own, or those of somebody one acts for.

One's own list does not mix with another's unless it is asked for: 我妈的报名. What is tapped or
named by its code is found wherever it is.
"""

from actions import behalf
from actions.booking import codes, showing
from actions.booking.model import Booking, Held
from actions.dialogue import Turn
from actions.errors import Refusal
from actions.people import kin
from actions.people.model import Acting


def named(turn: Turn, slot: str = "") -> Acting | None:
    """Return by what who writes may dispose of whose bookings they speak of.

    `slot` is where a form keeps it that has begun with them.
    """
    if kept := turn.slots.get(slot):
        within = behalf.by_id(turn.db, turn.resident_id, int(kept))
        return within
    words = "" if turn.choice else behalf.read_whose(turn.text)
    return behalf.meant(turn.db, turn.resident_id, words)


def asked_for(turn: Turn, slot: str = "") -> list[Held]:
    """Return what a message is about: somebody's it names, all within reach, or one's own."""
    if acting := named(turn, slot):
        return [*showing.held_by(turn, acting.principal_id), *_for_them(turn, acting)]
    if turn.choice or _says_a_code(turn.text):
        return within_reach(turn)
    return showing.held_by(turn)


def within_reach(turn: Turn) -> list[Held]:
    """Return all who writes may dispose of: their own, then that of those they act for."""
    whose = (turn.resident_id, *behalf.principals_of(turn.db, turn.resident_id))
    return [one for resident_id in whose for one in showing.held_by(turn, resident_id)]


def _says_a_code(text: str) -> bool:
    try:
        return codes.read_code(text) is not None
    except Refusal:  # of no booking of ours; who reads on says so
        return False


def _for_them(turn: Turn, acting: Acting) -> list[Held]:
    """Return what was booked for somebody before one might act for them: it is one's own."""
    return [
        one
        for one in showing.held_by(turn)
        if isinstance(one, Booking) and one.whom and kin.kind_of(one.whom.text) == acting.kin
    ]
