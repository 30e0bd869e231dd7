"""Which messages may go out at this moment, and what became of those that were taken.

One chat's go out in order, one at a time; between chats what answers somebody goes first. A
lease ends by itself, so that a courier that died is replaced.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased

from actions import pacing
from actions.channels import CHANNELS, Pace
from actions.db import Db
from actions.people.model import Address
from actions.sending import (
    PATIENCE,
    Sending,
    SendingState,
    is_free,
    may_write,
    use_write,
)

LEASE = timedelta(seconds=60)
LOOKED_AT = 64  # chats at one time
AT_ONCE = 8  # taken of a channel at one time: what comes meanwhile may have to go first
BUSY = timedelta(seconds=1)  # until a chat is asked again where something else goes first
HOLDS_UP = 5  # tries, some minutes: what the platform chokes on holds the next up so long


def take_room(db: Db, channel: str, address_id: int, *, now: datetime) -> datetime:
    """Take room in a chat for what is not owed: it goes where nothing that is owed waits.

    Returns when there may be room; `now` when it has been taken. Run in a transaction.
    """
    limits = CHANNELS[channel]
    bot = pacing.hold(db, channel, now=now)
    address = _hold_chats(db, [address_id]).get(address_id)
    if address is None or _owed_soon(db, address_id, now):
        return now + BUSY
    pace = limits.group if address.is_group else limits.chat
    chat = pacing.hold_chats(db, [address], now=now)[address_id]
    free = max(pacing.free_at(bot, limits.bot, now=now), pacing.free_at(chat, pace, now=now))
    if free <= now:
        pacing.use(db, bot, limits.bot, now=now)
        pacing.use(db, chat, pace, now=now)
        use_write(address)
        db.flush()
    return free


def _owed_soon(db: Db, address_id: int, now: datetime) -> bool:
    owed = select(Sending.id).where(
        Sending.address_id == address_id,
        Sending.state == SendingState.WAITING,
        Sending.due_at <= now + BUSY,
    )
    return db.scalar(owed.limit(1)) is not None


def is_any_due(db: Db, of: Collection[str], *, now: datetime) -> bool:
    """Whether `lease_due` may find something."""
    due = (select(Sending.id).where(*_is_due(one, now)).limit(1) for one in of)
    return any(db.scalar(one) is not None for one in due)


def lease_due(db: Db, of: Collection[str], *, now: datetime) -> list[Sending]:
    """Take some of what may be sent on these channels now, within every limit of each.

    At most one a chat; what waits for room is due again when there is some. Run in a
    transaction of its own.
    """
    return [leased for channel in of for leased in _lease(db, channel, now)]


def _lease(db: Db, channel: str, now: datetime) -> Iterator[Sending]:
    limits = CHANNELS[channel]
    bot = pacing.hold(db, channel, now=now)
    most = min(AT_ONCE, pacing.room(bot, limits.bot, now=now))
    waiting = _waiting(db, channel, now) if most else {}
    addresses = _hold_chats(db, waiting.values())
    chats = pacing.hold_chats(db, addresses.values(), now=now)
    for sending in _still_first(db, waiting, now):
        if sending.address_id not in addresses:
            continue  # another courier is at that chat
        address, chat = addresses[sending.address_id], chats[sending.address_id]
        pace = _pace(address)
        if _is_stale(sending, now):
            sending.state = SendingState.CANCELLED
        elif not may_write(address, now=now):
            sending.state, sending.due_at = SendingState.HELD, now + PATIENCE
        elif not pacing.room(chat, pace, now=now):
            sending.due_at = pacing.free_at(chat, pace, now=now)
        elif most:
            pacing.use(db, bot, limits.bot, now=now)
            pacing.use(db, chat, pace, now=now)
            use_write(address)
            sending.lease_until, sending.tries = now + LEASE, sending.tries + 1
            most -= 1
            yield sending
    db.flush()


def _pace(address: Address) -> Pace | None:
    """Return how quickly messages may follow one another in a chat."""
    limits = CHANNELS[address.channel]
    return limits.group if address.is_group else limits.chat


def _waiting(db: Db, channel: str, now: datetime) -> Mapping[int, int]:
    """Return the first that waits in each chat, with its chat, in the order they go out."""
    waiting = (
        select(Sending.id, Sending.address_id)
        .where(*_is_due(channel, now), ~_goes_after(now))
        .order_by(Sending.priority, Sending.id)
        .limit(LOOKED_AT)
    )
    return {sending_id: address_id for sending_id, address_id in db.execute(waiting)}


def _hold_chats(db: Db, addresses: Collection[int]) -> Mapping[int, Address]:
    """Hold chats, but for those another courier holds.

    Nobody else leases in a chat, or counts what may be written there, until this ends.
    """
    held = (
        select(Address)
        .where(Address.id.in_(addresses))
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return {address.id: address for address in db.scalars(held)} if addresses else {}


def _still_first(db: Db, waiting: Collection[int], now: datetime) -> Sequence[Sending]:
    """Return which still wait, and first in their chats, now that these are held.

    Another courier may just have been there.
    """
    return db.scalars(
        select(Sending)
        .where(
            Sending.id.in_(waiting),
            Sending.state == SendingState.WAITING,
            is_free(now),
            ~_goes_after(now),
        )
        .order_by(Sending.priority, Sending.id)
        .with_for_update(skip_locked=True)
    ).all()


def _goes_after(now: datetime) -> ColumnElement[bool]:
    """Say in SQL that something goes out before a message in its chat.

    What fails again and again holds the others up no longer.
    """
    ahead = aliased(Sending)
    return (
        select(ahead.id)
        .where(
            ahead.address_id == Sending.address_id,
            ahead.id != Sending.id,
            ahead.state == SendingState.WAITING,
            or_(
                (ahead.id < Sending.id)
                & (ahead.priority <= Sending.priority)
                & (ahead.tries < HOLDS_UP),
                ahead.lease_until >= now,  # it is on its way
                (ahead.parts_sent > 0) & (ahead.tries < HOLDS_UP),  # nothing between two parts
            ),
        )
        .exists()
    )


def _is_due(channel: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Sending.channel == channel,
        Sending.state == SendingState.WAITING,
        Sending.due_at <= now,
        is_free(now),
    )


def _is_stale(sending: Sending, now: datetime) -> bool:
    return sending.stale_at is not None and sending.stale_at <= now


def mark_part_sent(
    db: Db, sending_id: int, *, number: int, parts: int, platform_id: str, now: datetime
) -> None:
    """Record that a part is there, the first being 0; the message is sent with its last.

    Who is told so twice, because a lease had ended meanwhile, records it once.
    """
    sending = _held(db, sending_id)
    if sending is None or sending.parts_sent > number:
        return
    sending.parts_sent = number + 1
    sending.platform_id, sending.lease_until, sending.trouble = platform_id, None, ""
    sending.tries = 0
    address = db.get_one(Address, sending.address_id)
    pacing.rest(db, pacing.scope_of(address), _pace(address), now=now)
    if sending.parts_sent >= parts:
        sending.state, sending.sent_at = SendingState.SENT, now
    db.flush()


def failed(db: Db, sending_id: int, *, number: int) -> Sending | None:
    """Return what did not arrive, to be tried again or given up; None if it has, since.

    Its lease still says when it was taken; whoever decides what becomes of it ends it.
    """
    sending = _held(db, sending_id)
    if sending is None or sending.parts_sent > number:
        return None
    return sending if sending.state == SendingState.WAITING else None


def _held(db: Db, sending_id: int) -> Sending | None:
    held = select(Sending).where(Sending.id == sending_id).with_for_update()
    return db.scalar(held.execution_options(populate_existing=True))
