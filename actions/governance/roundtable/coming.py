"""What residents do about a round table: hear of the next, come, and put a question."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.governance import history
from actions.governance.roundtable import telling
from actions.governance.roundtable.model import Asked, Meeting, Seat, Stage
from actions.taps import Done, Tap
from knowledge.pack import Pack

WAITS_FOR = timedelta(minutes=30)  # for the words of a question, after the tap
MOST_QUESTIONS = 5  # of one resident to one meeting
LONGEST_QUESTION = 1000


def upcoming(db: Db, *, area_id: str | None, now: datetime) -> Meeting | None:
    """Return the next announced meeting: of the resident's area or one around it."""
    announced = db.scalars(
        select(Meeting)
        .where(Meeting.stage == Stage.ANNOUNCED, Meeting.starts_at > now)
        .order_by(Meeting.starts_at, Meeting.id)
    )
    return next((one for one in announced if _is_around(one, area_id)), None)


def _is_around(meeting: Meeting, area_id: str | None) -> bool:
    return area_id is None or area_id.startswith(meeting.area_id or "")


def come(db: Db, pack: Pack, tap: Tap) -> Done:
    """Put a resident on the list of who comes; once."""
    meeting = _open(db, tap.value, tap.now)
    seat = Seat(meeting_id=meeting.id, conversation_id=tap.conversation.id, taken_at=tap.now)
    try:
        with db.begin_nested():
            db.add(seat)
            db.flush()
    except IntegrityError:  # they are on it
        pass
    return Done("utter_roundtable_seat", telling.described(meeting))


def begin_question(db: Db, pack: Pack, tap: Tap) -> Done:
    """Wait for the words of a question: what they write next is it.

    Raises:
        Refusal: the meeting is over, or they have asked enough.
    """
    meeting = _open(db, tap.value, tap.now)
    before = db.scalars(
        select(Asked).where(
            Asked.meeting_id == meeting.id, Asked.conversation_id == tap.conversation.id
        )
    ).all()
    if sum(one.words_id is not None for one in before) >= MOST_QUESTIONS:
        raise Refusal("utter_roundtable_asked_enough", most=MOST_QUESTIONS)
    waiting = next((one for one in before if one.words_id is None), None)
    if waiting is None:
        waiting = Asked(meeting_id=meeting.id, conversation_id=tap.conversation.id)
        db.add(waiting)
    waiting.asked_at = tap.now
    db.flush()
    return Done("utter_roundtable_ask", telling.described(meeting))


def take_question(
    db: Db, conversation: Conversation, text: str, *, now: datetime
) -> Done | None:
    """Take what was written for the question we wait for; None when we wait for none."""
    waiting = db.scalar(
        select(Asked)
        .where(
            Asked.conversation_id == conversation.id,
            Asked.words_id.is_(None),
            Asked.asked_at > now - WAITS_FOR,
        )
        .order_by(Asked.id.desc())
        .limit(1)
    )
    if waiting is None or not text.strip():
        return None
    meeting = db.get_one(Meeting, waiting.meeting_id)
    if meeting.stage != Stage.ANNOUNCED:
        return None
    waiting.words = history.words_of(
        conversation.resident_id, text.strip()[:LONGEST_QUESTION], now
    )
    waiting.asked_at = now
    db.flush()
    return Done("utter_roundtable_asked", telling.described(meeting))


def _open(db: Db, value: str, now: datetime) -> Meeting:
    """Return the meeting of a button; questions are taken until its minutes are published.

    Raises:
        Refusal: it is over.
    """
    meeting = db.get(Meeting, int(value))
    if meeting is None or meeting.stage != Stage.ANNOUNCED:
        raise Refusal("utter_roundtable_over")
    return meeting


Deed = Callable[[Db, Pack, Tap], Done]
# The intent of a choice → what a tap on it does.
TAPS: Mapping[str, Deed] = {"join_roundtable": come, "question_roundtable": begin_question}
