"""change_booking_form: which booking, what about it, old and new read back, then changed."""

import re
from typing import Any

from actions.booking import changes, codes, own, reading, service, showing, whose
from actions.booking.changes import (
    ACTING,
    CHANGE_SLOTS,
    CONFIRM,
    NO,
    NOTHING,
    OFFER,
    PLACES,
    SAID,
    SESSION,
    TO,
    WAIT,
    WHAT,
    WHICH,
    WITH,
    YES,
    Wish,
)
from actions.booking.model import Booking, Session
from actions.booking.programme import cancelled_late
from actions.conversations import Choice
from actions.dialogue import SKIPPED, Form, Ground, Step, Turn
from actions.errors import Refusal
from actions.intents import INTERRUPTIONS, SURE, WAYS_OUT

CHANGE_IT = re.compile(
    r"(?:确定|确认|对|是的?|好的?|嗯|就这样|,|，| )*(?:改|换)(?:吧|了|过去)*"
    r"|(?:yes,? ?)?change it"
)
KEEP_IT = re.compile(
    r"(?:不|别)(?:要|用)?(?:改|换)(?:了|吧)?[。.!！]?$|留着|保留|\b(?:don't change|keep)\b"
)
WRONG = re.compile(r"不对|错|\bwrong\b|\bnot (?:right|that)\b")


class ChangeBookingForm(Form):
    """Finds the booking and what is to become of it, and reads back old and new."""

    form = "change_booking_form"

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.steps = (
            Step(WHICH, ask_which, read_which),
            Step(WHAT, ask_what, read_what),
            Step(TO, ask_to, read_to),
            Step(CONFIRM, ask_confirm, read_confirm),
        )

    @property
    def slots(self) -> tuple[str, ...]:
        return CHANGE_SLOTS

    def _begin(self, turn: Turn) -> dict[str, Any]:
        everything = changes.changeable(turn)
        acting = whose.named(turn)
        begun: dict[str, Any] = dict.fromkeys(CHANGE_SLOTS)
        begun[ACTING] = acting.id if acting else None
        if not everything:
            return begun | {WHICH: NOTHING, WHAT: SKIPPED, TO: SKIPPED, CONFIRM: SKIPPED}
        about, to = changes.split(turn.text)
        try:
            booking, named_by_time = changes.which(turn, everything, about)
        except Refusal as refusal:
            turn.say(refusal.response, **refusal.details)
            return begun | {SAID: to}
        said = "" if turn.choice or (named_by_time and about == to) else to
        return self._with(turn, booking, begun, said)

    def _listen(self, turn: Turn, asked: Step) -> dict[str, Any]:
        if turn.intent in ("go_back", "start_over"):
            return super()._listen(turn, asked)
        if turn.choice in (SESSION, PLACES):
            return _noted(
                turn, {asked.slot: None, WHAT: turn.choice, TO: None, SAID: None, WITH: None}
            )
        if asked.slot != CONFIRM and not turn.choice and KEEP_IT.search(turn.text.lower()):
            return {s: turn.slots.get(s) or SKIPPED for s in (WHICH, WHAT, TO)} | {CONFIRM: NO}
        if asked.slot != WHICH and (wished := _wished(turn, asked)):
            return _noted(turn, wished)
        heard = super()._listen(turn, asked)
        if asked.slot == WHICH and heard.get(WHICH):
            booking = turn.db.get_one(Booking, int(heard[WHICH]))
            about, to = changes.split(turn.text)
            said = turn.slots.get(SAID) if turn.choice or about == to else to
            return self._with(turn, booking, heard, str(said or ""))
        return _noted(turn, heard) if heard else {}

    def _with(
        self, turn: Turn, booking: Booking | None, changed: dict[str, Any], said: str
    ) -> dict[str, Any]:
        """Go on with a booking and what was said of the new."""
        if booking is None:
            return changed | {SAID: said}
        return _noted(turn, changed | {WHICH: str(booking.id)} | _read(turn, booking, said))


