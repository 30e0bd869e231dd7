"""The database: one address, two kinds of work (reading, one transaction), nothing else."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import TimeoutError
from sqlalchemy.orm import DeclarativeBase, sessionmaker
from sqlalchemy.orm import Session as Db
from sqlalchemy.types import TypeDecorator

from actions.errors import RowsLost, StoreUnsafe, XiaoliError

__all__ = ["Base", "Database", "Db", "UtcDateTime"]

# A store that does not answer is told to the channel within 2 s, so waiting ends before that.
BUSY_SECONDS = 1.5
CONNECTIONS = 20  # of one process at most; PostgreSQL makes each a process of its own


class Base(DeclarativeBase):
    """Every table. Constraint names are fixed so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in Python, UTC in the table (SQLite on its own forgets the zone).

    Raises ValueError on a naive moment.
    """

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; hand in an aware moment")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Database:
    """An open database.

    Both kinds of work are synchronous; asynchronous callers use a worker thread. No work may
    span a call to another process. Waiting for somebody else's work ends after `busy_seconds`
    with an OperationalError or a TimeoutError.
    """

    def __init__(
        self, url: str, busy_seconds: float = BUSY_SECONDS, connections: int = CONNECTIONS
    ) -> None:
        self.engine = _engine(url, busy_seconds, connections)
        self._busy_seconds = busy_seconds
        self._reading = sessionmaker(self.engine, expire_on_commit=False)
        self._writing = sessionmaker(
            self.engine.execution_options(begin="IMMEDIATE"), expire_on_commit=False
        )
        self._one_writer = Lock() if self.engine.dialect.name == "sqlite" else None

    @contextmanager
    def reading(self) -> Iterator[Db]:
        """Read one consistent state; whatever was changed is thrown away."""
        with self._reading() as db:
            yield db

    @contextmanager
    def transaction(self) -> Iterator[Db]:
        """Do everything or nothing. Commits at the end, rolls back on any exception."""
        with self._turn_to_write(), self._writing.begin() as db:
            yield db

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """Queue for SQLite's one writer: it lets who races for it go hungry."""
        if self._one_writer is None:
            yield
            return
        if not self._one_writer.acquire(timeout=self._busy_seconds):
            raise TimeoutError(f"another thread wrote for {self._busy_seconds} s")
        try:
            yield
        finally:
            self._one_writer.release()

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """Change the tables themselves: everything or nothing, one process at a time.

        Raises:
            RowsLost: rows would point at rows that are gone; nothing was changed.
        """
        change = KINDS_OF_CHANGE[self.engine.dialect.name]
        with self.engine.connect() as connection, change(connection):
            yield connection

    def check_durable(self) -> None:
        """Refuse to go on with a store that may lose what it has acknowledged.

        Raises:
            StoreUnsafe: says which setting of the database to change.
        """
        with self.engine.connect() as connection:
            for setting, query, safe in DURABILITY[self.engine.dialect.name]:
                found = str(connection.execute(text(query)).scalar()).lower()
                if found not in safe:
                    raise StoreUnsafe(
                        f"The database has {setting} = {found}; set it to {safe[0]}, "
                        "or acknowledged messages can be lost"
                    )

    def scrub(self) -> bool:
        """Leave nothing of what was deleted in SQLite's files; False while others read.

        Deleted content is overwritten, but lies in the log beside the file until that is
        emptied. PostgreSQL does its own vacuuming.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        with self.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        ) as connection:
            busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        return not busy

    def close(self) -> None:
        """Give all connections back, and forget what was compiled for them."""
        self.engine.dispose()
        self.engine.clear_compiled_cache()


# dialect: (setting, how to ask, what is safe)
DURABILITY: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {
    "sqlite": [
        ("journal_mode", "PRAGMA journal_mode", ("wal",)),
        ("synchronous", "PRAGMA synchronous", ("2", "3")),
        ("foreign_keys", "PRAGMA foreign_keys", ("1",)),
    ],
    "postgresql": [
        (
            "synchronous_commit",
            "SHOW synchronous_commit",
            ("on", "remote_write", "remote_apply"),
        ),
        ("fsync", "SHOW fsync", ("on",)),
    ],
}


def _engine(url: str, busy_seconds: float, connections: int) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed,
            connect_args={"timeout": busy_seconds},
            hide_parameters=True,
            pool_size=connections,
            pool_timeout=busy_seconds,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.get_backend_name() == "postgresql":
        milliseconds = int(busy_seconds * 1000)
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            hide_parameters=True,  # an error may be logged, what a resident wrote may not
            pool_pre_ping=True,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=busy_seconds,
            connect_args={
                "connect_timeout": max(2, math.ceil(busy_seconds)),  # s; libpq's least is 2
                "tcp_user_timeout": 5000,  # ms until a peer that is cut off counts as gone
                "options": f"-c lock_timeout={milliseconds} -c statement_timeout=10000",
            },
        )
    raise XiaoliError(f"DATABASE_URL speaks of {parsed.drivername}; use sqlite or postgresql")


@contextmanager
def _changing_sqlite(connection: Connection) -> Iterator[None]:
    """Do as https://sqlite.org/lang_altertable.html says of changes it has no statement for.

    A table is copied, dropped and its copy renamed: while foreign keys are watched, to drop it
    is to delete its rows, which those that point at it forbid, or are deleted with.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")  # within a transaction it would mean nothing
    try:
        with connection.execution_options(begin="IMMEDIATE").begin():
            yield
            astray = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if astray:
                raise RowsLost(astray[0], astray[2])
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


@contextmanager
def _changing_postgresql(connection: Connection) -> Iterator[None]:
    """Let a large table take its time, but not those who wait for a lock of it."""
    with connection.begin():
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({CHANGING}, 0)")
        yield


CHANGING = 0x786C03  # the kind of our advisory lock; two others are in bot/presence.py
KINDS_OF_CHANGE: dict[str, Callable[[Connection], AbstractContextManager[None]]] = {
    "sqlite": _changing_sqlite,
    "postgresql": _changing_postgresql,
}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # our own BEGIN below, not the driver's
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    kind = connection.get_execution_options().get("begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {kind}")
