"""Being open to meet neighbours, and what two who were asked say; in the caller's transaction.

Neither learns who the other is, nor that the other said no: only when both have said yes are
both told, and a line is opened between them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from actions import conversations, outbox
from actions.acquaintance import interests
from actions.acquaintance.model import Introduction, Openness
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.people import blocks, consents
from actions.quiet import quiet_ends
from actions.relay import relaying
from actions.square import Square
from actions.wording import to_json

PURPOSE = "meet"
TALKS_FOR = timedelta(days=14)
MOST_INTERESTS = 6


def openness_of(db: Db, resident_id: str) -> Openness | None:
    """Return what somebody would like to meet neighbours for; None when they would not."""
    found = db.get(Openness, resident_id)
    willing = found is not None and found.ended_at is None
    return found if willing and consents.is_given(db, resident_id, PURPOSE) else None


def open_up(
    db: Db, square: Square, conversation: Conversation, interest: str, *, now: datetime
) -> Openness:
    """Note that a resident agrees to be asked, and for what; again adds an interest.

    Raises:
        Refusal: there is no such interest, they have many, or staff let them not for a while.
    """
    if not interests.is_known(db, square.pack, interest):
        raise Refusal("utter_old_choice")
    resident = conversation.resident
    if blocks.is_suspended(db, resident.id, now=now):
        raise Refusal("utter_meet_suspended")
    found = db.get(Openness, resident.id)
    kept = [] if found is None or found.ended_at else list(found.interests)
    if interest not in kept and len(kept) >= MOST_INTERESTS:
        raise Refusal("utter_meet_interests_enough", most=MOST_INTERESTS)
    channel = conversations.channel_of(db, conversation)
    consents.give(db, resident.id, PURPOSE, channel=channel, now=now)
    if found is None:
        found = Openness(resident_id=resident.id, begun_at=now, interests=[])
        db.add(found)
    if found.ended_at is not None:
        found.begun_at, found.ended_at = now, None
    found.conversation_id, found.area_id = conversation.id, resident.area_id
    found.interests = list(dict.fromkeys([*kept, interest]))
    db.flush()
    return found


def stop(db: Db, resident_id: str, *, now: datetime) -> bool:
    """Introduce somebody no more, and take the consent as taken back; False when they were not.

    Whom they were introduced to before is not touched.
    """
    ended = db.execute(
        update(Openness)
        .where(Openness.resident_id == resident_id, Openness.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )
    withdrawn = consents.withdraw(db, resident_id, PURPOSE, now=now)
    for asked in _open_ones(db, resident_id):
        for talk in _talks(db, resident_id):
            outbox.cancel(db, about(asked), conversation_id=talk)
            outbox.cancel(db, _over(asked), conversation_id=talk)
    return withdrawn or bool(ended.rowcount)  # type: ignore[attr-defined]


def answer(
    db: Db,
    square: Square,
    conversation: Conversation,
    introduction_id: int,
    *,
    agreed: bool,
    now: datetime,
) -> bool:
    """Take a yes or a no; True when both have now said yes, and were introduced.

    While nothing has come of it, it may be said otherwise. Two who say yes at once are
    introduced once: the row is changed by one after the other.

    Raises:
        Refusal: they were never asked this, or its time is over.
    """
    asked, resident_id = db.get(Introduction, introduction_id), conversation.resident_id
    if asked is None or resident_id not in (asked.one_id, asked.other_id):
        raise Refusal("utter_old_choice")
    if asked.introduced_at is not None:
        return True
    if not _note(db, asked, resident_id, agreed, now):
        raise Refusal("utter_meet_over")
    if not agreed:
        outbox.cancel(db, _over(asked), conversation_id=conversation.id)
        return False
    _owe_the_end(db, square, asked, conversation)
    if not (_still_may(db, asked, now) and _conclude(db, asked, now)):
        return False
    _introduce(db, square, asked, conversation, now)
    return True


def values_of(square: Square, asked: Introduction) -> dict[str, Any]:
    """Return the values the responses about an introduction speak of: nothing of the other."""
    return {"id": asked.id, "interest": interests.name_of(square.pack, asked.interest)}


def about(asked: Introduction) -> str:
    """Return what notices about an introduction, and its line, are filed under."""
    return f"meet:{asked.id}"


def _note(db: Db, asked: Introduction, resident_id: str, agreed: bool, now: datetime) -> bool:
    """Write down what somebody says, while it counts; False when it does not any more."""
    mine = "one_agreed" if resident_id == asked.one_id else "other_agreed"
    noted = db.execute(
        update(Introduction)
        .where(
            Introduction.id == asked.id,
            Introduction.introduced_at.is_(None),
            Introduction.expires_at > now,
        )
        .values({mine: agreed})
        .execution_options(synchronize_session=False)
    )
    db.refresh(asked)
    return bool(noted.rowcount == 1)  # type: ignore[attr-defined]


def _conclude(db: Db, asked: Introduction, now: datetime) -> bool:
    """Write down that they are introduced, if both agree and nobody has done it."""
    concluded = db.execute(
        update(Introduction)
        .where(
            Introduction.id == asked.id,
            Introduction.one_agreed.is_(True),
            Introduction.other_agreed.is_(True),
            Introduction.introduced_at.is_(None),
        )
        .values(introduced_at=now)
        .execution_options(synchronize_session=False)
    )
    db.refresh(asked)
    return bool(concluded.rowcount == 1)  # type: ignore[attr-defined]


def _still_may(db: Db, asked: Introduction, now: datetime) -> bool:
    """Whether both still wish it, and no rule has come between them since they were asked."""
    two = (asked.one_id, asked.other_id)
    willing = all(openness_of(db, one) is not None for one in two)
    suspended = any(blocks.is_suspended(db, one, now=now) for one in two)
    return willing and not suspended and two[1] not in blocks.blocked_with(db, two[0])


def _introduce(
    db: Db, square: Square, asked: Introduction, here: Conversation, now: datetime
) -> None:
    """Open the line, and tell the other; whoever answers this moment is told in the answer."""
    other_id = asked.other_id if here.resident_id == asked.one_id else asked.one_id
    there = conversations.of_resident(db, other_id)
    if there is None:
        raise RuntimeError(f"resident of introduction {asked.id} has no conversation")
    relaying.open_between(
        db, here, there, about=about(asked), now=now, closes_at=now + TALKS_FOR
    )
    outbox.cancel(db, _over(asked))
    outbox.put_once(
        db,
        key=f"{about(asked)}:{other_id}:introduced",
        conversation_id=there.id,
        response="utter_meet_introduced",
        due_at=quiet_ends(now, square.zone),
        values=to_json(values_of(square, asked)),
        about=about(asked),
    )


def _owe_the_end(
    db: Db, square: Square, asked: Introduction, conversation: Conversation
) -> None:
    """Owe who said yes the news that it came to nothing, for when the time is over."""
    outbox.put_once(
        db,
        key=f"{about(asked)}:{conversation.resident_id}:over",
        conversation_id=conversation.id,
        response="utter_meet_came_to_nothing",
        due_at=quiet_ends(asked.expires_at, square.zone),
        values=to_json(values_of(square, asked)),
        about=_over(asked),
    )


def _over(asked: Introduction) -> str:
    return f"{about(asked)}:over"


def _open_ones(db: Db, resident_id: str) -> Sequence[Introduction]:
    return db.scalars(
        select(Introduction).where(
            or_(Introduction.one_id == resident_id, Introduction.other_id == resident_id),
            Introduction.introduced_at.is_(None),
        )
    ).all()


def _talks(db: Db, resident_id: str) -> Sequence[str]:
    return db.scalars(
        select(Conversation.id).where(Conversation.resident_id == resident_id)
    ).all()
