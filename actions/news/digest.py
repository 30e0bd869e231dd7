"""One message a day, or a week, with all that is new of what somebody subscribes to.

Sent at a set hour by day; nobody is told of an item twice, nor of nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Select, and_, or_, select

from actions import outbox
from actions.conversations import Choice
from actions.db import Db
from actions.news import current, telling
from actions.news.current import Current
from actions.news.model import Reader, Rhythm, Subscription, ToldNews
from actions.news.subscriptions import DIGEST_AT, DIGESTS
from actions.people.model import Resident
from actions.quiet import is_quiet, quiet_begins
from actions.sending import Priority
from actions.square import Square

AT_ONCE = 100  # readers in one transaction
SHOWN, SHOWN_ELDER = 5, 2  # titles, beside the tap that ends it
WEEK = timedelta(days=7)


def is_any_due(db: Db, square: Square, *, now: datetime) -> bool:
    """Whether `send_due` may find something."""
    if not _is_time(square, now):
        return False
    return db.scalar(_due(_today(square, now)).limit(1)) is not None


def send_due(db: Db, square: Square, *, now: datetime) -> int:
    """Look for the next readers whether there is something new; returns for how many."""
    if not _is_time(square, now):
        return 0
    today = _today(square, now)
    due = _due(today).order_by(Reader.resident_id).limit(AT_ONCE)
    readers = db.scalars(due.with_for_update(skip_locked=True)).all()
    news = current.find(db, area_id=None, now=now) if readers else []
    wishes, told = _wishes(db, readers), _told(db, readers, current.ids(news))
    for reader in readers:
        reader.looked_on = today
        resident = db.get_one(Resident, reader.resident_id)
        new = [one for one in news if one.item.id not in told[resident.id]]
        wanted = [one for one in new if wants(wishes[resident.id], resident.area_id, one)]
        if wanted:
            _send(db, square, reader, resident, wanted, now)
    return len(readers)


def wants(wishes: Iterable[Subscription], home: str | None, one: Current) -> bool:
    """Whether an item is of a topic somebody subscribes to, of their area or one above it.

    Who lives nobody knows where gets all of the town; of a named area also what lies in it.
    """
    where = one.item.area_id or ""
    for wish in wishes:
        if wish.topic != one.told.topic:
            continue
        area = wish.area or home
        if not area or where in current.around(area):
            return True
        if wish.area and where.startswith(wish.area):
            return True
    return False


def _send(
    db: Db,
    square: Square,
    reader: Reader,
    resident: Resident,
    wanted: Sequence[Current],
    now: datetime,
) -> None:
    shown = wanted[: SHOWN_ELDER if resident.elder else SHOWN]
    choices = [
        Choice(telling.title(one.told).in_(resident.language), "open_news", str(one.item.id))
        for one in shown
    ]
    outbox.put_once(
        db,
        key=f"{DIGESTS}:{_today(square, now)}:{resident.id}",
        conversation_id=reader.conversation_id,
        response="utter_news_digest",
        due_at=now,
        stale_at=quiet_begins(now, square.zone),
        values={"count": len(shown)},
        choices=choices,
        about=DIGESTS,
        priority=Priority.BROADCAST,
    )
    for one in shown:
        telling.mark(db, one.item.id, resident.id, one.told.number, now=now)


def _due(today: date) -> Select[Reader]:
    daily = and_(Reader.rhythm == Rhythm.DAILY, Reader.looked_on < today)
    weekly = and_(Reader.rhythm == Rhythm.WEEKLY, Reader.looked_on <= today - WEEK)
    return select(Reader).where(or_(Reader.looked_on.is_(None), daily, weekly))


def _is_time(square: Square, now: datetime) -> bool:
    local = now.astimezone(square.zone)
    return local.hour >= DIGEST_AT and not is_quiet(now, square.zone)


def _today(square: Square, now: datetime) -> date:
    return now.astimezone(square.zone).date()


def _wishes(db: Db, readers: Sequence[Reader]) -> Mapping[str, list[Subscription]]:
    wishes: dict[str, list[Subscription]] = defaultdict(list)
    those = Subscription.resident_id.in_([one.resident_id for one in readers])
    for wish in db.scalars(select(Subscription).where(those)):
        wishes[wish.resident_id].append(wish)
    return wishes


def _told(
    db: Db, readers: Sequence[Reader], news_ids: Sequence[int]
) -> Mapping[str, frozenset[int]]:
    told: dict[str, frozenset[int]] = defaultdict(frozenset)
    rows = db.execute(
        select(ToldNews.resident_id, ToldNews.news_id).where(
            ToldNews.resident_id.in_([one.resident_id for one in readers]),
            ToldNews.news_id.in_(news_ids),
        )
    )
    for resident_id, news_id in rows:
        told[resident_id] |= {news_id}
    return told
