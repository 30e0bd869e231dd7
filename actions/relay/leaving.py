"""A resident leaves for good: nothing more is passed on to them or from them."""

from datetime import datetime

from sqlalchemy import or_, select

from actions.conversations import Conversation
from actions.db import Db
from actions.relay import relaying
from actions.relay.model import Relay


def close_all(db: Db, resident_id: str, *, now: datetime) -> None:
    """Close every line of a resident; each topic has told the other side."""
    own = select(Conversation.id).where(Conversation.resident_id == resident_id)
    theirs = or_(Relay.one_id.in_(own), Relay.other_id.in_(own))
    for line in db.scalars(select(Relay).where(theirs, Relay.closed_at.is_(None))).all():
        relaying.close(db, line.about, now=now)
