"""Another way to somebody: what does not arrive on one channel is told on another, once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from actions import channels, conversations, outbox, sending
from actions.channels import CHANNELS, Reached
from actions.conversations import Attachment, Conversation, Message
from actions.db import Db
from actions.people.model import Address
from actions.sending import Priority, Sending, SendingState, Way

LOOK_AGAIN = timedelta(hours=6)  # for a way that was not there
AT_ONCE = 50
# Which way is tried first: what comes to them, what they find with us, what costs a call.
ORDER = (Reached.PUSHED, Reached.BY_ROW, Reached.BY_STAFF)
NOBODY_READS = frozenset({"staff", "open311", "nobody", "shell"})


def tell(db: Db, one: Sending, *, now: datetime) -> bool:
    """Tell in another conversation of the same resident what did not arrive; False if none.

    What is told to many, what is not true any more, and what took this way already is not.
    """
    there = db.get_one(Address, one.address_id)
    if one.is_copy or one.priority >= Priority.BROADCAST or there.is_group:
        return False
    if _is_over(one, now):
        return False
    ways = ORDER if one.priority == Priority.REPLY else ORDER[:2]
    talk = way_to(db, there, ways, now=now)
    if talk is None:
        return False
    _say_again(db, one, talk, now)
    one.state, one.lease_until = SendingState.ELSEWHERE, None
    db.flush()
    return True


def way_to(
    db: Db, but: Address, ways: Sequence[Reached], *, now: datetime
) -> Conversation | None:
    """Return another conversation in which the resident of an address can be reached now.

    The first of these ways there is. Never one in which others read along, nor one that
    carries less than the address.
    """
    found = db.execute(
        select(Conversation, Address)
        .join(Address, Address.id == Conversation.address_id)
        .where(Address.resident_id == but.resident_id, Address.id != but.id)
        .order_by(Address.heard_at.desc(), Address.id.desc())
    )
    there = {
        channels.reached(address.channel): talk
        for talk, address in reversed(found.all())
        if _can_be_told(address, but, now)
    }
    return next((there[way] for way in ways if way in there), None)


def _can_be_told(address: Address, but: Address, now: datetime) -> bool:
    is_read = address.channel in CHANNELS and address.channel not in NOBODY_READS
    return (
        is_read
        and not address.is_group
        and sending.may_write(address, now=now)
        and channels.carries(address.channel) >= channels.carries(but.channel)
    )


def is_any_held(db: Db, *, now: datetime) -> bool:
    """Whether `tell_held` may find something."""
    return bool(_held(db, now, limit=1))


def tell_held(db: Db, *, now: datetime) -> int:
    """Look for another way for what was held too long; returns how much was told."""
    told = 0
    for one in _held(db, now, limit=AT_ONCE):
        if sending.may_write(db.get_one(Address, one.address_id), now=now):
            one.state = SendingState.WAITING
        elif _is_over(one, now):
            one.state = SendingState.CANCELLED
        elif tell(db, one, now=now):
            told += 1
        else:
            one.due_at = now + LOOK_AGAIN
    db.flush()
    return told


def _is_over(one: Sending, now: datetime) -> bool:
    return one.stale_at is not None and one.stale_at <= now


def _held(db: Db, now: datetime, limit: int) -> Sequence[Sending]:
    pushed = [name for name, one in CHANNELS.items() if one.reached == Reached.PUSHED]
    return db.scalars(
        select(Sending)
        .where(
            Sending.channel.in_(pushed),
            Sending.state == SendingState.HELD,
            Sending.due_at <= now,
        )
        .order_by(Sending.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def _say_again(db: Db, one: Sending, talk: Conversation, now: datetime) -> None:
    message = db.get_one(Message, one.message_id)
    choices = [replace(choice, id="") for choice in message.offered]
    if channels.reached(conversations.channel_of(db, talk)) == Reached.BY_STAFF:
        outbox.put(
            db,
            key=f"elsewhere:{one.id}",
            conversation_id=talk.id,
            response="",
            words_id=message.words_id,
            choices=choices,
            due_at=now,
            stale_at=one.stale_at,
        )
        return
    conversations.say(
        db,
        talk,
        message.text,
        author=conversations.Author(message.author),
        staff_id=message.staff_id,
        now=now,
        choices=choices,
        attachments=[Attachment(**each) for each in message.attachments],
        kept=message.words,
        way=Way(Priority(one.priority), stale_at=one.stale_at, is_copy=True),
    )
