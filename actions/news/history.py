"""What happened to an item, appended; and its versions."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from actions.db import Db
from actions.news.model import Deed, NewsChange, NewsItem, NewsVersion


def note(
    db: Db, item: NewsItem, deed: Deed, *, version: int, staff_id: int | None, now: datetime
) -> None:
    """Append what happened; without staff it came by itself."""
    db.add(
        NewsChange(
            news_id=item.id, version=version, deed=deed, staff_id=staff_id, happened_at=now
        )
    )
    db.flush()


def of(db: Db, item: NewsItem) -> Sequence[NewsChange]:
    """Return what happened to an item, the latest first."""
    changes = select(NewsChange).where(NewsChange.news_id == item.id)
    return db.scalars(changes.order_by(NewsChange.id.desc())).all()


def version(db: Db, item: NewsItem, number: int) -> NewsVersion | None:
    """Return a version by its number."""
    wanted = select(NewsVersion).where(
        NewsVersion.news_id == item.id, NewsVersion.number == number
    )
    return db.scalar(wanted)


def latest(db: Db, item: NewsItem) -> NewsVersion:
    """Return what was written last, approved or not."""
    versions = select(NewsVersion).where(NewsVersion.news_id == item.id)
    return db.scalars(versions.order_by(NewsVersion.number.desc()).limit(1)).one()
