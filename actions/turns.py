"""The fence around a turn: what came in, who is answering it, and whether it has acted.

A message becomes an `InboxEntry` before it is acknowledged. Each try at answering it is a
`Turn`. A deed and the gateway's giving up race for the turn's state; the database lets one win.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    func,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from actions import conversations
from actions.conversations import Conversation, Draft, Message
from actions.db import Base, Db, UtcDateTime
from actions.errands import Errand
from actions.errors import TurnLost

LEAST_SECONDS = 1.0  # for one errand, when those before it took all of the time


class EntryState(StrEnum):
    """How far an inbox entry has come; the last three are final."""

    WAITING = "waiting"
    ANSWERED = "answered"
    HANDED_OVER = "handed_over"
    QUARANTINED = "quarantined"


class TurnState(StrEnum):
    """running → acting (a deed is committed) → done, or running → given_up."""

    RUNNING = "running"
    ACTING = "acting"
    DONE = "done"
    GIVEN_UP = "given_up"


class InboxEntry(Base):
    """An update kept before it was acknowledged. The payload goes when it is dealt with."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "bot", "update_id"),
        Index("ix_inbox_state", "state", "next_try_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    bot: Mapped[str] = mapped_column(String(40), default="")
    update_id: Mapped[str] = mapped_column(String(160))
    conversation_id: Mapped[str | None] = mapped_column(
        ForeignKey("conversations.id"), index=True
    )
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    payload: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default=EntryState.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TurnRow(Base):
    """One try at answering an inbox entry, or one errand of it.

    The message is the errand's where there is one: it may have been said long before.
    """

    __tablename__ = "turns"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), index=True)
    errand_id: Mapped[int | None] = mapped_column(ForeignKey("errands.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default=TurnState.RUNNING)
    language: Mapped[str] = mapped_column(String(2))
    elder: Mapped[bool]
    choice: Mapped[dict[str, str] | None] = mapped_column(JSON)
    draft: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True)
    )  # while it runs
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Deed(Base):
    """One step of one message has been done: the same step is never done again (P12)."""

    __tablename__ = "deeds"
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"), primary_key=True)
    step: Mapped[str] = mapped_column(String(60), primary_key=True)
    done_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class Opening:
    """What a turn is opened with: how the message is understood before Rasa sees it."""

    language: str
    elder: bool
    choice: dict[str, str] | None = None
    errand: Errand | None = None


def open_turn(db: Db, entry: InboxEntry, opening: Opening, *, now: datetime) -> TurnRow:
    """Start one try at answering; the entry must have its conversation and message.

    Raises ValueError for an entry without them.
    """
    if entry.conversation_id is None or entry.message_id is None:
        raise ValueError(f"inbox entry {entry.id} has no message to answer")
    turn = TurnRow(
        id=secrets.token_hex(16),
        inbox_id=entry.id,
        conversation_id=entry.conversation_id,
        message_id=entry.message_id,
        errand_id=None,
        state=TurnState.RUNNING,
        language=opening.language,
        elder=opening.elder,
        choice=opening.choice,
        draft=_draft(db, entry.conversation_id),
        started_at=now,
    )
    entry.tries += 1
    db.add(turn)
    if opening.errand is not None:
        be_about(turn, opening.errand)
    db.flush()
    return turn


def begin(db: Db, turn_id: str, *, now: datetime) -> bool:
    """Let a turn that was opened and had to wait begin now; False if it was given up."""
    ours = TurnRow.id == turn_id, TurnRow.state == TurnState.RUNNING
    begun = db.execute(update(TurnRow).where(*ours).values(started_at=now))
    return bool(begun.rowcount == 1)  # type: ignore[attr-defined]


def left(db: Db, entry: InboxEntry, seconds: float, *, now: datetime) -> float:
    """Return what is left of an entry's seconds, after what was answered in this try of it."""
    began = db.scalar(
        select(func.min(TurnRow.started_at)).where(
            TurnRow.inbox_id == entry.id, TurnRow.started_at > now - timedelta(seconds=seconds)
        )
    )
    spent = (now - began).total_seconds() if began and not entry.tries else 0.0
    return max(seconds - spent, LEAST_SECONDS)


def be_about(turn: TurnRow, errand: Errand) -> None:
    """Let a turn answer one errand, and not the whole message of its entry."""
    turn.errand_id = errand.id
    turn.message_id = errand.message_id or turn.message_id


