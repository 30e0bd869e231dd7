"""Rows of bookings: written with code, link and reminders; found; never half done."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from actions import happenings, outbox
from actions.booking import codes, on_behalf, reminders
from actions.booking.model import HOLDING, Booking, BookingStatus, Session
from actions.booking.programme import Programme, described
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.happenings import What
from actions.people.model import Area, Words

TRIES = 20  # to find a code nobody has; most often the first will do


@dataclass(frozen=True)
class Order:
    """What is wanted: so many places in a session; `whom` says for whom, when not oneself.

    `staff_id` is who books on behalf of somebody at the counter or on the phone; `acting_id` is
    by what a resident asks for somebody else, whose it then is (see `actions.behalf`).
    """

    session_id: int
    places: int = 1
    whom: str = ""
    staff_id: int | None = None
    acting_id: int | None = None


def write(  # noqa: PLR0913 - one row has this many facts
    db: Db,
    programme: Programme,
    session: Session,
    order: Order,
    conversation: Conversation,
    *,
    now: datetime,
    resident_id: str,
    whom_id: int | None = None,
    status: BookingStatus = BookingStatus.BOOKED,
) -> Booking:
    """Write a booking whose places are taken already, and owe its reminders.

    It is the resident's; who asked for it in the conversation may be somebody who acts for
    them. Then they are told.

    Raises:
        Refusal: the resident has a booking of this session.
    """
    booking = Booking(
        code=free(db, Booking.code, codes.new_code),
        token=secrets.token_urlsafe(16),
        session_id=session.id,
        resident_id=resident_id,
        conversation_id=conversation.id,
        places=order.places,
        whom_id=whom_id or keep_whom(db, order.whom, conversation, now=now),
        status=status,
        booked_at=now,
        staff_id=order.staff_id,
        area_id=area_of(db, programme, session),
    )
    try:
        with db.begin_nested():
            db.add(booking)
    except IntegrityError:
        raise already(programme, session, order) from None
    db.refresh(booking)
    db.refresh(session)
    announce(db, booking, now=now)
    if status == BookingStatus.BOOKED:
        reminders.owe(db, programme, booking, now=now)
        on_behalf.tell_made(db, programme, booking, now=now)
    return booking


def already(programme: Programme, session: Session, order: Order) -> Refusal:
    """Return what is said when whose it would be has it already."""
    response = "utter_already_booked" if order.acting_id is None else "utter_already_theirs"
    return Refusal(response, **described(programme, session))


def free(db: Db, column: InstrumentedAttribute[str], make: Callable[[], str]) -> str:
    """Return a code that nobody has in a column yet.

    Raises:
        RuntimeError: most are in use.
    """
    for _ in range(TRIES):
        code = make()
        if db.scalar(select(column).where(column == code)) is None:
            return code
    raise RuntimeError(f"no {column} is free; let {make.__name__} make longer ones")


def end(db: Db, booking: Booking, *, now: datetime) -> bool:
    """Mark a booking cancelled and take back its notices; False when it held nothing."""
    ended = db.execute(
        update(Booking)
        .where(Booking.id == booking.id, Booking.status.in_(HOLDING))
        .values(status=BookingStatus.CANCELLED, cancelled_at=now)
        .execution_options(synchronize_session=False)
    )
    outbox.cancel(db, reminders.about(booking))
    db.refresh(booking)
    if ended.rowcount != 1:  # type: ignore[attr-defined]
        return False
    announce(db, booking, now=now)
    return True


ANNOUNCED = {
    BookingStatus.REQUESTED: What.BOOKING_REQUESTED,
    BookingStatus.BOOKED: What.BOOKING_MADE,
    BookingStatus.CANCELLED: What.BOOKING_CANCELLED,
}


def announce(db: Db, booking: Booking, *, now: datetime) -> None:
    """Note for the town's systems what a booking has just become."""
    facts: happenings.Facts = {
        "activity": booking.session.activity_id,
        "session": booking.session_id,
        "starts_at": booking.session.starts_at.isoformat(),
        "places": booking.places,
    }
    what, subject = ANNOUNCED[BookingStatus(booking.status)], f"booking/{booking.id}"
    happenings.note(db, what, subject, area_id=booking.area_id, facts=facts, now=now)


def remind_anew(db: Db, programme: Programme, booking: Booking, *, now: datetime) -> None:
    """Take back what a booking owes and owe it anew, as the booking and its session are now."""
    outbox.cancel(db, reminders.about(booking))
    db.refresh(booking)
    if booking.status == BookingStatus.BOOKED:
        reminders.owe(db, programme, booking, now=now)


def active(db: Db, session_id: int, resident_id: str) -> Booking | None:
    """Return the booking by which a resident holds places in a session."""
    return db.scalar(
        select(Booking).where(
            Booking.session_id == session_id,
            Booking.resident_id == resident_id,
            Booking.status.in_(HOLDING),
        )
    )


def of_session(db: Db, session_id: int) -> Sequence[Booking]:
    """Return the bookings that hold places in a session, in the order they were made."""
    return db.scalars(
        select(Booking)
        .where(Booking.session_id == session_id, Booking.status.in_(HOLDING))
        .order_by(Booking.id)
    ).all()


def keep_whom(db: Db, whom: str, conversation: Conversation, *, now: datetime) -> int | None:
    """Keep for whom a booking is, where it can be erased."""
    if not whom:
        return None
    words = Words(resident_id=conversation.resident_id, text=whom, created_at=now)
    db.add(words)
    db.flush()
    return words.id


def for_whom(whom_id: int | None, acting_id: int | None = None) -> str:
    """Return what the value of a tap ends with, so that it is kept for whom it is."""
    acting = f"a{acting_id}" if acting_id else ""
    return (f"w{whom_id}" if whom_id else "") + acting


def area_of(db: Db, programme: Programme, session: Session) -> str | None:
    """Return the area of the venue, once the store knows it."""
    activity = programme.pack.activities[session.activity_id]
    facility = programme.pack.facilities.get(activity.venue)
    area = db.get(Area, facility.area) if facility and facility.area else None
    return area.id if area else None
