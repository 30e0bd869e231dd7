"""Places in sessions: booked, cancelled, waited for; always in the caller's transaction.

Nothing here may be half done: a caller that gets a Refusal must let its transaction go.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from actions import outbox
from actions.booking.model import (
    Booking,
    BookingStatus,
    EntryStatus,
    Session,
    WaitlistEntry,
)
from actions.booking.programme import Programme, described, remind_at
from actions.content import offline
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.people.model import Area
from actions.wording import to_json

MOST_PLACES = 10  # one resident may book for a family or a small group; more asks a person


@dataclass(frozen=True)
class Order:
    """What a resident wants: so many places in a session."""

    session_id: int
    places: int = 1


def sessions_between(
    db: Db,
    *,
    start: datetime,
    end: datetime | None = None,
    activity_ids: Collection[str] | None = None,
) -> list[Session]:
    """Return the sessions that begin from `start` up to `end`, soonest first."""
    wanted = select(Session).where(Session.starts_at >= start, Session.places > 0)
    if end is not None:
        wanted = wanted.where(Session.starts_at < end)
    if activity_ids is not None:
        wanted = wanted.where(Session.activity_id.in_(activity_ids))
    return list(db.scalars(wanted.order_by(Session.starts_at, Session.id)))


def bookings_of(db: Db, *, resident_id: str, now: datetime) -> list[Booking]:
    """Return a resident's bookings that are not over, soonest first."""
    return list(
        db.scalars(
            select(Booking)
            .join(Booking.session)
            .where(
                Booking.resident_id == resident_id,
                Booking.status == BookingStatus.BOOKED,
                Session.ends_at > now,
            )
            .order_by(Session.starts_at, Booking.id)
        )
    )


def waiting_of(db: Db, *, resident_id: str, now: datetime) -> list[WaitlistEntry]:
    """Return where a resident waits for a place, soonest session first."""
    return list(
        db.scalars(
            select(WaitlistEntry)
            .join(WaitlistEntry.session)
            .where(
                WaitlistEntry.resident_id == resident_id,
                WaitlistEntry.status == EntryStatus.WAITING,
                Session.starts_at > now,
            )
            .order_by(Session.starts_at, WaitlistEntry.id)
        )
    )


def clash(db: Db, *, session: Session, resident_id: str, now: datetime) -> Booking | None:
    """Return what the resident has booked for the same time; it is said, not refused."""
    return next(
        (
            booking
            for booking in bookings_of(db, resident_id=resident_id, now=now)
            if booking.session_id != session.id
            and booking.session.starts_at < session.ends_at
            and session.starts_at < booking.session.ends_at
        ),
        None,
    )


def check(
    db: Db, programme: Programme, *, order: Order, resident_id: str, now: datetime
) -> Session:
    """Guard a booking and return its session, full or not.

    Raises:
        Refusal: there is no such session, its activity is offline, it has begun, its places are
            drawn, it is theirs already, or too many places are wanted.
    """
    session = db.get(Session, order.session_id)
    activity = programme.pack.activities.get(session.activity_id) if session else None
    if session is None or activity is None:
        raise Refusal("utter_session_unknown")
    if offline.hidden(db).activity(activity.id):
        raise Refusal("utter_activity_offline", activity=activity.name)
    if activity.draw:
        raise Refusal("utter_activity_drawn", activity=activity.name)
    if session.starts_at <= now:
        raise Refusal("utter_session_past", **described(programme, session))
    if not 1 <= order.places <= MOST_PLACES:
        raise Refusal("utter_places_too_many", most=MOST_PLACES)
    if _active(db, session.id, resident_id) is not None:
        raise Refusal("utter_already_booked", **described(programme, session))
    return session


def book(
    db: Db, programme: Programme, *, order: Order, conversation: Conversation, now: datetime
) -> Booking:
    """Give the resident places in a session, and owe the reminder.

    Raises:
        Refusal: a rule of `check`, or the session has not so many places left.
    """
    resident_id = conversation.resident_id
    session = check(db, programme, order=order, resident_id=resident_id, now=now)
    if not _take(db, session.id, order.places):
        db.refresh(session)
        raise _full(programme, session, order.places)
    try:
        with db.begin_nested():
            booking = _booking(db, programme, session, order.places, conversation, now)
    except IntegrityError:
        raise Refusal("utter_already_booked", **described(programme, session)) from None
    _leave_line(db, session.id, resident_id)
    _remind(db, programme, booking, now)
    return booking


