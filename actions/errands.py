"""What a resident asked for beside something else: done with its message, or waiting its turn.

An errand is a stretch of what was said, or a form that was left. It holds no words of its own:
those are the message's, and go with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions import conversations
from actions.conversations import Conversation, Draft, Message
from actions.db import Base, Db, UtcDateTime
from actions.intents import DEEDS

FRESH = timedelta(hours=2)  # later nothing is taken up, or goes on, unless it is wished
RESUMED = "resume"  # the value of the choice by which a form hears that it goes on
FORGOTTEN = timedelta(days=90)  # as a draft


class ErrandState(StrEnum):
    """waiting → due (in the entry that is dealt with) → done, or dropped from any of them."""

    WAITING = "waiting"
    DUE = "due"
    DONE = "done"
    DROPPED = "dropped"


class Errand(Base):
    """One thing of several. Either `message_id` with its stretch is set, or `draft` is."""

    __tablename__ = "errands"
    __table_args__ = (
        UniqueConstraint("message_id", "starts"),
        Index("ix_errands_conversation", "conversation_id", "state"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    starts: Mapped[int] = mapped_column(default=0)
    ends: Mapped[int] = mapped_column(default=0)
    intent: Mapped[str] = mapped_column(String(40))
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    state: Mapped[str] = mapped_column(String(10))
    said_at: Mapped[datetime] = mapped_column(UtcDateTime)
    offered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    message: Mapped[Message | None] = relationship(lazy="joined")

    @property
    def words(self) -> str:
        """What was said of it; empty for a form that was left, or once words are erased."""
        return self.message.text[self.starts : self.ends].strip() if self.message else ""


@dataclass(frozen=True)
class Thing:
    """A stretch of a message that asks for one thing; `at_once`: before any form."""

    starts: int
    ends: int
    intent: str
    at_once: bool = False


def note(db: Db, *, inbox_id: int, message: Message, things: Sequence[Thing]) -> list[Errand]:
    """Write down what a message asks, in the order in which it is to be done."""
    noted = [
        Errand(
            conversation_id=message.conversation_id,
            inbox_id=inbox_id,
            message_id=message.id,
            starts=thing.starts,
            ends=thing.ends,
            intent=thing.intent,
            state=ErrandState.DUE if thing.at_once else ErrandState.WAITING,
            said_at=message.created_at,
        )
        for thing in things
    ]
    db.add_all(noted)
    db.flush()
    return noted


def due(db: Db, inbox_id: int) -> Errand | None:
    """Return what is to be done next in an inbox entry."""
    found: Errand | None = db.scalar(_due(inbox_id).limit(1))
    return found


def more_due(db: Db, errand: Errand) -> bool:
    """Whether something else is to be done in the same entry after this."""
    return errand.inbox_id is not None and bool(
        db.scalar(_due(errand.inbox_id).where(Errand.id != errand.id).limit(1))
    )


def _due(inbox_id: int) -> Any:
    return (
        select(Errand)
        .where(Errand.inbox_id == inbox_id, Errand.state == ErrandState.DUE)
        .order_by(Errand.id)
    )


def waiting(db: Db, conversation_id: str, *, now: datetime) -> list[Errand]:
    """Return what waits in a conversation, oldest first; what nobody remembers does not."""
    found = db.scalars(
        select(Errand)
        .where(
            Errand.conversation_id == conversation_id,
            Errand.state == ErrandState.WAITING,
            Errand.said_at >= now - FORGOTTEN,
        )
        .order_by(Errand.id)
    )
    return [errand for errand in found if errand.draft or errand.words]


def take_up(
    db: Db, conversation: Conversation, inbox_id: int, *, now: datetime
) -> Errand | None:
    """Have an entry go on with what was said of late and waits, unless a form is under way."""
    left = waiting(db, conversation.id, now=now)
    if not left or db.get(Draft, conversation.id) is not None:  # most often nothing is left
        return None
    for errand in left:
        if errand.draft is None and now - errand.said_at < FRESH:
            make_due(db, errand, inbox_id)
            return errand
    return None


def make_due(db: Db, errand: Errand, inbox_id: int) -> None:
    """Have an entry go on with it."""
    errand.state, errand.inbox_id = ErrandState.DUE, inbox_id
    db.flush()


def end(db: Db, errand: Errand, state: ErrandState, *, now: datetime) -> None:
    """It is done, or nobody wants it any more."""
    errand.state, errand.ended_at, errand.draft = state, now, None
    db.flush()


def give_over(db: Db, inbox_id: int, *, now: datetime) -> None:
    """A person has the whole message: nothing of it is done by itself any more."""
    db.execute(
        update(Errand)
        .where(
            Errand.inbox_id == inbox_id,
            Errand.state.in_([ErrandState.DUE, ErrandState.WAITING]),
        )
        .values(state=ErrandState.DROPPED, ended_at=now)
        .execution_options(synchronize_session=False)
    )


def leave_form(db: Db, conversation: Conversation, draft: Draft) -> Errand:
    """Put a form aside that somebody left; Rasa forgets it, we do not."""
    errand = Errand(
        conversation_id=conversation.id,
        intent=draft.form.removesuffix("_form"),
        draft={"form": draft.form, "slots": draft.slots},
        state=ErrandState.WAITING,
        said_at=draft.updated_at,
    )
    db.add(errand)
    conversations.drop_draft(db, conversation.id)
    conversation.epoch += 1
    db.flush()
    return errand


def resume_form(db: Db, conversation: Conversation, errand: Errand, *, now: datetime) -> None:
    """Take a form up again; Rasa finds it when it begins afresh."""
    assert errand.draft is not None  # noqa: S101 - the caller has looked
    conversations.keep_draft(db, conversation.id, **errand.draft, now=now)
    conversation.epoch += 1
    end(db, errand, ErrandState.DONE, now=now)


def waiting_of(db: Db, inbox_id: int) -> list[Errand]:
    """Return what was said in an entry and waits, in order."""
    return list(
        db.scalars(
            select(Errand)
            .where(Errand.inbox_id == inbox_id, Errand.state == ErrandState.WAITING)
            .order_by(Errand.id)
        )
    )


def came_after_another(db: Db, errand: Errand) -> bool:
    """Whether a deed of the same message was begun before this one, so that it is announced."""
    before = select(Errand.id).where(
        Errand.message_id == errand.message_id,
        Errand.id < errand.id,
        Errand.intent.in_(DEEDS),
        Errand.state == ErrandState.DONE,
    )
    return db.scalar(before.limit(1)) is not None


def to_offer(
    db: Db, conversation: Conversation, *, now: datetime, again_after: timedelta
) -> Errand | None:
    """Return what was left and may be offered now; nothing beside a form."""
    left = waiting(db, conversation.id, now=now)
    if not left or db.get(Draft, conversation.id) is not None:
        return None
    for errand in left:
        rested = errand.offered_at is None or now - errand.offered_at >= again_after
        if rested and (errand.draft or now - errand.said_at >= FRESH):
            return errand
    return None


def find(db: Db, conversation_id: str, errand_id: str) -> Errand | None:
    """Return what waits in a conversation by its id, as a choice tells it."""
    errand = db.get(Errand, int(errand_id)) if errand_id.isdigit() else None
    if errand is None or errand.conversation_id != conversation_id:
        return None
    return errand if errand.state == ErrandState.WAITING else None
