"""What a reply told: which record in which version, or that there was nothing to tell.

The mark travels with the reply: the action sets it, Rasa passes it on, and whoever writes the
reply down writes the mark beside it, in the same transaction.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from actions.conversations import Message
from actions.db import Base, Db, UtcDateTime

UNKNOWN, SUGGESTED = "unknown", "suggested"  # kinds of a reply that told no record
MISHEARD = "misheard"  # of one that asks to say it again: kept nowhere, only counted


@dataclass(frozen=True)
class Told:
    """What one reply told: a record's kind, id and version (`Sourced.fingerprint`).

    `kind` is UNKNOWN or SUGGESTED, without id and version, when no record answered; `likely`
    are then the records that came nearest, as "kind:id". `chosen`: the resident tapped it.
    """

    kind: str
    id: str = ""
    version: str = ""
    chosen: bool = False
    likely: tuple[str, ...] = ()


class ToldAnswer(Base):
    """One reply that told a record, or that it is not known."""

    __tablename__ = "told_answers"
    __table_args__ = (
        Index("ix_told_answers_record", "kind", "record_id", "told_at"),
        Index("ix_told_answers_conversation", "conversation_id", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    kind: Mapped[str] = mapped_column(String(12))
    record_id: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(String(16))
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)


def keep(db: Db, reply: Message, told: Told | None, *, now: datetime) -> None:
    """Write down what a reply told, if it told anything that may be corrected or missed."""
    if told is None or told.kind == MISHEARD:
        return
    db.add(
        ToldAnswer(
            message_id=reply.id,
            conversation_id=reply.conversation_id,
            kind=told.kind,
            record_id=told.id,
            version=told.version,
            told_at=now,
        )
    )


def of_reply(db: Db, reply: Message) -> ToldAnswer | None:
    """Return what was told by a reply, or by another in answer to the same message.

    A long answer arrives as several replies; only the last of them carries the mark.
    """
    if reply.inbox_id is None:
        return db.scalar(select(ToldAnswer).where(ToldAnswer.message_id == reply.id))
    return db.scalar(
        select(ToldAnswer)
        .join(Message, Message.id == ToldAnswer.message_id)
        .where(Message.inbox_id == reply.inbox_id)
        .order_by(ToldAnswer.id.desc())
        .limit(1)
    )


def to_json(told: Told) -> dict[str, Any]:
    """Write the mark as JSON."""
    return asdict(told) | {"likely": list(told.likely)}


def from_json(mark: Mapping[str, Any]) -> Told:
    """Read the mark back.

    Raises:
        KeyError, TypeError: it is none.
    """
    return Told(
        kind=str(mark["kind"]),
        id=str(mark.get("id", "")),
        version=str(mark.get("version", "")),
        chosen=bool(mark.get("chosen", False)),
        likely=tuple(map(str, mark.get("likely", ()))),
    )
