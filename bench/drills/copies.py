"""Copies of a running store, and what is missing in them: a backup's, and the careless ones.

The careless copy takes what is nearest: of SQLite the file without the log beside it, of
PostgreSQL one table after the other, no two of them of one moment.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import Connection, MetaData, and_, exists, func, make_url, select
from sqlalchemy.exc import DatabaseError

from actions.backup import rows
from actions.backup.contents import Rows
from actions.db import Database
from actions.people.model import Words
from bench import stores

BETWEEN = 0.1  # seconds between two tables of a careless copy


@dataclass(frozen=True)
class Looked:
    """What was found in a store: the rows of each table, and what should be there and is not.

    `lost_words`: texts that were acknowledged and are not kept; `dangling`: rows that speak of
    rows that are not there. A store that cannot be read has lost everything.
    """

    tables: Mapping[str, Rows]
    lost_words: int
    dangling: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return bool(self.tables) and not self.lost_words and not self.dangling


def look(url: str, said: Collection[str]) -> Looked:
    """Look through a store; `said` was acknowledged before it was copied."""
    database = Database(url)
    try:
        with database.engine.connect() as connection:
            kept = set(connection.scalars(select(Words.text)))
            found = rows.of_all_tables(connection)
            return Looked(found, len(set(said) - kept), _dangling(connection))
    except DatabaseError:
        return Looked({}, len(said), 0)
    finally:
        database.close()


def _dangling(connection: Connection) -> int:
    """Count rows that speak of a row that is not there, by the foreign keys of all tables."""
    tables = MetaData()
    tables.reflect(connection)
    count = 0
    for table in tables.tables.values():
        for key in table.foreign_key_constraints:
            there = key.referred_table.alias()
            pairs = [(one.parent, there.c[one.column.name]) for one in key.elements]
            named = and_(*(ours.is_not(None) for ours, _ in pairs))
            found = exists().where(*(theirs == ours for ours, theirs in pairs))
            rows_of = select(func.count()).select_from(table).where(named, ~found)
            count += connection.scalar(rows_of) or 0
    return count


@contextmanager
def careless_copy(
    url: str, folder: Path, pause: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """Copy a store while it is written, as one does who makes no backup; yields its address."""
    parsed = make_url(url)
    if parsed.get_backend_name() == stores.SQLITE:
        copy = folder / "copy.db"
        shutil.copyfile(str(parsed.database), copy)
        yield f"sqlite:///{copy}"
        return
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with stores.empty(stores.POSTGRESQL) as copied:
        _copy_table_by_table(plain, copied, pause)
        yield copied


def _copy_table_by_table(url: str, to: str, pause: Callable[[float], None]) -> None:
    made = subprocess.run(
        ("pg_dump", "--schema-only", "--no-owner", url),  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    definitions = "\n".join(one for one in made.splitlines() if not one.startswith("\\"))
    with (
        psycopg.connect(url, autocommit=True) as there,
        psycopg.connect(to, autocommit=True) as here,
    ):
        here.execute(definitions.encode())
        here.execute("SET search_path = public")
        here.execute("SET session_replication_role = replica")  # or the server would refuse
        found = there.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        )
        for (table,) in found.fetchall():
            with (
                there.cursor().copy(f'COPY "{table}" TO STDOUT') as out,
                here.cursor().copy(f'COPY "{table}" FROM STDIN') as into,
            ):
                for block in out:
                    into.write(block)
            pause(BETWEEN)
