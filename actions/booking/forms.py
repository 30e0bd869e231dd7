"""book_activity_form: which activity, which session, read back whole, and only then booked."""

from collections.abc import Mapping
from typing import Any

from actions import behalf
from actions.booking import (
    reading,
    service,
    showing,
    stages,
    visiting,
    visits,
    wishing,
)
from actions.booking.bookings import Order
from actions.booking.model import Session
from actions.booking.programme import VISIT
from actions.booking.stages import Stage
from actions.booking.visiting import CONTACT, HEADS, VISIT_SLOTS
from actions.booking.wishes import (
    ACTING,
    AGAIN,
    ALTERNATIVES,
    WHOM,
    WINDOWS,
    acting_of,
    around,
    check,
    offered,
    upcoming,
    wanted_at,
    wish,
    within,
)
from actions.dialogue import Form, Ground, Step, Turn
from actions.errors import Refusal
from actions.intents import INTERRUPTIONS, SURE, WAYS_OUT
from actions.people import kin
from knowledge.pack import Activity

SLOTS = (
    *("booking_activity", "booking_session", "booking_places"),
    *VISIT_SLOTS,
    "booking_confirm",
)
OFFER = "booking_offer"  # never asked for: what a yes to the read-back means
HIDDEN = (ALTERNATIVES, WINDOWS, OFFER, WHOM, ACTING)

PLACE, WAIT, LOT = "yes", "wait", "lot"  # places, a turn in the line, a lot in the draw
CONFIRMED = (PLACE, WAIT, LOT, VISIT)
ASKED = "asked"  # the resident wants to say how many places

# What the read-back offers to say again, and what that makes of the slots.
CHANGES: dict[str, dict[str, Any]] = {
    "change_activity": {"booking_activity": None, "booking_session": None, **AGAIN},
    "change_session": {"booking_session": None, **AGAIN},
    "change_places": {"booking_places": None, "booking_confirm": ASKED},
    "change_heads": {HEADS: None, "booking_confirm": None},
    "change_contact": {CONTACT: None, "booking_confirm": None},
}


class BookActivityForm(Form):
    """Finds the session meant, reads it back whole, and asks for a yes."""

    form = "book_activity_form"

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.steps = (
            Step("booking_activity", ask_activity, read_activity),
            Step("booking_session", ask_session, read_session),
            Step("booking_places", ask_places, read_places, unless=_not_asked),
            *visiting.steps(OFFER),
            Step("booking_confirm", ask_confirm, read_confirm),
        )

    @property
    def slots(self) -> tuple[str, ...]:
        return (*SLOTS, *HIDDEN)

    def _begin(self, turn: Turn) -> dict[str, Any]:
        return _noted(turn, super()._begin(turn) | wish(turn, None))

    def _listen(self, turn: Turn, asked: Step) -> dict[str, Any]:
        changes = self._heard(turn, asked)
        return _noted(turn, changes) if changes else {}

    def _heard(self, turn: Turn, asked: Step) -> dict[str, Any]:
        if told := CHANGES.get(turn.choice or "") or _another(turn):
            return {asked.slot: None, **told}
        if turn.intent == "cancel_booking" and turn.confidence >= SURE:
            return {}  # not a booking of theirs but this one, which is not made yet
        if _may_wish(turn, asked) and (wished := wish(turn, turn.slots.get(SLOTS[0]))):
            return {asked.slot: None, "booking_confirm": None} | wished
        changes = super()._listen(turn, asked)
        if changes and turn.intent == "go_back":
            places = "booking_places" in changes and asked.slot != "booking_places"
            return changes | (CHANGES["change_places"] if places else AGAIN)
        if changes.get("booking_places"):
            return changes | {"booking_confirm": None}
        return changes


def ask_activity(turn: Turn) -> None:
    """Ask which activity: those a nickname means, or what is on in the time that was said."""
    alternatives = turn.slots.get(ALTERNATIVES) or ()
    if alternatives:
        meant = [turn.pack.activities[one] for one in alternatives]
        turn.say(
            "utter_ask_booking_alternatives", choices=showing.activity_choices(turn, meant)
        )
        return
    sessions = within(turn, upcoming(turn, offered(turn)))
    turn.say(
        "utter_ask_booking_activity", choices=showing.session_choices(turn, sessions, "choose")
    )


