"""Booking places and giving them back; always in the caller's transaction.

Nothing here may be half done: a caller that gets a Refusal must let its transaction go.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import select

from actions import behalf
from actions.booking import bookings, on_behalf, places, stages, waitlist
from actions.booking.bookings import Order
from actions.booking.model import (
    HOLDING,
    IN_LINE,
    Booking,
    EntryStatus,
    Session,
    SessionStatus,
    WaitlistEntry,
)
from actions.booking.programme import VISIT, Programme, cancelled_late, described
from actions.booking.stages import Stage
from actions.content import offline
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal

INSTEAD = 3  # how many other sessions are named to those who lose one
MOST_PLACES = 10  # one resident may book for a family or a small group; more asks a person


def sessions_between(
    db: Db,
    *,
    start: datetime,
    end: datetime | None = None,
    activity_ids: Collection[str] | None = None,
) -> list[Session]:
    """Return the open sessions that begin from `start` up to `end`, soonest first."""
    wanted = select(Session).where(
        Session.starts_at >= start, Session.places > 0, Session.status == SessionStatus.OPEN
    )
    if end is not None:
        wanted = wanted.where(Session.starts_at < end)
    if activity_ids is not None:
        wanted = wanted.where(Session.activity_id.in_(activity_ids))
    return list(db.scalars(wanted.order_by(Session.starts_at, Session.id)))


def instead_of(db: Db, session: Session, *, places: int = 1, now: datetime) -> list[Session]:
    """Return a few others of the same activity with so many free places, soonest first."""
    others = select(Session).where(
        Session.id != session.id,
        Session.activity_id == session.activity_id,
        Session.status == SessionStatus.OPEN,
        Session.starts_at > now,
        Session.taken + Session.kept + places <= Session.places,
    )
    return list(db.scalars(others.order_by(Session.starts_at, Session.id).limit(INSTEAD)))


def bookings_of(db: Db, *, resident_id: str, now: datetime) -> list[Booking]:
    """Return a resident's bookings that are not over, soonest first."""
    return list(
        db.scalars(
            select(Booking)
            .join(Booking.session)
            .where(
                Booking.resident_id == resident_id,
                Booking.status.in_(HOLDING),
                Session.ends_at > now,
            )
            .order_by(Session.starts_at, Booking.id)
        )
    )


def reminded_of(db: Db, *, resident_id: str, now: datetime) -> list[Booking]:
    """Return the bookings a resident is reminded of: asked for by them, for whomever."""
    return list(
        db.scalars(
            select(Booking)
            .join(Booking.session)
            .join(Conversation, Conversation.id == Booking.conversation_id)
            .where(
                Conversation.resident_id == resident_id,
                Booking.status.in_(HOLDING),
                Session.ends_at > now,
            )
            .order_by(Session.starts_at, Booking.id)
        )
    )


