"""The figure of a table changes with anything in it, and with nothing else."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, text

from actions.backup import rows
from actions.backup.contents import Rows
from actions.db import Database


def put(database: Database, *written: tuple[int, str, float | None]) -> Rows:
    """Make a table of these rows anew, and return what is said of it."""
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS told"))
        connection.execute(text("CREATE TABLE told (n INTEGER, words TEXT, share REAL)"))
        for n, words, share in written:
            connection.execute(
                text("INSERT INTO told VALUES (:n, :words, :share)"),
                {"n": n, "words": words, "share": share},
            )
    with database.engine.connect() as connection:
        found = rows.of_all_tables(connection)["told"]
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE told"))
    return found


LINES = (1, "一行\n两行\\n\t", 0.1), (2, "", None), (3, "三", 1 / 3)
OTHERS = {
    "a word": ((1, "一行\n两行\\n\t.", 0.1), *LINES[1:]),
    "a line's end": ((1, "一行\\n两行\\n\t", 0.1), *LINES[1:]),
    "nothing for an empty word": (LINES[0], (2, "NULL", None), LINES[2]),
    "a number": (*LINES[:2], (4, "三", 1 / 3)),
    "a row twice": (*LINES, LINES[0]),
    "a row less": LINES[1:],
    "two values exchanged between rows": ((1, "三", 0.1), LINES[1], (3, LINES[0][1], 1 / 3)),
}


def test_the_same_rows_in_another_order_are_the_same(database: Database) -> None:
    assert put(database, *LINES) == put(database, *reversed(LINES))
    assert put(database, *LINES).count == 3


@pytest.mark.parametrize("what", OTHERS)
def test_any_difference_is_noticed(database: Database, what: str) -> None:
    assert put(database, *OTHERS[what]) != put(database, *LINES)


def test_counting_alone_would_notice_none_of_a_changed_word(database: Database) -> None:
    changed = put(database, *OTHERS["a word"])
    assert changed.count == put(database, *LINES).count


def test_every_table_is_looked_at(database: Database) -> None:
    ask: dict[str, Callable[[Connection], set[str]]] = {
        "sqlite": lambda c: set(
            c.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        ),
        "postgresql": lambda c: set(
            c.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        ),
    }
    with database.engine.connect() as connection:
        there = ask[connection.dialect.name](connection)
        assert set(rows.of_all_tables(connection)) == there
