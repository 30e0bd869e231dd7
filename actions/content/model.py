"""Tables of the content. Texts and editions are appended, never changed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from actions.db import Base, UtcDateTime


class State(StrEnum):
    """Where a publication stands."""

    ORDERED = "ordered"
    RUNNING = "running"
    PUBLISHED = "published"
    REFUSED = "refused"  # the check or the golden questions say no
    FAILED = "failed"  # it broke, or the process was stopped


class Revision(Base):
    """One text of one document of the pack (`articles/ed-card.md`); None: it is taken out.

    `staff_id` None came from the pack's files, or `folds`: a publish wrote it, with what staff
    had taught. `restores_id` names the one it brings back.
    """

    __tablename__ = "revisions"
    __table_args__ = (Index("ix_revisions_path", "path", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(String(200))
    text: Mapped[str | None] = mapped_column(Text)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    restores_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id"))
    folds: Mapped[bool] = mapped_column(default=False)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Edition(Base):
    """What residents get: the content and the index built from it; the latest row is active.

    `revisions` names the text of every document. `version` is the content's; None: the files as
    they are (before editions). `set_up_index` is the index set-up had built by then, so that a
    new one is noticed. `again_id` names the edition a roll-back returned to. `folded` are the
    numbers of the questions staff taught that its content has: they count by that alone.
    """

    __tablename__ = "editions"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str | None] = mapped_column(String(16))
    index_version: Mapped[str] = mapped_column(String(64))
    set_up_index: Mapped[str | None] = mapped_column(String(64))
    revisions: Mapped[dict[str, int]] = mapped_column(JSON)
    folded: Mapped[list[int]] = mapped_column(JSON, default=list)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    again_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id"))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Publication(Base):
    """An order to publish, how far it is, and what came of it; one runs at a time.

    `seen_at` is moved on while somebody works on it. `report` is `publications.Report` as JSON.
    """

    __tablename__ = "publications"
    __table_args__ = (
        Index(
            "uq_publications_running",
            "state",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    step: Mapped[str] = mapped_column(String(20), default="")
    revisions: Mapped[dict[str, int]] = mapped_column(JSON)
    set_up_index: Mapped[str | None] = mapped_column(String(64))
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id"))
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Offline(Base):
    """A topic, or one record, that is not to be answered while it is being checked."""

    __tablename__ = "offline"
    __table_args__ = (
        Index(
            "uq_offline_now",
            *("kind", "subject_id"),
            unique=True,
            sqlite_where=text("until_at IS NULL"),
            postgresql_where=text("until_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(String(120))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    since_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    back_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