def join_waitlist(
    db: Db, programme: Programme, *, order: Order, conversation: Conversation, now: datetime
) -> WaitlistEntry | Booking:
    """Put the resident into the line; when a place has come free meanwhile, book it.

    Raises:
        Refusal: a rule of `check`, the activity has no line, or they stand in it already.
    """
    resident_id = conversation.resident_id
    session = check(db, programme, order=order, resident_id=resident_id, now=now)
    if not programme.pack.activities[session.activity_id].waitlist:
        raise _full(programme, session, order.places)
    position = db.scalar(
        update(Session)
        .where(Session.id == session.id)
        .values(waitlist_next=Session.waitlist_next + 1)
        .returning(Session.waitlist_next)
        .execution_options(synchronize_session=False)
    )
    db.refresh(session)  # its row is ours until the commit
    if session.left >= order.places:
        return book(db, programme, order=order, conversation=conversation, now=now)
    entry = WaitlistEntry(
        session_id=session.id,
        resident_id=resident_id,
        conversation_id=conversation.id,
        places=order.places,
        position=position,
        status=EntryStatus.WAITING,
        joined_at=now,
        area_id=_area_id(db, programme, session),
    )
    try:
        with db.begin_nested():
            db.add(entry)
    except IntegrityError:
        raise Refusal("utter_already_waiting", **described(programme, session)) from None
    db.refresh(entry)
    return entry


def cancel(
    db: Db, programme: Programme, *, booking_id: int, resident_id: str, now: datetime
) -> Booking:
    """Take a booking back; its places go to the first in the line they are enough for.

    Raises:
        Refusal: it is not theirs, is cancelled already, or has begun.
    """
    booking = db.get(Booking, booking_id)
    if booking is None or booking.resident_id != resident_id:
        raise Refusal("utter_no_such_booking")
    if booking.session.starts_at <= now:
        raise Refusal("utter_session_past", **described(programme, booking.session))
    _hold(db, booking.session_id)  # always the session before its bookings: no deadlock
    cancelled = db.execute(
        update(Booking)
        .where(Booking.id == booking_id, Booking.status == BookingStatus.BOOKED)
        .values(status=BookingStatus.CANCELLED, cancelled_at=now)
        .execution_options(synchronize_session=False)
    )
    if cancelled.rowcount != 1:  # type: ignore[attr-defined]
        raise Refusal("utter_no_such_booking")
    db.execute(
        update(Session)
        .where(Session.id == booking.session_id)
        .values(taken=Session.taken - booking.places)
        .execution_options(synchronize_session=False)
    )
    outbox.cancel(db, about(booking))
    promote(db, programme, session_id=booking.session_id, now=now)
    db.refresh(booking)
    return booking


def leave_waitlist(db: Db, *, entry_id: int, resident_id: str) -> WaitlistEntry:
    """Take the resident out of a line.

    Raises:
        Refusal: they do not stand in it (any more).
    """
    entry = db.get(WaitlistEntry, entry_id)
    if entry is None or entry.resident_id != resident_id:
        raise Refusal("utter_no_such_booking")
    if not _move_entry(db, entry, EntryStatus.LEFT):
        raise Refusal("utter_no_such_booking")
    return entry


def promote(db: Db, programme: Programme, *, session_id: int, now: datetime) -> list[Booking]:
    """Give free places to those who wait, in their order, passing over what does not fit.

    While its activity is offline they wait on.
    """
    session = _hold(db, session_id)
    if session.starts_at <= now or offline.hidden(db).activity(session.activity_id):
        return []
    waiting = db.scalars(
        select(WaitlistEntry)
        .where(
            WaitlistEntry.session_id == session_id, WaitlistEntry.status == EntryStatus.WAITING
        )
        .order_by(WaitlistEntry.position)
    )
    return [
        _promoted(db, programme, session, entry, now)
        for entry in waiting.all()
        if _take(db, session_id, entry.places)
    ]


