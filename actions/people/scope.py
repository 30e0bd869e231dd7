"""Row scope: which rows a member of staff may see. One rule, applied to every query."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, and_, event, false, or_
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    declared_attr,
    mapped_column,
    with_loader_criteria,
)

from actions.db import Db

RESTRICTED = "restricted"  # the word of the pack's categories


class Scoped:
    """Mixed into every table whose rows belong to an area; `area_id` null means nobody's yet.

    Rows of nobody's area are seen by staff of the topmost areas only (the town). Where a table
    has a `visibility`, its restricted rows are seen by the row's own team only.
    """

    @declared_attr
    def area_id(self) -> Mapped[str | None]:
        """The area the row belongs to."""
        return mapped_column(ForeignKey("areas.id"), index=True)


def limit(db: Db, areas: list[str], team: str | None = None) -> None:
    """From now on this session sees and changes only scoped rows inside `areas`.

    An empty list sees nothing. Unknown and forbidden rows look the same: absent.
    """
    db.info["areas"], db.info["team"] = tuple(areas), team


@contextmanager
def limited(db: Db, areas: list[str], team: str | None = None) -> Iterator[None]:
    """Let a session see, for a while, no more than `limit` says."""
    before = db.info.get("areas"), db.info.get("team")
    limit(db, areas, team)
    try:
        yield
    finally:
        db.info["areas"], db.info["team"] = before


@contextmanager
def unlimited(db: Db) -> Iterator[None]:
    """Let a session see all rows for a while: what follows from a deed may be of any area."""
    areas = db.info.pop("areas", None)
    try:
        yield
    finally:
        if areas is not None:
            db.info["areas"] = areas


def seen(table: Any, areas: tuple[str, ...], team: str | None) -> ColumnElement[bool]:
    """Say in SQL which rows of a scoped table somebody of these areas and this team sees."""
    if not hasattr(table, "visibility"):
        return inside(table.area_id, areas)
    ours = table.team_id == team if team else false()
    return and_(inside(table.area_id, areas), or_(table.visibility != RESTRICTED, ours))


def inside(column: Any, areas: tuple[str, ...]) -> ColumnElement[bool]:
    """Say in SQL that an area path lies in one of `areas` (or is null, for the topmost)."""
    below = [column.startswith(area, autoescape=True) for area in areas]
    unplaced = [column.is_(None)] if any(area.count("/") == 1 for area in areas) else []
    return or_(false(), *below, *unplaced)


def shared(areas: Iterable[str], area: str) -> list[str]:
    """Return what lies inside one of `areas` and inside `area`, too."""
    return [max(mine, area, key=len) for mine in areas if _nested(mine, area)]


def _nested(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def reaches(areas: Iterable[str], area_id: str | None) -> bool:
    """Whether what belongs to an area is inside `areas`: as `inside` says it in SQL."""
    if area_id is None:
        return any(area.count("/") == 1 for area in areas)
    return any(area_id.startswith(area) for area in areas)


@event.listens_for(Db, "do_orm_execute")
def _apply_scope(state: ORMExecuteState) -> None:
    areas = state.session.info.get("areas")
    if areas is None:
        return
    team = state.session.info.get("team")
    state.statement = state.statement.options(
        *(
            with_loader_criteria(table, seen(table, areas, team), include_aliases=True)
            for table in _scoped_tables(Scoped)
        )
    )


def _scoped_tables(kind: type[Any]) -> list[type[Any]]:
    return kind.__subclasses__()
