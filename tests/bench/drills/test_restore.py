"""The drill can fail: a careless copy of a store is seen to lack something, a whole one not."""

import itertools
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actions import conversations
from actions.conversations import Author
from actions.db import Database
from bench.drills.copies import careless_copy, look
from bench.drills.restore import COPIES, WRONG, verdict

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


def address(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def write(database: Database, text: str) -> None:
    with database.transaction() as db:
        talk = conversations.at_address(db, channel="webchat", address=text, now=NOW)
        conversations.say(db, talk, text, author=Author.RESIDENT, now=NOW)


def test_a_store_that_has_all_of_it_is_whole(migrated: Database) -> None:
    write(migrated, "停车多少钱")
    found = look(address(migrated), {"停车多少钱"})
    assert found.is_whole
    assert found.tables["words"].count == 1


def test_what_was_acknowledged_and_is_not_there_is_counted(migrated: Database) -> None:
    write(migrated, "停车多少钱")
    assert look(address(migrated), {"停车多少钱", "几点开门"}).lost_words == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_rows_that_speak_of_nothing_are_counted(migrated: Database) -> None:
    write(migrated, "停车多少钱")
    with closing(sqlite3.connect(str(migrated.engine.url.database))) as careless:
        careless.execute("DELETE FROM words")  # which our own connections refuse
        careless.commit()
    assert look(address(migrated), ()).dangling == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_file_alone_lacks_what_stands_in_its_log(
    migrated: Database, tmp_path: Path
) -> None:
    write(migrated, "停车多少钱")
    with careless_copy(address(migrated), tmp_path) as copy:
        assert look(copy, {"停车多少钱"}).lost_words == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_that_is_no_store_has_lost_everything(
    migrated: Database, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.db"
    torn.write_bytes(b"SQLite format 3\0" + bytes(8000))
    found = look(f"sqlite:///{torn}", {"a", "b"})
    assert (found.lost_words, found.is_whole) == (2, False)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_tables_of_different_moments_speak_of_what_is_not_there(
    migrated: Database, tmp_path: Path
) -> None:
    tables = itertools.count()

    def write_on(_seconds: float) -> None:
        if not (table := next(tables)) % 5:
            write(migrated, str(table))

    with careless_copy(address(migrated), tmp_path, write_on) as copy:
        assert look(copy, ()).dangling > 0
    assert look(address(migrated), ()).is_whole


FOUND: dict[str, Any] = {
    **dict.fromkeys(WRONG, 0),
    **{"rows": 9, "acknowledged_before": 5, "half_booked": 4, "went_on": 4},
    **{"gateway_there_s": 1.0, "rasa_answers_s": 9.0, "of_them_whole": 0},
}


@pytest.mark.parametrize(
    ("wrong", "held", "failed"),
    [
        ({}, True, True),
        ({"went_on": 3}, False, True),
        ({"lost_words": 1}, False, True),
        ({"tables_that_differ": 1}, False, True),
        ({"dangling": 1}, False, True),
        ({"rows": 0}, False, True),
        ({"of_them_whole": COPIES}, True, False),
    ],
)
def test_it_held_where_nothing_is_missing_and_all_went_on(
    wrong: dict[str, Any], held: bool, failed: bool
) -> None:
    said = verdict(FOUND | wrong)
    assert (said.held, said.control_failed) == (held, failed)
