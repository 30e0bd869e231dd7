"""Figures on sessions and who comes, counted by the database."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from actions.booking.model import (
    IN_LINE,
    Booking,
    BookingStatus,
    Session,
    SessionStatus,
    WaitlistEntry,
)
from actions.booking.model import Visit as GroupVisit
from actions.db import Db


@dataclass(frozen=True)
class Held:
    """An activity between two moments: how many sessions, and how many of the places taken."""

    activity_id: str
    sessions: int
    places: int
    taken: int


def held(db: Db, *, since: datetime, until: datetime) -> list[Held]:
    """Return the activities that take place, the fullest first."""
    places, taken = func.sum(Session.places), func.sum(Session.taken)
    found = db.execute(
        select(Session.activity_id, func.count(Session.id), places, taken)
        .where(
            Session.status == SessionStatus.OPEN,
            Session.starts_at >= since,
            Session.starts_at < until,
        )
        .group_by(Session.activity_id)
        .order_by(taken.desc(), Session.activity_id)
    )
    return [Held(*row) for row in found]


def in_line(db: Db, *, now: datetime) -> int:
    """Count who waits for a place of a session to come, within the scope of who looks."""
    counted = (
        select(func.count(WaitlistEntry.id))
        .join(Session, Session.id == WaitlistEntry.session_id)
        .where(WaitlistEntry.status.in_(IN_LINE), Session.starts_at > now)
    )
    return db.scalar(counted) or 0


def visits_to_answer(db: Db, *, now: datetime) -> int:
    """Count the groups that wait for an answer, within the scope of who looks."""
    counted = (
        select(func.count(GroupVisit.booking_id))
        .join(Booking, Booking.id == GroupVisit.booking_id)
        .join(Session, Session.id == Booking.session_id)
        .where(Booking.status == BookingStatus.REQUESTED, Session.ends_at > now)
    )
    return db.scalar(counted) or 0
