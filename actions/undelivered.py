"""What did not arrive, and what broke us: staff see it, and decide what becomes of it.

A message that died on its way to a platform or is held there, a notice that could not be said,
and a resident's message set aside after it broke us.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from actions.conversations import Conversation, Message
from actions.db import Db
from actions.errors import Refusal
from actions.outbox import Notice, NoticeState
from actions.people.model import Address, Words
from actions.sending import BLOCKED, Sending, SendingState
from actions.turns import EntryState, InboxEntry

SHOWN = 100  # of each
NOT_LIKE_THAT = "utter_desk_not_like_that"


class What(StrEnum):
    """What did not get to whom it was for."""

    SENDING = "sending"  # to a platform
    NOTICE = "notice"  # into a conversation
    ENTRY = "entry"  # from a resident to us


@dataclass(frozen=True)
class Undelivered:
    """One of them: whose, where, why in one word of ours, since when, and what it says.

    `text` is empty where the words are another resident's: staff do not read those.
    """

    what: What
    id: int
    conversation: Conversation
    channel: str
    state: str
    trouble: str
    since: datetime
    text: str


def listed(db: Db) -> list[Undelivered]:
    """Return all within reach, what is dead before what is held, the oldest first."""
    found = [*_sendings(db), *_notices(db), *_entries(db)]
    return sorted(found, key=lambda one: (one.state == SendingState.HELD, one.since))


def count(db: Db) -> int:
    """Return how many are for staff to decide: what is held may still go by itself."""
    waiting = (
        _of(Sending, _conversation_of(Sending), Sending.state == SendingState.DEAD),
        _of(Notice, Notice.conversation_id, Notice.state == NoticeState.DEAD),
        _of(InboxEntry, InboxEntry.conversation_id, InboxEntry.state == EntryState.QUARANTINED),
    )
    return sum(db.scalar(one) or 0 for one in waiting)


def again(db: Db, what: What, id_: int, *, now: datetime) -> Conversation:
    """Try once more what is dead, or answer what was set aside.

    Raises:
        LookupError: there is none within reach.
        Refusal: it is not dead, or they want no more.
    """
    row, talk = _find(db, what, id_)
    blocked = db.get_one(Address, talk.address_id).blocked_at is not None
    if row.state not in DEAD or (blocked and what is What.SENDING):
        raise Refusal(NOT_LIKE_THAT)
    row.tries = 0
    if what is What.ENTRY:
        row.state, row.next_try_at, row.finished_at = EntryState.WAITING, now, None
    else:
        row.state, row.due_at, row.lease_until = "waiting", now, None
    db.flush()
    return talk


def drop(db: Db, what: What, id_: int) -> Conversation:
    """Let it be: it need not arrive any more.

    Raises: as `again`.
    """
    return _end(db, what, id_, DROPPED)


def told(db: Db, what: What, id_: int) -> Conversation:
    """Note that staff have told it themselves, or have answered.

    Raises: as `again`.
    """
    return _end(db, what, id_, TOLD)


DEAD = frozenset({SendingState.DEAD, NoticeState.DEAD, EntryState.QUARANTINED})
DROPPED = {
    What.SENDING: SendingState.CANCELLED,
    What.NOTICE: NoticeState.CANCELLED,
    What.ENTRY: EntryState.HANDED_OVER,
}
TOLD = {
    What.SENDING: SendingState.ELSEWHERE,
    What.NOTICE: NoticeState.CANCELLED,
    What.ENTRY: EntryState.HANDED_OVER,
}
TABLES: Mapping[What, type[Any]] = {
    What.SENDING: Sending,
    What.NOTICE: Notice,
    What.ENTRY: InboxEntry,
}
OPEN = frozenset({*DEAD, SendingState.HELD, NoticeState.HELD})


def _end(db: Db, what: What, id_: int, ends: Mapping[What, str]) -> Conversation:
    row, talk = _find(db, what, id_)
    if row.state not in OPEN:
        raise Refusal(NOT_LIKE_THAT)
    row.state = ends[what]
    db.flush()
    return talk


def _find(db: Db, what: What, id_: int) -> tuple[Any, Conversation]:
    table = TABLES[what]
    row = db.get(table, id_, with_for_update=True)
    if row is None:
        raise LookupError(what)
    conversation_id = (
        db.get_one(Message, row.message_id).conversation_id
        if what is What.SENDING
        else row.conversation_id
    )
    talk = db.scalar(select(Conversation).where(Conversation.id == conversation_id))
    if talk is None:
        raise LookupError(what)
    return row, talk


def _conversation_of(sending: type[Sending]) -> Any:
    said = select(Message.conversation_id).where(Message.id == sending.message_id)
    return said.scalar_subquery()


def _of(table: type[Any], conversation_id: Any, *which: ColumnElement[bool]) -> Select[int]:
    return (
        select(func.count(table.id))
        .select_from(table)
        .join(Conversation, Conversation.id == conversation_id)
        .where(*which)
    )


def _sendings(db: Db) -> Sequence[Undelivered]:
    found = db.execute(
        select(Sending, Message, Conversation)
        .join(Message, Message.id == Sending.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Sending.state.in_([SendingState.DEAD, SendingState.HELD]))
        .order_by(Sending.id)
        .limit(SHOWN)
    )
    return [
        Undelivered(
            What.SENDING,
            one.id,
            talk,
            one.channel,
            one.state,
            one.trouble,
            message.created_at,
            _text(message.words, talk),
        )
        for one, message, talk in found
    ]


def _notices(db: Db) -> Sequence[Undelivered]:
    found = db.execute(
        select(Notice, Address.channel, Conversation, Words)
        .join(Conversation, Conversation.id == Notice.conversation_id)
        .join(Address, Address.id == Conversation.address_id)
        .outerjoin(Words, Words.id == Notice.words_id)
        .where(Notice.state.in_([NoticeState.DEAD, NoticeState.HELD]))
        .where(or_(Notice.stale_at.is_(None), Notice.state == NoticeState.DEAD))
        .order_by(Notice.id)
        .limit(SHOWN)
    )
    return [
        Undelivered(
            What.NOTICE, one.id, talk, channel, one.state, "", one.due_at, _text(words, talk)
        )
        for one, channel, talk, words in found
    ]


def _entries(db: Db) -> Sequence[Undelivered]:
    found = db.execute(
        select(InboxEntry, Message, Conversation)
        .join(Message, Message.id == InboxEntry.message_id)
        .join(Conversation, Conversation.id == InboxEntry.conversation_id)
        .where(InboxEntry.state == EntryState.QUARANTINED)
        .order_by(InboxEntry.id)
        .limit(SHOWN)
    )
    return [
        Undelivered(
            What.ENTRY,
            one.id,
            talk,
            one.channel,
            one.state,
            "",
            one.received_at,
            "" if message.for_neighbour else _text(message.words, talk),
        )
        for one, message, talk in found
    ]


def _text(words: Words | None, talk: Conversation) -> str:
    return words.text if words and words.resident_id == talk.resident_id else ""


def why(trouble: str) -> str:
    """Return the kind of a trouble, as the desk names it."""
    return next((kind for kind, holds in KINDS.items() if holds(trouble)), "failed")


KINDS: Mapping[str, Callable[[str], bool]] = {
    "none": lambda trouble: not trouble,
    "blocked": lambda trouble: trouble in {BLOCKED, "Blocked"},
    "refused": lambda trouble: trouble.startswith("refused"),
    "closed": lambda trouble: trouble == "Closed",
    "slowed": lambda trouble: trouble == "Slowed",
    "away": lambda trouble: "Timeout" in trouble or "Connect" in trouble,
}
