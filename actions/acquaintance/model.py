"""Who would like to meet neighbours, and two who were asked whether they would meet."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from actions.db import Base, UtcDateTime
from actions.people.roles import Work
from actions.people.scope import Scoped


class Openness(Scoped, Base):
    """A resident would like to meet neighbours who like the same; asked for once, until ended.

    `interests` are ids of the pack's interests.
    """

    __tablename__ = "open_to_meet"
    work = Work.TALKS
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    interests: Mapped[list[str]] = mapped_column(JSON, default=list)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Introduction(Base):
    """Two who like the same: each is asked without being told who the other is.

    The pair is written in the order of their ids, so that it exists once.
    """

    __tablename__ = "introductions"
    __table_args__ = (
        UniqueConstraint("one_id", "other_id"),
        CheckConstraint("one_id < other_id", name="in_order"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    one_id: Mapped[str] = mapped_column(ForeignKey("residents.id"))
    other_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    interest: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    one_agreed: Mapped[bool | None]
    other_agreed: Mapped[bool | None]
    introduced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
