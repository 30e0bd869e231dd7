"""Deeds of one tap: an issued button says all there is to say, so nothing need be understood.

The gateway does them in the transaction that answers the tap, whatever form is under way and
whoever else is answering; a second tap finds it done. Each guards itself: a button may be old.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from actions.booking import draw, service, stages, waitlist
from actions.booking.bookings import Order
from actions.booking.model import Booking, Held, WaitlistEntry
from actions.booking.programme import Programme, cancelled_late, described, values_of
from actions.db import Db
from actions.errors import Refusal
from actions.people.model import Words
from actions.taps import Done, Tap

Deed = Callable[[Db, Programme, Tap], Done]

# What is full, said to somebody who was a moment too late for a task.
LOST = {
    "utter_session_full": "utter_claim_lost",
    "utter_session_full_no_waitlist": "utter_claim_lost_no_waitlist",
}


def accept_offer(db: Db, programme: Programme, tap: Tap) -> Done:
    """Take the places that were offered. The value is the entry's id."""
    booking = waitlist.accept(
        db,
        programme,
        entry_id=int(tap.value),
        resident_id=tap.conversation.resident_id,
        now=tap.now,
    )
    return booked(programme, booking, now=tap.now)


def decline_offer(db: Db, programme: Programme, tap: Tap) -> Done:
    """Let them go to the next. The value is the entry's id."""
    entry = waitlist.decline(
        db,
        programme,
        entry_id=int(tap.value),
        resident_id=tap.conversation.resident_id,
        now=tap.now,
    )
    return Done("utter_offer_declined", described(programme, entry.session))


def join_waitlist(db: Db, programme: Programme, tap: Tap) -> Done:
    """Stand in line for a session. The value is its id, or as `12x3w9a4`: for three places.

    `w9` is for whom it is: the id of the resident's own words; `a4` by what it is then theirs.
    """
    made = service.join_waitlist(
        db,
        programme,
        order=_order(db, tap),
        conversation=tap.conversation,
        now=tap.now,
    )
    if isinstance(made, Booking):
        return booked(programme, made, now=tap.now)
    return waiting(db, programme, made)


def enter_draw(db: Db, programme: Programme, tap: Tap) -> Done:
    """Enter the draw of a session. The value is its id, or `12x3` for three places."""
    entry = draw.enter(
        db,
        programme,
        order=_order(db, tap),
        conversation=tap.conversation,
        now=tap.now,
    )
    return Done("utter_draw_entered", stages.values_of(programme, entry))


def leave_draw(db: Db, programme: Programme, tap: Tap) -> Done:
    """Leave a draw before it is held. The value is the entry's id."""
    entry = draw.leave(
        db,
        programme,
        entry_id=int(tap.value),
        resident_id=tap.conversation.resident_id,
        now=tap.now,
    )
    return Done("utter_draw_left", described(programme, entry.session))


def claim(db: Db, programme: Programme, tap: Tap) -> Done:
    """Take a volunteer task on. The value is the session's id.

    Raises:
        Refusal: as `service.book`; others were faster.
    """
    try:
        booking = service.book(
            db,
            programme,
            order=Order(int(tap.value)),
            conversation=tap.conversation,
            now=tap.now,
        )
    except Refusal as refusal:
        lost = LOST.get(refusal.response, refusal.response)
        raise Refusal(lost, **refusal.details) from None
    return Done("utter_claimed", values_of(programme, booking))


def booked(programme: Programme, booking: Booking, *, now: datetime) -> Done:
    """Return what is said of a booking that was just made."""
    told = values_of(programme, booking)
    if cancelled_late(programme, booking.session, now):
        return Done("utter_booked_late", told)
    hours = programme.pack.activity_rules.cancel_free_hours
    return Done("utter_booked", told | {"hours": hours})


def waiting(db: Db, programme: Programme, entry: WaitlistEntry) -> Done:
    """Return what is said of a turn in a line that was just taken."""
    number = waitlist.ahead_of(db, entry) + 1
    told = described(programme, entry.session)
    return Done("utter_waiting", told | {"places": entry.places, "number": number})


def _order(db: Db, tap: Tap) -> Order:
    value, _, acting_id = tap.value.partition("a")
    value, _, whom_id = value.partition("w")
    session_id, _, wanted = value.partition("x")
    words = db.get(Words, int(whom_id)) if whom_id else None
    own = words is not None and words.resident_id == tap.conversation.resident_id
    return Order(
        int(session_id),
        int(wanted or 1),
        words.text if words and own else "",
        acting_id=int(acting_id) if acting_id else None,
    )


def refuse(db: Db, programme: Programme, tap: Tap) -> Done:
    """Take back what somebody has asked for on one's behalf. The value is as `tap_value`.

    Raises:
        Refusal: as `cancel`, `leave`; it is not theirs, or over.
    """
    number, resident_id = int(tap.value.lstrip("wd")), tap.conversation.resident_id
    facts: dict[str, Any] = {"resident_id": resident_id, "now": tap.now}
    one: Held
    match tap.value[:1]:
        case "w":
            one = waitlist.leave(db, programme, entry_id=number, **facts)
        case "d":
            one = draw.leave(db, programme, entry_id=number, **facts)
        case _:
            one = service.cancel(db, programme, booking_id=number, **facts)
    return Done("utter_theirs_not_wanted", described(programme, one.session))


# The intent of a choice → what a tap on it does.
TAPS: Mapping[str, Deed] = {
    "accept_offer": accept_offer,
    "decline_offer": decline_offer,
    "join_waitlist": join_waitlist,
    "enter_draw": enter_draw,
    "leave_draw": leave_draw,
    "claim": claim,
    "refuse_booking": refuse,
}
