"""Dated sessions, who has places in them, and who waits for one."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.db import Base, UtcDateTime
from actions.people.scope import Scoped


class BookingStatus(StrEnum):
    """A booking holds its places until it is cancelled; then it may be made again."""

    BOOKED = "booked"
    CANCELLED = "cancelled"


class EntryStatus(StrEnum):
    """waiting → booked (a place came free), or left."""

    WAITING = "waiting"
    BOOKED = "booked"
    LEFT = "left"


class Session(Base):
    """One dated occurrence of an activity of the pack.

    `taken` changes only by one conditional UPDATE (`service.book`), `waitlist_next` under it.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        UniqueConstraint("activity_id", "starts_at"),
        CheckConstraint("taken >= 0 AND taken <= places", name="places"),
        Index("ix_sessions_starts_at", "starts_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[str] = mapped_column(String(60))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    places: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    waitlist_next: Mapped[int] = mapped_column(default=0)

    @property
    def left(self) -> int:
        """How many places are free."""
        return self.places - self.taken


class Booking(Scoped, Base):
    """A resident's places in a session; at most one active for each resident and session."""

    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint("places >= 1", name="places"),
        Index(
            "uq_bookings_active",
            *("session_id", "resident_id"),
            unique=True,
            sqlite_where=text("status = 'booked'"),
            postgresql_where=text("status = 'booked'"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), index=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    places: Mapped[int]
    status: Mapped[str] = mapped_column(String(10), default=BookingStatus.BOOKED)
    booked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    session: Mapped[Session] = relationship(lazy="joined", innerjoin=True)


class WaitlistEntry(Scoped, Base):
    """Somebody's turn in the line for a full session; positions follow the commits."""

    __tablename__ = "waitlist"
    __table_args__ = (
        UniqueConstraint("session_id", "position"),
        CheckConstraint("places >= 1", name="places"),
        Index(
            "uq_waitlist_waiting",
            *("session_id", "resident_id"),
            unique=True,
            sqlite_where=text("status = 'waiting'"),
            postgresql_where=text("status = 'waiting'"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), index=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    places: Mapped[int]
    position: Mapped[int]
    status: Mapped[str] = mapped_column(String(10), default=EntryStatus.WAITING)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    session: Mapped[Session] = relationship(lazy="joined", innerjoin=True)
