"""What everybody may read of requests: those of public categories, and nobody's words."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import lazyload

from actions.db import Db
from actions.governance import workflow
from actions.governance.model import Kind, ServiceRequest, Status, Update
from knowledge.pack import Category, Pack

PUBLIC = "public"  # the word of the pack's categories

# Ours to do, or waiting for the resident's word on it. Every other status is closed.
OPEN = workflow.UNFINISHED | {Status.REPLIED}

# Of a point that no place of ours is near: some 100 m, for it may be somebody's home.
POINT_DIGITS = 3
PLACE_DIGITS = 4


@dataclass(frozen=True)
class Asked:
    """Which requests; `references` alone count when there are any."""

    since: datetime
    until: datetime
    categories: tuple[str, ...] = ()
    states: tuple[bool, ...] = (True, False)  # open, closed
    references: tuple[str, ...] = ()
    limit: int = 1000
    offset: int = 0


@dataclass(frozen=True)
class Known:
    """A request as everybody may know it: no row of a resident hangs on it.

    `updated_at` of a closed one is when it was closed. `merged_into` names the public request
    that it became part of.
    """

    id: int
    reference: str
    category: Category
    status: Status
    team_id: str
    place_id: str | None
    area_id: str | None
    lat: float | None
    lon: float | None
    due_at: datetime
    requested_at: datetime
    updated_at: datetime
    merged_into: str | None

    @property
    def is_open(self) -> bool:
        """Whether it still waits for us, or for the resident's word."""
        return self.status in OPEN


def categories(pack: Pack) -> dict[str, Category]:
    """Return the categories whose requests everybody may see, by their codes."""
    return {
        code: category
        for code, category in pack.categories.items()
        if category.visibility == PUBLIC and not category.restricted
    }


def find(db: Db, pack: Pack, asked: Asked) -> list[Known]:
    """Return the public requests asked for, newest first.

    What was filed as private or restricted stays so, and so does what its category is now.
    """
    offered = categories(pack)
    query = select(ServiceRequest).where(ServiceRequest.visibility == PUBLIC)
    if asked.references:
        query = query.where(
            ServiceRequest.reference.in_(asked.references),
            ServiceRequest.category_id.in_(offered),
        )
    else:
        codes = offered.keys() & set(asked.categories) if asked.categories else offered
        query = query.where(
            ServiceRequest.category_id.in_(codes),
            ServiceRequest.created_at >= asked.since,
            ServiceRequest.created_at <= asked.until,
            ServiceRequest.status.in_([s for s in Status if (s in OPEN) in asked.states]),
        )
    newest = query.order_by(ServiceRequest.id.desc()).limit(asked.limit).offset(asked.offset)
    found = db.scalars(newest.options(lazyload("*"))).all()  # words are not even read
    happened, merged = _happened(db, found), _merged_into(db, found, offered)
    return [
        _known(pack, offered[one.category_id], one, happened[one.id], merged.get(one.id))
        for one in found
    ]


def _happened(db: Db, found: Sequence[ServiceRequest]) -> dict[int, datetime]:
    """Return when what everybody may know of a request last changed; or it was closed."""
    moved = func.max(case((Update.kind == Kind.MOVED, Update.happened_at)))
    latest = db.execute(
        select(Update.request_id, func.max(Update.happened_at), moved)
        .where(Update.request_id.in_([one.id for one in found]))
        .where(Update.kind.in_(workflow.PUBLIC))
        .group_by(Update.request_id)
    )
    happened = {one.id: one.created_at for one in found}
    is_open = {one.id: one.status in OPEN for one in found}
    for number, anything, move in latest:
        happened[number] = anything if is_open[number] else move or anything
    return happened


def _merged_into(
    db: Db, found: Sequence[ServiceRequest], offered: Collection[str]
) -> dict[int, str]:
    """Return the references of the public requests that some of these became part of."""
    into = {one.id: one.merged_into_id for one in found if one.merged_into_id}
    names = db.execute(
        select(ServiceRequest.id, ServiceRequest.reference).where(
            ServiceRequest.id.in_(set(into.values())),
            ServiceRequest.visibility == PUBLIC,
            ServiceRequest.category_id.in_(offered),
        )
    )
    known = {number: reference for number, reference in names}
    return {number: known[other] for number, other in into.items() if other in known}


def _known(
    pack: Pack,
    category: Category,
    request: ServiceRequest,
    updated_at: datetime,
    merged_into: str | None,
) -> Known:
    lat, lon = _point(pack, request)
    return Known(
        id=request.id,
        reference=request.reference,
        category=category,
        status=Status(request.status),
        team_id=request.team_id,
        place_id=request.place_id if request.place_id in pack.places else None,
        area_id=request.area_id if request.area_id in pack.areas else None,
        lat=lat,
        lon=lon,
        due_at=request.due_at,
        requested_at=request.created_at,
        updated_at=updated_at,
        merged_into=merged_into,
    )


def _point(pack: Pack, request: ServiceRequest) -> tuple[float | None, float | None]:
    """Return where the place is; the reporter's own point only where no place tells it."""
    place = pack.places.get(request.place_id or "")
    if place is not None and place.lat is not None and place.lon is not None:
        return round(place.lat, PLACE_DIGITS), round(place.lon, PLACE_DIGITS)
    if request.lat is None or request.lon is None:
        return None, None
    return round(request.lat, POINT_DIGITS), round(request.lon, POINT_DIGITS)
