"""A resident is asked no more how they are; who would have been told of silence knows it."""

from datetime import datetime

from sqlalchemy import select

from actions import conversations, outbox
from actions.care.model import CheckIn
from actions.db import Db


def end(db: Db, resident_id: str, *, now: datetime) -> bool:
    """End the daily question, and tell family: silence means nothing from now on."""
    asked = db.get(CheckIn, resident_id)
    if asked is None or asked.ended_at is not None:
        return False
    asked.ended_at, asked.next_at = now, None
    if asked.family_id is not None:
        _tell(db, asked.family_id, "utter_check_in_over", now=now)
    db.flush()
    return True


def leave(db: Db, resident_id: str, *, now: datetime) -> None:
    """End the own question; who named the resident as family is told to name somebody else."""
    end(db, resident_id, now=now)
    named = select(CheckIn).where(CheckIn.family_id == resident_id)
    for other in db.scalars(named).all():
        other.family_id = None
        if other.ended_at is None:
            _tell(db, other.resident_id, "utter_check_in_family_left", now=now)
    db.flush()


def _tell(db: Db, resident_id: str, response: str, *, now: datetime) -> None:
    talk = conversations.of_resident(db, resident_id)
    if talk is not None:
        outbox.put(db, conversation_id=talk.id, response=response, due_at=now)
