"""What an organiser does to a session: make, repeat, move, cancel; everybody is told once.

Nothing is done to two sessions of one room at once: it is refused, and the other is named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from actions import behalf, outbox
from actions.booking import bookings, draw, places, reminders, service, stages, waitlist
from actions.booking.model import (
    Booking,
    ChangeKind,
    DrawEntry,
    Session,
    SessionChange,
    SessionStatus,
    WaitlistEntry,
)
from actions.booking.programme import Programme, described, label, venue_of
from actions.conversations import Choice, Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.wording import to_json


@dataclass(frozen=True)
class Times:
    """When and where a session takes place; `room` None is its activity's own."""

    starts_at: datetime
    ends_at: datetime
    room: str | None = None


def make(  # noqa: PLR0913 - a deed names its parts
    db: Db,
    programme: Programme,
    *,
    activity_id: str,
    times: Times,
    seats: int,
    staff_id: int,
    now: datetime,
    repeat: int = 1,
) -> list[Session]:
    """Make a session, and the same in the weeks after it: `repeat` of them in all.

    Raises:
        Refusal: no such activity, an impossible time or number, or the room is taken then.
    """
    if activity_id not in programme.pack.activities:
        raise Refusal("utter_session_unknown")
    if seats < 1 or repeat < 1:
        raise Refusal("utter_session_impossible")
    made = []
    for week in range(repeat):
        later = _later(times, timedelta(weeks=week), programme)
        _check_times(db, programme, activity_id, later, None, now)
        made.append(
            Session(
                activity_id=activity_id,
                planned_at=later.starts_at,
                starts_at=later.starts_at,
                ends_at=later.ends_at,
                room=later.room,
                places=seats,
                taken=0,
                waitlist_next=0,
                status=SessionStatus.OPEN,
                revision=0,
                by_hand=True,
                staff_id=staff_id,
            )
        )
        db.add(made[-1])
        db.flush()
        _note(db, made[-1], ChangeKind.MADE, staff_id, now)
    return made


def move(
    db: Db,
    programme: Programme,
    *,
    session_id: int,
    times: Times,
    staff_id: int,
    now: datetime,
) -> Session:
    """Move a session in time or to another room; reminders move along, everybody is told once.

    Raises:
        Refusal: it is cancelled or has begun, the time is impossible, or the room is taken.
    """
    session = _changeable(db, programme, session_id, now)
    _check_times(db, programme, session.activity_id, times, session.id, now)
    before: dict[str, Any] = {
        "before": session.starts_at,
        "venue_before": venue_of(programme.pack, session),
    }
    _note(db, session, ChangeKind.MOVED, staff_id, now)
    session.starts_at, session.ends_at = times.starts_at, times.ends_at
    session.room, session.staff_id = times.room, staff_id
    session.revision += 1
    db.flush()
    for booking in bookings.of_session(db, session.id):
        bookings.remind_anew(db, programme, booking, now=now)
        _tell(db, programme, booking, "utter_session_moved", now, before)
    for entry in waitlist.in_line(db, session.id):
        waitlist.ask_anew(db, programme, entry, now=now)
        _tell(db, programme, entry, "utter_waiting_moved", now, before)
    draw.moved(db, programme, session, now=now)
    for lot in stages.entered(db, session.id):
        closes = {"closes": stages.window_of(programme, session).closes_at}
        _tell(db, programme, lot, "utter_draw_moved", now, before | closes)
    return session


def call_off(
    db: Db,
    programme: Programme,
    *,
    session_id: int,
    reason: str,
    staff_id: int,
    now: datetime,
) -> Session:
    """Cancel a session for all: bookings and line end, everybody is told once, and of others.

    Raises:
        Refusal: it is cancelled already, or has begun.
    """
    session = _changeable(db, programme, session_id, now)
    _note(db, session, ChangeKind.CALLED_OFF, staff_id, now, reason)
    session.status, session.staff_id = SessionStatus.CANCELLED, staff_id
    session.revision += 1
    db.flush()
    instead = service.instead_of(db, session, now=now)
    booked, waiting = bookings.of_session(db, session.id), waitlist.in_line(db, session.id)
    for booking in booked:
        bookings.end(db, booking, now=now)
        places.give_back(db, session.id, booking.places)
    waitlist.close(db, waiting)
    in_draw = stages.entered(db, session.id)
    for lot in in_draw:
        stages.take_out(db, lot)
    everybody: list[Booking | WaitlistEntry | DrawEntry] = [*booked, *waiting, *in_draw]
    for one in everybody:
        _tell(db, programme, one, "utter_session_called_off", now, {"reason": reason}, instead)
    db.refresh(session)
    return session


