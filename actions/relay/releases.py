"""A door or a phone number, given by one side, shown to the other once both have agreed.

It is words of whoever gives it. When its time is over, or it is taken back, they are erased:
from here and from the message that showed it, which has the same words.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from actions import outbox
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.people.model import Words
from actions.relay import channels, masking, relaying, telling
from actions.relay.model import Ends, Relay, Release
from actions.square import Square
from actions.taps import Done
from actions.wording import to_json

KINDS = ("door", "phone")
SHORTEST, LONGEST = 2, 60  # characters of a door or a number


def line_to_give(db: Db, relay: Relay | None, giver: Conversation, *, now: datetime) -> Ends:
    """Return the line on which somebody gives the other side something.

    Raises:
        Refusal: it is closed, or what they say here would pass through others' hands.
    """
    line = relaying.ends(db, relay, giver, now=now)
    if not channels.carries(db, giver):
        raise Refusal("utter_release_not_here")
    return line


def offer(db: Db, square: Square, line: Ends, kind: str, text: str, now: datetime) -> Done:
    """Keep what somebody gives, and ask the other side whether they want to see it.

    What they had given of this kind before is taken back.

    Raises:
        Refusal: that is no door, or no phone number.
    """
    text = " ".join(text.split())
    if not SHORTEST <= len(text) <= LONGEST or (kind == "phone" and not _has_phone(text)):
        raise Refusal(f"utter_release_no_{kind}", most=LONGEST, about=line.relay.about)
    for earlier in _lasting(db, line, kind):
        _erase(db, square, earlier, now)
    release = Release(
        relay_id=line.relay.id,
        giver_id=line.mine.id,
        kind=kind,
        words=Words(resident_id=line.mine.resident_id, text=text, created_at=now),
        offered_at=now,
        expires_at=line.relay.closes_at,
    )
    db.add(release)
    db.flush()
    due_at = telling.when_to_tell(db, square, line.theirs, line.relay.closes_at, now)
    _tell(db, release, line.theirs, f"utter_release_offered_{kind}", due_at=due_at)
    return Done("utter_release_asked", described(release))


def agree(db: Db, square: Square, release_id: int, taker: Conversation, now: datetime) -> Done:
    """Show the other side what they were offered: once, where it may be shown.

    Raises:
        Refusal: it is not for them, over, taken back, or was shown before.
    """
    release, giver = _for(db, release_id, taker, now)
    where = channels.carrying(db, taker)
    if where is None:
        raise Refusal("utter_release_nowhere")
    if release.agreed_at is not None:
        raise Refusal("utter_release_shown_before")
    release.agreed_at = now
    _show(db, square, release, where, now)
    _tell(db, release, giver, "utter_release_seen", due_at=now)
    here = "utter_release_agreed" if where.id == taker.id else "utter_release_elsewhere"
    return Done(here, described(release))


def decline(
    db: Db, square: Square, release_id: int, taker: Conversation, now: datetime
) -> Done:
    """The other side does not want to see it: it is erased, and the giver is told.

    Raises:
        Refusal: it is not for them, or over.
    """
    release, giver = _for(db, release_id, taker, now)
    _erase(db, square, release, now)
    _tell(db, release, giver, "utter_release_not_wanted", due_at=now)
    return Done("utter_release_declined")


def withdraw(
    db: Db, square: Square, release_id: int, giver: Conversation, now: datetime
) -> Done:
    """Take back what was given: it is gone from the other side's history too.

    Raises:
        Refusal: it is not theirs, or over.
    """
    release = _held(db, release_id)
    if release is None or not _is_of(db, release, giver) or release.erased_at is not None:
        raise Refusal("utter_release_over")
    _erase(db, square, release, now)
    return Done("utter_release_withdrawn")


def is_any_due(db: Db, *, now: datetime) -> bool:
    """Whether `erase_due` may find something."""
    return db.scalar(_due(now).limit(1)) is not None


def erase_due(db: Db, square: Square, *, now: datetime) -> int:
    """Erase what has expired, here and where it was shown; returns how many."""
    due = db.scalars(_due(now).with_for_update(of=Release, skip_locked=True)).all()
    for release in due:
        _erase(db, square, release, now)
    return len(due)


def described(release: Release) -> dict[str, Any]:
    """Return the values the responses about it speak of; never a word of it."""
    return {"release": release.id, "until": release.expires_at}


def _due(now: datetime) -> Select[Release]:
    return select(Release).where(Release.erased_at.is_(None), Release.expires_at <= now)


def _has_phone(text: str) -> bool:
    return bool({"phone", "number"} & set(masking.mask(text).kinds))


def _lasting(db: Db, line: Ends, kind: str) -> list[Release]:
    return list(
        db.scalars(
            select(Release).where(
                Release.relay_id == line.relay.id,
                Release.giver_id == line.mine.id,
                Release.kind == kind,
                Release.erased_at.is_(None),
            )
        )
    )


def _for(
    db: Db, release_id: int, taker: Conversation, now: datetime
) -> tuple[Release, Conversation]:
    """Return what somebody was offered, and who gives it.

    Raises:
        Refusal: it is not for them, or over.
    """
    release = _held(db, release_id)
    if release is None or release.erased_at is not None or release.expires_at <= now:
        raise Refusal("utter_release_over")
    relay = db.get_one(Relay, release.relay_id)
    giver = relaying.ends(db, relay, taker, now=now).theirs
    if not _is_of(db, release, giver):
        raise Refusal("utter_release_over")
    return release, giver


def _held(db: Db, release_id: int) -> Release | None:
    """Return it as it is now; nobody else changes it until this transaction ends."""
    return db.get(Release, release_id, with_for_update={"of": Release})


def _is_of(db: Db, release: Release, somebody: Conversation) -> bool:
    giver = db.get_one(Conversation, release.giver_id)
    return giver.resident_id == somebody.resident_id


def _show(db: Db, square: Square, release: Release, where: Conversation, now: datetime) -> None:
    """Owe the message that shows it. What is shown becomes the words of the release."""
    shown = square.wording.render(
        f"utter_release_shown_{release.kind}",
        language=where.resident.language,
        elder=where.resident.elder,
        values={"words": release.words.text, "until": release.expires_at},
    )
    release.words.text = shown.text
    db.flush()
    outbox.put(
        db,
        conversation_id=where.id,
        response="",
        due_at=now,
        stale_at=release.expires_at,
        key=f"release:{release.id}",
        about=_about(release),
        words_id=release.words_id,
    )


def _erase(db: Db, square: Square, release: Release, now: datetime) -> None:
    """Leave nothing of it but that there was something, wherever it was shown."""
    outbox.cancel(db, _about(release))
    both = square.in_both("utter_release_erased")
    release.words.text = f"{both.zh} {both.en}"
    release.erased_at = now
    release.withdrawn_at = release.withdrawn_at or (now if release.expires_at > now else None)
    db.flush()


def _tell(
    db: Db, release: Release, whom: Conversation, response: str, *, due_at: datetime
) -> None:
    outbox.put(
        db,
        conversation_id=whom.id,
        response=response,
        due_at=due_at,
        stale_at=release.expires_at,
        values=to_json(described(release)),
        about=_about(release),
    )


def _about(release: Release) -> str:
    return f"release:{release.id}"
