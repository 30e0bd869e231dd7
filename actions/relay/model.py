"""Relays and what was passed on in them; the words lie in `words`, masked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.conversations import Conversation
from actions.db import Base, UtcDateTime
from actions.people.model import Words


class Relay(Base):
    """A line between two conversations; `about` names its cause: "help:12", "meet:3"."""

    __tablename__ = "relays"
    id: Mapped[int] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(String(40), unique=True)
    one_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    other_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # before its time


@dataclass(frozen=True)
class Ends:
    """An open line as one of the two sees it: their own conversation, and the other's."""

    relay: Relay
    mine: Conversation
    theirs: Conversation


class RelayMessage(Base):
    """One thing passed on. `masked`: something was taken out of it."""

    __tablename__ = "relay_messages"
    __table_args__ = (Index("ix_relay_messages_relay", "relay_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    relay_id: Mapped[int] = mapped_column(ForeignKey("relays.id"))
    sender_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    words_id: Mapped[int] = mapped_column(ForeignKey("words.id"), index=True)
    masked: Mapped[bool]
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    words: Mapped[Words] = relationship(lazy="joined")


class Pending(Base):
    """Somebody tapped "write to them": what they say next, in time, is for the other side.

    `what` it is: "words", or a "door" or "phone" they want to give.
    """

    __tablename__ = "relay_pending"
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id"), primary_key=True
    )
    relay_id: Mapped[int] = mapped_column(ForeignKey("relays.id"))
    what: Mapped[str] = mapped_column(String(8))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class Release(Base):
    """A door or a phone number one side gives the other: shown once both agreed, for a time.

    `kind` is "door" or "phone". The message that shows it has the same words, and is erased
    with it, when its time is over or it is taken back.
    """

    __tablename__ = "relay_releases"
    id: Mapped[int] = mapped_column(primary_key=True)
    relay_id: Mapped[int] = mapped_column(ForeignKey("relays.id"), index=True)
    giver_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    kind: Mapped[str] = mapped_column(String(8))
    words_id: Mapped[int] = mapped_column(ForeignKey("words.id"), index=True)
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words: Mapped[Words] = relationship(lazy="joined")
