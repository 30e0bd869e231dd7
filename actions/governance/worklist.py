"""The work list of staff: requests by view and filter, in order, a page at a time.

All of it is asked within the scope of who looks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true, tuple_
from sqlalchemy.orm import aliased, lazyload

from actions.db import Db
from actions.governance import categories, views, workflow
from actions.governance.following import HOME
from actions.governance.model import Follower, ServiceRequest
from actions.governance.reference import read_reference
from actions.people.model import Resident, Words
from knowledge.pack import Pack

PAGE = 50
MOST_TERMS = 5
EPOCH, TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
R = ServiceRequest
Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Looker:
    """Who looks at the list, and when: what is "mine" and "raised to us" depends on it."""

    staff_id: int
    team_id: str | None
    tier: str
    now: datetime


@dataclass(frozen=True)
class Wanted:
    """Which requests are wanted; an empty field wants any.

    `box` is a part of the map: "south,west,north,east", in degrees.
    """

    view: str = "open"
    category: str = ""
    team: str = ""
    area: str = ""
    status: str = ""
    place: str = ""
    box: str = ""
    words: str = ""
    order: str = ""


# What depends on who looks, beside the views everybody shares.
OWN: Mapping[str, Callable[[Looker], Condition]] = {
    "mine": lambda who: and_(views.UNFINISHED, R.staff_id == who.staff_id),
    "team": lambda who: and_(views.UNFINISHED, R.team_id == (who.team_id or "")),
}
OPEN = ("open", "late", "soon", "new", "mine", "team", "raised", "flagged", "waiting", "still")
OTHER = ("replied", "unconfirmed", "all")
VIEWS = (*OPEN, *OTHER)  # in the order of the tabs; the open ones are counted


def _meant(view: str, pack: Pack, who: Looker) -> Condition:
    if view in OWN:
        return OWN[view](who)
    return true() if view == "all" else views.VIEWS[view](pack, who.now)


def marks_of(pack: Pack, request: ServiceRequest, *, now: datetime) -> list[str]:
    """Return what is to be noticed about a request, as the views have it."""
    is_open, waits = request.status in workflow.UNFINISHED, request.paused_at is not None
    left = request.due_at - now
    near = left < views.SOON or request.nudged_at is not None
    found = {
        "late": is_open and not waits and left < timedelta(),
        "soon": is_open and not waits and left >= timedelta() and near,
        "waiting": is_open and waits,
        "raised": is_open and request.tier != categories.of(pack, request).tier,
        "flagged": is_open and request.flagged,
    }
    return [mark for mark, holds in found.items() if holds]


def counts(db: Db, pack: Pack, who: Looker) -> dict[str, int]:
    """Count the open requests of every view in one go, but for those that look into history."""
    counted = [view for view in OPEN if view not in views.BY_HISTORY]
    each = [func.sum(case((_meant(view, pack, who), 1), else_=0)) for view in counted]
    found = db.execute(select(*each).where(views.UNFINISHED)).one()
    return {view: count or 0 for view, count in zip(counted, found, strict=True)}


def page(
    db: Db, pack: Pack, who: Looker, wanted: Wanted, *, after: str = "", limit: int = PAGE
) -> tuple[list[ServiceRequest], str]:
    """Return requests, and what to ask for what comes `after` them; "" at the end."""
    key = _order(wanted)
    chosen = select(*key.columns).order_by(*key.ordered).limit(limit + 1)
    chosen = _narrowed(db, chosen, pack, who, wanted)
    if after and (place := key.read(after)) is not None:
        chosen = chosen.where(key.past(place))
    found = db.execute(chosen).all()
    shown = found[:limit]
    return _in_order(db, [row[-1] for row in shown]), (
        key.written(shown[-1]) if len(found) > limit else ""
    )


@dataclass(frozen=True)
class _Order:
    """An order of the list whose last column is the id, so that no two rows are alike."""

    columns: tuple[Any, ...]
    newest_first: bool = False

    @property
    def ordered(self) -> list[Any]:
        if self.newest_first:
            return [column.desc() for column in self.columns]
        return list(self.columns)

    def past(self, place: tuple[Any, ...]) -> Condition:
        here = tuple_(*self.columns)
        return here < place if self.newest_first else here > place

    def written(self, row: Sequence[Any]) -> str:
        """Write a row's place in the order into an address."""
        return "_".join(
            str((part - EPOCH) // TICK) if isinstance(part, datetime) else str(part)
            for part in row
        )

    def read(self, written: str) -> tuple[Any, ...] | None:
        """Read a place; None when it is none."""
        parts = written.split("_")
        if len(parts) != len(self.columns) or not all(map(_is_number, parts)):
            return None
        return tuple(
            EPOCH + int(part) * TICK if column is R.due_at else int(part)
            for part, column in zip(parts, self.columns, strict=True)
        )


def _order(wanted: Wanted) -> _Order:
    if wanted.view in OTHER or wanted.order == "new":
        return _Order((R.id,), newest_first=True)
    if wanted.order == "households":
        return _Order((-_households(), R.due_at, R.id))
    return _Order((R.due_at, R.id))


def _households() -> Any:
    """Say in SQL how many households follow a request, beside its reporter."""
    return (
        select(func.count(func.distinct(HOME)))
        .select_from(Follower)
        .join(Resident, Resident.id == Follower.resident_id)
        .where(Follower.request_id == R.id)
        .correlate(R)
        .scalar_subquery()
    )


def _narrowed(
    db: Db, chosen: Select[Any], pack: Pack, who: Looker, wanted: Wanted
) -> Select[Any]:
    named = read_reference(pack, wanted.words)
    if named is not None:
        return chosen.where(R.reference == named)
    chosen = chosen.where(_meant(wanted.view, pack, who))
    for column, value in (
        (R.category_id, wanted.category),
        (R.team_id, wanted.team),
        (R.status, wanted.status),
        (R.place_id, wanted.place),
    ):
        if value:
            chosen = chosen.where(column == value)
    if wanted.area:
        chosen = chosen.where(R.area_id.startswith(wanted.area, autoescape=True))
    if wanted.box:
        chosen = chosen.where(_inside(pack, wanted.box))
    return _saying(db, chosen, wanted.words) if wanted.words else chosen


def _saying(db: Db, chosen: Select[Any], words: str) -> Select[Any]:
    """Narrow to what residents told, and where, in these words, all of them."""
    what, where = aliased(Words), aliased(Words)
    chosen = chosen.join(what, what.id == R.what_words_id)
    chosen = chosen.outerjoin(where, where.id == R.where_words_id)
    for term in words.split()[:MOST_TERMS]:
        said = (_contains(db, text, term) for text in (what.text, where.text))
        chosen = chosen.where(or_(*said))
    return chosen


def _contains(db: Db, text: Any, term: str) -> Condition:
    """Say in SQL that a text has a term in it, in large letters or small.

    SQLite's LIKE minds neither by itself; PostgreSQL's is far quicker where there are none.
    """
    if term.lower() == term.upper() or db.get_bind().dialect.name == "sqlite":
        return cast(Condition, text.contains(term, autoescape=True))
    return cast(Condition, text.icontains(term, autoescape=True))


def _inside(pack: Pack, box: str) -> Condition:
    """Say in SQL that something is in a part of the map, by its point or else by its place."""
    try:
        south, west, north, east = (float(part) for part in box.split(","))
    except ValueError:
        return false()
    places = [
        place.id
        for place in pack.places.values()
        if place.lat is not None
        and place.lon is not None
        and south <= place.lat <= north
        and west <= place.lon <= east
    ]
    point = and_(R.lat.between(south, north), R.lon.between(west, east))
    return or_(point, and_(R.lat.is_(None), R.place_id.in_(places)))


def _in_order(db: Db, ids: Sequence[int]) -> list[ServiceRequest]:
    """Load requests without their words: the list shows none."""
    found = db.scalars(
        select(R).where(R.id.in_(ids)).options(lazyload(R.what), lazyload(R.where))
    )
    by_id = {request.id: request for request in found}
    return [by_id[number] for number in ids if number in by_id]


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 17
