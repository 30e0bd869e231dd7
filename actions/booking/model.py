"""Dated sessions, who has places in them, who waits for one, and who entered a draw."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.db import Base, UtcDateTime
from actions.people.model import Words
from actions.people.roles import Work
from actions.people.scope import Scoped


class SessionStatus(StrEnum):
    """A session is open until its organiser cancels it; it stays so."""

    OPEN = "open"
    CANCELLED = "cancelled"


class BookingStatus(StrEnum):
    """requested (a visit, until staff say yes) → booked → cancelled; then it may be made again.

    A booking that is requested or booked holds its places.
    """

    REQUESTED = "requested"
    BOOKED = "booked"
    CANCELLED = "cancelled"


class EntryStatus(StrEnum):
    """waiting → offered → booked, declined or expired; or left, or closed with the session.

    An entry that is offered holds its places until `offer_until`.
    """

    WAITING = "waiting"
    OFFERED = "offered"
    BOOKED = "booked"
    DECLINED = "declined"
    EXPIRED = "expired"
    LEFT = "left"
    CLOSED = "closed"


class DrawStatus(StrEnum):
    """entered → won (a booking) or lost, when the draw is held; or left before."""

    ENTERED = "entered"
    WON = "won"
    LOST = "lost"
    LEFT = "left"


class ChangeKind(StrEnum):
    """What staff may do to a session."""

    MADE = "made"
    MOVED = "moved"
    PLACES = "places"
    CALLED_OFF = "called_off"


HOLDING = (BookingStatus.REQUESTED, BookingStatus.BOOKED)
IN_LINE = (EntryStatus.WAITING, EntryStatus.OFFERED)

_HOLDING = text("status IN ('requested', 'booked')")
_IN_LINE = text("status IN ('waiting', 'offered')")
_ENTERED = text("status = 'entered'")


class Session(Base):
    """One dated occurrence of an activity of the pack.

    `planned_at` is the beginning its activity's rule gave it, by which it is known when it has
    been moved; `by_hand` is one made at the desk. `revision` counts the changes its bookers
    were told of, `staff_id` is who made the last, or made it. `taken` is the sum of what is
    held, bookings and offers; `kept` is how many of the others are only for those who phone or
    walk in. Both change in `actions.booking.places` alone. `at_risk_since` is when somebody
    last withdrew late.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("taken >= 0 AND taken <= places", name="places"),
        CheckConstraint("kept >= 0", name="kept"),
        Index(
            "uq_sessions_planned",
            *("activity_id", "planned_at"),
            unique=True,
            sqlite_where=text("NOT by_hand"),
            postgresql_where=text("NOT by_hand"),
        ),
        Index("ix_sessions_starts_at", "starts_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[str] = mapped_column(String(60))
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    room: Mapped[str | None] = mapped_column(String(60))  # another than the activity's
    places: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0, server_default="0")
    waitlist_next: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(10), default=SessionStatus.OPEN)
    revision: Mapped[int] = mapped_column(default=0)
    by_hand: Mapped[bool] = mapped_column(default=False)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    at_risk_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    draw: Mapped["Draw | None"] = relationship(back_populates="session")

    @property
    def left(self) -> int:
        """How many places are free for everybody."""
        return max(self.places - self.taken - self.kept, 0)

    @property
    def is_at_risk(self) -> bool:
        """Whether somebody withdrew late and nobody has taken the place."""
        return self.at_risk_since is not None and self.left > 0 and self.is_open

    @property
    def is_open(self) -> bool:
        """Whether it takes place, as far as is known."""
        return self.status == SessionStatus.OPEN


class SessionChange(Base):
    """One thing staff did to a session; appended only. Times, room, places as before it."""

    __tablename__ = "session_changes"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(10))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    room: Mapped[str | None] = mapped_column(String(60))
    places: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200), default="")


