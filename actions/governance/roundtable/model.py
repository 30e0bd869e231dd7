"""Topics, who raised them, the meetings they are on, and who comes and asks."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.db import Base, UtcDateTime
from actions.people.model import Words
from actions.people.roles import Work
from actions.people.scope import Scoped


class Stage(StrEnum):
    """How far a meeting has come: planned → announced → reported, when its minutes are out."""

    PLANNED = "planned"
    ANNOUNCED = "announced"
    REPORTED = "reported"


class Meeting(Scoped, Base):
    """One round table: when, where, and what came of it in words all may read."""

    __tablename__ = "meetings"
    work = Work.TALKS
    id: Mapped[int] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    place: Mapped[str] = mapped_column(String(120))
    stage: Mapped[str] = mapped_column(String(10), default=Stage.PLANNED)
    minutes: Mapped[str] = mapped_column(Text, default="")
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Topic(Scoped, Base):
    """A matter many raised, in words of staff all may read; on a meeting's agenda or not."""

    __tablename__ = "topics"
    work = Work.TALKS
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    dropped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Raised(Base):
    """Somebody raised a topic: by a request of theirs, or by a question that was missed."""

    __tablename__ = "topics_raised"
    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"), index=True)
    request_id: Mapped[int | None] = mapped_column(
        ForeignKey("service_requests.id"), unique=True
    )
    miss_id: Mapped[int | None] = mapped_column(ForeignKey("misses.id"), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))


class Seat(Base):
    """A resident who comes to a meeting."""

    __tablename__ = "meeting_seats"
    __table_args__ = (UniqueConstraint("meeting_id", "conversation_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Asked(Base):
    """A question to a meeting; without words while we wait for them in the conversation."""

    __tablename__ = "meeting_questions"
    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    words_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words: Mapped[Words | None] = relationship(lazy="joined")


class Commitment(Base):
    """What was promised at a meeting: a request like others, with an owner and a due time."""

    __tablename__ = "commitments"
    request_id: Mapped[int] = mapped_column(
        ForeignKey("service_requests.id"), primary_key=True, autoincrement=False
    )
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"), index=True)
