"""Lines between two neighbours: opened for a cause, closed by it or by time.

What one side says reaches the other masked, as words of whoever said it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update

from actions import conversations, outbox
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.people import blocks
from actions.people.model import Words
from actions.relay import masking, telling
from actions.relay.masking import MASK, Masked
from actions.relay.model import Ends, Pending, Relay, RelayMessage, Release
from actions.square import Square
from actions.taps import Done

LONGEST = 500  # characters of one message
MOST_AN_HOUR = 30  # messages of one side
LOOKED_AT = 12  # messages before, in case a number comes in pieces
PIECES_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class Line:
    """One thing that was passed on: by "one" or the "other" side, when, and its words."""

    side: str
    text: str
    sent_at: datetime
    masked: bool


def open_between(
    db: Db,
    one: Conversation,
    other: Conversation,
    *,
    about: str,
    now: datetime,
    closes_at: datetime,
) -> Relay:
    """Let two conversations write to one another until a moment; again only moves the moment.

    `about` is the cause ("help:12"), `one` who asked for it, `other` who took it on.
    """
    relay = of(db, about)
    if relay is None:
        relay = Relay(about=about, opened_at=now)
        db.add(relay)
    elif (relay.one_id, relay.other_id) != (one.id, other.id):
        _end(db, relay, now)  # what two said to one another is not for a third
        relay.opened_at = now
    relay.one_id, relay.other_id = one.id, other.id
    relay.closes_at, relay.closed_at = closes_at, None
    db.flush()
    return relay


def of(db: Db, about: str) -> Relay | None:
    """Return the line of a cause, open or closed."""
    return db.scalar(select(Relay).where(Relay.about == about))


def of_notice(db: Db, about: str) -> Relay | None:
    """Return the line a notice tells of, by what it is about."""
    topic, _, number = about.partition(":")
    return db.get(Relay, int(number)) if topic == "relay" and number.isdigit() else None


def close(db: Db, about: str, *, now: datetime) -> None:
    """Let nothing more be passed on; what is still owed of it is taken back.

    What one side gave the other is erased as soon as the worker comes by.
    """
    relay = of(db, about)
    if relay is None:
        return
    _hold(db, relay)
    if relay.closed_at is None:
        relay.closed_at = now
        _end(db, relay, now)


def open_of(db: Db, resident_id: str, *, now: datetime) -> list[Relay]:
    """Return the lines a resident may write on, the latest first."""
    theirs = select(Conversation.id).where(Conversation.resident_id == resident_id)
    found = db.scalars(
        select(Relay)
        .where(
            or_(Relay.one_id.in_(theirs), Relay.other_id.in_(theirs)),
            Relay.closed_at.is_(None),
            Relay.closes_at > now,
        )
        .order_by(Relay.opened_at.desc(), Relay.id.desc())
    )
    return [relay for relay in found if _may_write(db, relay, resident_id, now)]


def ends(db: Db, relay: Relay | None, conversation: Conversation, *, now: datetime) -> Ends:
    """Return a line a resident may write on, with whom they write to.

    Raises:
        Refusal: it is closed, not theirs, or one of the two wants nothing of the other. Which
            of these it is, is not told.
    """
    if relay is None or not _may_write(db, relay, conversation.resident_id, now):
        raise Refusal("utter_relay_closed")
    one, other = _sides(db, relay)
    theirs = other if one.resident_id == conversation.resident_id else one
    return Ends(relay, conversation, theirs)


def pass_on(
    db: Db, square: Square, relay: Relay | None, sender: Conversation, text: str, now: datetime
) -> Done:
    """Pass words on to the other side, masked, and tell the sender what was taken out.

    Raises:
        Refusal: the line is closed, the words are too long or too many, or nothing is left
            of them.
    """
    if relay is not None:
        _hold(db, relay)
    line = ends(db, relay, sender, now=now)
    text = text.strip()
    conversations.hold(db, sender.id)  # so that two messages at once are counted one by one
    _require_measure(db, sender, text, now)
    masked = masking.mask(text, _just_before(db, line, now))
    if not masked.text.replace(MASK, "").strip(" \n,，.。!！?？:："):
        raise Refusal("utter_relay_only_numbers", **telling.described(db, square, line, masked))
    _write(db, line, masked, now)
    closes_at = line.relay.closes_at
    due_at = telling.when_to_tell(db, square, line.theirs, closes_at, now)
    _owe(db, square, line, masked, due_at=due_at, now=now)
    response = "utter_relay_passed_on_masked" if masked.kinds else "utter_relay_passed_on"
    return Done(response, telling.described(db, square, line, masked, waits=due_at > now))


def transcript(db: Db, relay_id: int) -> list[Line]:
    """Return what was passed on, in order: for staff, once one side has reported the other."""
    relay = db.get_one(Relay, relay_id)
    found = db.scalars(
        select(RelayMessage).where(RelayMessage.relay_id == relay_id).order_by(RelayMessage.id)
    )
    return [
        Line(telling.side(relay, one.sender_id), one.words.text, one.sent_at, one.masked)
        for one in found
    ]


def _hold(db: Db, relay: Relay) -> None:
    """Let nobody close or change a line until this transaction ends; see it as it is now."""
    db.refresh(relay, with_for_update=True)


def _end(db: Db, relay: Relay, now: datetime) -> None:
    """Take back what is owed and awaited of a line, and let what was given expire."""
    outbox.cancel(db, telling.about(relay))
    db.execute(delete(Pending).where(Pending.relay_id == relay.id))
    db.execute(
        update(Release)
        .where(Release.relay_id == relay.id, Release.expires_at > now)
        .values(expires_at=now)
    )
    db.flush()


def _sides(db: Db, relay: Relay) -> tuple[Conversation, Conversation]:
    return db.get_one(Conversation, relay.one_id), db.get_one(Conversation, relay.other_id)


def _may_write(db: Db, relay: Relay, resident_id: str, now: datetime) -> bool:
    if relay.closed_at is not None or relay.closes_at <= now:
        return False
    sides = {side.resident_id for side in _sides(db, relay)}
    if resident_id not in sides:
        return False
    if sides & blocks.blocked_with(db, resident_id):
        return False
    return not any(blocks.is_suspended(db, each, now=now) for each in sides)


def _require_measure(db: Db, sender: Conversation, text: str, now: datetime) -> None:
    if len(text) > LONGEST:
        raise Refusal("utter_relay_too_long", most=LONGEST)
    lately = select(func.count(RelayMessage.id)).where(
        RelayMessage.sender_id == sender.id, RelayMessage.sent_at > now - timedelta(hours=1)
    )
    if (db.scalar(lately) or 0) >= MOST_AN_HOUR:
        raise Refusal("utter_relay_too_many", most=MOST_AN_HOUR)


def _just_before(db: Db, line: Ends, now: datetime) -> list[str]:
    """Return what the sender had passed on of late, oldest first."""
    found = db.scalars(
        select(Words.text)
        .join(RelayMessage, RelayMessage.words_id == Words.id)
        .where(
            RelayMessage.relay_id == line.relay.id,
            RelayMessage.sender_id == line.mine.id,
            RelayMessage.sent_at > now - PIECES_WITHIN,
        )
        .order_by(RelayMessage.id.desc())
        .limit(LOOKED_AT)
    )
    return list(found)[::-1]


def _write(db: Db, line: Ends, masked: Masked, now: datetime) -> None:
    message = RelayMessage(
        relay_id=line.relay.id,
        sender_id=line.mine.id,
        words=Words(resident_id=line.mine.resident_id, text=masked.text, created_at=now),
        masked=bool(masked.kinds),
        sent_at=now,
    )
    db.add(message)
    db.flush()


def _owe(
    db: Db, square: Square, line: Ends, masked: Masked, *, due_at: datetime, now: datetime
) -> None:
    """Owe the other side the words, as the sender's: they are erased with all of theirs."""
    told = telling.told(db, square, line, masked)
    words = Words(resident_id=line.mine.resident_id, text=told.text, created_at=now)
    db.add(words)
    db.flush()
    outbox.put(
        db,
        conversation_id=line.theirs.id,
        response="",
        due_at=due_at,
        stale_at=line.relay.closes_at,
        choices=told.choices,
        about=telling.about(line.relay),
        words_id=words.id,
    )
