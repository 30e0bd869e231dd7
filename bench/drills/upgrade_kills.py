"""Kills what upgrades a store, at any statement of any migration, and looks at what is left."""

import os
import random
import re
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

from alembic import command
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from actions import migrate
from actions.db import Database
from actions.tables import METADATA
from bench.drills import upgrade_rows
from bench.drills.upgrade_schema import schema
from bench.drills.upgrade_store import Filled, closing
from bench.output import following, say

APPLIED = re.compile(r"UPDATE alembic_version SET version_num='(\w+)'")
CHILDREN = get_context("fork")  # nothing is imported anew, and no thread runs here


@dataclass(frozen=True)
class Moment:
    """Where in an upgrade: before statement `number`, or right after it."""

    revision: str
    where: str
    number: int
    after: bool = False


@dataclass
class Statements:
    """What an upgrade says to the store, by the migration that says it."""

    count: int = 0
    ends: dict[str, int] = field(default_factory=dict)

    def note(self, said: str) -> None:
        """Count one more."""
        self.count += 1
        if found := APPLIED.search(said):
            self.ends[found[1]] = self.count

    def moments(self) -> Iterator[Moment]:
        """Yield beginning, middle and end of each migration."""
        begins = 1
        for revision, ends in self.ends.items():
            yield Moment(revision, "beginning", begins)
            yield Moment(revision, "middle", (begins + ends) // 2)
            yield Moment(revision, "end", ends, after=True)
            begins = ends + 1

    def longest(self, how_many: int) -> list[Moment]:
        """Return the middle of the migrations that say most."""
        begins = dict(zip(self.ends, (0, *self.ends.values()), strict=False))
        middles = [moment for moment in self.moments() if moment.where == "middle"]
        middles.sort(key=lambda one: begins[one.revision] - self.ends[one.revision])
        return middles[:how_many]


def count(address: str) -> Statements:
    """Upgrade a store, and count what is said."""
    found = Statements()
    with closing(address) as database:
        listen(database.engine, "before_cursor_execute", lambda said: found.note(said))
        migrate.upgrade(database)
    return found


def killed_at(address: str, moment: Moment, *, careless: bool = False) -> bool:
    """Upgrade a store in a process that is killed at a moment; whether it was."""
    return _ended_by_kill(_upgrade_until, address, moment, careless)


def killed_within(address: str, seconds: float) -> bool:
    """Upgrade a store in a process that is killed after a while; whether it had not ended."""
    child = CHILDREN.Process(target=_upgrade_until, args=(address, None, False))
    child.start()
    time.sleep(seconds)
    child.kill()
    child.join()
    return child.exitcode == -signal.SIGKILL


def _ended_by_kill(target: Any, *arguments: Any) -> bool:
    child = CHILDREN.Process(target=target, args=arguments)
    child.start()
    child.join()
    return child.exitcode == -signal.SIGKILL


def _upgrade_until(address: str, moment: Moment | None, careless: bool) -> None:
    with closing(address) as database:
        engine = careless_engine(address) if careless else database.engine
        if moment:
            found = Statements()

            def kill(said: str) -> None:
                found.note(said)
                if found.count == moment.number:
                    os.kill(os.getpid(), signal.SIGKILL)

            name = "after_cursor_execute" if moment.after else "before_cursor_execute"
            listen(engine, name, kill)
        if careless:
            upgrade_carelessly(database, engine)
        else:
            migrate.upgrade(database)


def listen(engine: Engine, name: str, hear: Any) -> None:
    """Let each statement of a migration be heard."""

    def heard(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if " ".join(statement.split()[:1]) != "PRAGMA":  # SQLAlchemy looks at SQLite's tables
            hear(statement)

    event.listen(engine, name, heard)


def upgrade_carelessly(database: Database, engine: Engine) -> None:
    """Upgrade as the control does: what each statement did stays, whatever comes after it."""

    @contextmanager
    def each_by_itself() -> Iterator[Connection]:
        with engine.connect() as connection:
            yield connection

    config = migrate.configuration(database)
    config.attributes["changing"] = each_by_itself
    command.upgrade(config, "head")


def careless_engine(address: str) -> Engine:
    """Open a store with each statement a transaction of its own."""
    url = make_url(address)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return create_engine(url, isolation_level="AUTOCOMMIT")


def sample(moments: Sequence[Moment], how_many: int, chance: random.Random) -> list[Moment]:
    """Return so many of the moments, all when there are no more."""
    return list(moments) if how_many >= len(moments) else chance.sample(list(moments), how_many)


def survives(one: Filled, how_many: int, at_any_time: int, seed: int) -> dict[str, Any]:
    """Kill whatever upgrades, in each migration; let it do it again, and compare."""
    chance = random.Random(seed)
    with one.copy() as address:
        began = time.monotonic()
        counted = count(address)
        seconds = time.monotonic() - began
    moments = sample(list(counted.moments()), how_many, chance)
    missed = 0
    with closing(one.address) as database:
        was, at = schema(database.engine), migrate.revision_of(database)
    killed, half, differ = 0, list[str](), list[str]()
    newest = migrate.revisions()[0]
    for moment in following([*moments, *[None] * at_any_time], "killed"):
        with one.copy() as address:
            if moment:
                was_killed = killed_at(address, moment)
                missed += not was_killed
            else:
                was_killed = killed_within(address, chance.uniform(0, seconds))
            killed += was_killed
            with closing(address) as database:
                found = migrate.revision_of(database)
                is_as_before = found == at and schema(database.engine) == was
                if not is_as_before and found != newest:
                    half.append(str(moment))
                migrate.upgrade(database)
                rows = upgrade_rows.read(database.engine, METADATA)
                if upgrade_rows.differences(one.expected, rows):
                    differ.append(str(moment))
    return {
        "migrations": len(counted.ends),
        "statements": counted.count,
        "kill_moments": len(moments),
        "killed": killed,
        "moments_missed": missed,
        "half_done": half,
        "otherwise_than_undisturbed": differ,
    }


def stuck(one: Filled, tries: int) -> int:
    """Do the control of `survives`; returns how often it could not be done again."""
    say("the control: each statement by itself")
    with one.copy() as address:
        engine = careless_engine(address)
        counted = Statements()
        listen(engine, "before_cursor_execute", counted.note)
        with closing(address) as database:
            upgrade_carelessly(database, engine)
        engine.dispose()
    found = 0
    for moment in counted.longest(tries):
        with one.copy() as address:
            killed_at(address, moment, careless=True)
            found += _cannot_go_on(address)
    return found


def _cannot_go_on(address: str) -> bool:
    engine = careless_engine(address)
    try:
        with closing(address) as database:
            upgrade_carelessly(database, engine)
    except (SQLAlchemyError, ValueError):  # Alembic's own: what it would drop is gone
        return True
    finally:
        engine.dispose()
    return False
