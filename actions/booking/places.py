"""The places of a session: the one module that changes how many are taken.

Always in the caller's transaction. `taken` is the sum of what holds places: bookings that are
requested or booked, and offers to those who wait. Places that are `kept` are not for everybody.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, select, update

from actions.booking.model import Session, SessionStatus
from actions.db import Db


def hold(db: Db, session_id: int) -> Session:
    """Make everybody else wait for this session until the commit, and read it afresh.

    Always the session before its bookings and entries, so that nobody deadlocks.
    """
    return hold_all(db, [session_id])[0]


def hold_all(db: Db, session_ids: Collection[int]) -> list[Session]:
    """Hold several sessions, in the order of their ids, as everybody does who needs several.

    A transaction that goes on to others afterwards must hold all of them before the first.
    """
    held = db.scalars(
        select(Session)
        .where(Session.id.in_(session_ids))
        .order_by(Session.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(held)


def take(db: Db, session_id: int, places: int) -> bool:
    """Take places if so many are free for everybody: nothing can come between."""
    return _take(
        db, session_id, places, Session.taken + Session.kept + places <= Session.places
    )


def take_any(db: Db, session_id: int, places: int) -> bool:
    """Take places if there are so many, those that are kept first."""
    less = case((Session.kept > places, Session.kept - places), else_=0)
    free = Session.taken + places <= Session.places
    return _take(db, session_id, places, free, kept=less)


def take_kept(db: Db, session_id: int, places: int) -> bool:
    """Take places if so many are kept."""
    free = (Session.kept >= places) & (Session.taken + places <= Session.places)
    return _take(db, session_id, places, free, kept=Session.kept - places)


def keep(db: Db, session_id: int, places: int) -> None:
    """Keep so many of the places that are not taken from everybody; 0 frees what is left."""
    db.execute(
        update(Session)
        .where(Session.id == session_id)
        .values(kept=places)
        .execution_options(synchronize_session=False)
    )


def give_back(db: Db, session_id: int, places: int) -> None:
    """Give back places that were taken."""
    db.execute(
        update(Session)
        .where(Session.id == session_id)
        .values(taken=Session.taken - places)
        .execution_options(synchronize_session=False)
    )


def next_position(db: Db, session_id: int) -> int:
    """Return the next place in the line; the session's row is ours until the commit."""
    position: int = db.execute(
        update(Session)
        .where(Session.id == session_id)
        .values(waitlist_next=Session.waitlist_next + 1)
        .returning(Session.waitlist_next)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    return position


def note_risk(db: Db, session_id: int, *, now: datetime) -> None:
    """Note that somebody withdrew late: who organises it may have to find another."""
    db.execute(
        update(Session)
        .where(Session.id == session_id)
        .values(at_risk_since=now)
        .execution_options(synchronize_session=False)
    )


def _take(db: Db, session_id: int, places: int, free: ColumnElement[bool], **more: Any) -> bool:
    """Take places where `free` holds: one statement, which no other can come between."""
    taken = db.execute(
        update(Session)
        .where(Session.id == session_id, Session.status == SessionStatus.OPEN, free)
        .values(taken=Session.taken + places, **more)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]
