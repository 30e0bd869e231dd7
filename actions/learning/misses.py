"""Questions we missed, kept redacted for staff.

Nothing is kept of a deed, of a talk with a person or of an emergency: only replies that answer
a question carry a mark of what was told.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from actions import told
from actions.conversations import CHOICE_ID, Author, Complaint, Conversation, Draft, Message
from actions.db import Db
from actions.errors import Refusal
from actions.learning import learned
from actions.learning.learned import Question
from actions.learning.model import Miss, MissState, Reason
from actions.learning.redaction import redact
from actions.people.model import Words
from actions.told import Told, ToldAnswer

REASONS = {told.UNKNOWN: Reason.UNKNOWN, told.SUGGESTED: Reason.SUGGESTED}
READING = timedelta(minutes=10)  # somebody may still tap what was suggested
LATEST = 500  # so many are looked at together
LONGEST = 200  # characters of a taught question


@dataclass(frozen=True)
class Lesson:
    """What staff make of some misses: a question as it is to be taught."""

    misses: Sequence[int]
    question: Question


def note(
    db: Db, conversation: Conversation, reply: Message, mark: Told | None, *, now: datetime
) -> None:
    """Keep the question of a reply that could not tell; a tapped suggestion was right."""
    if mark is None:
        return
    if mark.chosen:
        _forget_suggestion(db, conversation, now=now)
    elif mark.kind in REASONS and db.get(Draft, conversation.id) is None:
        miss = _miss(db, conversation, reply, REASONS[mark.kind], now=now)
        if miss:
            miss.likely = list(mark.likely)


def disliked(
    db: Db,
    conversation: Conversation,
    reply: Message,
    complaint: Complaint | None,
    *,
    now: datetime,
) -> None:
    """Keep the question of an answer that did not help; other replies are no answers."""
    answer = told.of_reply(db, reply)
    if answer is None:
        return
    miss = db.scalar(select(Miss).where(Miss.message_id == answer.message_id))
    if miss is None:
        marked = db.get_one(Message, answer.message_id)
        miss = _miss(db, conversation, marked, Reason.DISLIKED, now=now)
    if miss is None:
        return
    miss.complaint = complaint
    miss.shown = _key(answer) if answer.kind not in REASONS else None


def liked(db: Db, reply: Message) -> None:
    """Take back that an answer was disliked, unless staff have dealt with it."""
    answer = told.of_reply(db, reply)
    if answer is not None:
        _erase(
            db,
            db.scalars(
                select(Miss).where(
                    Miss.message_id == answer.message_id,
                    Miss.reason == Reason.DISLIKED,
                    Miss.state == MissState.NEW,
                )
            ).all(),
        )


def waiting(db: Db, *, now: datetime) -> list[Miss]:
    """Return what staff have not dealt with, the newest first."""
    found = db.scalars(
        select(Miss)
        .where(_waits(now))
        .order_by(Miss.asked_at.desc(), Miss.id.desc())
        .limit(LATEST)
    )
    return [miss for miss in found if miss.text]


def count(db: Db, *, now: datetime) -> int:
    """Count what staff have not dealt with."""
    return db.scalar(select(func.count(Miss.id)).where(_waits(now))) or 0


def accept(db: Db, lesson: Lesson, *, staff_id: int | None, now: datetime) -> None:
    """Teach a question in place of these misses.

    Raises:
        Refusal: it has no words or too many, or somebody else has dealt with them.
    """
    question = lesson.question
    if not 1 < len(question.text) <= LONGEST:
        raise Refusal("utter_desk_question_length", most=LONGEST)
    _settle(db, lesson.misses, MissState.ACCEPTED, staff_id=staff_id, now=now)
    learned.teach(db, question, staff_id=staff_id, now=now)


def dismiss(db: Db, numbers: Collection[int], *, staff_id: int | None, now: datetime) -> None:
    """Leave these misses as they are.

    Raises:
        Refusal: somebody else has dealt with them.
    """
    _settle(db, numbers, MissState.DISMISSED, staff_id=staff_id, now=now)


def _waits(now: datetime) -> ColumnElement[bool]:
    """Say in SQL that staff have not dealt with a miss, and that it is one by now."""
    return and_(
        Miss.state == MissState.NEW,
        or_(Miss.reason != Reason.SUGGESTED, Miss.asked_at <= now - READING),
    )


def _settle(
    db: Db,
    numbers: Collection[int],
    state: MissState,
    *,
    staff_id: int | None,
    now: datetime,
) -> None:
    settled = db.execute(
        update(Miss)
        .where(Miss.id.in_(numbers), Miss.state == MissState.NEW)
        .values(state=state, settled_by=staff_id, settled_at=now)
        .execution_options(synchronize_session=False)
    )
    if not settled.rowcount:  # type: ignore[attr-defined]
        raise Refusal("utter_desk_miss_settled")


def _miss(
    db: Db, conversation: Conversation, reply: Message, reason: Reason, *, now: datetime
) -> Miss | None:
    """Write a miss down, its words redacted; None when nothing was asked in words."""
    asked = _asked(db, reply)
    if asked is None:
        return None
    words = Words(resident_id=conversation.resident_id, text=redact(asked.text), created_at=now)
    miss = Miss(
        message_id=reply.id,
        conversation_id=conversation.id,
        words=words,
        language=conversation.resident.language,
        reason=reason,
        likely=[],
        state=MissState.NEW,
        asked_at=asked.created_at,
    )
    db.add(miss)
    db.flush()
    return miss


def _asked(db: Db, reply: Message) -> Message | None:
    """Return the question of a reply: the resident's last words before it that are no tap."""
    said = db.scalars(
        select(Message)
        .where(
            Message.conversation_id == reply.conversation_id,
            Message.author == Author.RESIDENT,
            Message.id < reply.id,
        )
        .order_by(Message.id.desc())
        .limit(4)
    )
    return next((m for m in said if m.text and not CHOICE_ID.fullmatch(m.text)), None)


def _forget_suggestion(db: Db, conversation: Conversation, *, now: datetime) -> None:
    """The resident tapped one of the suggestions: the question was understood after all."""
    latest = db.scalar(
        select(Miss)
        .where(
            Miss.conversation_id == conversation.id,
            Miss.reason == Reason.SUGGESTED,
            Miss.state == MissState.NEW,
            Miss.asked_at > now - READING,
        )
        .order_by(Miss.id.desc())
        .limit(1)
    )
    _erase(db, [latest] if latest else [])


def _erase(db: Db, misses: Sequence[Miss]) -> None:
    """Take misses away, and the copy of the words they had."""
    words = [miss.words_id for miss in misses]
    for miss in misses:
        db.delete(miss)
    db.flush()
    if words:
        db.execute(delete(Words).where(Words.id.in_(words)))


def _key(answer: ToldAnswer) -> str:
    return f"{answer.kind}:{answer.record_id}"
