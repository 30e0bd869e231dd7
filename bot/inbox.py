"""Keeps an update durably, once, before it is acknowledged."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from actions import channels, conversations, outbox, sending
from actions.channels import CHANNELS, Reached
from actions.conversations import Author, Conversation
from actions.db import Database, Db
from actions.people.model import Address, Area
from actions.turns import EntryState, InboxEntry
from bot.message import InboundMessage

AtOnce = Callable[[Db, InboxEntry], None]


@dataclass(frozen=True)
class Kept:
    """Where an update is kept, and whether it still waits to be dealt with.

    `known`: it had been kept before.
    """

    entry_id: int
    conversation_id: str
    waiting: bool
    known: bool = False


@dataclass(frozen=True)
class Around:
    """What an entry keeps beside the message until it is dealt with: who said it, to what."""

    sender: str = ""
    quoted: str = ""


def around(entry: InboxEntry) -> Around:
    """Return what was kept beside an entry's message."""
    return Around(**json.loads(entry.payload)) if entry.payload else Around()


def keep(
    database: Database,
    message: InboundMessage,
    *,
    now: datetime,
    at_once: AtOnce | None = None,
) -> Kept:
    """Keep an update with its conversation and words, in one transaction.

    `at_once` does in the same transaction what cannot wait; it is not called for an update
    that had been kept before.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the store is down; nothing may be acknowledged.
    """
    try:
        return _keep(database, message, now, at_once)
    except IntegrityError:  # another connection has just kept the same update
        return _keep(database, message, now, at_once)


def keep_in(
    db: Db, message: InboundMessage, *, now: datetime, at_once: AtOnce | None = None
) -> Kept:
    """Keep an update in the caller's transaction; it is durable once that is."""
    found = _find(db, message)
    entry = found or _write(db, message, now)
    if found is None and at_once:
        at_once(db, entry)
    waiting = entry.state == EntryState.WAITING
    return Kept(entry.id, str(entry.conversation_id), waiting, known=found is not None)


def _keep(
    database: Database, message: InboundMessage, now: datetime, at_once: AtOnce | None
) -> Kept:
    with database.transaction() as db:
        return keep_in(db, message, now=now, at_once=at_once)


def _find(db: Db, message: InboundMessage) -> InboxEntry | None:
    return db.scalar(
        select(InboxEntry).where(
            InboxEntry.channel == message.channel,
            InboxEntry.bot == message.bot,
            InboxEntry.update_id == message.update_id,
        )
    )


def _write(db: Db, message: InboundMessage, now: datetime) -> InboxEntry:
    conversation = conversations.at_address(
        db, channel=message.channel, address=message.address, now=now
    )
    _note_door(db, conversation, message, now)
    _note_area(db, conversation, message.area)
    said = conversations.say(
        db,
        conversation,
        message.text,
        author=Author.RESIDENT,
        now=now,
        attachments=message.attachments,
    )
    entry = InboxEntry(
        channel=message.channel,
        bot=message.bot,
        update_id=message.update_id,
        conversation_id=conversation.id,
        message_id=said.id,
        payload=_beside(message),
        state=EntryState.WAITING,
        tries=0,
        received_at=now,
        next_try_at=now,
    )
    db.add(entry)
    db.flush()
    return entry


def _note_door(
    db: Db, conversation: Conversation, message: InboundMessage, now: datetime
) -> None:
    """Note on a platform's address that we are heard there: what was held may go out."""
    if channels.reached(message.channel) != Reached.PUSHED:
        return
    address = db.get_one(Address, conversation.address_id)
    address.is_group, address.blocked_at = bool(message.sender), None
    window = CHANNELS[message.channel].window_after(message.heard)
    sending.open_window(db, address, window, now=min(message.said_at or now, now))
    sending.release(db, address.id, now=now)
    outbox.release(db, conversation.id, now=now)


def _note_area(db: Db, conversation: Conversation, area_id: str) -> None:
    """Believe a door sign where nothing else is known of where somebody lives."""
    if not area_id or db.get(Area, area_id) is None:
        return
    resident = conversation.resident
    resident.area_id = resident.area_id or area_id
    conversation.area_id = conversation.area_id or resident.area_id


def _beside(message: InboundMessage) -> str | None:
    kept = Around(message.sender, message.quoted)
    return None if kept == Around() else json.dumps(asdict(kept), ensure_ascii=False)