def _draft(db: Db, conversation_id: str) -> dict[str, Any] | None:
    """Return the form somebody is in the middle of, as `give_up` puts it back."""
    draft = db.get(Draft, conversation_id)
    return {"form": draft.form, "slots": draft.slots} if draft else None


def act(db: Db, turn: TurnRow, step: str, *, now: datetime) -> None:
    """Claim the right to do one deed of this turn, in the deed's own transaction.

    Raises:
        TurnLost: the gateway has given the turn up, or this step of the message is done.
    """
    claimed = db.execute(
        update(TurnRow)
        .where(TurnRow.id == turn.id, TurnRow.state.in_([TurnState.RUNNING, TurnState.ACTING]))
        .values(state=TurnState.ACTING)
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        raise TurnLost(f"turn {turn.id} was given up")
    try:
        with db.begin_nested():
            db.add(Deed(inbox_id=turn.inbox_id, step=_once(turn, step), done_at=now))
    except IntegrityError:
        raise TurnLost(f"step {step} of inbox entry {turn.inbox_id} is done") from None


def _once(turn: TurnRow, step: str) -> str:
    """Name a step within its entry: two errands may each do the same."""
    return step if turn.errand_id is None else f"{step}#{turn.errand_id}"


def require_running(db: Db, turn: TurnRow) -> None:
    """Refuse to remember anything (a draft, a preference) for a turn that was given up.

    Raises:
        TurnLost: the gateway has given the turn up.
    """
    state = db.scalar(select(TurnRow.state).where(TurnRow.id == turn.id).with_for_update())
    if state not in (TurnState.RUNNING, TurnState.ACTING):
        raise TurnLost(f"turn {turn.id} was given up")


def give_up(db: Db, turn_id: str, *, now: datetime) -> bool:
    """Stop waiting for a turn. True: nothing was done and nothing can be done by it any more.

    False: a deed of it is committed; its confirmation waits in the outbox. The conversation
    gets a new epoch either way, because Rasa's tracker may be anywhere. The form goes back to
    where it was before the turn, or the next try would answer its next question with the same
    words.
    """
    given_up = db.execute(
        update(TurnRow)
        .where(TurnRow.id == turn_id, TurnRow.state == TurnState.RUNNING)
        .values(state=TurnState.GIVEN_UP, ended_at=now)
        .execution_options(synchronize_session=False)
    )
    if given_up.rowcount == 1:  # type: ignore[attr-defined]
        _put_back(db, db.get_one(TurnRow, turn_id, populate_existing=True), now=now)
    db.execute(
        update(Conversation)
        .where(
            Conversation.id
            == select(TurnRow.conversation_id).where(TurnRow.id == turn_id).scalar_subquery()
        )
        .values(epoch=Conversation.epoch + 1)
        .execution_options(synchronize_session=False)
    )
    return bool(given_up.rowcount == 1)  # type: ignore[attr-defined]


def _put_back(db: Db, turn: TurnRow, *, now: datetime) -> None:
    if turn.draft is None:
        conversations.drop_draft(db, turn.conversation_id)
    else:
        conversations.keep_draft(db, turn.conversation_id, **turn.draft, now=now)
    turn.draft = None
    db.flush()


def finish(db: Db, turn_id: str, *, now: datetime) -> bool:
    """Close a turn that was answered. False when it had been given up before."""
    done = db.execute(
        update(TurnRow)
        .where(TurnRow.id == turn_id, TurnRow.state.in_([TurnState.RUNNING, TurnState.ACTING]))
        .values(state=TurnState.DONE, ended_at=now, draft=None)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]


def close_entry(entry: InboxEntry, state: EntryState, *, now: datetime) -> None:
    """The entry is dealt with: nothing of its raw payload stays."""
    entry.state, entry.finished_at, entry.payload = state, now, None


def load(db: Db, turn_id: str) -> tuple[TurnRow, Message, Conversation, Errand | None]:
    """Return a turn, what the resident wrote in it, in which conversation, and its errand.

    Raises:
        sqlalchemy.exc.NoResultFound: there is no such turn.
    """
    return db.execute(
        select(TurnRow, Message, Conversation, Errand)
        .join(Message, Message.id == TurnRow.message_id)
        .join(Conversation, Conversation.id == TurnRow.conversation_id)
        .outerjoin(Errand, Errand.id == TurnRow.errand_id)
        .where(TurnRow.id == turn_id)
    ).one()
