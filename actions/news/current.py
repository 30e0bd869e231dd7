"""What residents get at this moment, the most important first: urgent, near, new."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, and_, func, select

from actions.db import Db
from actions.news.model import NewsItem, NewsVersion, Status

MOST = 200  # current items looked at together


class Current(NamedTuple):
    """An item that is out, and what it says now."""

    item: NewsItem
    told: NewsVersion


def around(area_id: str) -> tuple[str, ...]:
    """Return an area and all that are above it."""
    parts = area_id.strip("/").split("/")
    return tuple("/".join(parts[:count]) + "/" for count in range(1, len(parts) + 1))


def find(
    db: Db, *, area_id: str | None, topics: Collection[str] = (), now: datetime
) -> list[Current]:
    """Return what is out for an area and those above it; without an area all there is."""
    wanted = _out(now)
    if area_id:
        wanted = wanted.where(NewsItem.area_id.in_(around(area_id)))
    if topics:
        wanted = wanted.where(NewsVersion.topic.in_(topics))
    return [Current(item, told) for item, told in db.execute(wanted.limit(MOST))]


def get(db: Db, news_id: int, *, now: datetime) -> Current | None:
    """Return an item if it is out."""
    found = db.execute(_out(now).where(NewsItem.id == news_id)).first()
    return Current(*found) if found else None


def ids(found: Sequence[Current]) -> list[int]:
    """Return the numbers of items."""
    return [one.item.id for one in found]


def _out(now: datetime) -> Select[NewsItem, NewsVersion]:
    told = and_(NewsVersion.news_id == NewsItem.id, NewsVersion.number == NewsItem.version)
    return (
        select(NewsItem, NewsVersion)
        .join(NewsVersion, told)
        .where(
            NewsItem.status == Status.PUBLISHED,
            NewsVersion.publish_at <= now,
            NewsVersion.expires_at > now,
        )
        .order_by(
            NewsVersion.urgent.desc(),
            func.length(NewsItem.area_id).desc(),
            NewsVersion.publish_at.desc(),
            NewsItem.id.desc(),
        )
    )
