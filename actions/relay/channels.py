"""Where a resident may be shown a door or a phone number of a neighbour."""

from sqlalchemy import select

from actions import channels, conversations
from actions.conversations import Conversation
from actions.db import Db


def carries(db: Db, conversation: Conversation) -> bool:
    """Whether a neighbour's door or phone number may be shown in a conversation."""
    return channels.carries(conversations.channel_of(db, conversation))


def carrying(db: Db, conversation: Conversation) -> Conversation | None:
    """Return where a resident may be shown it: here if possible, else where they were last."""
    if carries(db, conversation):
        return conversation
    theirs = db.scalars(
        select(Conversation)
        .where(Conversation.resident_id == conversation.resident_id)
        .order_by(Conversation.created_at.desc())
    )
    return next((one for one in theirs if carries(db, one)), None)