def ask_which(turn: Turn) -> None:
    """Ask which booking, soonest first."""
    everything = changes.changeable(turn)
    choices = [
        Choice(
            showing.line(turn, "utter_label_change", **showing.told(turn, one.session)),
            "choose",
            str(one.id),
        )
        for one in everything[: showing.CHOICES]
    ]
    turn.say("utter_ask_change_which", choices=choices)


def read_which(turn: Turn) -> str | None:
    """Take the booking that was tapped, or the one that was named.

    Raises:
        Refusal: it has a code, and none of theirs.
    """
    if turn.interrupts and reading.asks(turn.text):
        return None
    about, _ = changes.split(turn.text)
    meant = own.meant(turn, changes.changeable(turn), about)
    if not (meant or turn.choice) and codes.read_code(turn.text):
        raise Refusal("utter_no_such_booking")
    return str(meant[0].id) if len(meant) == 1 else None


def ask_what(turn: Turn) -> None:
    """Ask whether it is about the session or the places."""
    booking = changes.chosen(turn)
    if booking is not None:
        turn.say("utter_ask_change_what", **showing.held_told(turn, booking))


def read_what(turn: Turn) -> str | None:
    """Take what is named in a word; what is tapped or says more is read before."""
    if re.search(r"人数|几个人|名额|\bpeople\b|\bplaces?\b", turn.text.lower()):
        return PLACES
    said = re.search(r"时间|日子|[场天]|\b(?:time|day|date|session)\b", turn.text.lower())
    return SESSION if said and not turn.interrupts else None


def ask_to(turn: Turn) -> None:
    """Ask for the new session, or the new number of places."""
    booking = changes.chosen(turn)
    if booking is None:
        turn.say("utter_no_such_booking")
        return
    told = showing.held_told(turn, booking)
    if turn.slots.get(WHAT) == PLACES:
        turn.say("utter_ask_change_places", **told, most=service.MOST_PLACES)
        return
    sessions = changes.within(turn, booking, str(turn.slots.get(SAID) or ""))
    choices = showing.session_choices(turn, sessions, "choose")
    turn.say("utter_ask_change_session", choices=choices, **told)


def read_to(turn: Turn) -> int | None:
    """Take the session that was tapped, the soonest, or a bare number of places.

    Raises:
        Refusal: nobody may book as many.
    """
    booking = changes.chosen(turn)
    if booking is None:
        return None
    if turn.slots.get(WHAT) == PLACES:
        wanted = None if turn.choice else reading.read_number(turn.text)
        return None if wanted is None else changes.checked(wanted)
    others = changes.others(turn, booking)
    if turn.choice:
        return next((s.id for s in others if str(s.id) == turn.choice), None)
    soonest = reading.SOONEST.search(turn.text.lower()) and not turn.interrupts
    return others[0].id if others and soonest else None


def ask_confirm(turn: Turn) -> None:
    """Read back old and new; a late change is allowed, and said."""
    booking = changes.chosen(turn)
    if booking is None:
        turn.say("utter_no_such_booking")
        return
    programme = showing.programme(turn)
    if cancelled_late(programme, booking.session, turn.now):
        hours = programme.pack.activity_rules.cancel_free_hours
        turn.say("utter_change_late", hours=hours)
    told = showing.held_told(turn, booking)
    wanted = int(turn.slots[TO])
    if turn.slots.get(WHAT) == PLACES:
        told |= {"places": wanted}
    else:
        told |= showing.told(turn, turn.db.get_one(Session, wanted))
        told |= {"places": changes.places_in(turn.slots, booking)}
    waits = turn.slots.get(OFFER) == WAIT
    response = "utter_ask_change_wait" if waits else "utter_ask_change_confirm"
    turn.say(response, **told | changes.before(turn, booking))


