"""What we have just offered in a conversation: how we know that words are waited for."""

from datetime import datetime, timedelta

from sqlalchemy import select

from actions.conversations import Author, Choice, Conversation, Message
from actions.db import Db

WAITS_FOR = timedelta(minutes=30)


def offered_last(
    db: Db, conversation: Conversation, intent: str, *, now: datetime
) -> Choice | None:
    """Return the first choice of an intent that our last words in a conversation offered."""
    last = db.scalar(
        select(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.author != Author.RESIDENT,
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    if last is None or last.created_at <= now - WAITS_FOR:
        return None
    return next(
        (choice for choice in (*last.offered, *last.held_back) if choice.intent == intent), None
    )
