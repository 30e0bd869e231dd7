"""Topics are made, put on a meeting, announced to who raised them, committed to, reported."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select

from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.governance import following, history, service
from actions.governance.following import Party
from actions.governance.handling import By
from actions.governance.model import Follower, Kind, ServiceRequest
from actions.governance.roundtable import telling
from actions.governance.roundtable.model import (
    Asked,
    Commitment,
    Meeting,
    Raised,
    Seat,
    Stage,
    Topic,
)
from actions.governance.service import Report, Where
from actions.learning.model import Miss
from actions.people import scope
from knowledge.pack import Pack

LONGEST_TITLE, LONGEST_PLACE = 120, 120
LONGEST_MINUTES = 4000


def make_topic(
    db: Db, *, title: str, area_id: str, raised: Iterable[ServiceRequest | Miss], by: By
) -> Topic:
    """Make a topic of what was raised, under a title all may read.

    Raises:
        Refusal: it has no title or too long a one, nothing was raised or not for all to see, or
            some of it is a topic already.
    """
    every = list(raised)
    requests = [one for one in every if isinstance(one, ServiceRequest)]
    if not 0 < len(title.strip()) <= LONGEST_TITLE or not every:
        raise Refusal("utter_desk_topic_title", most=LONGEST_TITLE)
    if any(request.visibility != following.PUBLIC for request in requests):
        raise Refusal("utter_desk_topic_private")
    taken = select(Raised.id).where(
        Raised.request_id.in_([one.id for one in requests])
        | Raised.miss_id.in_([one.id for one in every if isinstance(one, Miss)])
    )
    if db.scalar(taken.limit(1)) is not None:
        raise Refusal("utter_desk_topic_taken")
    topic = Topic(title=title.strip(), area_id=area_id, staff_id=by.staff_id, made_at=by.now)
    db.add(topic)
    db.flush()
    for one in every:
        key = "request_id" if isinstance(one, ServiceRequest) else "miss_id"
        of = {"topic_id": topic.id, "conversation_id": one.conversation_id, key: one.id}
        db.add(Raised(**of))
    db.flush()
    return topic


def plan(db: Db, *, area_id: str, starts_at: datetime, place: str, by: By) -> Meeting:
    """Plan a meeting.

    Raises:
        Refusal: it is in the past, or nobody says where.
    """
    if starts_at <= by.now:
        raise Refusal("utter_desk_meeting_past")
    if not 0 < len(place.strip()) <= LONGEST_PLACE:
        raise Refusal("utter_desk_meeting_place", most=LONGEST_PLACE)
    meeting = Meeting(
        starts_at=starts_at,
        place=place.strip(),
        stage=Stage.PLANNED,
        area_id=area_id,
        staff_id=by.staff_id,
        made_at=by.now,
    )
    db.add(meeting)
    db.flush()
    return meeting


def put_on(db: Db, meeting: Meeting, topic: Topic, *, now: datetime) -> None:
    """Put a topic on a meeting's agenda; once it is announced, who raised it is told at once.

    Raises:
        Refusal: the meeting is over, or the topic is on one already.
    """
    if meeting.stage == Stage.REPORTED:
        raise Refusal("utter_desk_meeting_over")
    if topic.meeting_id is not None or topic.dropped_at is not None:
        raise Refusal("utter_desk_topic_taken")
    topic.meeting_id = meeting.id
    db.flush()
    if meeting.stage == Stage.ANNOUNCED:
        telling.on_the_table(db, meeting, topic, concerned(db, topic), now=now)


def drop(db: Db, topic: Topic, *, now: datetime) -> None:
    """Put a topic aside for good: what was raised does not come up as a draft again.

    Raises:
        Refusal: it is on an agenda, or was put aside.
    """
    if topic.meeting_id is not None or topic.dropped_at is not None:
        raise Refusal("utter_desk_topic_taken")
    topic.dropped_at = now
    db.flush()


def announce(db: Db, meeting: Meeting, *, now: datetime) -> None:
    """Tell everybody who raised one of its topics that it comes to the table.

    Raises:
        Refusal: it was announced, or has nothing on its agenda.
    """
    topics = agenda(db, meeting)
    if meeting.stage != Stage.PLANNED:
        raise Refusal("utter_desk_meeting_announced")
    if not topics:
        raise Refusal("utter_desk_meeting_empty")
    meeting.stage = Stage.ANNOUNCED
    for topic in topics:
        telling.on_the_table(db, meeting, topic, concerned(db, topic), now=now)


def commit(
    db: Db, pack: Pack, topic: Topic, *, category_id: str, words: str, by: By
) -> ServiceRequest:
    """Promise something at a meeting: a request with owner and due time, told like any other.

    Who raised the topic first stands for it, the others follow it.

    Raises:
        Refusal: there are no words, no such category, or the topic is on no meeting.
    """
    if not words.strip():
        raise Refusal("utter_desk_no_words")
    category = pack.categories.get(category_id)
    if category is None or category.visibility != following.PUBLIC:
        raise Refusal("utter_no_such_category")
    if topic.meeting_id is None:
        raise Refusal("utter_desk_topic_no_meeting")
    talks = concerned(db, topic)
    with scope.unlimited(db):
        first, *others = [db.get_one(Conversation, talk) for talk in talks]
    report = Report(category_id, words.strip(), Where())
    request = service.file(db, pack=pack, report=report, conversation=first, now=by.now)
    request.area_id = topic.area_id
    history.record(db, request, Kind.NOTED, now=by.now, staff_id=by.staff_id, words=topic.title)
    for talk in others:
        following.add(db, request, Party(talk.resident_id, talk.id), by.now)
    db.add(Commitment(request_id=request.id, topic_id=topic.id))
    db.flush()
    return request


def report(db: Db, pack: Pack, meeting: Meeting, *, minutes: str, now: datetime) -> None:
    """Publish the minutes: who raised a topic, came or asked is told what came of it, once.

    Raises:
        Refusal: it was not announced or has not begun, was reported, or there are no words.
    """
    if meeting.stage != Stage.ANNOUNCED or meeting.starts_at > now:
        raise Refusal("utter_desk_meeting_not_held")
    if not 0 < len(minutes.strip()) <= LONGEST_MINUTES:
        raise Refusal("utter_desk_no_words")
    meeting.minutes, meeting.stage = minutes.strip(), Stage.REPORTED
    topics = agenda(db, meeting)
    promised = [request for topic in topics for request in commitments(db, topic)]
    heard = [talk for topic in topics for talk in concerned(db, topic)]
    heard += [seat.conversation_id for seat in seats(db, meeting)]
    heard += [asked.conversation_id for asked in questions(db, meeting)]
    telling.result(db, pack, meeting, promised, _once_each(db, heard), now=now)


def concerned(db: Db, topic: Topic) -> list[str]:
    """Return the conversations of everybody who raised a topic or follows what raised it."""
    raised = db.scalars(select(Raised).where(Raised.topic_id == topic.id).order_by(Raised.id))
    talks: list[str] = []
    for one in raised:
        talks.append(one.conversation_id)
        if one.request_id is not None:
            followers = select(Follower.conversation_id).where(
                Follower.request_id == one.request_id
            )
            talks += db.scalars(followers.order_by(Follower.id))
    return _once_each(db, talks)


def agenda(db: Db, meeting: Meeting) -> list[Topic]:
    """Return the topics of a meeting, in the order they were made."""
    on_it = select(Topic).where(Topic.meeting_id == meeting.id).order_by(Topic.id)
    return list(db.scalars(on_it))


def commitments(db: Db, topic: Topic) -> list[ServiceRequest]:
    """Return what was promised about a topic."""
    return list(
        db.scalars(
            select(ServiceRequest)
            .join(Commitment, Commitment.request_id == ServiceRequest.id)
            .where(Commitment.topic_id == topic.id)
            .order_by(ServiceRequest.id)
        )
    )


def seats(db: Db, meeting: Meeting) -> list[Seat]:
    """Return who comes."""
    return list(db.scalars(select(Seat).where(Seat.meeting_id == meeting.id).order_by(Seat.id)))


def questions(db: Db, meeting: Meeting) -> list[Asked]:
    """Return what was asked, those not answered yet first."""
    asked = select(Asked).where(Asked.meeting_id == meeting.id, Asked.words_id.is_not(None))
    return list(db.scalars(asked.order_by(Asked.answered_at.is_not(None), Asked.id)))


def _once_each(db: Db, talks: Sequence[str]) -> list[str]:
    """Return a conversation for each resident, the first of theirs."""
    first: dict[str, str] = {}
    with scope.unlimited(db):  # whoever raised it is told, wherever they live
        for talk in (db.get_one(Conversation, key) for key in dict.fromkeys(talks)):
            first.setdefault(talk.resident_id, talk.id)
    return list(first.values())
