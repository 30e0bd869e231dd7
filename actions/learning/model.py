"""Recalls of answers, questions that were missed, and questions staff have taught."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.db import Base, UtcDateTime
from actions.people.model import Words


class Recall(Base):
    """One correction of one record, told to everybody who had got a wrong version of it."""

    __tablename__ = "recalls"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    record_id: Mapped[str] = mapped_column(String(80))
    wrong_versions: Mapped[list[str]] = mapped_column(JSON)
    right_version: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text)
    told: Mapped[int]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    recalled_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Reason(StrEnum):
    """Why a question counts as missed."""

    UNKNOWN = "unknown"  # we said that we do not know
    SUGGESTED = "suggested"  # we asked back, and none of it was tapped
    DISLIKED = "disliked"  # the answer was judged not to help


class MissState(StrEnum):
    """new → accepted (taught as a question of a record) or dismissed."""

    NEW = "new"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class Miss(Base):
    """A question that was not answered, or not well; its words are redacted and erasable."""

    __tablename__ = "misses"
    __table_args__ = (Index("ix_misses_state", "state", "asked_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)  # the reply
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    words_id: Mapped[int] = mapped_column(ForeignKey("words.id"), index=True)
    language: Mapped[str] = mapped_column(String(2))
    reason: Mapped[str] = mapped_column(String(10))
    complaint: Mapped[str | None] = mapped_column(String(12))
    shown: Mapped[str | None] = mapped_column(String(100))  # the record shown, as kind:id
    likely: Mapped[list[str]] = mapped_column(JSON, default=list)  # the nearest, as kind:id
    state: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words: Mapped[Words] = relationship(lazy="joined")

    @property
    def text(self) -> str:
        """The question, redacted; empty once the resident is forgotten."""
        return self.words.text


class LearnedQuestion(Base):
    """A question staff taught: it counts as a sample question of its record until retired."""

    __tablename__ = "learned_questions"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    record_id: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(2))
    question: Mapped[str] = mapped_column(String(200))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    accepted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
