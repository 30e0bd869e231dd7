"""民情圆桌会 at the desk: what many raised, topics, a meeting with all that comes of it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from starlette.responses import Response

from actions.errors import Refusal
from actions.governance.handling import By
from actions.governance.model import ServiceRequest
from actions.governance.roundtable import matters, meetings
from actions.governance.roundtable.matters import Matter
from actions.governance.roundtable.model import Asked, Meeting, Topic
from actions.learning.model import Miss
from actions.people import scope
from actions.people.model import Staff
from bot.desk.sessions import identity
from bot.desk.visit import Desk, Missing, Visit, go
from bot.message import clean
from knowledge.records import Text

SHOWN = 30  # meetings, the latest first


def embed(desk: Desk, _who: Staff, _sent: Mapping[str, str]) -> None:
    """Embed what is going to be compared, so that the transaction is short."""
    with desk.database.reading() as db:
        matters.embed(db, desk.home.shelf.pack(db), desk.embedder, now=desk.clock.now())


def see(visit: Visit) -> Response:
    """Show what many raised, the topics that wait for a meeting, and the meetings."""
    drafts = matters.drafts(visit.db, visit.pack, visit.desk.embedder, now=visit.now)
    waiting = select(Topic).where(Topic.meeting_id.is_(None), Topic.dropped_at.is_(None))
    latest = select(Meeting).order_by(Meeting.starts_at.desc(), Meeting.id.desc()).limit(SHOWN)
    visit.note("read_roundtable", f"drafts:{len(drafts)}")
    return visit.show(
        "roundtable.html",
        drafts=drafts,
        title_of=lambda draft: _title(visit, draft),
        areas=[a for a in visit.pack.areas.values() if a.id.startswith(visit.staff.area_id)],
        waiting=visit.db.scalars(waiting.order_by(Topic.id)).all(),
        meetings=visit.db.scalars(latest).all(),
    )


def make_topic(visit: Visit) -> Response:
    """Make a topic of a draft.

    Raises:
        Refusal: it has no title, or some of it is a topic already.
    """
    requests = visit.db.scalars(
        select(ServiceRequest).where(ServiceRequest.id.in_(_numbers(visit, "requests")))
    ).all()
    misses = visit.db.scalars(select(Miss).where(Miss.id.in_(_numbers(visit, "questions"))))
    topic = meetings.make_topic(
        visit.db,
        title=clean(visit.sent.get("title", "")),
        area_id=visit.staff.area_id,
        raised=[*requests, *misses],
        by=_by(visit),
    )
    visit.note("made_topic", f"topic:{topic.id}")
    return go("/roundtable")


def drop(visit: Visit) -> Response:
    """Put a topic that waits aside.

    Raises:
        Refusal: it is on an agenda.
    """
    topic = visit.db.get(Topic, identity(visit.path["topic_id"]))
    if topic is None:
        raise Missing
    meetings.drop(visit.db, topic, now=visit.now)
    visit.note("dropped_topic", f"topic:{topic.id}")
    return go("/roundtable")


def plan(visit: Visit) -> Response:
    """Plan a meeting.

    Raises:
        Refusal: nobody says when and where, or it is in the past.
    """
    area_id = visit.sent.get("area", "") or visit.staff.area_id
    if area_id not in visit.pack.areas or not scope.reaches([visit.staff.area_id], area_id):
        raise Missing
    try:
        said = f"{visit.sent.get('on', '')}T{visit.sent.get('at', '')}"
        starts_at = datetime.fromisoformat(said).replace(tzinfo=visit.pack.zone)
    except ValueError:
        raise Refusal("utter_desk_meeting_past") from None
    meeting = meetings.plan(
        visit.db,
        area_id=area_id,
        starts_at=starts_at,
        place=clean(visit.sent.get("place", "")),
        by=_by(visit),
    )
    visit.note("planned_meeting", f"meeting:{meeting.id}")
    return go(f"/roundtable/meetings/{meeting.id}")


def see_one(visit: Visit) -> Response:
    """Show a meeting: agenda, who comes, what is asked, what was promised."""
    meeting = _find(visit)
    topics = meetings.agenda(visit.db, meeting)
    waiting = select(Topic).where(Topic.meeting_id.is_(None), Topic.dropped_at.is_(None))
    visit.note("read_meeting", f"meeting:{meeting.id}")
    return visit.show(
        "meeting.html",
        meeting=meeting,
        topics=[(topic, meetings.commitments(visit.db, topic)) for topic in topics],
        waiting=visit.db.scalars(waiting.order_by(Topic.id)).all(),
        coming=len(meetings.seats(visit.db, meeting)),
        questions=meetings.questions(visit.db, meeting),
        categories=[c for c in visit.pack.categories.values() if c.visibility == "public"],
    )


def see_later(visit: Visit) -> Response:
    """Show the questions that came in after one, for a page that is open."""
    meeting, after = _find(visit), identity(visit.sent.get("after", ""))
    later = [asked for asked in meetings.questions(visit.db, meeting) if asked.id > after]
    if later:
        visit.note("read_meeting", f"meeting:{meeting.id}")
    return visit.show("questions.html", meeting=meeting, questions=later)


def put_on(visit: Visit) -> Response:
    """Put a topic on the agenda.

    Raises:
        Refusal: the meeting is over, or it is on one already.
    """
    meeting, topic = _find(visit), _topic(visit)
    meetings.put_on(visit.db, meeting, topic, now=visit.now)
    visit.note("put_on_agenda", f"topic:{topic.id}")
    return go(f"/roundtable/meetings/{meeting.id}")


def announce(visit: Visit) -> Response:
    """Announce a meeting; who raised its topics is told.

    Raises:
        Refusal: it was, or has nothing on its agenda.
    """
    meeting = _find(visit)
    meetings.announce(visit.db, meeting, now=visit.now)
    visit.note("announced_meeting", f"meeting:{meeting.id}")
    return go(f"/roundtable/meetings/{meeting.id}")


def answered(visit: Visit) -> Response:
    """Tick a question off: it was answered at the table."""
    meeting = _find(visit)
    asked = visit.db.get(Asked, identity(visit.sent.get("question", "")))
    if asked is None or asked.meeting_id != meeting.id:
        raise Missing
    asked.answered_at = asked.answered_at or visit.now
    visit.note("answered_at_meeting", f"question:{asked.id}")
    return go(f"/roundtable/meetings/{meeting.id}#questions")


def commit(visit: Visit) -> Response:
    """Write a commitment down: a request with an owner and a due time.

    Raises:
        Refusal: there are no words, or no such category.
    """
    meeting, topic = _find(visit), _topic(visit)
    if topic.meeting_id != meeting.id:
        raise Missing
    request = meetings.commit(
        visit.db,
        visit.pack,
        topic,
        category_id=visit.sent.get("category", ""),
        words=visit.words(),
        by=_by(visit),
    )
    visit.note("committed", f"request:{request.id}")
    return go(f"/roundtable/meetings/{meeting.id}")


def report(visit: Visit) -> Response:
    """Publish the minutes; everybody who raised, comes or asked is told.

    Raises:
        Refusal: it was not held yet, the result is out, or there are no words.
    """
    meeting = _find(visit)
    meetings.report(visit.db, visit.pack, meeting, minutes=visit.words(), now=visit.now)
    visit.note("reported_meeting", f"meeting:{meeting.id}")
    return go(f"/roundtable/meetings/{meeting.id}")


def _by(visit: Visit) -> By:
    return By(visit.staff.id, visit.now)


def _find(visit: Visit) -> Meeting:
    """Return the meeting of the address; unknown and forbidden look the same."""
    found = visit.db.get(Meeting, identity(visit.path["meeting_id"]))
    if found is None:
        raise Missing
    return found


def _topic(visit: Visit) -> Topic:
    found = visit.db.get(Topic, identity(visit.sent.get("topic", "")))
    if found is None:
        raise Missing
    return found


def _numbers(visit: Visit, name: str) -> list[int]:
    return [identity(number) for number in visit.sent.get(name, "").split(",") if number]


def _title(visit: Visit, draft: Matter) -> str:
    """Return a title without words of residents; of questions staff write it themselves."""
    category = visit.pack.categories.get(draft.category_id or "")
    area = visit.pack.areas.get(draft.area_id or "")
    names: list[Text] = [one.name for one in (category, area) if one is not None]
    return " · ".join(name.zh for name in names)
