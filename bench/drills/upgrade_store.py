"""A store that code of before has filled, and copies of it to try things on."""

import secrets
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing as to_close
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from actions.db import Database
from bench import stores
from bench.drills import upgrade_rows
from bench.drills.upgrade_code import FIRST, checked_out, speak
from bench.drills.upgrade_rows import Rows
from bench.output import say

SESSIONS_KEPT = 3  # in a file of rows, besides those somebody has booked
PATIENT = 20.0  # seconds for the store; that of a killed process may still hold a lock


@dataclass
class Filled:
    """A store as the old code left it, of which copies are used."""

    store: str
    address: str
    old: Path  # its code
    read: Any  # what that finds in it
    rows: Rows
    expected: Rows = field(default_factory=dict)  # of an upgrade that nobody disturbs

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Lend the address of a copy."""
        if self.store == stores.SQLITE:
            with tempfile.TemporaryDirectory(prefix="xiaoli-upgrade-") as place:
                copied = Path(place) / "xiaoli.db"
                copy_file(str(make_url(self.address).database), copied)
                yield f"sqlite:///{copied}"
            return
        name = f"xiaoli_upgrade_{secrets.token_hex(4)}"
        like = make_url(self.address).database
        with psycopg.connect(stores.SERVER, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
            try:
                yield stores.SERVER.rsplit("/", 1)[0] + f"/{name}"
            finally:
                server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def copy_file(file: str, to: Path) -> None:
    """Copy an SQLite file with all that is in its log."""
    with to_close(sqlite3.connect(file)) as one, to_close(sqlite3.connect(to)) as other:
        one.backup(other)


@contextmanager
def filled(store: str, commit: str) -> Iterator[Filled]:
    """Let the code of a commit fill an empty store.

    Raises:
        NoHistory: that code is not to be had here.
    """
    with checked_out(commit) as old, stores.empty(store) as address:
        say(f"{commit} fills an empty store")
        found = speak(old, FIRST, "fill", address)
        with closing(address) as database:
            rows = upgrade_rows.read(database.engine)
        yield Filled(store, address, old, found, rows)


@contextmanager
def closing(address: str) -> Iterator[Database]:
    """Open a store for a while."""
    database = Database(address, busy_seconds=PATIENT)
    try:
        yield database
    finally:
        database.close()


def keep_rows(rows: Rows, file: Path) -> None:
    """Keep what the old code wrote, for the tests; of its sessions only a few."""
    booked = {row["session_id"] for table in ("bookings", "waitlist") for row in rows[table]}
    few = [
        row
        for number, row in enumerate(rows["sessions"])
        if row["id"] in booked or number < SESSIONS_KEPT
    ]
    upgrade_rows.keep(rows | {"sessions": few}, file)
