"""cancel_booking_form: which booking, read back, and only then cancelled."""

import re
from typing import Any

from actions.booking import codes, own, reading, showing, whose
from actions.booking.model import DrawEntry, Held, WaitlistEntry
from actions.booking.programme import cancelled_late
from actions.dialogue import SKIPPED, Form, Ground, Step, Turn
from actions.errors import Refusal

CANCEL_SLOTS = ("cancel_which", "cancel_confirm")
ACTING = "cancel_acting"  # never asked for: by what it is about somebody else's
ENDS = " .!。！"
NOTHING = "nothing"  # there is nothing to cancel

# In the read-back of a cancellation these mean yes, wherever else they mean to stop.
CANCEL_IT = re.compile(
    r"(?:确定|确认|对|是的?|好的?|我要|要|就|嗯|,|，| )*(?:取消|退掉|退了|退)"
    r"(?:掉|吧|它|了|这一?[场个次])*"
    r"|(?:yes,? ?)?(?:please )?cancel(?: it| this| that)?(?: please)?"
)
KEEP_IT = re.compile(r"(?:不|别|勿)(?:要)?(?:取消|退)|留着|算了|保留|don't cancel|keep")


class CancelBookingForm(Form):
    """Finds the booking meant (or the turn in a line, or the lot); asks whether it shall go."""

    form = "cancel_booking_form"

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.steps = (
            Step("cancel_which", ask_which, read_which),
            Step("cancel_confirm", ask_cancel, read_cancel),
        )

    @property
    def slots(self) -> tuple[str, ...]:
        return (*CANCEL_SLOTS, ACTING)

    def _begin(self, turn: Turn) -> dict[str, Any]:
        everything, acting = whose.asked_for(turn), whose.named(turn)
        kept = {ACTING: acting.id if acting else None}
        if not everything:
            return {"cancel_which": NOTHING, "cancel_confirm": SKIPPED, **kept}
        try:
            value = _first_meant(turn, everything)
        except Refusal as refusal:
            turn.say(refusal.response, **refusal.details)
            value = None
        begun = {"cancel_which": value, "cancel_confirm": None, **kept}
        return super()._begin(turn) | begun


def ask_which(turn: Turn) -> None:
    """Ask which booking, soonest first."""
    turn.say("utter_ask_cancel_which", choices=showing.held_choices(turn, _own(turn)))


def read_which(turn: Turn) -> str | None:
    """Take the booking that was tapped, or the one that was named.

    Raises:
        Refusal: it has a code, and none of theirs.
    """
    meant = own.meant(turn, whose.asked_for(turn, ACTING))
    if not (meant or turn.choice) and codes.read_code(turn.text):
        raise Refusal("utter_no_such_booking")
    if len(meant) == 1 and not (turn.interrupts and reading.asks(turn.text)):
        return showing.held_value(meant[0])
    return None


def ask_cancel(turn: Turn) -> None:
    """Read back what would be cancelled; a late cancellation is allowed, and said."""
    one = held(turn)
    if one is None:
        turn.say("utter_no_such_booking")
        return
    if isinstance(one, DrawEntry):
        told = {**showing.told(turn, one.session), "places": one.places}
        turn.say("utter_ask_cancel_draw", **told, ticket=one.ticket)
        return
    values = showing.held_told(turn, one)
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
    within = whose.within_reach(turn)
    return next((one for one in within if showing.held_value(one) == wanted), None)


def _own(turn: Turn) -> list[Held]:
    """Return what the form asks to choose from: what was meant, else everything."""
    everything = whose.asked_for(turn, ACTING)
    try:
        return own.meant(turn, everything) or everything
    except Refusal:  # said already
        return everything


def _first_meant(turn: Turn, everything: list[Held]) -> str | None:
    """Return the value of the one booking the first message speaks of, or of all there is.

    Raises:
        Refusal: it speaks of one that is not theirs.
    """
    meant = own.meant(turn, everything)
    if not meant and (turn.choice or own.says_which(turn)):
        raise Refusal("utter_no_such_booking")
    only = meant or everything
    return showing.held_value(only[0]) if len(only) == 1 else None
