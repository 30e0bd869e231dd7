"""Delete-me: what is to come is given back, the other side told, then all is forgotten.

The same channel address is from then on somebody new. The tap that asked for it moves there,
with whatever was written after it: nothing that waits is lost, and nothing of before is left.
"""

import secrets
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select, update

from actions import conversations
from actions.acquaintance import leaving as acquaintance
from actions.booking import leaving as booking
from actions.booking.programme import Programme
from actions.care import leaving as care
from actions.conversations import Conversation, Message
from actions.db import Db
from actions.governance import leaving as governance
from actions.household import telling as household
from actions.mydata import erasing
from actions.mydata.model import Erasure
from actions.neighbours import leaving as neighbours
from actions.people import consents, households, scope
from actions.people.model import Address, Resident, Words
from actions.relay import leaving as relay
from actions.square import Square
from actions.turns import EntryState, InboxEntry

Leave = Callable[[Db, Square, str, datetime], None]


def _bookings(db: Db, square: Square, who: str, now: datetime) -> None:
    booking.give_back_all(db, Programme(square.pack, square.wording), who, now=now)


def _household(db: Db, square: Square, who: str, now: datetime) -> None:
    over = households.leave(db, db.get_one(Resident, who), now=now)
    household.left(db, square, over, who, now=now)


def _consents(db: Db, _square: Square, who: str, now: datetime) -> None:
    for purpose in consents.in_force(db, who):
        consents.withdraw(db, who, purpose, now=now)


# What each topic does when somebody leaves, in this order.
LEAVE: tuple[Leave, ...] = (
    _bookings,
    lambda db, square, who, now: governance.leave_all(db, square.pack, who, now=now),
    lambda db, square, who, now: neighbours.leave(db, square, who, now=now),
    lambda db, _square, who, now: care.leave(db, who, now=now),
    lambda db, _square, who, now: acquaintance.leave(db, who, now=now),
    lambda db, _square, who, now: relay.close_all(db, who, now=now),
    _household,
    _consents,
)


def leave(
    db: Db, square: Square, resident_id: str, *, now: datetime, cause: str = "asked"
) -> Erasure:
    """Clear up a resident's future in every topic, and forget them."""
    with scope.unlimited(db):  # what follows may be of any area
        for deed in LEAVE:
            deed(db, square, resident_id, now)
        return erasing.forget(db, resident_id, now=now, cause=cause)


def begin_anew(db: Db, before: Conversation, *, now: datetime) -> Conversation:
    """Make the address of a conversation, whose resident is about to leave, somebody new's.

    They are answered in the same language; nothing else of theirs is known.
    """
    conversations.hold(db, before.id)
    door = db.get_one(Address, before.address_id)
    channel, address, language = door.channel, door.address, before.resident.language
    door.channel, door.address = erasing.NOBODY, secrets.token_hex(16)
    db.flush()
    new = conversations.at_address(db, channel=channel, address=address, now=now)
    new.introduced_at, new.resident.language = now, language
    db.flush()
    _move_waiting(db, before.id, new)
    return new


def _move_waiting(db: Db, before_id: str, new: Conversation) -> None:
    """Move what waits for an answer: first the tap itself, whose own words are forgotten."""
    waiting = db.execute(
        select(InboxEntry.id, InboxEntry.message_id)
        .where(InboxEntry.conversation_id == before_id, InboxEntry.state == EntryState.WAITING)
        .order_by(InboxEntry.id)
    ).all()
    for place, (entry_id, message_id) in enumerate(waiting):
        moved = {"conversation_id": new.id} | ({} if place else {"message_id": None})
        _change(db, update(InboxEntry).where(InboxEntry.id == entry_id).values(moved))
        if place and message_id is not None:
            message = update(Message).where(Message.id == message_id)
            _change(db, message.values(conversation_id=new.id))
            words = select(Message.words_id).where(Message.id == message_id).scalar_subquery()
            own = update(Words).where(Words.id == words)
            _change(db, own.values(resident_id=new.resident_id))


def _change(db: Db, statement: object) -> None:
    db.execute(statement.execution_options(synchronize_session=False))  # type: ignore[attr-defined]
