"""What was said in a conversation, as a page shows it again after a reload."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel
from sqlalchemy import select

from actions.conversations import Author, Message
from actions.db import Db
from actions.turns import InboxEntry
from bot.channels.webchat import AttachmentIn, ReplyOut, Webchat, reply_out, status_of

LATEST = 50
TAPPED = 10  # so many earlier messages are read to name the choices that were tapped


class SaidOut(ReplyOut):
    """One thing said by either side; `message_id` is the client's own, for what it sent."""

    author: Literal["resident", "assistant", "staff"]
    message_id: str
    attachments: list[AttachmentIn]


class HistoryOut(BaseModel):
    """The latest messages of both sides, oldest first, who answers now, and elder mode."""

    messages: list[SaidOut]
    status: Literal["pending", "open"]
    elder: bool = False


def history(db: Db, webchat: Webchat, session: str) -> HistoryOut:
    """Return a session's own conversation, empty before its first message."""
    conversation = webchat.conversation(db, session)
    if conversation is None:
        return HistoryOut(messages=[], status="pending")
    newest_first = db.execute(
        select(Message, InboxEntry.update_id)
        .outerjoin(InboxEntry, InboxEntry.message_id == Message.id)
        .where(Message.conversation_id == conversation.id)
        .order_by(Message.id.desc())
        .limit(LATEST + TAPPED)
    ).all()
    labels = {c.id: c.label for message, _ in newest_first for c in message.offered}
    said = [_said(message, update_id or "", labels) for message, update_id in newest_first]
    return HistoryOut(
        messages=said[:LATEST][::-1],
        status=status_of(conversation.status),
        elder=conversation.resident.elder,
    )


def _said(message: Message, update_id: str, labels: dict[str, str]) -> SaidOut:
    """Write a message; a tap is shown as the label that was tapped."""
    reply = reply_out(message)
    if message.author == Author.RESIDENT:
        reply.text = labels.get(reply.text, reply.text)
    return SaidOut.model_validate(
        reply.model_dump()
        | {"author": message.author, "message_id": update_id.partition(":")[2]}
        | {"attachments": message.attachments}
    )


def open_offer(said: Sequence[SaidOut]) -> str:
    """Return the id of the message whose choices may still be tapped; none is "".

    It is what the gateway holds too: what a resident says makes earlier offers old.
    """
    for message in reversed(said):
        if message.author == Author.RESIDENT.value:
            break
        if message.choices:
            return message.id
    return ""
