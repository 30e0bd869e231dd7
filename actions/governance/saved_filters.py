"""Filters of the work list that somebody keeps under a name of their own."""

from datetime import datetime

from sqlalchemy import delete, func, select

from actions.db import Db
from actions.errors import Refusal
from actions.governance.model import SavedFilter

MOST = 12
LONGEST_NAME = 20


def save(db: Db, *, staff_id: int, name: str, query: str, now: datetime) -> SavedFilter:
    """Keep a filter; one of the same name is replaced.

    Raises:
        Refusal: it has no name or too long a one, or there are too many.
    """
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Refusal("utter_desk_filter_name", most=LONGEST_NAME)
    db.execute(
        delete(SavedFilter).where(SavedFilter.staff_id == staff_id, SavedFilter.name == name)
    )
    kept = select(func.count(SavedFilter.id)).where(SavedFilter.staff_id == staff_id)
    if (db.scalar(kept) or 0) >= MOST:
        raise Refusal("utter_desk_filters_full", most=MOST)
    saved = SavedFilter(staff_id=staff_id, name=name, query=query, saved_at=now)
    db.add(saved)
    db.flush()
    return saved


def of(db: Db, staff_id: int) -> list[SavedFilter]:
    """Return somebody's filters, oldest first."""
    theirs = select(SavedFilter).where(SavedFilter.staff_id == staff_id)
    return list(db.scalars(theirs.order_by(SavedFilter.id)))


def drop(db: Db, filter_id: int, *, staff_id: int) -> bool:
    """Forget a filter; False when it is not theirs."""
    dropped = db.execute(
        delete(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.staff_id == staff_id)
    )
    return bool(dropped.rowcount)  # type: ignore[attr-defined]
