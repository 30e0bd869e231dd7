"""Spends the message budget: lets a notice go, puts it off, holds it or tells it elsewhere."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import select

from actions import channels, elsewhere, outbox, planning, sending
from actions.channels import CHANNELS, Reached
from actions.conversations import Conversation
from actions.db import Db
from actions.outbox import Notice, NoticeState
from actions.people.model import Address
from actions.planning import KINDS, RULES, Kind

HELD_FOR = timedelta(days=1)  # before news waits where they may find it themselves
AT_ONCE = 50
DAILY = tuple(response for response, kind in KINDS.items() if RULES[kind].daily)
# Where a notice is told that a platform does not let us write; else it is held.
WAYS: dict[Kind, tuple[Reached, ...]] = {
    Kind.ANSWER: (Reached.PUSHED, Reached.BY_ROW, Reached.BY_STAFF),
    Kind.URGENT: (Reached.PUSHED, Reached.BY_STAFF),
    Kind.REMINDER: (Reached.PUSHED, Reached.BY_ROW),
    Kind.NEWS: (Reached.PUSHED,),
    Kind.CAN_WAIT: (),
}
LATER_WAYS: dict[Kind, tuple[Reached, ...]] = {Kind.NEWS: (Reached.PUSHED, Reached.BY_ROW)}


def kind_of(notice: Notice) -> Kind:
    """Return how much a notice matters: staff's words and news of a turn's deed are answers."""
    if notice.turn_id or notice.staff_id:
        return Kind.ANSWER
    return planning.kind_of(notice.response)


def lets(
    db: Db, notice: Notice, conversation: Conversation, *, zone: tzinfo, now: datetime
) -> bool:
    """Whether a leased notice is told at this moment, in its conversation.

    Where not, it is put off, held until they write, or owed in another conversation.
    """
    kind = kind_of(notice)
    told_at = (
        outbox.last_told(db, conversation.resident_id, DAILY) if RULES[kind].daily else None
    )
    at = planning.may_go_at(kind, now=now, zone=zone, told_at=told_at, stale_at=notice.stale_at)
    if at > now:
        outbox.put_off(notice, at)
        return False
    address = db.get_one(Address, conversation.address_id)
    if channels.reached(address.channel) != Reached.PUSHED:
        return True
    db.refresh(address, with_for_update={"key_share": True})  # they may write this moment
    if planning.fits(kind, sending.writes_left(db, address, now=now)):
        return True
    return _elsewhere_or_held(db, notice, kind, address, now)


def _elsewhere_or_held(
    db: Db, notice: Notice, kind: Kind, address: Address, now: datetime
) -> bool:
    """Owe it where they can be reached, or hold it; what matters most is written all the same.

    Then it lies ready for the moment they write, and staff see it.
    """
    way = elsewhere.way_to(db, address, WAYS[kind], now=now)
    if way is not None:
        notice.conversation_id = way.id
        outbox.put_off(notice, now)
        return False
    if RULES[kind].leaves == 0:
        return True
    outbox.hold(notice, now + HELD_FOR)
    return False


def told_with(
    db: Db, notice: Notice, conversation: Conversation, *, now: datetime
) -> Sequence[Notice]:
    """Return what is due as well and is told in the same message."""
    address = db.get_one(Address, conversation.address_id)
    scarce = channels.reached(address.channel) == Reached.PUSHED and (
        CHANNELS[address.channel].window is not None
    )
    kind = kind_of(notice)
    if not planning.goes_with(kind, kind, is_scarce=scarce):
        return ()
    also = outbox.also_due(db, notice, now=now)
    return [one for one in also if planning.goes_with(kind, kind_of(one), is_scarce=scarce)]


def is_any_held(db: Db, *, now: datetime) -> bool:
    """Whether `look_after_held` may find something."""
    return bool(_held(db, now, limit=1))


def look_after_held(db: Db, *, now: datetime) -> int:
    """Look for another way for what is held for long; returns how much was moved there."""
    moved = 0
    for notice in _held(db, now, limit=AT_ONCE):
        if notice.stale_at is not None and notice.stale_at <= now:
            notice.state = NoticeState.CANCELLED
            continue
        talk = db.get_one(Conversation, notice.conversation_id)
        address = db.get_one(Address, talk.address_id)
        ways = LATER_WAYS.get(kind_of(notice), ())
        way = elsewhere.way_to(db, address, ways, now=now)
        notice.due_at = now + HELD_FOR
        if way is not None:
            notice.conversation_id, notice.state, notice.due_at = (
                way.id,
                NoticeState.WAITING,
                now,
            )
            moved += 1
    db.flush()
    return moved


def _held(db: Db, now: datetime, limit: int) -> Sequence[Notice]:
    return db.scalars(
        select(Notice)
        .where(Notice.state == NoticeState.HELD, Notice.due_at <= now)
        .order_by(Notice.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
