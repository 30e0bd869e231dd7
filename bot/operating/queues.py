"""What waits, for how long: one table of queues, each read by one statement on an index."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, or_, select

from actions.alerts import Alert
from actions.channels import CHANNELS, Reached
from actions.content.model import Publication
from actions.content.publications import UNFINISHED
from actions.conversations import Conversation, Message, Status
from actions.db import Db
from actions.outbox import Notice, NoticeState
from actions.sending import Priority, Sending, SendingState
from actions.turns import EntryState, InboxEntry

PLATFORMS = tuple(name for name, one in CHANNELS.items() if one.reached == Reached.PUSHED)
NO_CHANNEL = ""

# How long something may wait there until somebody has to look; at once, where it is not there.
PATIENCE: Mapping[str, timedelta] = {
    "inbox": timedelta(seconds=30),
    "handoffs": timedelta(minutes=10),
    "alerts": timedelta(minutes=10),
    "notices": timedelta(minutes=5),
    "calls": timedelta(days=1),
    "sendings": timedelta(minutes=2),
    "broadcasts": timedelta(hours=2),
    "held": timedelta.max,  # until they write
    "publications": timedelta(minutes=15),
}

Waits = Select[Any, Any, Any]  # the channel, how many wait, since when the first of them has


@dataclass(frozen=True)
class Waiting:
    """What waits in a queue, of one channel where it has several: how many, how long."""

    queue: str
    channel: str
    count: int
    oldest: timedelta

    @property
    def is_late(self) -> bool:
        """Whether somebody has to look."""
        return self.count > 0 and self.oldest >= PATIENCE.get(self.queue, timedelta())


def read(db: Db, *, now: datetime) -> list[Waiting]:
    """Return what waits in each queue; of one in which nothing waits one line says so."""
    return [line for queue in QUEUES for line in _read(db, queue, now)]


def _read(db: Db, queue: str, now: datetime) -> list[Waiting]:
    lines = [
        # A clock that was set back lets nothing be waited for until tomorrow.
        Waiting(queue, channel, count, max(now - since, timedelta()))
        for channel, count, since in db.execute(QUEUES[queue](now))
        if count
    ]
    return lines or [Waiting(queue, NO_CHANNEL, 0, timedelta())]


def _entries(state: EntryState) -> Waits:
    """Residents' messages, by the channel they came from."""
    since = func.min(InboxEntry.received_at)
    found = select(InboxEntry.channel, func.count(), since)
    return found.where(InboxEntry.state == state).group_by(InboxEntry.channel)


def _sendings(*which: ColumnElement[bool]) -> Waits:
    """Messages to platforms, by platform, and when the first was said, however often tried."""
    first = (
        select(Sending.channel, func.count().label("many"), func.min(Sending.id).label("id"))
        .where(Sending.channel.in_(PLATFORMS), *which)
        .group_by(Sending.channel)
        .subquery()
    )
    return (
        select(first.c.channel, first.c.many, Message.created_at)
        .join(Sending, Sending.id == first.c.id)
        .join(Message, Message.id == Sending.message_id)
    )


def _notices(*which: ColumnElement[bool]) -> Waits:
    return select(literal(NO_CHANNEL), func.count(), func.min(Notice.due_at)).where(*which)


def _is_true(now: datetime) -> ColumnElement[bool]:
    return or_(Notice.stale_at.is_(None), Notice.stale_at > now)


def _handoffs(_now: datetime) -> Waits:
    since = func.min(Conversation.unanswered_since)
    return select(literal(NO_CHANNEL), func.count(), since).where(
        Conversation.status == Status.OPEN, Conversation.unanswered_since.is_not(None)
    )


def _alerts(_now: datetime) -> Waits:
    untaken = select(literal(NO_CHANNEL), func.count(), func.min(Alert.raised_at))
    return untaken.where(Alert.closed_at.is_(None), Alert.staff_id.is_(None))


def _publications(_now: datetime) -> Waits:
    ordered = select(literal(NO_CHANNEL), func.count(), func.min(Publication.ordered_at))
    return ordered.where(Publication.state.in_(UNFINISHED))


WAIT, DEAD = Sending.state == SendingState.WAITING, Sending.state == SendingState.DEAD

QUEUES: Mapping[str, Any] = {
    # residents' messages that are not answered yet
    "inbox": lambda _now: _entries(EntryState.WAITING),
    # … that broke us and were set aside for staff to mend
    "quarantined": lambda _now: _entries(EntryState.QUARANTINED),
    # conversations that are with a person, and nobody has answered
    "handoffs": _handoffs,
    # residents to look after whom nobody has taken on
    "alerts": _alerts,
    # notices that are due and not said
    "notices": lambda now: _notices(Notice.state == NoticeState.WAITING, Notice.due_at <= now),
    # … that staff have to tell on the phone
    "calls": lambda now: _notices(Notice.state == NoticeState.TO_PHONE, _is_true(now)),
    # replies and notices on their way to a platform
    "sendings": lambda _now: _sendings(WAIT, Sending.priority < Priority.BROADCAST),
    # what is told to many, and takes its time
    "broadcasts": lambda _now: _sendings(WAIT, Sending.priority == Priority.BROADCAST),
    # what a platform takes only once the resident has written
    "held": lambda _now: _sendings(Sending.state == SendingState.HELD),
    # what was given up, on its way to a platform …
    "dead_sendings": lambda _now: _sendings(DEAD),
    # … and before it was said
    "dead_notices": lambda _now: _notices(Notice.state == NoticeState.DEAD),
    # content that was ordered to be published and is not yet
    "publications": _publications,
}
