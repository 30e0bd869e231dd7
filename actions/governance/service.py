"""Service requests: filed, looked up, moved; always in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from actions import outbox
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.governance import sla, workflow
from actions.governance.model import ServiceRequest, Status, Update
from actions.governance.reference import next_reference
from actions.people.model import Resident, Words
from actions.wording import to_json
from knowledge.pack import Category, Pack


@dataclass(frozen=True)
class Where:
    """Where a problem is: a place of the pack, a point on the map, the resident's own words."""

    place_id: str | None = None
    words: str = ""
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True)
class Report:
    """A problem as the resident has confirmed it; `photos` are ids of uploads."""

    category_id: str
    what: str
    where: Where
    photos: tuple[str, ...] = ()
    anonymous: bool = False


def file(
    db: Db, *, pack: Pack, report: Report, conversation: Conversation, now: datetime
) -> ServiceRequest:
    """Make a request of a report: with reference, team and due time from its first second.

    Raises:
        Refusal: the community has no such category.
    """
    category = pack.categories.get(report.category_id)
    if category is None:
        raise Refusal("utter_no_such_category")
    resident = db.get_one(Resident, conversation.resident_id)
    request = ServiceRequest(
        reference=next_reference(db, pack, now=now),
        category_id=category.service_code,
        status=Status.RECEIVED,
        team_id=category.team,
        due_at=sla.due_at(pack, category, now),
        area_id=_area(pack, report.where) or resident.area_id,
        place_id=report.where.place_id,
        lat=report.where.lat,
        lon=report.where.lon,
        what=_words(resident, report.what, now),
        where=_words(resident, report.where.words, now) if report.where.words else None,
        resident_id=resident.id,
        conversation_id=conversation.id,
        visibility=category.visibility,
        anonymous=report.anonymous and category.anonymous_allowed,
        attachments=list(report.photos),
        created_at=now,
    )
    db.add(request)
    db.flush()
    db.add(Update(request_id=request.id, status=Status.RECEIVED, happened_at=now))
    db.flush()
    return request


def status_of(db: Db, *, reference: str, resident_id: str) -> ServiceRequest:
    """Return a resident's own request by its reference.

    Raises:
        Refusal: there is none, or it is somebody else's; both look the same.
    """
    request = db.scalar(
        select(ServiceRequest).where(
            ServiceRequest.reference == reference, ServiceRequest.resident_id == resident_id
        )
    )
    if request is None:
        raise Refusal("utter_request_unknown", reference=reference)
    return request


def requests_of(db: Db, *, resident_id: str, limit: int = 3) -> list[ServiceRequest]:
    """Return a resident's latest requests, newest first."""
    return list(
        db.scalars(
            select(ServiceRequest)
            .where(ServiceRequest.resident_id == resident_id)
            .order_by(ServiceRequest.id.desc())
            .limit(limit)
        )
    )


def unfinished(db: Db, *, limit: int = 200) -> list[ServiceRequest]:
    """Return the requests that wait for staff, the most urgent first (within their scope)."""
    return list(
        db.scalars(
            select(ServiceRequest)
            .where(ServiceRequest.status.in_(workflow.UNFINISHED))
            .order_by(ServiceRequest.due_at, ServiceRequest.id)
            .limit(limit)
        )
    )


def history(db: Db, request: ServiceRequest) -> list[Update]:
    """Return everything that happened to a request, oldest first."""
    return list(
        db.scalars(select(Update).where(Update.request_id == request.id).order_by(Update.id))
    )


def common_places(db: Db, *, resident_id: str, limit: int) -> Sequence[str]:
    """Return ids of the places this resident reported last, newest first."""
    latest = db.scalars(
        select(ServiceRequest.place_id)
        .where(ServiceRequest.resident_id == resident_id, ServiceRequest.place_id.is_not(None))
        .order_by(ServiceRequest.id.desc())
        .limit(50)
    )
    return list(dict.fromkeys(place for place in latest if place))[:limit]


def move(  # noqa: PLR0913 - who made which move of what, when, with which words
    db: Db,
    *,
    pack: Pack,
    request: ServiceRequest,
    to: Status,
    staff_id: int,
    now: datetime,
    words: str = "",
) -> Update:
    """Make a member of staff's move; the resident is told, with the words if there are any.

    Raises:
        Refusal: it is not a move of staff from here, it needs words, or another was faster.
    """
    if to not in workflow.moves_of_staff(request.status):
        raise Refusal("utter_move_not_allowed")
    if to in workflow.NEEDS_WORDS and not words.strip():
        raise Refusal("utter_move_needs_words")
    made = _move(db, request, to, now=now, staff_id=staff_id, words=words.strip())
    _tell(db, pack, request, made, now)
    return made


def answer(db: Db, *, request: ServiceRequest, solved: bool, now: datetime) -> Update:
    """Take the resident's own word on whether the problem is solved.

    Raises:
        Refusal: nothing was replied yet, or another was faster.
    """
    to = Status.RESOLVED if solved else Status.REOPENED
    if to not in workflow.MOVES[Status(request.status)]:
        raise Refusal("utter_move_not_allowed")
    return _move(db, request, to, now=now)


def described(pack: Pack, request: ServiceRequest) -> dict[str, Any]:
    """Return the values the responses about a request speak of; no words of residents."""
    team, category = pack.teams.get(request.team_id), pack.categories.get(request.category_id)
    return {
        "reference": request.reference,
        "category": category.name if category else request.category_id,
        "team": team.name if team else request.team_id,
        "due": request.due_at,
        "filed": request.created_at,
    }


def team_name(pack: Pack, category: Category) -> Any:
    """Return the name of the team that gets requests of a category."""
    team = pack.teams.get(category.team)
    return team.name if team else category.team


def _move(
    db: Db,
    request: ServiceRequest,
    to: Status,
    *,
    now: datetime,
    staff_id: int | None = None,
    words: str = "",
) -> Update:
    moved = db.execute(
        update(ServiceRequest)
        .where(ServiceRequest.id == request.id, ServiceRequest.status == request.status)
        .values(status=to)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Refusal("utter_move_overtaken")
    resident = db.get_one(Resident, request.resident_id)
    made = Update(
        request_id=request.id,
        status=to,
        staff_id=staff_id,
        words=_words(resident, words, now) if words else None,
        happened_at=now,
    )
    db.add(made)
    db.flush()
    db.refresh(request)
    return made


def _tell(db: Db, pack: Pack, request: ServiceRequest, made: Update, now: datetime) -> None:
    outbox.put(
        db,
        conversation_id=request.conversation_id,
        response=f"utter_request_{made.status}",
        due_at=now,
        values=to_json(described(pack, request)),
        about=f"request:{request.id}",
        staff_id=made.staff_id,
    )
    if made.words_id is not None:
        outbox.put(
            db,
            conversation_id=request.conversation_id,
            response="",
            due_at=now,
            about=f"request:{request.id}",
            words_id=made.words_id,
            staff_id=made.staff_id,
        )


def _area(pack: Pack, where: Where) -> str | None:
    place = pack.places.get(where.place_id or "")
    return place.area if place else None


def _words(resident: Resident, text: str, now: datetime) -> Words:
    return Words(resident_id=resident.id, text=text, created_at=now)
