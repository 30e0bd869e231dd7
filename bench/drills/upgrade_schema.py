"""What the tables of a store are, and where a change of them is in the way of code of before.

While processes are restarted one after the other, the version before writes to tables of the
version after: a migration may only add. What it takes away, a later one takes away.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, inspect

from bench.drills.upgrade_rows import REVISION


@dataclass(frozen=True, order=True)
class Column:
    """A column as a store has it; `filled`: who does not name it gets a value."""

    name: str
    kind: str
    nullable: bool
    filled: bool


@dataclass(frozen=True)
class Shape:
    """One table, whatever the order of its parts."""

    columns: Mapping[str, Column]
    key: tuple[str, ...]
    unique: frozenset[tuple[str, ...]]
    indexes: frozenset[tuple[str, tuple[str, ...]]]
    foreign: frozenset[tuple[tuple[str, ...], str]]
    checks: frozenset[str]


Shapes = dict[str, Shape]


def schema(engine: Engine) -> Shapes:
    """Return what each table is."""
    found = inspect(engine)
    return {name: _shape(found, name) for name in found.get_table_names() if name != REVISION}


def _shape(found: Any, table: str) -> Shape:
    columns = [
        Column(
            one["name"],
            str(one["type"]),
            bool(one["nullable"]),
            one["default"] is not None or bool(one.get("autoincrement") is True),
        )
        for one in found.get_columns(table)
    ]
    indexes = [
        (str(one["name"]), tuple(map(str, one["column_names"])), bool(one["unique"]))
        for one in found.get_indexes(table)
    ]
    constraints = found.get_unique_constraints(table)
    return Shape(
        {one.name: one for one in columns},
        tuple(sorted(found.get_pk_constraint(table)["constrained_columns"])),
        frozenset(
            {tuple(sorted(one["column_names"])) for one in constraints}
            | {tuple(sorted(names)) for _, names, unique in indexes if unique}
        ),
        frozenset((name, names) for name, names, _ in indexes),
        frozenset(
            (tuple(one["constrained_columns"]), one["referred_table"])
            for one in found.get_foreign_keys(table)
        ),
        frozenset(_bare(one["sqltext"]) for one in found.get_check_constraints(table)),
    )


def _bare(check: str) -> str:
    """Leave out of a check how a store writes it."""
    return "".join(letter for letter in check.lower() if letter.isalnum() or letter in "<>=+")


def narrowings(before: Shapes, after: Shapes) -> list[str]:
    """Say what of a change is in the way of code that knows the tables of before."""
    found = [f"{table} is gone" for table in sorted(before.keys() - after.keys())]
    for table in sorted(before.keys() & after.keys()):
        found += [f"{table}: {what}" for what in _narrowed(before[table], after[table])]
    return found


def _narrowed(then: Shape, now: Shape) -> Iterator[str]:
    for name, column in now.columns.items():
        if what := _column_narrowed(then.columns.get(name), column):
            yield f"{name} {what}"
    known = then.columns.keys()
    yield from (f"{name} is gone" for name in known if name not in now.columns)
    for names in sorted(now.unique - then.unique):
        if set(names) <= known:
            yield f"{', '.join(names)} may stand there once only"
    for names, other in sorted(now.foreign - then.foreign):
        if set(names) <= known:
            yield f"{', '.join(names)} must be in {other}"
    if now.checks - then.checks:
        yield "is checked more closely"


def _column_narrowed(then: Column | None, now: Column) -> str:
    """Say what code of before cannot do with a column any more, if anything."""
    if then is None:
        return "" if now.nullable or now.filled else "is new, and must be given"
    if then.kind != now.kind:
        return f"was {then.kind} and is {now.kind}"
    could_be_left_out = then.nullable or then.filled
    if (then.nullable and not now.nullable) or (
        could_be_left_out and not (now.nullable or now.filled)
    ):
        return "must be given"
    return ""
