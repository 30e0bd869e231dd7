"""cancel_booking_form: which booking, read back, and only then cancelled."""

import re
from collections.abc import Sequence
from typing import Any

from actions.booking import matching, reading, showing
from actions.booking.model import Booking, WaitlistEntry
from actions.booking.programme import cancelled_late
from actions.dialogue import SKIPPED, Form, Ground, Step, Turn

CANCEL_SLOTS = ("cancel_which", "cancel_confirm")
ENDS = " .!。！"
NOTHING = "nothing"  # there is nothing to cancel

# In the read-back of a cancellation these mean yes, wherever else they mean to stop.
CANCEL_IT = re.compile(
    r"(?:确定|确认|对|是的?|好的?|我要|要|就|嗯|,|，| )*(?:取消|退掉|退了|退)"
    r"(?:掉|吧|它|了|这一?[场个次])*"
    r"|(?:yes,? ?)?(?:please )?cancel(?: it| this| that)?(?: please)?"
)
KEEP_IT = re.compile(r"(?:不|别|勿)(?:要)?(?:取消|退)|留着|算了|保留|don't cancel|keep")

Held = Booking | WaitlistEntry


class CancelBookingForm(Form):
    """Finds the booking meant (or the turn in a line), and asks whether to let it go."""

    form = "cancel_booking_form"

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.steps = (
            Step("cancel_which", ask_which, read_which),
            Step("cancel_confirm", ask_cancel, read_cancel),
        )

    def _begin(self, turn: Turn) -> dict[str, Any]:
        own = showing.held_by(turn)
        if not own:
            return {"cancel_which": NOTHING, "cancel_confirm": SKIPPED}
        meant = _meant(turn, own)
        if not meant and (turn.choice or _says_which(turn)):
            turn.say("utter_no_such_booking")
        only = meant if meant else own
        value = showing.held_value(only[0]) if len(only) == 1 else None
        return super()._begin(turn) | {"cancel_which": value, "cancel_confirm": None}


def ask_which(turn: Turn) -> None:
    """Ask which booking, soonest first."""
    turn.say("utter_ask_cancel_which", choices=showing.held_choices(turn, _own(turn)))


def read_which(turn: Turn) -> str | None:
    """Take the booking that was tapped, or the one that was named."""
    meant = _meant(turn, showing.held_by(turn))
    if len(meant) == 1 and not (turn.interrupts and reading.asks(turn.text)):
        return showing.held_value(meant[0])
    return None


def ask_cancel(turn: Turn) -> None:
    """Read back what would be cancelled; a late cancellation is allowed, and said."""
    one = held(turn)
    if one is None:
        turn.say("utter_no_such_booking")
        return
    values = {**showing.told(turn, one.session), "places": one.places}
    if isinstance(one, WaitlistEntry):
        turn.say("utter_ask_cancel_waiting", **values)
        return
    programme = showing.programme(turn)
    if cancelled_late(programme, one.session, turn.now):
        hours = programme.pack.activity_rules.cancel_free_hours
        turn.say("utter_cancel_late", hours=hours)
    turn.say("utter_ask_cancel_confirm", **values)


def read_cancel(turn: Turn) -> str | None:
    """Take yes or no. Here 取消 means yes, though elsewhere it means to stop."""
    said = turn.text.lower().strip(ENDS)
    if turn.choice in ("yes", "no"):
        return turn.choice
    if turn.choice:
        return None
    if KEEP_IT.search(said) or turn.intent == "deny":
        return "no"
    return "yes" if CANCEL_IT.fullmatch(said) or turn.intent == "affirm" else None


def held(turn: Turn) -> Held | None:
    """Return the booking, or the turn in a line, the form has come to."""
    wanted = turn.slots.get("cancel_which")
    return next((o for o in showing.held_by(turn) if showing.held_value(o) == wanted), None)


def _own(turn: Turn) -> list[Held]:
    """Return what the form asks to choose from: what was meant, else everything."""
    own = showing.held_by(turn)
    return _meant(turn, own) or own


def _meant(turn: Turn, own: Sequence[Held]) -> list[Held]:
    """Return those of a resident's bookings a message speaks of; empty when of none."""
    if turn.choice:
        return [one for one in own if showing.held_value(one) == turn.choice]
    if not _says_which(turn):
        return []
    ids = {a.id for a in matching.named(turn.pack, turn.text)}
    windows = reading.read_windows(turn.text, turn.now, turn.wording.zone)
    meant = [one for one in own if not ids or one.session.activity_id in ids]
    if not windows:
        return meant
    then = reading.held(windows, [one.session for one in meant])
    return [one for one in meant if one.session in then]


def _says_which(turn: Turn) -> bool:
    return bool(
        matching.named(turn.pack, turn.text)
        or reading.read_windows(turn.text, turn.now, turn.wording.zone)
    )
