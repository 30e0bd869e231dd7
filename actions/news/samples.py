"""Takes the pack's sample news over, each once: a fresh install shows something."""

from datetime import datetime, timedelta

from sqlalchemy import select

from actions.db import Db
from actions.news import history
from actions.news.model import Deed, NewsItem, NewsVersion, Status
from knowledge.news import NewsSample
from knowledge.pack import Pack


def take_over(db: Db, pack: Pack, *, now: datetime) -> int:
    """Publish the samples that were not taken over before; returns how many."""
    known = set(db.scalars(select(NewsItem.pack_id).where(NewsItem.pack_id.is_not(None))))
    new = [sample for sample in pack.news.values() if sample.id not in known]
    for sample in new:
        _publish(db, sample, now)
    return len(new)


def _publish(db: Db, sample: NewsSample, now: datetime) -> None:
    item = NewsItem(area_id=sample.area, status=Status.PUBLISHED, pack_id=sample.id, version=1)
    item.made_at = now
    db.add(item)
    db.flush()
    db.add(
        NewsVersion(
            news_id=item.id,
            number=1,
            topic=sample.topic,
            title_zh=sample.title.zh,
            title_en=sample.title.en,
            body_zh=sample.body.zh,
            body_en=sample.body.en,
            level=sample.level,
            source=sample.source,
            publish_at=now,
            expires_at=now + timedelta(days=sample.days),
            written_at=now,
            approved_at=now,
        )
    )
    history.note(db, item, Deed.PUBLISHED, version=1, staff_id=None, now=now)
