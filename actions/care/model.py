"""Daily check-ins, and reports about neighbours."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.db import Base, UtcDateTime
from actions.people.model import Words
from actions.people.roles import Work
from actions.people.scope import Scoped


class CheckIn(Scoped, Base):
    """Somebody who lives alone wants to be asked every day how they are.

    `asks_at` and `answer_by` are HH:MM on the community's clock; nobody is told who is not
    `family_id` or staff of the area. `next_at` is when the worker has to look again.
    """

    __tablename__ = "check_ins"
    work = Work.TALKS
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    family_id: Mapped[str | None] = mapped_column(ForeignKey("residents.id"), index=True)
    asks_at: Mapped[str] = mapped_column(String(5))
    answer_by: Mapped[str] = mapped_column(String(5))
    paused_from: Mapped[date | None]
    paused_until: Mapped[date | None]  # that day, too
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CheckInDay(Base):
    """One day's question: asked, answered or not, and who was told."""

    __tablename__ = "check_in_days"
    __table_args__ = (UniqueConstraint("resident_id", "day"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"))
    day: Mapped[date]
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    well: Mapped[bool | None]
    family_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    staff_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


_OPEN = text("closed_at IS NULL")


class NeighbourReport(Scoped, Base):
    """What a resident says against a neighbour; only then do staff read the relay.

    One of a pair is open at a time: saying it ten times does not make it ten reports.
    """

    __tablename__ = "neighbour_reports"
    work = Work.TALKS
    __table_args__ = (
        Index(
            "uq_neighbour_reports_open",
            "reporter_id",
            "reported_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    reporter_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    reported_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    relay_id: Mapped[int | None] = mapped_column(ForeignKey("relays.id"))
    words_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(12))  # `reports.OUTCOMES`
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words: Mapped[Words | None] = relationship(lazy="joined")
