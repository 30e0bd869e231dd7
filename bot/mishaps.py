"""What becomes of a message that a platform did not take, by what the platform said."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from actions import elsewhere, pacing, sending
from actions.db import Db
from actions.leasing import LEASE
from actions.people.model import Address
from actions.sending import Sending, SendingState
from bot.channels.platform import Blocked, Closed, Moved, Refused, Slowed

Mishap = Callable[[Db, Sending, Address, Any, datetime], None]


def slowed(db: Db, one: Sending, address: Address, error: Slowed, now: datetime) -> None:
    """Wait as long as it asks for, in that chat or everywhere; nobody is to blame."""
    until = now + timedelta(seconds=error.seconds)
    scope = one.channel if error.everywhere else pacing.scope_of(address)
    pacing.pause(db, scope, until=until, now=now)
    one.tries, one.due_at = one.tries - 1, until
    sending.give_write_back(address)


def closed(_db: Db, one: Sending, address: Address, _error: Closed, now: datetime) -> None:
    """Hold it until they write; where they have, since it was taken, it goes again."""
    taken_at = one.lease_until - LEASE if one.lease_until else now
    if address.heard_at is not None and address.heard_at >= taken_at:
        one.due_at = now
        return
    sending.close_window(address)
    one.state, one.due_at = SendingState.HELD, now + sending.PATIENCE


def moved(db: Db, one: Sending, address: Address, error: Moved, now: datetime) -> None:
    """Bring it where the chat is now."""
    sending.move(db, address, error.to, now=now)
    one.due_at = now


def blocked(db: Db, _one: Sending, address: Address, _error: Blocked, now: datetime) -> None:
    """Give up whatever waits there."""
    leave(db, address, now=now)


def leave(db: Db, address: Address, *, now: datetime) -> None:
    """Note that they want no more of us there: what waits is told in another way."""
    for given_up in sending.block(db, address, now=now):
        elsewhere.tell(db, given_up, now=now)


def come_back(db: Db, address: Address, *, now: datetime) -> None:
    """Note that we may write there again: what was held goes out."""
    address.blocked_at = None
    sending.release(db, address.id, now=now)


def refused(db: Db, one: Sending, address: Address, error: Refused, now: datetime) -> None:
    """Give it up: it will never be taken."""
    sending.give_write_back(address)
    give_up(db, one, f"refused {error}", now=now)


def give_up(db: Db, one: Sending, trouble: str, *, now: datetime) -> None:
    """Tell it in another way, or leave it to staff."""
    one.state, one.trouble = SendingState.DEAD, trouble[:60]
    elsewhere.tell(db, one, now=now)


MISHAPS: Mapping[type[Exception], Mishap] = {
    Slowed: slowed,
    Closed: closed,
    Moved: moved,
    Blocked: blocked,
    Refused: refused,
}
