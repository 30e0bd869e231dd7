"""Figures on requests, counted by the database within the scope of whoever looks.

Whatever is counted is joined with its request: that is what the scope takes hold of.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, select, true
from sqlalchemy.orm import aliased

from actions.db import Db
from actions.governance.model import Follower, Kind, ServiceRequest, Status, Update
from actions.governance.views import BY_HISTORY, LOOKED_AT, VIEWS
from knowledge.pack import Pack


@dataclass(frozen=True)
class Sieve:
    """Which requests are counted: those of these categories and of this team; None is any."""

    categories: frozenset[str] | None = None
    team_id: str | None = None

    def lets_through(self) -> ColumnElement[bool]:
        """Say it in SQL."""
        kind, team = ServiceRequest.category_id, ServiceRequest.team_id
        return and_(
            true() if self.categories is None else kind.in_(sorted(self.categories)),
            true() if self.team_id is None else team == self.team_id,
        )


EVERYTHING = Sieve()


class Cell(NamedTuple):
    """Of what a count is: the requests of one category, one area and one team."""

    category_id: str
    area_id: str | None
    team_id: str


Counts = Mapping[Cell, Counter[str]]


@dataclass(frozen=True)
class Route:
    """A team gave requests of a category back, so often, because they were not for it."""

    category_id: str
    team_id: str
    times: int


def counted(db: Db, pack: Pack, *, now: datetime, sieve: Sieve = EVERYTHING) -> Counts:
    """Count what each view means at this moment."""
    counts: dict[Cell, Counter[str]] = {}
    quick = [name for name in VIEWS if name not in BY_HISTORY]
    columns = [func.count(case((VIEWS[name](pack, now), 1))) for name in quick]
    found = _by_cell(db, *columns, where=ServiceRequest.status.in_(LOOKED_AT), sieve=sieve)
    for cell, *numbers in found:
        counts[cell] = Counter(dict(zip(quick, numbers, strict=True)))
    for name in BY_HISTORY:
        every = func.count(ServiceRequest.id)
        for cell, number in _by_cell(db, every, where=VIEWS[name](pack, now), sieve=sieve):
            counts[cell][name] = number
    return counts


def _by_cell(
    db: Db, *columns: Any, where: ColumnElement[bool], sieve: Sieve
) -> Iterator[tuple[Any, ...]]:
    of = (ServiceRequest.category_id, ServiceRequest.area_id, ServiceRequest.team_id)
    asked = select(*of, *columns).where(where, sieve.lets_through()).group_by(*of)
    return ((Cell(*row[:3]), *row[3:]) for row in db.execute(asked))


def filed(db: Db, *, since: datetime, sieve: Sieve = EVERYTHING) -> int:
    """Count the requests that came in."""
    return _number(
        db,
        select(func.count(ServiceRequest.id)).where(
            ServiceRequest.created_at >= since, sieve.lets_through()
        ),
    )


def followed(db: Db, *, since: datetime, sieve: Sieve = EVERYTHING) -> int:
    """Count how often somebody met the same as somebody else."""
    return _number(
        db,
        select(func.count(Follower.id))
        .join(ServiceRequest, ServiceRequest.id == Follower.request_id)
        .where(Follower.followed_at >= since, sieve.lets_through()),
    )


def unconfirmed(db: Db, *, since: datetime, sieve: Sieve = EVERYTHING) -> Mapping[str, int]:
    """Count by category the requests filed since whose reply nobody has confirmed."""
    found = db.execute(
        select(ServiceRequest.category_id, func.count(ServiceRequest.id))
        .where(ServiceRequest.status == Status.UNCONFIRMED, ServiceRequest.created_at >= since)
        .where(sieve.lets_through())
        .group_by(ServiceRequest.category_id)
    )
    return {category_id: count for category_id, count in found}


def returned(
    db: Db, *, since: datetime, limit: int = 10, sieve: Sieve = EVERYTHING
) -> list[Route]:
    """Return the routes that were wrong most often: whose team gave a category back."""
    before = aliased(Update)
    by_whom = (
        select(before.team_id)
        .where(before.request_id == Update.request_id, before.id < Update.id)
        .order_by(before.id.desc())
        .limit(1)
        .correlate(Update)
        .scalar_subquery()
    )
    given_back = (
        select(ServiceRequest.category_id, by_whom.label("team_id"))
        .select_from(Update)
        .join(ServiceRequest, ServiceRequest.id == Update.request_id)
        .where(Update.kind == Kind.RETURNED, Update.happened_at >= since, sieve.lets_through())
        .subquery()
    )
    times = func.count().label("times")
    found = db.execute(
        select(given_back.c.category_id, given_back.c.team_id, times)
        .group_by(given_back.c.category_id, given_back.c.team_id)
        .order_by(times.desc(), given_back.c.category_id)
        .limit(limit)
    )
    return [Route(*row) for row in found]


def together(counts: Counts, sieve: Sieve = EVERYTHING) -> Counter[str]:
    """Add up what was counted of the categories a sieve lets through."""
    among = sieve.categories
    every = [n for cell, n in counts.items() if among is None or cell.category_id in among]
    return sum(every, Counter())


def _number(db: Db, counting: Any) -> int:
    return int(db.scalar(counting) or 0)
