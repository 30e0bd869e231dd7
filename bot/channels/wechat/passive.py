"""The answer to a webhook's call: one text, of as many replies as go into it whole."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from actions import sending
from actions.channels import CHANNELS
from actions.conversations import Message
from actions.db import Db
from actions.sending import Sending
from bot.channels.parts import numbered

LONGEST = CHANNELS["wechat"].bytes_
AFTER_IT = timedelta(seconds=1)  # what does not go into the answer follows, and never before it


def take(db: Db, entry_id: int, *, now: datetime) -> str:
    """Take what the answer to an entry's call carries; the courier brings the rest.

    Empty where nothing is ready. Run in a transaction.
    """
    taken = sending.take_passively(db, entry_id, partial(_fitting, db), now=now)
    if taken:
        sending.hurry(db, entry_id, now=now + AFTER_IT)
    return merged(_messages(db, taken))


def merged(messages: Sequence[Message]) -> str:
    """Write several replies as one; numbers stand for the choices offered last."""
    chosen = next((one for one in reversed(messages) if one.choices), None)
    return "\n\n".join(
        numbered(one.text, one.offered if one is chosen else ()) for one in messages
    )


def _fitting(db: Db, waiting: Sequence[Sending]) -> int:
    """Return how many of those that wait go into one text, the first ones."""
    messages = _messages(db, waiting)
    without = next((n for n, one in enumerate(messages) if one.attachments), len(messages))
    sizes = {n: len(merged(messages[:n]).encode()) for n in range(1, without + 1)}
    return max((n for n, size in sizes.items() if size <= LONGEST), default=0)


def _messages(db: Db, sendings: Sequence[Sending]) -> list[Message]:
    return [db.get_one(Message, one.message_id) for one in sendings]
