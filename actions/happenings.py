"""What has happened, for the town's own systems: noted with its cause, announced by the worker.

Ids, categories, areas and moments, nothing else: never what somebody said, nor who they are.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Index, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from actions.db import Base, Db, UtcDateTime

Facts = Mapping[str, str | int | None]


class What(StrEnum):
    """The kinds of happenings, as the town's systems know them."""

    REQUEST_FILED = "request.filed"
    REQUEST_MOVED = "request.moved"  # to another status
    REQUEST_ASSIGNED = "request.assigned"  # to another team, or member of staff
    REQUEST_CATEGORISED = "request.categorised"
    REQUEST_RAISED = "request.raised"  # to the tier above
    BOOKING_REQUESTED = "booking.requested"  # a visit, until staff say yes
    BOOKING_MADE = "booking.made"
    BOOKING_CANCELLED = "booking.cancelled"


class Happening(Base):
    """One thing that has happened to a subject ("request/12"). `key` is the event's id."""

    __tablename__ = "happenings"
    __table_args__ = (Index("ix_happenings_announced_at", "announced_at", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    what: Mapped[str] = mapped_column(String(30))
    subject: Mapped[str] = mapped_column(String(40))
    area_id: Mapped[str | None] = mapped_column(String(60))
    facts: Mapped[dict[str, str | int | None]] = mapped_column(JSON, default=dict)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    announced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def note(
    db: Db, what: What, subject: str, *, area_id: str | None, facts: Facts, now: datetime
) -> None:
    """Note what has just happened, in the transaction in which it does."""
    db.add(
        Happening(
            key=secrets.token_hex(16),
            what=what,
            subject=subject,
            area_id=area_id,
            facts=dict(facts),
            happened_at=now,
        )
    )
    db.flush()


def unannounced(db: Db, limit: int) -> Sequence[Happening]:
    """Return what nobody was told of yet, in the order in which it happened."""
    waiting = select(Happening).where(Happening.announced_at.is_(None))
    return db.scalars(waiting.order_by(Happening.id).limit(limit)).all()


def mark_announced(db: Db, ids: Collection[int], *, now: datetime) -> None:
    """Note that the town's systems have been told."""
    db.execute(
        update(Happening)
        .where(Happening.id.in_(ids))
        .values(announced_at=now)
        .execution_options(synchronize_session=False)
    )
