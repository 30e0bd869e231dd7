"""What somebody said aloud: taken as it was heard, or read back where we are not sure of it."""

from collections.abc import Sequence

from actions.conversations import Choice, Message
from actions.db import Db
from bot.choices import ENDS, offered_before
from bot.media import SURE, UNSURE
from knowledge.text import has_han, normalise

TAKE = "take_heard"  # the tap: that is what I said
# A word so short is often misheard, or not heard at all: 一, 对, 好, yes.
SHORT, SHORT_ENGLISH = 2, 3  # characters


def how_heard(message: Message) -> str:
    """Return how a message's voices were heard, the worst of them; "" without any."""
    heard = [one.get("heard", "") for one in message.attachments if one["kind"] == "voice"]
    return min(heard, key=lambda one: (one == SURE, one == UNSURE), default="")


def is_short(message: Message) -> bool:
    """Whether what was heard may as well be another short word."""
    said = normalise(message.text).rstrip(ENDS)
    return len(said) <= (SHORT if has_han(said) else SHORT_ENGLISH)


def is_clear(db: Db, message: Message) -> bool:
    """Whether words are clear although they were heard unsurely: one of our choices."""
    return len(offered_before(db, message).meant(message.text)) == 1


def take(db: Db, message: Message, meant: Sequence[Choice]) -> list[Choice]:
    """Let the tap "that is what I said" stand for the words; returns the choices they mean.

    Any other choice stays what it is.
    """
    if len(meant) != 1 or meant[0].intent != TAKE:
        return list(meant)
    heard = db.get_one(Message, int(meant[0].value))
    message.words.text = heard.text
    return offered_before(db, heard).meant(heard.text)
