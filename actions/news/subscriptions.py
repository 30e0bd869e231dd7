"""Who wants to hear of what: said in their own words or tapped, and taken back as easily."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import delete, select

from actions import outbox
from actions.conversations import Conversation
from actions.db import Db
from actions.news.model import Reader, Rhythm, Subscription
from actions.square import Square

DIGEST_AT = 9  # o'clock, by day
DIGESTS = "news:digest"  # what notices of digests are filed under


def of(db: Db, resident_id: str) -> Sequence[Subscription]:
    """Return what somebody subscribes to, the first first."""
    mine = select(Subscription).where(Subscription.resident_id == resident_id)
    return db.scalars(mine.order_by(Subscription.id)).all()


def reader(db: Db, resident_id: str) -> Reader | None:
    """Return how somebody gets their digest; None when they get none."""
    return db.get(Reader, resident_id)


def subscribe(  # noqa: PLR0913 - what, of where, how often
    db: Db,
    square: Square,
    conversation: Conversation,
    topics: Collection[str],
    *,
    area: str = "",
    rhythm: Rhythm | None = None,
    now: datetime,
) -> Reader:
    """Note a wish; said again it changes nothing but where and how often they are told."""
    resident_id = conversation.resident_id
    if area and conversation.resident.area_id is None:
        _narrow(db, resident_id, topics)
    before = {(one.topic, one.area) for one in of(db, resident_id)}
    for topic in topics:
        if (topic, area) not in before:
            db.add(Subscription(resident_id=resident_id, topic=topic, area=area, made_at=now))
    found = reader(db, resident_id)
    if found is None:
        found = Reader(resident_id=resident_id, rhythm=Rhythm.DAILY, begun_at=now)
        found.looked_on = _looked_on(square, now)
        db.add(found)
    found.conversation_id = conversation.id
    found.rhythm = rhythm or found.rhythm
    db.flush()
    return found


def unsubscribe(
    db: Db, conversation: Conversation, topics: Collection[str], *, area: str = ""
) -> bool:
    """Take a wish back, for all areas unless one is named; False when there was none.

    Without topics all of them. What was to be sent at this moment is not sent.
    """
    resident_id = conversation.resident_id
    those = [Subscription.resident_id == resident_id]
    those += [Subscription.topic.in_(topics)] if topics else []
    those += [Subscription.area == area] if area else []
    gone = db.execute(
        delete(Subscription).where(*those).execution_options(synchronize_session="fetch")
    )
    found = reader(db, resident_id)
    if found is not None:
        outbox.cancel(db, DIGESTS, conversation_id=found.conversation_id)
        if not of(db, resident_id):
            db.delete(found)
    db.flush()
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def _narrow(db: Db, resident_id: str, topics: Collection[str]) -> None:
    """Drop what was wanted of everywhere, as nobody knew where they live."""
    everywhere = (Subscription.resident_id == resident_id, Subscription.area == "")
    gone = delete(Subscription).where(*everywhere, Subscription.topic.in_(topics))
    db.execute(gone.execution_options(synchronize_session="fetch"))


def _looked_on(square: Square, now: datetime) -> date | None:
    """Return today when its digest is past, so that the first comes tomorrow."""
    local = now.astimezone(square.zone)
    return local.date() if local.hour >= DIGEST_AT else None