def read_confirm(turn: Turn) -> str | None:
    """Take a yes to what was offered, or a no, which keeps what is booked."""
    said = turn.text.lower().strip(" .!。！")
    if turn.choice:
        return {YES: str(turn.slots.get(OFFER) or YES), NO: NO}.get(turn.choice)
    if KEEP_IT.search(said) or (turn.intent == "deny" and not WRONG.search(said)):
        return NO
    if turn.slots.get(OFFER) == WAIT and "候补" in said:
        return WAIT
    if turn.intent == "affirm" or CHANGE_IT.fullmatch(said):
        return str(turn.slots.get(OFFER) or YES)
    return None


def _wished(turn: Turn, asked: Step) -> dict[str, Any]:
    """Return what a message says of the new, whatever was asked; empty when nothing."""
    booking = changes.chosen(turn)
    sure = turn.intent in INTERRUPTIONS and turn.confidence >= SURE
    if booking is None or turn.choice:
        return {}
    if sure and (turn.intent in WAYS_OUT or reading.asks(turn.text)):
        return {}
    offered = str(turn.slots.get(SAID) or "")
    read = _read(turn, booking, changes.split(turn.text)[1], offered)
    return {asked.slot: None, CONFIRM: None} | read if read else {}


def _read(turn: Turn, booking: Booking, text: str, offered: str = "") -> dict[str, Any]:
    """Return the slots a text about the new fills; what cannot be is said."""
    try:
        wish = changes.read_wish(turn, booking, text, offered)
    except Refusal as refusal:
        turn.say(refusal.response, **refusal.details)
        too_many = refusal.response == "utter_places_too_many"
        if too_many:
            return {WHAT: PLACES, TO: None, SAID: None}
        # “改到周六，两个人”: two they are, on whatever day it is going to be.
        return {WHAT: SESSION, TO: None, SAID: None, WITH: changes.places_said(booking, text)}
    return _joined(turn, wish) | {SAID: text} if wish else {}


def _joined(turn: Turn, wish: Wish) -> dict[str, Any]:
    """Return the slots of a wish; day and number said one after the other are one wish."""
    what, to = turn.slots.get(WHAT), turn.slots.get(TO)
    if wish.what == PLACES and what == SESSION and isinstance(to, int):
        return {WHAT: SESSION, TO: to, WITH: wish.to}
    if wish.what == PLACES:
        return {WHAT: PLACES, TO: wish.to, WITH: None}
    before = to if what == PLACES else turn.slots.get(WITH)
    return {WHAT: SESSION, TO: wish.to, WITH: wish.places or before}


def _noted(turn: Turn, changed: dict[str, Any]) -> dict[str, Any]:
    """Note what the coming read-back offers, so that a yes means just that.

    What cannot be is said, and asked for anew.
    """
    slots = dict(turn.slots) | changed
    booking = changes.chosen(turn, slots.get(WHICH) or NOTHING)
    if booking is None or slots.get(CONFIRM) in (YES, WAIT, NO):
        return changed
    if slots.get(WHAT) == SESSION and not changes.others(turn, booking):
        turn.say("utter_change_no_other", **showing.told(turn, booking.session))
        return changed | {WHAT: None, TO: None}
    if not isinstance(slots.get(TO), int):
        return changed
    try:
        return changed | {OFFER: _check(turn, booking, slots)}
    except Refusal as refusal:
        turn.say(refusal.response, **refusal.details)
        if slots.get(WITH) and refusal.response == "utter_places_too_many":
            return _noted(turn, changed | {WITH: None})
        return changed | {TO: None, SAID: None}


def _check(turn: Turn, booking: Booking, slots: dict[str, Any]) -> str:
    """Guard what the coming read-back offers; what a yes then means."""
    if slots[WHAT] == PLACES:
        return changes.check_places(turn, booking, slots[TO])
    places = changes.places_in(slots, booking)
    return changes.check_session(turn, booking, slots[TO], places)
