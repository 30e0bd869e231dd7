"""Items of news and their versions, who wants to hear, who was told, notices under way."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from actions.db import Base, UtcDateTime
from actions.people.roles import Work
from actions.people.scope import Scoped


class Status(StrEnum):
    """How far an item has come; `service.MOVES` says from where to where."""

    DRAFT = "draft"
    APPROVED = "approved"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Deed(StrEnum):
    """What happens to an item, beside its moves."""

    WRITTEN = "written"
    APPROVED = "approved"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SENT = "sent"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"
    TOLD_ALL = "told_all"


class State(StrEnum):
    """How a broadcast goes: running ⇄ paused → stopped, or done when all were told."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


class Rhythm(StrEnum):
    """How often somebody wants to hear."""

    DAILY = "daily"
    WEEKLY = "weekly"


class NewsItem(Scoped, Base):
    """Something to be told to an area. What it says is in its versions; its area never changes.

    `version` is the one residents get, 0 before any was approved. `pack_id` is the sample of
    the pack it was taken over from; then nobody owns it.
    """

    __tablename__ = "news"
    __table_args__ = (Index("ix_news_status", "status"),)
    work = Work.CONTENT
    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(String(10), default=Status.DRAFT)
    version: Mapped[int] = mapped_column(default=0)
    pack_id: Mapped[str | None] = mapped_column(String(60), unique=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))  # its owner
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NewsVersion(Base):
    """What an item says, as somebody wrote it and another may have approved it; never edited.

    Of an urgent one the database, too, refuses that the same person did both.
    """

    __tablename__ = "news_versions"
    __table_args__ = (
        UniqueConstraint("news_id", "number"),
        CheckConstraint(
            "NOT urgent OR approved_at IS NULL OR (staff_id IS NOT NULL"
            " AND approved_by IS NOT NULL AND approved_by <> staff_id)",
            name="second_person",
        ),
        CheckConstraint("urgent OR NOT danger", name="danger_is_urgent"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    news_id: Mapped[int] = mapped_column(ForeignKey("news.id"))
    number: Mapped[int]
    topic: Mapped[str] = mapped_column(String(40))
    title_zh: Mapped[str] = mapped_column(String(40))
    title_en: Mapped[str] = mapped_column(String(80), default="")
    body_zh: Mapped[str] = mapped_column(Text)
    body_en: Mapped[str] = mapped_column(Text, default="")
    urgent: Mapped[bool] = mapped_column(default=False)
    danger: Mapped[bool] = mapped_column(default=False)  # to life: it does not wait for morning
    level: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(120))
    publish_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))  # who wrote it
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class NewsChange(Base):
    """One thing that happened to an item; appended, never changed. Without staff: by itself."""

    __tablename__ = "news_changes"
    id: Mapped[int] = mapped_column(primary_key=True)
    news_id: Mapped[int] = mapped_column(ForeignKey("news.id"), index=True)
    version: Mapped[int]
    deed: Mapped[str] = mapped_column(String(10))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Broadcast(Base):
    """An urgent version is being told to all of its area, some conversations at a time.

    `after` is the conversation the last batch ended with, in the order of their ids.
    """

    __tablename__ = "news_broadcasts"
    __table_args__ = (UniqueConstraint("news_id", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    news_id: Mapped[int] = mapped_column(ForeignKey("news.id"))
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(8), default=State.RUNNING, index=True)
    after: Mapped[str] = mapped_column(String(32), default="")
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Subscription(Base):
    """A resident wants to hear of a topic: of where they live, or of a named area."""

    __tablename__ = "news_subscriptions"
    __table_args__ = (UniqueConstraint("resident_id", "topic", "area"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"))
    topic: Mapped[str] = mapped_column(String(40))
    area: Mapped[str] = mapped_column(String(120), default="")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Reader(Base):
    """Where, and how often, somebody who subscribes to anything gets their digest.

    `looked_on` is the day for which it was last looked whether there is something for them.
    """

    __tablename__ = "news_readers"
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    rhythm: Mapped[str] = mapped_column(String(6), default=Rhythm.DAILY)
    looked_on: Mapped[date | None] = mapped_column(index=True)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ToldNews(Base):
    """A resident was told of an item, of its latest version last: nobody is told it twice."""

    __tablename__ = "news_told"
    __table_args__ = (UniqueConstraint("news_id", "resident_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    news_id: Mapped[int] = mapped_column(ForeignKey("news.id"))
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    version: Mapped[int]
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