def read_activity(turn: Turn) -> None:
    """Reached only by what names no activity and no time.

    Raises:
        Refusal: it was meant as a name, and is none of ours.
    """
    if not turn.interrupts and not turn.choice and turn.text.strip():
        raise Refusal("utter_activity_unknown")


def ask_session(turn: Turn) -> None:
    """Ask which session, soonest first."""
    activity = turn.pack.activities[turn.slots["booking_activity"]]
    sessions = within(turn, _possible(turn, activity))
    turn.say(
        "utter_ask_booking_session",
        activity=activity.name,
        choices=showing.session_choices(turn, sessions, "choose"),
    )


def read_session(turn: Turn) -> int | None:
    """Take the soonest one when that is what was asked for, or when one is all there is."""
    activity = turn.pack.activities[turn.slots["booking_activity"]]
    sessions = within(turn, _possible(turn, activity))
    only = len(sessions) == 1 and turn.intent == "affirm"
    if not sessions or turn.interrupts or not (only or reading.SOONEST.search(turn.text)):
        return None
    check(turn, Order(sessions[0].id))
    return sessions[0].id


def _possible(turn: Turn, activity: Activity) -> list[Session]:
    """Return the sessions to choose from; of visits what is free, the nearest first."""
    told, sessions = showing.programme(turn), upcoming(turn, [activity])
    if activity.kind != VISIT:
        return sessions
    free = [one for one in sessions if visits.may_be_asked(told, one, turn.now)]
    return visits.by_distance(free, wanted_at(turn) or turn.now)


def ask_places(turn: Turn) -> None:
    """Ask how many places."""
    turn.say("utter_ask_booking_places", most=service.MOST_PLACES)


def read_places(turn: Turn) -> int | None:
    """Take a number.

    Raises:
        Refusal: nobody may book as many, or as few.
    """
    places = None if turn.choice else reading.read_number(turn.text)
    if places is None:
        return None
    acting_id = acting_of(turn.slots)
    check(turn, Order(turn.slots["booking_session"], places, acting_id=acting_id))
    return places


def ask_confirm(turn: Turn) -> None:
    """Read everything back; what is full offers the line instead, what is drawn a lot."""
    session = turn.db.get_one(Session, turn.slots["booking_session"])
    values = {**showing.told(turn, session), "places": places_of(turn)}
    acting_id = acting_of(turn.slots) if turn.slots.get(OFFER) != VISIT else None
    whose = behalf.owner(turn.db, turn.conversation, acting_id)
    who = turn.slots.get(WHOM)
    values |= {"whom": showing.whom(turn, who, acting=acting_id is not None)}
    if other := service.clash(turn.db, session=session, resident_id=whose, now=turn.now):
        turn.say("utter_booking_clash", **showing.told(turn, other.session))
    if turn.slots.get(OFFER) == VISIT:
        turn.say("utter_ask_visit_confirm", **values, **_of_visit(turn))
        return
    if turn.slots.get(OFFER) == WAIT:
        turn.say(
            "utter_ask_booking_wait" if session.left else "utter_ask_booking_line", **values
        )
        return
    _tell_ages(turn, turn.pack.activities[session.activity_id])
    if turn.slots.get(OFFER) == LOT:
        turn.say("utter_ask_draw_confirm", **values, **_of_draw(turn, session))
        return
    turn.say("utter_ask_booking_confirm", **values)


def read_confirm(turn: Turn) -> str | None:
    """Take a yes to what was offered. A no is asked what to change, with the choices for it."""
    if turn.choice == PLACE or (not turn.choice and turn.intent == "affirm"):
        return str(turn.slots.get(OFFER) or PLACE)
    if turn.slots.get(OFFER) == WAIT and "候补" in turn.text:
        return WAIT
    if turn.intent in ("deny", "change_booking") or turn.choice == "no":
        raise Refusal("utter_booking_what_to_change")
    return None


def places_of(turn: Turn) -> int:
    """Return how many places the form has; one when nobody spoke of it."""
    said = turn.slots.get("booking_places")
    return said if isinstance(said, int) else 1


def _not_asked(slots: Mapping[str, Any]) -> bool:
    """One place is booked unless the resident speaks of more."""
    return slots.get("booking_confirm") != ASKED


