"""What still has to be brought to a platform: one row for each message we say there.

Written in the transaction that says it, so nothing said is lost. In one chat messages go out in
order; what answers somebody goes before notices, and those before what is told to many.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from actions.channels import CHANNELS, Window
from actions.db import Base, Db, UtcDateTime
from actions.people.model import Address

BLOCKED = "blocked"
PASSIVE = "passive-"  # in place of the platform's id, where a webhook's answer carried it
ARRIVES_IN = timedelta(seconds=10)  # a message may take so long to its platform
PATIENCE = timedelta(minutes=15)  # for them to write, before another way is looked for


class Priority(IntEnum):
    """What goes first where several wait."""

    REPLY = 0  # to what somebody has just said, news of their own deed, staff's own words
    NOTICE = 1
    BROADCAST = 2  # the same to many


class SendingState(StrEnum):
    """waiting → sent, or cancelled (no longer true), or dead after the last try.

    `held`: the platform lets us write again only after the resident has; at `due_at` another
    way is looked for. `elsewhere`: it was told in another conversation instead.
    """

    WAITING = "waiting"
    HELD = "held"
    SENT = "sent"
    CANCELLED = "cancelled"
    DEAD = "dead"
    ELSEWHERE = "elsewhere"


OWED = (SendingState.WAITING, SendingState.HELD)


class Sending(Base):
    """One message on its way to one chat. `parts_sent` of a long one are there already."""

    __tablename__ = "sendings"
    __table_args__ = (
        Index("ix_sendings_order", "channel", "state", "priority", "id"),
        Index("ix_sendings_address", "address_id", "state"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    inbox_id: Mapped[int | None] = mapped_column(index=True)  # what it answers
    channel: Mapped[str] = mapped_column(String(20))
    priority: Mapped[int] = mapped_column(default=Priority.REPLY)
    state: Mapped[str] = mapped_column(String(10), default=SendingState.WAITING)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stale_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # never sent from then on
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    parts_sent: Mapped[int] = mapped_column(default=0)
    platform_id: Mapped[str] = mapped_column(String(80), default="")  # the last part's, there
    trouble: Mapped[str] = mapped_column(String(60), default="")  # of the last try, no words
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_copy: Mapped[bool] = mapped_column(default=False)  # of what did not arrive elsewhere
    voice: Mapped[str] = mapped_column(String(10), default="")  # what became of the voice of it


@dataclass(frozen=True)
class Way:
    """How a message shall go out: before what, not before when, not after when.

    `is_copy`: it is told in place of one that did not arrive elsewhere, and not a third time.
    """

    priority: Priority = Priority.REPLY
    not_before: datetime | None = None
    stale_at: datetime | None = None
    is_copy: bool = False


USUAL = Way()


def put(
    db: Db,
    *,
    message_id: int,
    inbox_id: int | None,
    address: Address,
    way: Way,
    now: datetime,
) -> Sending:
    """Owe a platform a message; it is held where they have blocked us."""
    blocked = address.blocked_at is not None
    sending = Sending(
        message_id=message_id,
        address_id=address.id,
        inbox_id=inbox_id,
        channel=address.channel,
        priority=way.priority,
        state=SendingState.HELD if blocked else SendingState.WAITING,
        due_at=max(now, way.not_before or now),
        trouble=BLOCKED if blocked else "",
        stale_at=way.stale_at,
        tries=0,
        parts_sent=0,
        is_copy=way.is_copy,
    )
    db.add(sending)
    db.flush()
    return sending


def may_write(address: Address, *, now: datetime) -> bool:
    """Whether the platform lets us write there: they want it, and wrote not long ago."""
    if address.blocked_at is not None:
        return False
    return CHANNELS[address.channel].window is None or _is_open(address, now)


def _is_open(address: Address, now: datetime) -> bool:
    until = address.write_until
    return until is not None and until > now + ARRIVES_IN and address.writes_left > 0


def writes_left(db: Db, address: Address, *, now: datetime) -> int | None:
    """Return how many messages we may still write there, beside those that wait; None: any."""
    if not may_write(address, now=now):
        return 0
    if CHANNELS[address.channel].window is None:
        return None
    waiting = select(func.count(Sending.id)).where(
        Sending.address_id == address.id,
        Sending.state == SendingState.WAITING,
        is_free(now),
    )
    return address.writes_left - (db.scalar(waiting) or 0)


def use_write(address: Address) -> None:
    """Count one of the messages we may write there."""
    if CHANNELS[address.channel].window is not None:
        address.writes_left -= 1


def give_write_back(address: Address) -> None:
    """Count a message again as one we may write: the platform says it did not take it."""
    window = CHANNELS[address.channel].window
    if window is not None and address.write_until is not None:
        address.writes_left = min(address.writes_left + 1, window.most)


def open_window(db: Db, address: Address, window: Window | None, *, now: datetime) -> None:
    """Note that somebody wrote, or tapped, at a moment: how long and how much we may write.

    A window that is open and longer stays as it is. What has gone out since, before we heard
    of it, counts in the new one.
    """
    address.heard_at = now
    if window is None:
        return
    until = now + window.lasts
    if _is_open(address, now) and (address.write_until or until) > until:
        return
    left = max(0, window.most - _gone_out(db, address, since=now))
    address.write_until, address.writes_left = until, left


def close_window(address: Address) -> None:
    """Note that the platform takes nothing more until we hear from somebody again."""
    address.write_until, address.writes_left = None, 0


def _gone_out(db: Db, address: Address, *, since: datetime) -> int:
    """Return how many messages may have arrived in a chat since a moment."""
    begun = or_(Sending.lease_until.is_not(None), Sending.parts_sent > 0, Sending.tries > 0)
    by_courier = Sending.platform_id.not_like(f"{PASSIVE}%") & (Sending.sent_at >= since)
    gone = select(func.count(Sending.id)).where(
        Sending.address_id == address.id,
        or_((Sending.state == SendingState.WAITING) & begun, by_courier),
    )
    return db.scalars(gone).one()


def block(db: Db, address: Address, *, now: datetime) -> list[Sending]:
    """Note that they want no more: what waits there is given up; returns it.

    What is said there from now on is held until they write again.
    """
    address.blocked_at = now
    waiting = db.scalars(
        select(Sending)
        .where(Sending.address_id == address.id, Sending.state.in_(OWED))
        .order_by(Sending.id)
        .with_for_update()
    ).all()
    for sending in waiting:
        sending.state, sending.lease_until = SendingState.DEAD, None
        sending.trouble = BLOCKED
    db.flush()
    return list(waiting)


def move(db: Db, address: Address, to: str, *, now: datetime) -> None:
    """Write to a chat where it is now; if we know that one already, what waits goes there.

    The old address is then as if they had left it.
    """
    there = select(Address).where(Address.channel == address.channel, Address.address == to)
    if (known := db.scalar(there)) is None:
        address.address = to
    else:
        address.blocked_at = address.blocked_at or now
        db.execute(
            update(Sending)
            .where(Sending.address_id == address.id, Sending.state.in_(OWED))
            .values(address_id=known.id)
            .execution_options(synchronize_session=False)
        )
    db.flush()


def take_passively(
    db: Db, inbox_id: int, fit: Callable[[Sequence[Sending]], int], *, now: datetime
) -> list[Sending]:
    """Take what the webhook's answer to an entry carries: replies that wait in its chat.

    `fit` says how many of them, the first ones. They count as sent. The same entry again gets
    the same ones: its first answer may never have arrived. In order; run in a transaction.
    """
    before = db.scalars(
        select(Sending).where(*_carried_by(inbox_id)).order_by(Sending.id)
    ).all()
    if before:
        return list(before)
    waiting = _waiting_replies(db, inbox_id)
    if any(one.lease_until or one.parts_sent for one in waiting):
        return []  # the courier is at this chat: nothing may overtake what it brings
    taken = waiting[: fit(waiting)]
    for sending in taken:
        sending.state, sending.sent_at = SendingState.SENT, now
        sending.platform_id = _mark(inbox_id)
    db.flush()
    return taken


def put_back(db: Db, inbox_id: int, *, now: datetime) -> None:
    """Have the courier bring what a webhook's answer was to carry: it came too late."""
    db.execute(
        update(Sending)
        .where(*_carried_by(inbox_id))
        .values(state=SendingState.WAITING, sent_at=None, platform_id="", due_at=now)
        .execution_options(synchronize_session=False)
    )


