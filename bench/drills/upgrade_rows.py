"""The rows of a whole store, table by table, and the reckoning between two moments of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, DateTime, Engine, MetaData, Table

Row = dict[str, Any]
Rows = dict[str, list[Row]]

REVISION = "alembic_version"  # a table that is none of ours
# A column that has another name now → its name now.
RENAMED: Mapping[tuple[str, str], str] = {("help_matches", "created_at"): "asked_at"}
# A table that is no more → the one its last row went to, and which column became which. What
# came before that row had been replaced by it, and nothing asks for it.
MOVED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "index_versions": (
        "editions",
        {"version": "index_version", "activated_at": "published_at"},
    )
}
KEYS: Mapping[str, tuple[str, ...]] = {"deeds": ("inbox_id", "step")}  # else the first column
# What is told in other words now: the values of notices that wait may have become more.
GROWN = ("outbox", "values")
# Drawn by lot when a migration runs, also where a notice speaks of it: each run has its own.
DRAWN = frozenset({"code", "token", "page"})


def read(engine: Engine, tables: MetaData | None = None) -> Rows:
    """Return every row of every table as plain values, in the order of its key.

    `tables`: which there are, where that is known; to look for them takes its time.
    """
    metadata = tables or MetaData()
    if tables is None:
        metadata.reflect(engine)
    with engine.connect() as connection:
        return {
            name: _rows(connection, table)
            for name, table in sorted(metadata.tables.items())
            if name != REVISION
        }


def _rows(connection: Connection, table: Table) -> list[Row]:
    every = connection.execute(table.select().order_by(*table.primary_key.columns))
    return [{name: _plain(value) for name, value in row.items()} for row in every.mappings()]


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            return naive.isoformat()
        case date():
            return value.isoformat()
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return value


def write(engine: Engine, rows: Rows) -> None:
    """Write rows into a store that has their tables and nothing in them."""
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            if there := rows.get(table.name):
                connection.execute(table.insert(), [_typed(table, row) for row in there])


def _typed(table: Table, row: Row) -> Row:
    kinds = {column.name: column.type for column in table.columns}
    return {name: _of_kind(value, kinds[name]) for name, value in row.items()}


def _of_kind(value: Any, kind: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value


def keep(rows: Rows, file: Path) -> None:
    """Write rows into a file, a row a line."""
    tables = ",\n".join(
        f'"{name}": [\n' + ",\n".join(json.dumps(row, ensure_ascii=False) for row in of) + "]"
        for name, of in rows.items()
    )
    file.write_text(f"{{{tables}}}\n", encoding="utf-8")


def kept(file: Path) -> Rows:
    """Read rows again."""
    return dict(json.loads(file.read_text(encoding="utf-8")))


@dataclass
class Reckoning:
    """What became of each table's rows: how many there were, how many are there, and where.

    `wrong` says in words what is missing or otherwise.
    """

    tables: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return sum(before for before, _, _ in self.tables.values())


def reckon(before: Rows, after: Rows) -> Reckoning:
    """Look for each row of before in what there is after, each value of it included."""
    found = Reckoning()
    for table, rows in before.items():
        if table in MOVED and table not in after:
            _reckon_moved(found, table, rows, after)
            continue
        there = after.get(table, [])
        same = sum(_is_in(table, row, there, found.wrong) for row in rows)
        found.tables[table] = len(rows), same, table
    return found


def _reckon_moved(found: Reckoning, table: str, rows: Sequence[Row], after: Rows) -> None:
    to, columns = MOVED[table]
    last = rows[-1:]
    wanted = [{now: row[then] for then, now in columns.items()} for row in last]
    same = sum(any(want.items() <= row.items() for row in after[to]) for want in wanted)
    found.tables[table] = len(rows), same, f"{to}, the last one"
    if same < len(wanted):
        found.wrong.append(f"{table}: its last row is not in {to}")


def _is_in(table: str, row: Row, there: Sequence[Row], wrong: list[str]) -> bool:
    """Whether a row is there, with all its values; what differs is said, never a value."""
    key = KEYS.get(table, (next(iter(row)),))
    now = next((one for one in there if all(one[k] == row[k] for k in key)), None)
    if now is None:
        wrong.append(f"{table}: a row is gone")
        return False
    differs = [
        name
        for name, value in row.items()
        if now.get(name, now.get(RENAMED.get((table, name), name))) != value
        and not ((table, name) == GROWN and _grew(value, now[name]))
    ]
    if differs:
        wrong.append(f"{table}: {', '.join(differs)} of a row differs")
    return not differs


def _grew(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    return then.items() <= now.items()


def differences(one: Rows, other: Rows) -> list[str]:
    """Say in which tables two stores differ, but for what is drawn by lot."""
    return [name for name in sorted({*one, *other}) if _fixed(one, name) != _fixed(other, name)]


def _fixed(rows: Rows, table: str) -> list[Row] | None:
    return [_without_lots(row) for row in rows[table]] if table in rows else None


def _without_lots(row: Row) -> Row:
    return {
        name: _without_lots(value) if isinstance(value, dict) else value
        for name, value in row.items()
        if name not in DRAWN
    }
