"""When a chat, or all of a platform's bot, has room for the next message.

Rows, so that several couriers share what room there is.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from actions.channels import Pace
from actions.db import Base, Db, UtcDateTime
from actions.people.model import Address

PLENTY = 1000  # messages at once where nothing is limited


class Paced(Base):
    """How far a scope's allowance is used up: "telegram", or the chat "telegram/12".

    `free_at` is the moment from which on the whole allowance is there again (the theoretical
    arrival time of a leaky bucket); `paused_until` is what the platform asked for.
    """

    __tablename__ = "paces"
    scope: Mapped[str] = mapped_column(String(60), primary_key=True)
    free_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


def scope_of(address: Address) -> str:
    """Return what a chat's pace is known by."""
    return f"{address.channel}/{address.id}"


def hold(db: Db, scope: str, *, now: datetime) -> Paced:
    """Find a scope's row, and let nobody else use of its room until the transaction ends."""
    held = select(Paced).where(Paced.scope == scope).with_for_update()
    if (found := db.scalar(held)) is None:
        with suppress(IntegrityError), db.begin_nested():  # another may just have written it
            db.add(Paced(scope=scope, free_at=now))
        found = db.scalars(held).one()
    return found


def hold_chats(db: Db, addresses: Collection[Address], *, now: datetime) -> Mapping[int, Paced]:
    """Find the rows of chats, by address; the caller holds the addresses already.

    A chat nothing was sent to of late has none: it is written once its room is used.
    """
    scopes = {scope_of(address): address.id for address in addresses}
    found = db.scalars(select(Paced).where(Paced.scope.in_(scopes)).with_for_update())
    held = {scopes[paced.scope]: paced for paced in found}
    unused = {id_: Paced(scope=scope, free_at=now) for scope, id_ in scopes.items()}
    return unused | held


def room(paced: Paced, pace: Pace | None, *, now: datetime) -> int:
    """Return how many messages may go in a scope at this moment."""
    if paced.paused_until is not None and paced.paused_until > now:
        return 0
    if pace is None:
        return PLENTY
    used = -(-(max(paced.free_at, now) - now) // pace.apart)  # of its allowance, rounded up
    return max(0, pace.at_once - used)


def free_at(paced: Paced, pace: Pace | None, *, now: datetime) -> datetime:
    """Return when a scope has room for one message."""
    free = max(now, paced.paused_until or now)
    if pace is None:
        return free
    return max(free, paced.free_at - pace.apart * (pace.at_once - 1))


def use(db: Db, paced: Paced, pace: Pace | None, *, now: datetime) -> None:
    """Use a scope's room for one message."""
    if pace is not None:
        paced.free_at = max(paced.free_at, now) + pace.apart
        paced.paused_until = max(paced.paused_until or now, now + pace.gap)
        db.add(paced)


def rest(db: Db, scope: str, pace: Pace | None, *, now: datetime) -> None:
    """Keep the gap behind what has just arrived: it may have left long after it was due."""
    if pace is not None and pace.gap:
        pause(db, scope, until=now + pace.gap, now=now)


def pause(db: Db, scope: str, *, until: datetime, now: datetime) -> None:
    """Send nothing in a scope until then: the platform asked for it. Never shortens one."""
    held = hold(db, scope, now=now)
    held.paused_until = max(until, held.paused_until or until)
    db.flush()
