"""Needs, offers and the two together; a resident's words lie in `words`, never here."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.db import Base, UtcDateTime
from actions.people.model import Words
from actions.people.roles import Work
from actions.people.scope import Scoped


class Status(StrEnum):
    """How far a need has come; `MOVES` says what may follow what."""

    REVIEW = "review"
    OPEN = "open"
    MATCHED = "matched"
    DONE = "done"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


MOVES: dict[Status, frozenset[Status]] = {
    Status.REVIEW: frozenset({Status.OPEN, Status.EXPIRED, Status.CANCELLED}),
    Status.OPEN: frozenset({Status.MATCHED, Status.EXPIRED, Status.CANCELLED}),
    Status.MATCHED: frozenset({Status.DONE, Status.OPEN, Status.CANCELLED}),
    Status.DONE: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.CANCELLED: frozenset(),
}

# What waits for somebody: it counts against a resident's limit, and it can expire.
WAITING = frozenset({Status.REVIEW, Status.OPEN})


class MatchStatus(StrEnum):
    """proposed → accepted · declined · done."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    DONE = "done"


class HelpRequest(Scoped, Base):
    """A need: what kind, when, whose. For a point in time the two wanted moments are equal."""

    __tablename__ = "help_requests"
    work = Work.TALKS
    __table_args__ = (Index("ix_help_requests_status_expires_at", "status", "expires_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind_id: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(10))
    what_words_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"))
    wanted_from: Mapped[datetime] = mapped_column(UtcDateTime)
    wanted_until: Mapped[datetime] = mapped_column(UtcDateTime)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    what: Mapped[Words | None] = relationship(lazy="joined")


class HelpOffer(Scoped, Base):
    """A neighbour who is willing to help; asked for once, kept until withdrawn."""

    __tablename__ = "help_offers"
    work = Work.TALKS
    id: Mapped[int] = mapped_column(primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


_LIVING = text("status IN ('proposed', 'accepted')")


class Match(Base):
    """A need and the neighbour who takes it on; the database allows one living match a need."""

    __tablename__ = "help_matches"
    __table_args__ = (
        Index(
            "uq_help_matches_living",
            "request_id",
            unique=True,
            sqlite_where=_LIVING,
            postgresql_where=_LIVING,
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("help_requests.id"))
    helper_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    status: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
