"""A resident is proposed to nobody any more; who had met them writes to nobody from now on."""

from datetime import datetime

from sqlalchemy import or_, select

from actions import conversations, outbox
from actions.acquaintance.model import Introduction, Openness
from actions.db import Db
from actions.relay import relaying


def close(db: Db, resident_id: str, *, now: datetime) -> bool:
    """End that somebody is proposed to neighbours; what was asked comes to nothing."""
    found = db.get(Openness, resident_id)
    for asked in _introductions(db, resident_id):
        if asked.introduced_at is None and asked.expires_at > now:
            asked.expires_at = now
    if found is None or found.ended_at is not None:
        return False
    found.ended_at = now
    db.flush()
    return True


def leave(db: Db, resident_id: str, *, now: datetime) -> None:
    """Close also the lines to whom they had met; these are told, not why."""
    close(db, resident_id, now=now)
    for met in _introductions(db, resident_id):
        line = relaying.of(db, f"meet:{met.id}")
        if line is None or line.closed_at is not None or line.closes_at <= now:
            continue
        relaying.close(db, line.about, now=now)
        other = met.other_id if met.one_id == resident_id else met.one_id
        talk = conversations.of_resident(db, other)
        if talk is not None:
            outbox.put(db, conversation_id=talk.id, response="utter_met_left", due_at=now)
    db.flush()


def _introductions(db: Db, resident_id: str) -> list[Introduction]:
    own = or_(Introduction.one_id == resident_id, Introduction.other_id == resident_id)
    return list(db.scalars(select(Introduction).where(own).order_by(Introduction.id)))
