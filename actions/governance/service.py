"""Service requests: filed and looked up; always in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

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
    """

    category_id: str
    what: str
    where: Where
    photos: tuple[str, ...] = ()
    anonymous: bool = False
    meaning: bytes = b""


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
    team, flagged = categories.owner(pack, category)
    request = ServiceRequest(
        reference=next_reference(db, pack, now=now),
        category_id=category.service_code,
        status=Status.RECEIVED,
        team_id=team,
        tier=category.tier,
        flagged=flagged,
        due_at=sla.due_at(pack, category, now),
        area_id=area_of(pack, report.where) or resident.area_id,
        place_id=report.where.place_id,
        lat=report.where.lat,
        lon=report.where.lon,
        what=words_of(resident.id, report.what, now),
        where=words_of(resident.id, report.where.words, now) if report.where.words else None,
        resident_id=resident.id,
        conversation_id=conversation.id,
        visibility=category.visibility,
        anonymous=report.anonymous and category.anonymous_allowed,
        attachments=list(report.photos),
        created_at=now,
    )
    moves.schedule(pack, request, now)
    db.add(request)
    db.flush()
    if report.meaning:
        db.add(RequestMeaning(words_id=request.what_words_id, vector=report.meaning))
    made = history.record(db, request, Kind.MOVED, now=now)
    telling.staff(db, pack, request, made, "utter_staff_new", now=now)
    return request


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
