"""An urgent notice goes to every conversation of an area: once each, some at a time.

It can be paused, go on and be stopped. What is no danger to life waits out the quiet hours. A
version put right goes by itself to whoever was told the one before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from sqlalchemy import (
    ColumnElement,
    Row,
    String,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError

from actions import outbox
from actions.db import Db
from actions.errors import Refusal
from actions.news import history, recipients, telling
from actions.news.model import (
    Broadcast,
    Deed,
    NewsItem,
    NewsVersion,
    State,
    Status,
)
from actions.outbox import Notice, NoticeState
from actions.quiet import is_quiet
from actions.sending import Priority
from actions.square import Square

MOVES: Mapping[State, frozenset[State]] = {
    State.RUNNING: frozenset({State.PAUSED, State.STOPPED, State.DONE}),
    State.PAUSED: frozenset({State.RUNNING, State.STOPPED}),
    State.STOPPED: frozenset(),
    State.DONE: frozenset(),
}
DEEDS = {
    State.RUNNING: Deed.RESUMED,
    State.PAUSED: Deed.PAUSED,
    State.STOPPED: Deed.STOPPED,
    State.DONE: Deed.TOLD_ALL,
}
AHEAD = 200  # notices that wait at a time: a town is told without the outbox being full of it


def of(db: Db, item: NewsItem) -> Broadcast | None:
    """Return an item's latest broadcast."""
    sent = select(Broadcast).where(Broadcast.news_id == item.id)
    return db.scalar(sent.order_by(Broadcast.version.desc()).limit(1))


def send(db: Db, item: NewsItem, *, staff_id: int, now: datetime) -> Broadcast:
    """Begin to tell everybody of the area; twice at once begins it once.

    Raises:
        Refusal: it is not urgent, not out, or was sent.
    """
    told = history.version(db, item, item.version)
    if told is None or item.status != Status.PUBLISHED or told.expires_at <= now:
        raise Refusal("utter_desk_news_not_out")
    if not told.urgent:
        raise Refusal("utter_desk_news_not_urgent")
    if of(db, item):
        raise Refusal("utter_desk_news_sent")
    return _begin(db, item, staff_id, now)


def correct(db: Db, item: NewsItem, *, staff_id: int, now: datetime) -> None:
    """Tell the version that holds now, if one before was sent; its telling ends."""
    before = of(db, item)
    if before is None or before.version >= item.version:
        return
    recipients.take_back(db, before)
    if State.STOPPED in MOVES[State(before.state)]:
        before.state = State.STOPPED
    _begin(db, item, staff_id, now)


def move(db: Db, item: NewsItem, to: State, *, staff_id: int | None, now: datetime) -> None:
    """Pause a broadcast, let it go on, or stop it for good.

    Raises:
        Refusal: it is not as far, or farther.
    """
    sent = of(db, item)
    if sent is None:
        raise Refusal("utter_desk_news_cannot")
    db.refresh(sent, with_for_update=True)
    if to not in MOVES[State(sent.state)]:
        raise Refusal("utter_desk_news_cannot")
    if to in (State.PAUSED, State.STOPPED):
        recipients.take_back(db, sent)
    sent.state = to
    history.note(db, item, DEEDS[to], version=sent.version, staff_id=staff_id, now=now)


def progress(db: Db, item: NewsItem, sent: Broadcast) -> dict[str, int]:
    """Count who was told, waits, could not be told, and who is still to come."""
    rows = db.execute(
        select(Notice.state, func.count())
        .where(Notice.key.startswith(recipients.keys(sent), autoescape=True))
        .group_by(Notice.state)
    )
    states = {str(state): int(count) for state, count in rows}
    return {
        "told": states.get(NoticeState.SENT, 0),
        "waiting": states.get(NoticeState.WAITING, 0) + recipients.to_come(db, item, sent),
        "to_phone": states.get(NoticeState.TO_PHONE, 0),
        "failed": states.get(NoticeState.DEAD, 0),
    }


def is_any_due(db: Db, zone: tzinfo, *, now: datetime) -> bool:
    """Whether `look_after` may find something."""
    return bool(_running(db, zone, now))


def look_after(db: Db, square: Square, *, now: datetime) -> int:
    """Owe the next notices of what is being told; returns how many, and what was ended."""
    return sum(_go_on(db, square, sent, now) for sent in _running(db, square.zone, now))


def _running(db: Db, zone: tzinfo, now: datetime) -> Sequence[Broadcast]:
    """Return the broadcasts that may go on, those of danger to life alone at night."""
    running = (
        select(Broadcast)
        .join(NewsVersion, _is_of(Broadcast))
        .where(Broadcast.state == State.RUNNING)
        .order_by(NewsVersion.danger.desc(), Broadcast.id)
    )
    if is_quiet(now, zone):
        owed = select(Notice.about).where(Notice.state == NoticeState.WAITING)
        held_back = literal("news:").concat(cast(Broadcast.news_id, String)).in_(owed)
        running = running.where(or_(NewsVersion.danger, held_back))
    return db.scalars(running).all()


def _go_on(db: Db, square: Square, sent: Broadcast, now: datetime) -> int:
    db.refresh(sent, with_for_update=True)
    item, told = db.get_one(NewsItem, sent.news_id), _version(db, sent)
    if item.status != Status.PUBLISHED or told.expires_at <= now:
        move(db, item, State.STOPPED, staff_id=None, now=now)
        return 1
    if is_quiet(now, square.zone) and not told.danger:
        return recipients.take_back(db, sent)
    waiting = recipients.waiting(db, sent)
    room = max(AHEAD - waiting, 0)
    batch = db.execute(recipients.find(item, sent, after=sent.after).limit(room)).all()
    for talk in batch:
        _tell(db, square, item, told, talk, now)
    if batch:
        sent.after = batch[-1].id
    elif not waiting:
        move(db, item, State.DONE, staff_id=None, now=now)
    return len(batch)


def _begin(db: Db, item: NewsItem, staff_id: int, now: datetime) -> Broadcast:
    sent = Broadcast(news_id=item.id, version=item.version, staff_id=staff_id, began_at=now)
    sent.state, sent.after = State.RUNNING, ""
    try:
        with db.begin_nested():
            db.add(sent)
            db.flush()
    except IntegrityError:  # somebody else has just begun it
        raise Refusal("utter_desk_news_sent") from None
    history.note(db, item, Deed.SENT, version=sent.version, staff_id=staff_id, now=now)
    return sent


def _tell(
    db: Db,
    square: Square,
    item: NewsItem,
    told: NewsVersion,
    talk: Row[str, str, bool | None],
    now: datetime,
) -> None:
    outbox.put_once(
        db,
        key=f"news:{item.id}:{told.number}:{talk.id}",
        conversation_id=talk.id,
        response="utter_news_corrected" if talk.was_wrong else "utter_news_urgent",
        due_at=now,
        stale_at=told.expires_at,
        values=telling.described(square, item, told),
        about=telling.about(item),
        priority=Priority.BROADCAST,
    )
    telling.mark(db, item.id, talk.resident_id, told.number, now=now)


def _version(db: Db, sent: Broadcast) -> NewsVersion:
    wanted = select(NewsVersion).where(
        NewsVersion.news_id == sent.news_id, NewsVersion.number == sent.version
    )
    return db.scalars(wanted).one()


def _is_of(sent: type[Broadcast]) -> ColumnElement[bool]:
    return and_(NewsVersion.news_id == sent.news_id, NewsVersion.number == sent.version)
