"""What a tap does on a line between neighbours, and who waits for the words after it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete

from actions.conversations import Conversation, Message
from actions.db import Db
from actions.errors import Refusal
from actions.relay import lead_in, relaying, releases
from actions.relay.model import Ends, Pending, Relay
from actions.square import Square
from actions.taps import Deed, Done, Spoken, Tap
from knowledge.pack import Text
from knowledge.text import has_han, normalise

WAITS_FOR = timedelta(minutes=10)
LONGEST_CALL = 10  # characters in which somebody asks for a person, and for nothing else
FEWEST_WORDS = 5  # in English
GIVE_UP = frozenset(
    {"取消", "算了", "不写了", "不说了", "不发了", "不用了", "不给了", "停", "退出"}
    | {"cancel", "never mind", "nevermind", "stop", "forget it", "quit", "exit"}
)
# What may be said again, better, after a refusal.
SAID_AGAIN = frozenset(
    {
        *("utter_relay_too_long", "utter_relay_only_numbers"),
        *("utter_release_no_door", "utter_release_no_phone"),
    }
)


def begin_words(db: Db, square: Square, tap: Tap) -> Done:
    """Wait for what somebody wants to tell the other side.

    Raises:
        Refusal: the line is closed.
    """
    line = relaying.ends(db, relaying.of(db, tap.value), tap.conversation, now=tap.now)
    return wait_for(db, line, "words", now=tap.now)


def begin_door(db: Db, square: Square, tap: Tap) -> Done:
    """Wait for the door somebody gives the other side.

    Raises:
        Refusal: the line is closed, or the channel carries no doors.
    """
    return _begin_giving(db, tap, "door")


def begin_phone(db: Db, square: Square, tap: Tap) -> Done:
    """Wait for the phone number somebody gives the other side.

    Raises:
        Refusal: the line is closed, or the channel carries no numbers.
    """
    return _begin_giving(db, tap, "phone")


def leave(db: Db, square: Square, tap: Tap) -> Done:
    """Wait no more."""
    _forget(db, tap.conversation)
    return Done("utter_relay_not_sent")


def tell_again(db: Db, square: Square, tap: Tap) -> Done:
    """Pass on what was said before, now that it is known to whom: "help:12 345".

    Raises:
        Refusal: the line is closed, or as for all words.
    """
    cause, _, message_id = tap.value.partition(" ")
    message = db.get(Message, int(message_id))
    if message is None or message.conversation_id != tap.conversation.id:
        raise Refusal("utter_relay_closed")
    text = lead_in.without(message.text) or message.text
    message.for_neighbour = True
    relay = relaying.of(db, cause)
    return relaying.pass_on(db, square, relay, tap.conversation, text, tap.now)


def agree(db: Db, square: Square, tap: Tap) -> Done:
    """Show what was offered."""
    return releases.agree(db, square, int(tap.value), tap.conversation, tap.now)


def decline(db: Db, square: Square, tap: Tap) -> Done:
    """Do not show what was offered, and erase it."""
    return releases.decline(db, square, int(tap.value), tap.conversation, tap.now)


def withdraw(db: Db, square: Square, tap: Tap) -> Done:
    """Take back what was given."""
    return releases.withdraw(db, square, int(tap.value), tap.conversation, tap.now)


def take(db: Db, square: Square, spoken: Spoken) -> Done | None:
    """Take words we wait for; None when we wait for none, or they ask for a person."""
    pending = db.get(Pending, spoken.conversation.id)
    if pending is None:
        return None
    if pending.until <= spoken.now or asks_for_a_person(square, spoken.text):
        _forget(db, spoken.conversation)
        return None
    if normalise(spoken.text).strip("。.!！ ") in GIVE_UP:
        _forget(db, spoken.conversation)
        return Done("utter_relay_not_sent")
    if not spoken.text.strip():
        return Done("utter_relay_no_photo")
    try:
        done = _use(db, square, pending, spoken)
    except Refusal as refusal:
        done = Done(refusal.response, refusal.details)
    if done.response not in SAID_AGAIN:
        _forget(db, spoken.conversation)
    return replace(done, for_neighbour=True)


def wait_for(db: Db, line: Ends, what: str, *, now: datetime) -> Done:
    """Wait for what is said next; it takes the place of what we waited for before."""
    _forget(db, line.mine)
    db.add(
        Pending(
            conversation_id=line.mine.id,
            relay_id=line.relay.id,
            what=what,
            until=now + WAITS_FOR,
        )
    )
    db.flush()
    return Done(f"utter_relay_say_{what}", {"about": line.relay.about})


def asks_for_a_person(square: Square, text: str) -> bool:
    """Whether somebody calls for staff and says nothing else: that is never passed on."""
    said = normalise(text).strip("。.!！?？ ")
    words = [normalise(word) for word in square.pack.bot.person_words]
    if said in words:
        return True
    if has_han(said):
        return len(said) <= LONGEST_CALL and any(w in said for w in words if has_han(w))
    spoken = re.findall(r"[a-z]+", said)
    return len(spoken) <= FEWEST_WORDS and bool({*words} & {*spoken})


def _begin_giving(db: Db, tap: Tap, kind: str) -> Done:
    relay = relaying.of(db, tap.value)
    line = releases.line_to_give(db, relay, tap.conversation, now=tap.now)
    return wait_for(db, line, kind, now=tap.now)


def _use(db: Db, square: Square, pending: Pending, spoken: Spoken) -> Done:
    relay, sender, now = db.get_one(Relay, pending.relay_id), spoken.conversation, spoken.now
    if pending.what in releases.KINDS:
        line = releases.line_to_give(db, relay, sender, now=now)
        return releases.offer(db, square, line, pending.what, spoken.text, now)
    done = relaying.pass_on(db, square, relay, sender, spoken.text, now)
    return _without_photo(square, done) if spoken.attached else done


def _without_photo(square: Square, done: Done) -> Done:
    """Say with how it goes that what was attached stays here."""
    how, stays = done.values["how"], square.in_both("utter_relay_photo_stays")
    both = Text(zh=f"{how.zh}{stays.zh}", en=f"{how.en} {stays.en}")
    return Done(done.response, {**done.values, "how": both})


def _forget(db: Db, conversation: Conversation) -> None:
    db.execute(delete(Pending).where(Pending.conversation_id == conversation.id))


TAPS: Mapping[str, Deed] = {
    "write_to_neighbour": begin_words,
    "leave_unsaid": leave,
    "relay_to": tell_again,
    "release_offer": begin_door,
    "release_phone": begin_phone,
    "release_agree": agree,
    "release_decline": decline,
    "release_withdraw": withdraw,
}