def _may_wish(turn: Turn, asked: Step) -> bool:
    """Whether a message may change what is booked; a sure question about others may not."""
    if turn.intent in ("go_back", "start_over") or asked.slot in VISIT_SLOTS:
        return False
    if asked.slot == "booking_places":
        return turn.intent == "book_activity"
    if asked.slot == "booking_confirm" and (turn.intent == "affirm" or turn.choice):
        return turn.intent == "book_activity" or _says_another(turn)
    if turn.intent in INTERRUPTIONS and turn.confidence >= SURE:
        return turn.intent not in WAYS_OUT and not reading.asks(turn.text)
    return True


def _another(turn: Turn) -> dict[str, Any]:
    """Return what a clear wish for another activity makes of the slots; that is said."""
    current = str(turn.slots.get(SLOTS[0]) or "")
    rest = wishing.instead(turn, current)
    wished = wish(rest, None) if rest else {}
    if now := wished.get("booking_activity"):
        before, activity = (turn.pack.activities[one].name for one in (current, now))
        turn.say("utter_booking_instead", before=before, activity=activity)
    return dict.fromkeys((*VISIT_SLOTS, "booking_confirm")) | wished if wished else {}


def _says_another(turn: Turn) -> bool:
    """Whether a yes also says for whom it is: then it is read back anew, and not yet booked."""
    who = None if turn.choice else kin.read_whom(turn.text)
    return who is not None and (who or None) != turn.slots.get(WHOM)


def _noted(turn: Turn, changes: dict[str, Any]) -> dict[str, Any]:
    """Note what the coming read-back offers, so that a yes means just that.

    A full session nobody can wait for is said, and asked for anew.
    """
    slots = dict(turn.slots) | changes
    if slots.get("booking_confirm") in CONFIRMED or not slots.get("booking_session"):
        return changes
    session = turn.db.get(Session, slots["booking_session"])
    activity = turn.pack.activities.get(session.activity_id) if session else None
    if session is None or activity is None:
        return changes | {"booking_session": None, "booking_activity": None}
    return changes | _offer(turn, session, activity, slots)


def _offer(
    turn: Turn, session: Session, activity: Activity, slots: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a session has to offer: a visit, a lot, places or a turn in the line."""
    if activity.kind == VISIT:
        return _visit_of(turn, session, slots)
    if stages.stage_of(showing.programme(turn), session, turn.now) == Stage.OPEN:
        return {OFFER: LOT}
    places = slots.get("booking_places")
    if session.left >= (places if isinstance(places, int) else 1):
        return {OFFER: PLACE}
    if activity.waitlist:
        return {OFFER: WAIT}
    turn.say("utter_session_full_no_waitlist", **showing.told(turn, session))
    return {"booking_session": None, "booking_places": None, **AGAIN}


def _visit_of(turn: Turn, session: Session, slots: Mapping[str, Any]) -> dict[str, Any]:
    """Note that a visit is asked for; one that is full or too soon is said, and asked anew."""
    try:
        visits.check_open(showing.programme(turn), session, turn.now)
    except Refusal as refusal:
        turn.say(refusal.response, **refusal.details)
        return {"booking_session": None, **AGAIN, WINDOWS: around(session)}
    return {OFFER: VISIT, **visiting.wanted(slots)}


def _of_visit(turn: Turn) -> dict[str, Any]:
    of_group = visiting.details(turn.slots)
    by_bus = "utter_visit_by_bus" if of_group["bus"] else "utter_visit_not_by_bus"
    return of_group | {"bus": showing.line(turn, by_bus)}


def _of_draw(turn: Turn, session: Session) -> dict[str, Any]:
    told = stages.told(showing.programme(turn), session)
    return {key: told[key] for key in ("closes", "drawn")}


def _tell_ages(turn: Turn, activity: Activity) -> None:
    """Say whom an activity is for: told, not checked."""
    youngest, oldest = activity.age.min, activity.age.max
    if youngest and oldest is not None:
        turn.say("utter_ages_between", youngest=youngest, oldest=oldest)
    elif youngest:
        turn.say("utter_ages_from", youngest=youngest)
    elif oldest is not None:
        turn.say("utter_ages_up_to", oldest=oldest)