def waiting_of(db: Db, *, resident_id: str, now: datetime) -> list[WaitlistEntry]:
    """Return where a resident waits for a place or is offered one, soonest session first."""
    return list(
        db.scalars(
            select(WaitlistEntry)
            .join(WaitlistEntry.session)
            .where(
                WaitlistEntry.resident_id == resident_id,
                WaitlistEntry.status.in_(IN_LINE),
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
        Refusal: there is no such session, it is offline, cancelled or has begun, it is not yet
            or just now drawn, it is theirs already, or too many places are wanted.
    """
    session = db.get(Session, order.session_id)
    activity = programme.pack.activities.get(session.activity_id) if session else None
    if session is None or activity is None:
        raise Refusal("utter_session_unknown")
    if offline.hidden(db).activity(activity.id):
        raise Refusal("utter_activity_offline", activity=activity.name)
    if not session.is_open:
        raise Refusal("utter_session_off", **described(programme, session))
    if session.starts_at <= now:
        raise Refusal("utter_session_past", **described(programme, session))
    if not 1 <= order.places <= MOST_PLACES:
        raise Refusal("utter_places_too_many", most=MOST_PLACES)
    if bookings.active(db, session.id, resident_id) is not None:
        raise bookings.already(programme, session, order)
    if order.staff_id is None or stages.stage_of(programme, session, now) == Stage.BEFORE:
        stages.check(db, programme, session, resident_id, now)
    return session


def book(
    db: Db, programme: Programme, *, order: Order, conversation: Conversation, now: datetime
) -> Booking:
    """Give the resident places in a session, and owe the reminders.

    Places they were offered count as free for them.

    Raises:
        Refusal: a rule of `check` or of `behalf.owner`, its places are drawn, or not so many
            are left.
    """
    resident_id = behalf.owner(db, conversation, order.acting_id)
    session = check(db, programme, order=order, resident_id=resident_id, now=now)
    _refuse_visit(programme, session)
    take = _way_to_take(db, programme, session, order, now)
    freed = 0
    if not take(db, session.id, order.places):
        standing = waitlist.stands(db, session.id, resident_id)
        if standing:  # most of a crowd does not: nobody is held up for them
            places.hold(db, session.id)
            freed = waitlist.end_for(db, session.id, resident_id)
        if not (standing and take(db, session.id, order.places)):
            db.refresh(session)
            if take is places.take_kept:
                raise Refusal("utter_draw_kept_gone", **stages.told(programme, session))
            raise _full(programme, session, order.places)
    booking = bookings.write(
        db, programme, session, order, conversation, resident_id=resident_id, now=now
    )
    if freed + waitlist.end_for(db, session.id, resident_id):  # maybe more than they took
        waitlist.offer(db, programme, session_id=session.id, now=now)
    if entry := stages.entry_of(db, session.id, resident_id):
        stages.take_out(db, entry)
    db.refresh(session)
    return booking


def join_waitlist(
    db: Db, programme: Programme, *, order: Order, conversation: Conversation, now: datetime
) -> WaitlistEntry | Booking:
    """Put the resident into the line; when a place has come free meanwhile, book it.

    Raises:
        Refusal: a rule of `check` or of `behalf.owner`, its places are drawn, the activity has
            no line, or they stand in it already.
    """
    resident_id = behalf.owner(db, conversation, order.acting_id)
    places.hold_all(db, [order.session_id])  # before looking: they may be booking this moment
    session = check(db, programme, order=order, resident_id=resident_id, now=now)
    _refuse_visit(programme, session)
    _refuse_drawn(programme, session, order, now)
    if not programme.pack.activities[session.activity_id].waitlist:
        raise _full(programme, session, order.places)
    position = places.next_position(db, session.id)
    db.refresh(session)  # its row is ours until the commit
    if session.left >= order.places:
        return book(db, programme, order=order, conversation=conversation, now=now)
    if waitlist.stands(db, session.id, resident_id):
        raise Refusal("utter_already_waiting", **described(programme, session))
    entry = WaitlistEntry(
        session_id=session.id,
        resident_id=resident_id,
        conversation_id=conversation.id,
        places=order.places,
        whom_id=bookings.keep_whom(db, order.whom, conversation, now=now),
        position=position,
        status=EntryStatus.WAITING,
        joined_at=now,
        area_id=bookings.area_of(db, programme, session),
    )
    db.add(entry)
    db.flush()
    db.refresh(entry)
    on_behalf.tell_made(db, programme, entry, now=now)
    return entry


def cancel(
    db: Db, programme: Programme, *, booking_id: int, resident_id: str, now: datetime
) -> Booking:
    """Take a booking back; its places are offered to the first in the line they suffice for.

    `resident_id` is who takes it back: whose it is, or who acts for them; the other is told.

    Raises:
        Refusal: it is not theirs, is cancelled already, or has begun.
    """
    booking = db.get(Booking, booking_id)
    if booking is None or not behalf.may(db, resident_id, booking.resident_id):
        raise Refusal("utter_no_such_booking")
    if booking.session.starts_at <= now:
        raise Refusal("utter_session_past", **described(programme, booking.session))
    places.hold(db, booking.session_id)
    if not bookings.end(db, booking, now=now):
        raise Refusal("utter_no_such_booking")
    places.give_back(db, booking.session_id, booking.places)
    if cancelled_late(programme, booking.session, now):
        places.note_risk(db, booking.session_id, now=now)
    waitlist.offer(db, programme, session_id=booking.session_id, now=now)
    on_behalf.tell_gone(db, programme, booking, but=resident_id, now=now)
    return booking


def change_places(
    db: Db,
    programme: Programme,
    *,
    booking_id: int,
    resident_id: str,
    wanted: int,
    now: datetime,
) -> Booking:
    """Change for how many a booking is; what that frees is offered to the line.

    Raises:
        Refusal: as `cancel`, too many or too few are wanted, more are wanted of what is being
            drawn, or not so many are free.
    """
    booking = db.get(Booking, booking_id)
    if booking is None or not behalf.may(db, resident_id, booking.resident_id):
        raise Refusal("utter_no_such_booking")
    session = places.hold(db, booking.session_id)
    db.refresh(booking)
    if booking.status not in HOLDING:
        raise Refusal("utter_no_such_booking")
    if session.starts_at <= now:
        raise Refusal("utter_session_past", **described(programme, session))
    if not 1 <= wanted <= MOST_PLACES:
        raise Refusal("utter_places_too_many", most=MOST_PLACES)
    more = wanted - booking.places
    if more > 0:
        _refuse_drawn(programme, session, Order(session.id, more), now)
    if more > 0 and not places.take(db, session.id, more):
        raise Refusal("utter_no_more_places", **described(programme, session), places=more)
    booking.places = wanted
    db.flush()
    if more < 0:
        places.give_back(db, session.id, -more)
        waitlist.offer(db, programme, session_id=session.id, now=now)
    bookings.remind_anew(db, programme, booking, now=now)
    db.refresh(session)
    return booking


def move_booking(  # noqa: PLR0913 - from where, to where, and how many
    db: Db,
    programme: Programme,
    *,
    booking_id: int,
    to_session_id: int,
    wanted: int | None = None,
    conversation: Conversation,
    now: datetime,
) -> Booking:
    """Exchange a booking for one of another session, of as many places: both or neither.

    `wanted` is how many places, where it is another number.

    Raises:
        Refusal: as `cancel` for the old one, as `book` for the new one.
    """
    old = db.get(Booking, booking_id)
    if old is None or not behalf.may(db, conversation.resident_id, old.resident_id):
        raise Refusal("utter_no_such_booking")
    if old.session_id == to_session_id:
        raise Refusal("utter_already_booked", **described(programme, old.session))
    places.hold_all(db, [old.session_id, to_session_id])
    db.refresh(old)  # it may have been changed while we waited
    order = Order(
        to_session_id,
        wanted or old.places,
        on_behalf.words_in(old, conversation),
        acting_id=on_behalf.acting_in(db, old, conversation),
    )
    cancel(
        db,
        programme,
        booking_id=booking_id,
        resident_id=conversation.resident_id,
        now=now,
    )
    return book(db, programme, order=order, conversation=conversation, now=now)


def _way_to_take(
    db: Db, programme: Programme, session: Session, order: Order, now: datetime
) -> Callable[[Db, int, int], bool]:
    """Say which places somebody may have: who phones or walks in also those that are kept.

    While a session is drawn these are all there is, and its draw has to wait for the answer.

    Raises:
        Refusal: a resident books what is drawn.
    """
    if order.staff_id is None:
        _refuse_drawn(programme, session, order, now)
        return places.take
    if stages.stage_of(programme, session, now) in (Stage.OPEN, Stage.CLOSED):
        stages.hold(db, session.id)
        if stages.stage_of(programme, session, now) != Stage.DRAWN:
            return places.take_kept
    return places.take_any


def _refuse_drawn(programme: Programme, session: Session, order: Order, now: datetime) -> None:
    if stages.stage_of(programme, session, now) in (Stage.OPEN, Stage.CLOSED):
        told = stages.told(programme, session) | {"places": order.places}
        raise Refusal("utter_draw_first", **told)


def _refuse_visit(programme: Programme, session: Session) -> None:
    """A visit is asked for with what staff have to know of it (`visits.request`)."""
    if programme.pack.activities[session.activity_id].kind == VISIT:
        raise Refusal("utter_visit_asked_here", **described(programme, session))


def _full(programme: Programme, session: Session, wanted: int) -> Refusal:
    activity = programme.pack.activities[session.activity_id]
    response = "utter_session_full" if activity.waitlist else "utter_session_full_no_waitlist"
    return Refusal(response, **described(programme, session), places=wanted, for_whom="")
