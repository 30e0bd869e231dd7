"""Service requests and what happened to them; history is appended, never edited."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.db import Base, UtcDateTime
from actions.people.model import Words
from actions.people.scope import Scoped


class Status(StrEnum):
    """How far a request has come; `workflow.MOVES` says what may follow what."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    REPLIED = "replied"
    RESOLVED = "resolved"
    DECLINED = "declined"
    REOPENED = "reopened"
    UNCONFIRMED = "unconfirmed"


class ServiceRequest(Scoped, Base):
    """A reported problem: what, where, whose, and by when."""

    __tablename__ = "service_requests"
    __table_args__ = (Index("ix_service_requests_status_due_at", "status", "due_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    category_id: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(20))
    team_id: Mapped[str] = mapped_column(String(40), index=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    place_id: Mapped[str | None] = mapped_column(String(60))
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    what_words_id: Mapped[int] = mapped_column(ForeignKey("words.id"))
    where_words_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"))
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    visibility: Mapped[str] = mapped_column(String(12))
    anonymous: Mapped[bool]
    attachments: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    what: Mapped[Words] = relationship(foreign_keys=[what_words_id], lazy="joined")
    where: Mapped[Words | None] = relationship(foreign_keys=[where_words_id], lazy="joined")


class Update(Base):
    """One move of a request: who made it, when, and what was said of it in public."""

    __tablename__ = "request_updates"
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_requests.id"), index=True)
    status: Mapped[str] = mapped_column(String(20))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    words_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    words: Mapped[Words | None] = relationship(lazy="joined")


class ReferenceCounter(Base):
    """The last number given out on a day (as `yymmdd`)."""

    __tablename__ = "reference_counters"
    day: Mapped[str] = mapped_column(String(6), primary_key=True)
    last: Mapped[int]
