"""Who came: ticked off on a list or by code, and the list closed over those who did not.

That somebody missed a session is seen by staff alone; it takes nothing away from anybody.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from actions.booking import codes
from actions.booking.model import Booking, BookingStatus, Session
from actions.booking.programme import Programme, described
from actions.db import Db
from actions.errors import Refusal


def arrive(
    db: Db, programme: Programme, *, session_id: int, booking_id: int, now: datetime
) -> Booking:
    """Note that somebody is here; once is enough.

    Raises:
        Refusal: they have no booking of this session, or it is on another day.
    """
    booking = _attending(db, programme, session_id, Booking.id == booking_id, now)
    if booking.checked_in_at is None:
        booking.checked_in_at, booking.missed = now, False
    db.flush()
    return booking


def take_back(
    db: Db, programme: Programme, *, session_id: int, booking_id: int, now: datetime
) -> Booking:
    """Note that somebody is not here yet after all.

    Raises:
        Refusal: as `arrive`.
    """
    booking = _attending(db, programme, session_id, Booking.id == booking_id, now)
    booking.checked_in_at, booking.missed = None, False
    db.flush()
    return booking


# What a tap on somebody's name makes of them.
MARKS: dict[str, Callable[..., Booking]] = {"here": arrive, "not_yet": take_back}


def arrive_by_code(
    db: Db, programme: Programme, *, session_id: int, said: str, now: datetime
) -> Booking:
    """Note that whoever says or shows a code is here; a link to the booking will do too.

    Raises:
        Refusal: as `arrive`, or nothing said can be a code.
    """
    code = codes.read_code(said)
    token = said.strip().rstrip("/").rpartition("/")[2]
    shown = Booking.code == code if code else Booking.token == token
    booking = _attending(db, programme, session_id, shown, now)
    return arrive(db, programme, session_id=session_id, booking_id=booking.id, now=now)


def close_list(db: Db, programme: Programme, *, session_id: int, now: datetime) -> int:
    """Mark those who did not come; returns how many. A latecomer may still be ticked off.

    Raises:
        Refusal: the session has not begun, or is cancelled.
    """
    session = _of_today(db, programme, session_id, now)
    if session.starts_at > now:
        raise Refusal("utter_attendance_not_begun", **described(programme, session))
    closed = db.execute(
        update(Booking)
        .where(
            Booking.session_id == session_id,
            Booking.status == BookingStatus.BOOKED,
            Booking.checked_in_at.is_(None),
            Booking.missed.is_(False),
        )
        .values(missed=True)
        .execution_options(synchronize_session=False)
    )
    db.expire_all()
    return int(closed.rowcount)  # type: ignore[attr-defined]


def _attending(
    db: Db, programme: Programme, session_id: int, which: ColumnElement[bool], now: datetime
) -> Booking:
    session = _of_today(db, programme, session_id, now)
    booking = db.scalar(
        select(Booking)
        .where(
            Booking.session_id == session_id,
            Booking.status == BookingStatus.BOOKED,
            which,
        )
        .with_for_update(of=Booking)
    )
    if booking is None:
        raise Refusal("utter_attendance_not_booked", **described(programme, session))
    return booking


def _of_today(db: Db, programme: Programme, session_id: int, now: datetime) -> Session:
    """Return the session, once its day has come."""
    session = db.get(Session, session_id)
    if session is None:
        raise Refusal("utter_session_unknown")
    if not session.is_open:
        raise Refusal("utter_session_off", **described(programme, session))
    zone = programme.wording.zone
    if session.starts_at.astimezone(zone).date() > now.astimezone(zone).date():
        raise Refusal("utter_attendance_not_begun", **described(programme, session))
    return session
