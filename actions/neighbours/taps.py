"""Deeds of one tap about help: mine, not this time, I am here, it is done, nobody came.

The value of each is the need's id.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from actions.conversations import Conversation
from actions.db import Db
from actions.neighbours import claiming, falling_through, helping, telling
from actions.neighbours.model import HelpRequest
from actions.square import Square
from actions.taps import Deed, Done, Tap


class OnNeed(Protocol):
    """Something one of the two does about a need."""

    def __call__(
        self, db: Db, square: Square, request_id: int, by: Conversation, /, *, now: datetime
    ) -> HelpRequest:
        """Do it; raises Refusal."""


def claim_help(db: Db, square: Square, tap: Tap) -> Done:
    """Take a need on."""
    match = claiming.claim(
        db, square, request_id=int(tap.value), helper=tap.conversation, now=tap.now
    )
    request = db.get_one(HelpRequest, match.request_id)
    told = telling.described(square, request) | {
        "who": telling.called(db, square, request.resident_id),
        "details": telling.details(square, request, match.metres),
    }
    return Done("utter_help_yours", told)


def decline_help(db: Db, square: Square, tap: Tap) -> Done:
    """Not this time."""
    request = claiming.decline(
        db, square, request_id=int(tap.value), helper=tap.conversation, now=tap.now
    )
    return Done("utter_help_declined_once", telling.described(square, request))


def never_help(db: Db, square: Square, tap: Tap) -> Done:
    """Never again for this kind."""
    request = claiming.never(
        db, square, request_id=int(tap.value), helper=tap.conversation, now=tap.now
    )
    return Done("utter_help_never_again", telling.described(square, request))


def help_done(db: Db, square: Square, tap: Tap) -> Done:
    """It is done: who was helped may send thanks, who helped is thanked."""
    found = helping.done(db, square, int(tap.value), tap.conversation, now=tap.now)
    is_helper = found.match.helper_id == tap.conversation.resident_id
    response = "utter_help_done_well" if is_helper else "utter_help_done_thanks"
    return Done(response, telling.described(square, found.request))


def help_not_come(db: Db, square: Square, tap: Tap) -> Done:
    """Nobody came."""
    number = int(tap.value)
    in_time = falling_through.not_come(db, square, number, tap.conversation, now=tap.now)
    response = "utter_help_not_come" if in_time else "utter_help_not_come_over"
    return Done(response, telling.described(square, db.get_one(HelpRequest, number)))


def keep_waiting_help(db: Db, square: Square, tap: Tap) -> Done:
    """Go on asking: the worker does so by itself."""
    return Done("utter_help_waiting_on")


def _saying(response: str, deed: OnNeed) -> Deed:
    def tapped(db: Db, square: Square, tap: Tap) -> Done:
        request = deed(db, square, int(tap.value), tap.conversation, now=tap.now)
        return Done(response, telling.described(square, request))

    return tapped


_SAYING: Mapping[str, tuple[str, Callable[..., HelpRequest]]] = {
    "help_arrived": ("utter_help_arrived_noted", helping.arrived),
    "help_left": ("utter_help_left_noted", helping.left),
    "withdraw_help": ("utter_help_withdrawn_noted", falling_through.withdraw),
    "ask_other_helpers": ("utter_help_asked_again", falling_through.ask_others),
    "call_off_help": ("utter_help_called_off_noted", falling_through.call_off),
    "thank_helper": ("utter_help_thanks_sent", helping.thank),
}

# The intent of a choice → what a tap on it does.
TAPS: Mapping[str, Deed] = {
    "claim_help": claim_help,
    "offer_help": claim_help,  # buttons given out before offering was a form
    "decline_help": decline_help,
    "never_help": never_help,
    "help_done": help_done,
    "help_not_come": help_not_come,
    "keep_waiting_help": keep_waiting_help,
    **{intent: _saying(response, deed) for intent, (response, deed) in _SAYING.items()},
}