def _mark(inbox_id: int) -> str:
    """Return what stands for the platform's id where the answer to an entry carried it."""
    return f"{PASSIVE}{inbox_id}"


def _chat_of(inbox_id: int) -> Select[int]:
    return select(Sending.address_id).where(Sending.inbox_id == inbox_id)


def _carried_by(inbox_id: int) -> tuple[ColumnElement[bool], ...]:
    in_chat = Sending.address_id.in_(_chat_of(inbox_id))
    return in_chat, Sending.platform_id == _mark(inbox_id)


def _waiting_replies(db: Db, inbox_id: int) -> list[Sending]:
    """Return the replies that wait in an entry's chat, up to its own last, and hold them."""
    last = select(func.max(Sending.id)).where(Sending.inbox_id == inbox_id)
    return list(
        db.scalars(
            select(Sending)
            .where(
                Sending.address_id.in_(_chat_of(inbox_id)),
                Sending.id <= last.scalar_subquery(),
                Sending.state == SendingState.WAITING,
                Sending.priority == Priority.REPLY,
            )
            .order_by(Sending.id)
            .with_for_update()
        )
    )


def hurry(db: Db, inbox_id: int, *, now: datetime) -> None:
    """Send at once what was kept back for a webhook's answer."""
    db.execute(
        update(Sending)
        .where(Sending.inbox_id == inbox_id, Sending.state == SendingState.WAITING)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


def release(db: Db, address_id: int, *, now: datetime) -> None:
    """Send what was held: the resident has written again."""
    db.execute(
        update(Sending)
        .where(Sending.address_id == address_id, Sending.state == SendingState.HELD)
        .values(state=SendingState.WAITING, due_at=now, trouble="")
        .execution_options(synchronize_session=False)
    )


def is_free(now: datetime) -> ColumnElement[bool]:
    """Say in SQL that nobody is bringing a message at this moment."""
    return or_(Sending.lease_until.is_(None), Sending.lease_until < now)
