"""The life of an item: written, approved, published, put right; in the caller's transaction.

What residents get is always a version somebody has approved; of an urgent one that is somebody
else than who wrote it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select

from actions.db import Db
from actions.errors import Refusal
from actions.news import broadcast, history
from actions.news.model import Deed, NewsItem, NewsVersion, Status
from knowledge.pack import Pack

# From where to where. An item that is out gets another version in place, without a move.
MOVES: Mapping[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.APPROVED, Status.WITHDRAWN}),
    Status.APPROVED: frozenset({Status.DRAFT, Status.PUBLISHED, Status.WITHDRAWN}),
    Status.PUBLISHED: frozenset({Status.WITHDRAWN, Status.EXPIRED}),
    Status.WITHDRAWN: frozenset(),
    Status.EXPIRED: frozenset(),
}
LEVELS = ("official", "report", "sample")
LONGEST_TITLE, LONGEST_TITLE_EN, LONGEST_BODY, LONGEST_SOURCE = 30, 80, 2000, 120


@dataclass(frozen=True)
class Content:
    """What a version says; English may be missing, the Chinese is told then, with a note."""

    topic: str
    title_zh: str
    body_zh: str
    publish_at: datetime
    expires_at: datetime
    source: str
    level: str = "official"
    title_en: str = ""
    body_en: str = ""
    urgent: bool = False
    danger: bool = False


def write(
    db: Db, pack: Pack, content: Content, *, area_id: str, staff_id: int, now: datetime
) -> NewsItem:
    """Write a new item down, as a draft.

    Raises:
        Refusal: something is missing, too long, unknown, or its time is over.
    """
    _check(pack, content, now)
    item = NewsItem(area_id=area_id, status=Status.DRAFT, staff_id=staff_id, made_at=now)
    item.version = 0
    db.add(item)
    db.flush()
    _add_version(db, item, content, 1, staff_id, now)
    return item


def rewrite(
    db: Db, pack: Pack, item: NewsItem, content: Content, *, staff_id: int, now: datetime
) -> NewsVersion:
    """Write another version. It has to be approved; until then residents get the one before.

    Raises:
        Refusal: as `write`; the item is over; or it was sent as an urgent notice, and is not
            urgent any more: then nobody else would have to approve the correction.
    """
    _hold(db, item)
    if not MOVES[Status(item.status)]:
        raise Refusal("utter_desk_news_over")
    _check(pack, content, now)
    if broadcast.of(db, item) and not content.urgent:
        raise Refusal("utter_desk_news_stays_urgent")
    if item.status == Status.APPROVED:
        _move(item, Status.DRAFT)
    number = history.latest(db, item).number + 1
    return _add_version(db, item, content, number, staff_id, now)


def approve(db: Db, item: NewsItem, *, number: int, staff_id: int, now: datetime) -> None:
    """Approve a version: it is published at its time. One put right is told who got it wrong.

    `number` is the version that was looked at.

    Raises:
        Refusal: it was changed meanwhile, approved before, is over, or is urgent and was
            written by the same person.
    """
    _hold(db, item)
    latest = history.latest(db, item)
    if latest.number != number:
        raise Refusal("utter_desk_news_changed")
    if latest.approved_at is not None or not MOVES[Status(item.status)]:
        raise Refusal("utter_desk_news_over")
    if latest.urgent and latest.staff_id == staff_id:
        raise Refusal("utter_desk_news_second")
    if latest.expires_at <= now:
        raise Refusal("utter_desk_news_times")
    latest.approved_by, latest.approved_at, item.version = staff_id, now, number
    history.note(db, item, Deed.APPROVED, version=number, staff_id=staff_id, now=now)
    if item.status == Status.DRAFT:
        _move(item, Status.APPROVED)
        _publish_if_due(db, item, latest, now)
    broadcast.correct(db, item, staff_id=staff_id, now=now)


def withdraw(db: Db, item: NewsItem, *, staff_id: int, now: datetime) -> None:
    """Tell it to nobody any more.

    Raises:
        Refusal: it is over; or it was sent as an urgent notice: that is put right, not hushed
            up.
    """
    _hold(db, item)
    if broadcast.of(db, item):
        raise Refusal("utter_desk_news_was_sent")
    _move(item, Status.WITHDRAWN)
    deed = Deed.WITHDRAWN
    history.note(db, item, deed, version=item.version, staff_id=staff_id, now=now)


def is_any_due(db: Db, *, now: datetime) -> bool:
    """Whether `look_after` may find something."""
    return db.scalar(_due(now).limit(1)) is not None


def look_after(db: Db, *, now: datetime, limit: int = 50) -> int:
    """Publish what is approved and whose time has come; end what is past its time."""
    due = db.scalars(_due(now).order_by(NewsItem.id).limit(limit).with_for_update()).all()
    for item in due:
        told = history.version(db, item, item.version)
        if told is None:
            raise RuntimeError(f"news {item.id} has no version {item.version}")
        if item.status == Status.APPROVED:
            _publish_if_due(db, item, told, now)
        else:
            _move(item, Status.EXPIRED)
            history.note(db, item, Deed.EXPIRED, version=item.version, staff_id=None, now=now)
    return len(due)


def _due(now: datetime) -> Select[NewsItem]:
    told = and_(NewsVersion.news_id == NewsItem.id, NewsVersion.number == NewsItem.version)
    to_publish: ColumnElement[bool] = and_(
        NewsItem.status == Status.APPROVED, NewsVersion.publish_at <= now
    )
    to_end = and_(NewsItem.status == Status.PUBLISHED, NewsVersion.expires_at <= now)
    return select(NewsItem).join(NewsVersion, told).where(or_(to_publish, to_end))


def _publish_if_due(db: Db, item: NewsItem, told: NewsVersion, now: datetime) -> None:
    if told.publish_at <= now:
        _move(item, Status.PUBLISHED)
        history.note(db, item, Deed.PUBLISHED, version=told.number, staff_id=None, now=now)


def _move(item: NewsItem, to: Status) -> None:
    if to not in MOVES[Status(item.status)]:
        raise Refusal("utter_desk_news_over")
    item.status = to


def _add_version(
    db: Db, item: NewsItem, content: Content, number: int, staff_id: int, now: datetime
) -> NewsVersion:
    version = NewsVersion(
        news_id=item.id, number=number, staff_id=staff_id, written_at=now, **asdict(content)
    )
    db.add(version)
    db.flush()
    history.note(db, item, Deed.WRITTEN, version=number, staff_id=staff_id, now=now)
    return version


def _hold(db: Db, item: NewsItem) -> None:
    """Let nobody else change the item until this transaction ends, and read it anew."""
    db.refresh(item, with_for_update=True)


def _check(pack: Pack, content: Content, now: datetime) -> None:
    if not 0 < len(content.title_zh) <= LONGEST_TITLE:
        raise Refusal("utter_desk_news_title", most=LONGEST_TITLE)
    if len(content.title_en) > LONGEST_TITLE_EN:
        raise Refusal("utter_desk_news_title", most=LONGEST_TITLE_EN)
    if not content.body_zh or max(len(content.body_zh), len(content.body_en)) > LONGEST_BODY:
        raise Refusal("utter_desk_news_body", most=LONGEST_BODY)
    if content.topic not in pack.news_topics or content.level not in LEVELS:
        raise Refusal("utter_desk_news_topic")
    if not 0 < len(content.source) <= LONGEST_SOURCE:
        raise Refusal("utter_desk_news_source", most=LONGEST_SOURCE)
    if content.expires_at <= max(content.publish_at, now):
        raise Refusal("utter_desk_news_times")
    if content.danger and not content.urgent:
        raise Refusal("utter_desk_news_danger")