def ahead_of(db: Db, entry: WaitlistEntry) -> int:
    """Return how many stand in the line before somebody."""
    return db.scalars(
        select(func.count())
        .select_from(WaitlistEntry)
        .where(
            WaitlistEntry.session_id == entry.session_id,
            WaitlistEntry.status == EntryStatus.WAITING,
            WaitlistEntry.position < entry.position,
        )
    ).one()


def about(booking: Booking) -> str:
    """Return what notices about a booking are filed under."""
    return f"booking:{booking.id}"


def _full(programme: Programme, session: Session, places: int) -> Refusal:
    activity = programme.pack.activities[session.activity_id]
    response = "utter_session_full" if activity.waitlist else "utter_session_full_no_waitlist"
    return Refusal(response, **described(programme, session), places=places)


def _take(db: Db, session_id: int, places: int) -> bool:
    """Take places if there are so many: one statement, which no other can come between."""
    taken = db.execute(
        update(Session)
        .where(Session.id == session_id, Session.taken + places <= Session.places)
        .values(taken=Session.taken + places)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def _hold(db: Db, session_id: int) -> Session:
    """Make everybody else wait for this session until the commit, and read it afresh."""
    return db.scalars(
        select(Session)
        .where(Session.id == session_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _active(db: Db, session_id: int, resident_id: str) -> Booking | None:
    return db.scalar(
        select(Booking).where(
            Booking.session_id == session_id,
            Booking.resident_id == resident_id,
            Booking.status == BookingStatus.BOOKED,
        )
    )


def _booking(
    db: Db,
    programme: Programme,
    session: Session,
    places: int,
    conversation: Conversation,
    now: datetime,
) -> Booking:
    booking = Booking(
        session_id=session.id,
        resident_id=conversation.resident_id,
        conversation_id=conversation.id,
        places=places,
        status=BookingStatus.BOOKED,
        booked_at=now,
        area_id=_area_id(db, programme, session),
    )
    db.add(booking)
    db.flush()
    db.refresh(session)
    return booking


def _promoted(
    db: Db, programme: Programme, session: Session, entry: WaitlistEntry, now: datetime
) -> Booking:
    """Make a booking of somebody's turn in the line, and tell them with a way to cancel."""
    _move_entry(db, entry, EntryStatus.BOOKED)
    conversation = db.get_one(Conversation, entry.conversation_id)
    booking = _booking(db, programme, session, entry.places, conversation, now)
    outbox.put(
        db,
        conversation_id=conversation.id,
        response="utter_waitlist_booked",
        due_at=now,
        values=_values(programme, booking),
        about=about(booking),
        key=f"{about(booking)}:promoted",
    )
    _remind(db, programme, booking, now)
    return booking


def _move_entry(db: Db, entry: WaitlistEntry, to: EntryStatus) -> bool:
    moved = db.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.id == entry.id, WaitlistEntry.status == EntryStatus.WAITING)
        .values(status=to)
        .execution_options(synchronize_session=False)
    )
    db.refresh(entry)
    return bool(moved.rowcount == 1)  # type: ignore[attr-defined]


def _leave_line(db: Db, session_id: int, resident_id: str) -> None:
    """Whoever has places does not wait for more of the same session."""
    db.execute(
        update(WaitlistEntry)
        .where(
            WaitlistEntry.session_id == session_id,
            WaitlistEntry.resident_id == resident_id,
            WaitlistEntry.status == EntryStatus.WAITING,
        )
        .values(status=EntryStatus.BOOKED)
        .execution_options(synchronize_session=False)
    )


def _remind(db: Db, programme: Programme, booking: Booking, now: datetime) -> None:
    due_at = remind_at(programme, booking.session, now)
    if due_at is not None:
        outbox.put(
            db,
            conversation_id=booking.conversation_id,
            response="utter_booking_reminder",
            due_at=due_at,
            values=_values(programme, booking),
            about=about(booking),
            key=f"{about(booking)}:reminder",
        )


def _values(programme: Programme, booking: Booking) -> dict[str, Any]:
    described_ = described(programme, booking.session)
    return to_json(described_ | {"booking": booking.id, "places": booking.places})


def _area_id(db: Db, programme: Programme, session: Session) -> str | None:
    """Return the area of the venue, once the store knows it."""
    activity = programme.pack.activities[session.activity_id]
    facility = programme.pack.facilities.get(activity.venue)
    area = db.get(Area, facility.area) if facility and facility.area else None
    return area.id if area else None
