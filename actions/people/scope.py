"""Row scope: which rows a member of staff may see. One rule, applied to every query."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, ForeignKey, and_, event, false, or_
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    declared_attr,
    mapped_column,
    with_loader_criteria,
)

from actions.db import Db
from actions.people.roles import Work

RESTRICTED = "restricted"  # the word of the pack's categories


class Scoped:
    """Mixed into every table whose rows belong to an area; `area_id` null means nobody's yet.

    Rows of nobody's area are seen by staff of the topmost areas only (the town). `work` is the
    kind of work a row is. Where a table has a `visibility`, its restricted rows are seen by the
    row's own team only.
    """

    work: ClassVar[Work]

    @declared_attr
    def area_id(self) -> Mapped[str | None]:
        """The area the row belongs to."""
        return mapped_column(ForeignKey("areas.id"), index=True)


@dataclass(frozen=True)
class Reach:
    """How far somebody sees: which areas, which kinds of work, whose requests.

    `own_team_alone`: of what teams handle, only what the own one does.
    """

    areas: tuple[str, ...]
    team: str | None = None
    works: frozenset[Work] = frozenset(Work)
    own_team_alone: bool = False


def limit(db: Db, reach: Reach) -> None:
    """From now on this session sees and changes only scoped rows within reach.

    Without an area it sees nothing. Unknown and forbidden rows look the same: absent.
    """
    db.info["reach"] = reach


@contextmanager
def limited(db: Db, reach: Reach) -> Iterator[None]:
    """Let a session see, for a while, no more than `limit` says."""
    before = db.info.get("reach")
    limit(db, reach)
    try:
        yield
    finally:
        db.info["reach"] = before


@contextmanager
def unlimited(db: Db) -> Iterator[None]:
    """Let a session see all rows for a while: what follows from a deed may be of any area."""
    reach = db.info.pop("reach", None)
    try:
        yield
    finally:
        if reach is not None:
            db.info["reach"] = reach


def seen(table: Any, reach: Reach) -> ColumnElement[bool]:
    """Say in SQL which rows of a scoped table are within reach."""
    if table.work not in reach.works:
        return false()
    within = inside(table.area_id, reach.areas)
    if not hasattr(table, "visibility"):
        return within
    ours = table.team_id == reach.team if reach.team else false()
    open_to_us = ours if reach.own_team_alone else or_(table.visibility != RESTRICTED, ours)
    return and_(within, open_to_us)


def inside(column: Any, areas: tuple[str, ...]) -> ColumnElement[bool]:
    """Say in SQL that an area path lies in one of `areas` (or is null, for the topmost)."""
    below = [column.startswith(area, autoescape=True) for area in areas]
    unplaced = [column.is_(None)] if any(map(is_topmost, areas)) else []
    return or_(false(), *below, *unplaced)


def shared(areas: Iterable[str], area: str) -> tuple[str, ...]:
    """Return what lies inside one of `areas` and inside `area`, too."""
    return tuple(max(mine, area, key=len) for mine in areas if _nested(mine, area))


def _nested(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def is_topmost(area_id: str) -> bool:
    """Whether nothing is above an area: a town."""
    return area_id.count("/") == 1


def reaches(areas: Iterable[str], area_id: str | None) -> bool:
    """Whether what belongs to an area is inside `areas`: as `inside` says it in SQL."""
    if area_id is None:
        return any(map(is_topmost, areas))
    return any(area_id.startswith(area) for area in areas)


@event.listens_for(Db, "do_orm_execute")
def _apply_scope(state: ORMExecuteState) -> None:
    reach = state.session.info.get("reach")
    if reach is None:
        return
    state.statement = state.statement.options(
        *(
            with_loader_criteria(table, seen(table, reach), include_aliases=True)
            for table in _scoped_tables(Scoped)
        )
    )


def _scoped_tables(kind: type[Any]) -> list[type[Any]]:
    return kind.__subclasses__()
