"""Service requests: filed and looked up; always in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from actions import behalf
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.governance import categories, history, moves, sla, telling
from actions.governance.history import words_of
from actions.governance.model import Kind, RequestMeaning, ServiceRequest, Status
from actions.governance.reference import next_reference
from actions.people.model import Resident
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
    """A problem as the resident has confirmed it; `photos` are ids of uploads.

    `meaning` is as `similar.meaning_of` has it: later reports are compared with it.
    `acting_id` is by what it is reported for somebody else, whose it then is.
    """

    category_id: str
    what: str
    where: Where
    photos: tuple[str, ...] = ()
    anonymous: bool = False
    meaning: bytes = b""
    acting_id: int | None = None


def file(
    db: Db, *, pack: Pack, report: Report, conversation: Conversation, now: datetime
) -> ServiceRequest:
    """Make a request of a report: with reference, team and due time from its first second.

    Raises:
        Refusal: the community has no such category, or a rule of `behalf.owner`.
    """
    category = pack.categories.get(report.category_id)
    if category is None:
        raise Refusal("utter_no_such_category")
    resident = db.get_one(Resident, behalf.owner(db, conversation, report.acting_id))
    request = ServiceRequest(
        reference=next_reference(db, pack, now=now),
        status=Status.RECEIVED,
        area_id=area_of(pack, report.where) or resident.area_id,
        place_id=report.where.place_id,
        lat=report.where.lat,
        lon=report.where.lon,
        what=words_of(resident.id, report.what, now),
        where=words_of(resident.id, report.where.words, now) if report.where.words else None,
        resident_id=resident.id,
        conversation_id=conversation.id,
        anonymous=report.anonymous,
        attachments=list(report.photos),
        created_at=now,
    )
    enter(db, pack, request, category, now=now)
    telling.on_behalf(db, pack, request, now=now)
    if report.meaning:
        db.add(RequestMeaning(words_id=request.what_words_id, vector=report.meaning))
        db.flush()
    return request


def enter(
    db: Db,
    pack: Pack,
    request: ServiceRequest,
    category: Category,
    *,
    now: datetime,
    staff_id: int | None = None,
) -> None:
    """Let a new request begin its life in a category; its team is told."""
    place_in(pack, request, category, now)
    db.add(request)
    db.flush()
    made = history.record(db, request, Kind.MOVED, now=now, staff_id=staff_id)
    telling.staff(db, pack, request, made, "utter_staff_new", now=now)


def place_in(pack: Pack, request: ServiceRequest, category: Category, now: datetime) -> None:
    """Give a request its category's team, tier, visibility and promise.

    The promise runs from the filing on; one that cannot be kept any more begins now.
    """
    request.category_id, request.visibility = category.service_code, category.visibility
    request.anonymous = request.anonymous and category.anonymous_allowed
    request.team_id, request.flagged = categories.owner(pack, category)
    request.tier, request.staff_id = category.tier, None
    from_filing = sla.due_at(pack, category, request.created_at)
    request.due_at = from_filing if from_filing > now else sla.due_at(pack, category, now)
    request.nudged_at = None
    moves.schedule(pack, request, now)


def common_places(db: Db, *, resident_id: str, limit: int) -> Sequence[str]:
    """Return ids of the places this resident reported last, newest first."""
    latest = db.scalars(
        select(ServiceRequest.place_id)
        .where(ServiceRequest.resident_id == resident_id, ServiceRequest.place_id.is_not(None))
        .order_by(ServiceRequest.id.desc())
        .limit(50)
    )
    return list(dict.fromkeys(place for place in latest if place))[:limit]


def team_name(pack: Pack, category: Category) -> Any:
    """Return the name of the team that gets requests of a category."""
    team = pack.teams.get(category.team)
    return team.name if team else category.team


def area_of(pack: Pack, where: Where) -> str | None:
    """Return the area a problem lies in; None when it is not known."""
    place = pack.places.get(where.place_id or "")
    return place.area if place else None
