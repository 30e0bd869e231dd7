"""On behalf of somebody at the counter or on the phone: book, wait, answer an offer, cancel."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from actions import callers
from actions.booking import bookings, service, visits, waitlist
from actions.booking.bookings import Order
from actions.booking.model import Booking, Session, WaitlistEntry
from actions.booking.programme import VISIT, area_of, described
from actions.conversations import Conversation
from actions.errors import Refusal
from actions.people import scope
from actions.people.model import Area, Caller
from bot.desk.sessions import Person, find, identity, number, programme_of
from bot.desk.visit import Missing, Visit, go

DEEDS: dict[str, Callable[..., Booking | WaitlistEntry]] = {
    "book": service.book,
    "wait": service.join_waitlist,
}
# What somebody asked on the phone answers to an offer, or that they wait no more.
ANSWERS: dict[str, tuple[Callable[..., Booking | WaitlistEntry], str]] = {
    "accept": (waitlist.accept, "accepted_for_caller"),
    "decline": (waitlist.decline, "declined_for_caller"),
    "leave": (waitlist.leave, "left_for_caller"),
}


def see(visit: Visit) -> Response:
    """Show the form for somebody who asks by voice."""
    session = find(visit)
    activity = visit.pack.activities.get(session.activity_id)
    return visit.show(
        "caller.html",
        session=session,
        told=described(programme_of(visit), session),
        activity=activity,
        is_visit=activity is not None and activity.kind == VISIT,
        most=service.MOST_PLACES,
        heads=visit.pack.activity_rules.visit_heads,
    )


def book(visit: Visit) -> Response:
    """Book or wait for somebody, or ask for a visit; the same order again changes nothing.

    Raises:
        Refusal: a rule of `service`, or name or phone cannot be right.
    """
    session = find(visit)
    who = callers.read(visit.sent.get("name", ""), visit.sent.get("phone", ""))
    with scope.unlimited(visit.db):
        talk = callers.conversation_with(
            visit.db,
            who,
            area_id=_area(visit, session),
            key=visit.desk.secret_key,
            now=visit.now,
        )
        order = Order(session.id, number(visit, "places", default=1), staff_id=visit.staff.id)
        before = bookings.active(visit.db, session.id, talk.resident_id)
        if before is not None and before.places == order.places:
            return go(_address(before))  # a double click
        made = _make(visit, order, talk)
    kind = "booking" if isinstance(made, Booking) else "waitlist"
    visit.note("booked_for_caller", f"{kind}:{made.id}")
    return go(_address(made))


def see_booking(visit: Visit) -> Response:
    """Show a booking with its code large, to be read out."""
    booking, caller = _find_booking(visit)
    visit.note("read_booking", f"booking:{booking.id}")
    return visit.show(
        "booking.html",
        booking=booking,
        person=Person(booking, caller),
        session=booking.session,
        told=described(programme_of(visit), booking.session),
    )


def cancel(visit: Visit) -> Response:
    """Cancel what staff booked for somebody; what a resident booked is theirs to cancel.

    Raises:
        Refusal: a rule of `service.cancel`.
    """
    booking, caller = _find_booking(visit)
    if caller is None:
        raise Refusal("utter_desk_not_like_that")
    with scope.unlimited(visit.db):
        service.cancel(
            visit.db,
            programme_of(visit),
            booking_id=booking.id,
            resident_id=booking.resident_id,
            now=visit.now,
        )
    visit.note("cancelled_for_caller", f"booking:{booking.id}")
    return go(f"/sessions/{booking.session_id}")


def answer(visit: Visit) -> Response:
    """Pass on what somebody in the line says on the phone.

    Raises:
        Refusal: it is a resident with a page of their own, or a rule of `waitlist`.
    """
    session = find(visit)
    entry = visit.db.get(WaitlistEntry, identity(visit.sent.get("entry", "")))
    deed = ANSWERS.get(visit.sent.get("answer", ""))
    if entry is None or entry.session_id != session.id or deed is None:
        raise Refusal("utter_desk_not_like_that")
    if visit.db.get(Caller, entry.resident_id) is None:
        raise Refusal("utter_desk_not_like_that")
    facts: dict[str, Any] = {"entry_id": entry.id, "resident_id": entry.resident_id}
    with scope.unlimited(visit.db):
        made = deed[0](visit.db, programme_of(visit), now=visit.now, **facts)
    if isinstance(made, Booking):
        made.staff_id = visit.staff.id
    visit.note(deed[1], f"waitlist:{entry.id}")
    return go(_address(made))


def _make(visit: Visit, order: Order, talk: Conversation) -> Booking | WaitlistEntry:
    programme, session = programme_of(visit), find(visit)
    activity = visit.pack.activities.get(session.activity_id)
    if activity is not None and activity.kind == VISIT:
        return visits.request(
            visit.db,
            programme,
            order=order,
            heads=number(visit, "heads", default=0),
            contact=f"{visit.sent['name']} {visit.sent['phone']}",
            bus=bool(visit.sent.get("bus")),
            conversation=talk,
            now=visit.now,
        )
    deed = DEEDS.get(visit.sent.get("deed", "book"))
    if deed is None:
        raise Refusal("utter_desk_not_like_that")
    return deed(visit.db, programme, order=order, conversation=talk, now=visit.now)


def _area(visit: Visit, session: Session) -> str | None:
    """Return the venue's area, once the store knows it."""
    area_id = area_of(visit.pack, session)
    known = visit.db.get(Area, area_id) if area_id else None
    return known.id if known else None


def _find_booking(visit: Visit) -> tuple[Booking, Caller | None]:
    """Return the booking of the address, in the session of the address."""
    session = find(visit)
    booking = visit.db.get(Booking, identity(visit.path["booking_id"]))
    if booking is None or booking.session_id != session.id:
        raise Missing
    return booking, visit.db.get(Caller, booking.resident_id)


def _address(made: Booking | WaitlistEntry) -> str:
    if isinstance(made, Booking):
        return f"/sessions/{made.session_id}/bookings/{made.id}"
    return f"/sessions/{made.session_id}#line"