class Booking(Scoped, Base):
    """A resident's places in a session; at most one that holds, for each resident and session.

    `code` is what people say to one another; `token` opens the booking's page and calendar
    file to whoever has the link. `whom` is for whom it is, in the resident's own words;
    `staff_id` is who wrote it down for somebody at the counter or on the phone.
    """

    __tablename__ = "bookings"
    work = Work.ACTIVITIES
    __table_args__ = (
        CheckConstraint("places >= 1", name="places"),
        UniqueConstraint("code"),
        UniqueConstraint("token"),
        Index(
            "uq_bookings_active",
            *("session_id", "resident_id"),
            unique=True,
            sqlite_where=_HOLDING,
            postgresql_where=_HOLDING,
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(8))
    token: Mapped[str] = mapped_column(String(32))
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), index=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    places: Mapped[int]
    whom_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"), index=True)
    status: Mapped[str] = mapped_column(String(10), default=BookingStatus.BOOKED)
    booked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    checked_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    missed: Mapped[bool] = mapped_column(default=False)  # the list was closed without them
    session: Mapped[Session] = relationship(lazy="joined", innerjoin=True)
    whom: Mapped[Words | None] = relationship(lazy="joined")


class WaitlistEntry(Scoped, Base):
    """Somebody's turn in the line for a full session; positions follow the commits."""

    __tablename__ = "waitlist"
    work = Work.ACTIVITIES
    __table_args__ = (
        UniqueConstraint("session_id", "position"),
        CheckConstraint("places >= 1", name="places"),
        Index(
            "uq_waitlist_waiting",
            *("session_id", "resident_id"),
            unique=True,
            sqlite_where=_IN_LINE,
            postgresql_where=_IN_LINE,
        ),
        Index("ix_waitlist_offers", "status", "offer_until"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), index=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    places: Mapped[int]
    whom_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"), index=True)
    position: Mapped[int]
    status: Mapped[str] = mapped_column(String(10), default=EntryStatus.WAITING)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    offered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    offer_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    session: Mapped[Session] = relationship(lazy="joined", innerjoin=True)
    whom: Mapped[Words | None] = relationship(lazy="joined")


class Draw(Base):
    """The draw of a session's places: its window, and what makes it checkable by anybody.

    `commitment` (SHA-256 of the secret seed, hex) is published when the window opens, the seed
    when it has been drawn. `kept` places are for those who phone or walk in; `places` is how
    many were drawn.
    """

    __tablename__ = "draws"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kept: Mapped[int] = mapped_column(default=0)
    places: Mapped[int | None]
    seed: Mapped[str] = mapped_column(String(64))
    commitment: Mapped[str] = mapped_column(String(64))
    drawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    session: Mapped[Session] = relationship(
        lazy="joined", innerjoin=True, back_populates="draw"
    )


class DrawEntry(Scoped, Base):
    """Somebody's lot in a draw. `ticket` is what is published; it says nothing of who it is."""

    __tablename__ = "draw_entries"
    work = Work.ACTIVITIES
    __table_args__ = (
        CheckConstraint("places >= 1", name="places"),
        UniqueConstraint("ticket"),
        Index(
            "uq_draw_entries_entered",
            *("session_id", "resident_id"),
            unique=True,
            sqlite_where=_ENTERED,
            postgresql_where=_ENTERED,
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket: Mapped[str] = mapped_column(String(16))
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), index=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    places: Mapped[int]
    whom_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"), index=True)
    status: Mapped[str] = mapped_column(String(10), default=DrawStatus.ENTERED)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    group: Mapped[int | None]  # when drawn: who goes first, 0 is the first
    rank: Mapped[int | None]  # when drawn: the place in the published order, from 1
    session: Mapped[Session] = relationship(lazy="joined", innerjoin=True)
    whom: Mapped[Words | None] = relationship(lazy="joined")


# What a resident may hold in a session.
Held = Booking | WaitlistEntry | DrawEntry


class Visit(Base):
    """What staff need to know of a group that visits; belongs to its booking."""

    __tablename__ = "visits"
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), primary_key=True)
    heads: Mapped[int]
    bus: Mapped[bool] = mapped_column(default=False)  # wants the bay for a coach
    contact_id: Mapped[int] = mapped_column(ForeignKey("words.id"), index=True)
    guide_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    booking: Mapped[Booking] = relationship(lazy="joined", innerjoin=True)
    contact: Mapped[Words] = relationship(lazy="joined")