def change_seats(
    db: Db,
    programme: Programme,
    *,
    session_id: int,
    seats: int,
    staff_id: int,
    now: datetime,
) -> Session:
    """Change how many places a session has; what that frees is offered to the line.

    Raises:
        Refusal: it is cancelled or has begun, or more places are taken.
    """
    session = _changeable(db, programme, session_id, now)
    if seats < max(1, session.taken):
        raise Refusal("utter_seats_taken", **described(programme, session), taken=session.taken)
    _note(db, session, ChangeKind.PLACES, staff_id, now)
    session.places, session.staff_id = seats, staff_id
    db.flush()
    waitlist.offer(db, programme, session_id=session.id, now=now)
    return session


def history(db: Db, session: Session) -> Sequence[SessionChange]:
    """Return what staff did to a session, in order."""
    return db.scalars(
        select(SessionChange)
        .where(SessionChange.session_id == session.id)
        .order_by(SessionChange.id)
    ).all()


def clashing(
    db: Db, programme: Programme, *, activity_id: str, times: Times, but: int | None
) -> Session | None:
    """Return another open session in the same room at an overlapping time."""
    activity = programme.pack.activities[activity_id]
    where = (activity.venue, times.room or activity.room)
    overlapping = select(Session).where(
        Session.status == SessionStatus.OPEN,
        Session.places > 0,
        Session.starts_at < times.ends_at,
        Session.ends_at > times.starts_at,
        Session.id != (but or 0),
    )
    for other in db.scalars(overlapping.order_by(Session.starts_at)):
        theirs = programme.pack.activities.get(other.activity_id)
        if theirs and where[1] and (theirs.venue, other.room or theirs.room) == where:
            return other
    return None


def _check_times(
    db: Db,
    programme: Programme,
    activity_id: str,
    times: Times,
    but: int | None,
    now: datetime,
) -> None:
    if not now < times.starts_at < times.ends_at <= times.starts_at + timedelta(days=1):
        raise Refusal("utter_session_impossible")
    other = clashing(db, programme, activity_id=activity_id, times=times, but=but)
    if other is not None:
        raise Refusal("utter_room_taken", **described(programme, other))


def _changeable(db: Db, programme: Programme, session_id: int, now: datetime) -> Session:
    if db.get(Session, session_id) is None:
        raise Refusal("utter_session_unknown")
    session = places.hold(db, session_id)
    if not session.is_open:
        raise Refusal("utter_session_off", **described(programme, session))
    if session.starts_at <= now:
        raise Refusal("utter_session_past", **described(programme, session))
    return session


def _later(times: Times, by: timedelta, programme: Programme) -> Times:
    """Return the same wall-clock times some days later."""
    zone = programme.wording.zone
    starts = times.starts_at.astimezone(zone) + by
    return Times(starts, starts + (times.ends_at - times.starts_at), times.room)


def _note(
    db: Db,
    session: Session,
    kind: ChangeKind,
    staff_id: int,
    now: datetime,
    reason: str = "",
) -> None:
    """Remember who does what to a session, and how it is before."""
    db.add(
        SessionChange(
            session_id=session.id,
            staff_id=staff_id,
            happened_at=now,
            kind=kind,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            room=session.room,
            places=session.places,
            reason=reason,
        )
    )


def _tell(  # noqa: PLR0913, PLR0917
    db: Db,
    programme: Programme,
    one: Booking | WaitlistEntry | DrawEntry,
    response: str,
    now: datetime,
    values: Mapping[str, Any],
    instead: Sequence[Session] = (),
) -> None:
    """Owe everybody concerned the news of a change; of each change once."""
    session = one.session
    told = described(programme, session) | dict(values) | {"id": one.id, "places": one.places}
    key = f"{_about(one)}:{session.revision}:{response}"
    for listener in behalf.listeners(db, one.resident_id, one.conversation_id):
        there = listener.conversation_id
        language = db.get_one(Conversation, there).resident.language
        outbox.put(
            db,
            conversation_id=there,
            response=response,
            due_at=now,
            values=to_json(told),
            choices=[
                Choice(label(programme, other, language), "book_activity", str(other.id))
                for other in instead
            ],
            key=key if there == one.conversation_id else f"{key}:theirs",
        )


def _about(one: Booking | WaitlistEntry | DrawEntry) -> str:
    match one:
        case Booking():
            return reminders.about(one)
        case WaitlistEntry():
            return waitlist.about(one)
        case DrawEntry():
            return stages.about(one)
