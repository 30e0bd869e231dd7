"""One row of every table for a resident, each text of it a canary; made from the schema."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    CursorResult,
    Date,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    insert,
    select,
)

from actions.db import Db, UtcDateTime
from actions.mydata import whose
from actions.mydata.whose import HOW, WORDS, Stays
from actions.tables import METADATA

LONG = 40  # characters from which on a column may hold what somebody wrote
# A code has one meaning: here that it links a chat to the resident.
NULL = {"link_codes": {"staff_id", "area_id", "household_id"}}
SHARED = ("areas", "staff", "api_keys", "sessions", "meetings", "topics", "households", "news")


@dataclass
class Planted:
    """A resident with a row everywhere; `made` are its keys by table."""

    name: str
    resident_id: str
    other: "Planted | None"
    shared: dict[str, Any]
    made: dict[str, Any] = field(default_factory=dict)
    canaries: dict[str, str] = field(default_factory=dict)

    def canary(self, where: str) -> str:
        """A text that stands nowhere else."""
        self.canaries[where] = f"{self.name}~{len(self.canaries):03}"
        return self.canaries[where]


def plant_shared(db: Db, now: datetime) -> dict[str, Any]:
    """What belongs to the community: rows that the planted ones refer to."""
    shared: dict[str, Any] = {}
    for here in METADATA.sorted_tables:
        if here.name in SHARED:
            values = {c.name: _plain(c, now, shared) for c in here.columns if not _given(c)}
            shared[here.name] = _insert(db, here, values)
    return shared


def plant(
    db: Db, name: str, shared: dict[str, Any], now: datetime, other: Planted | None = None
) -> Planted:
    """Plant a resident; whatever takes two is with the other, who by themselves have little."""
    planted = Planted(name, name[0].lower() * 32, other, shared)
    wanted = HOW if other else ("residents", "addresses", "conversations")
    for here in METADATA.sorted_tables:
        if here.name in wanted and here.name != WORDS:
            planted.made[here.name] = _plant(db, planted, here, now)
    return planted


def _plant(db: Db, planted: Planted, here: Table, now: datetime) -> Any:
    values: dict[str, Any] = {}
    seen: set[str] = set()
    for column in here.columns:
        if _given(column) or column.name in NULL.get(here.name, ()):
            continue
        values[column.name] = _value(db, planted, column, now, seen)
    return _insert(db, here, values)


def _given(column: Column[Any]) -> bool:
    """Whether the database gives it: a number."""
    return column.primary_key and isinstance(column.type, Integer) and not column.foreign_keys


def _value(db: Db, planted: Planted, column: Column[Any], now: datetime, seen: set[str]) -> Any:
    to, where = whose.target(column), f"{column.table.name}.{column.name}"
    if to == WORDS:
        return _words(db, planted, where, now)
    if to is not None:
        return _named(planted, column, to, seen)
    if column.primary_key:
        return planted.resident_id if column.table.name == "residents" else planted.name * 4
    if isinstance(column.type, LargeBinary):
        return planted.canary(where).encode()
    if _may_be_written(column):
        canary = planted.canary(where)
        return [canary] if isinstance(column.type, JSON) else canary
    return _plain(column, now, planted.shared, planted.name)


def _named(planted: Planted, column: Column[Any], to: str, seen: set[str]) -> Any:
    """A row a column names: the planted one's own, but the second of two is the other's."""
    if to == column.table.name:
        return None
    second = to in seen and planted.other is not None
    if to in ("residents", "conversations"):
        seen.add(to)
    whom = planted.other if second and planted.other else planted
    return whom.made.get(to, planted.shared.get(to))


def _may_be_written(column: Column[Any]) -> bool:
    """Whether somebody may have written what a column has; ids of what stays are ours."""
    own, kind = HOW[column.table.name], column.type
    if isinstance(kind, JSON | Text):
        return True
    history = own.as_is if isinstance(own, Stays) else ()
    return (
        isinstance(kind, String) and (kind.length or 0) >= LONG and column.name not in history
    )


def _words(db: Db, planted: Planted, where: str, now: datetime) -> int:
    values = {
        "resident_id": planted.resident_id,
        "text": planted.canary(where),
        "created_at": now,
    }
    return int(_insert(db, whose.table(WORDS), values))


def _plain(column: Column[Any], now: datetime, shared: dict[str, Any], name: str = "s") -> Any:
    to = whose.target(column)
    if to is not None:
        return shared.get(to) if to != column.table.name else None
    if isinstance(column.type, String):
        return f"{column.name}{name}"[-(column.type.length or LONG) :]
    return next(
        value
        for kind, value in (
            (UtcDateTime, now),
            (Date, date(2026, 11, 24)),
            (Boolean, False),
            (Integer, 1 if name == "s" else ord(name[0])),
            (Float, 1.0),
            (JSON, {}),
            (LargeBinary, b""),
        )
        if isinstance(column.type, kind)
    )


def _insert(db: Db, here: Table, values: dict[str, Any]) -> Any:
    made = cast(CursorResult[Any], db.execute(insert(here).values(values)))
    return made.inserted_primary_key[0] if made.inserted_primary_key else None


def everything(db: Db) -> dict[str, list[str]]:
    """All rows of all tables, written out: what can be searched for a canary."""
    return {
        here.name: sorted(str(tuple(row)) for row in db.execute(select(here)))
        for here in METADATA.sorted_tables
    }
