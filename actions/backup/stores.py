"""The store's own part of a backup: one consistent state of it, while others write on.

SQLite copies itself, PostgreSQL is dumped by its own tool; either goes back whole or not at
all.
"""

import gzip
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Connection, inspect, make_url, text

from actions.backup.errors import BackupFailed
from actions.db import Database

DRAFT = ".restoring"  # how an SQLite file ends that is not in its place yet
QUICK = 1  # of gzip: a third of the size, at the speed of a disk
LOCK_SECONDS = 60  # that PostgreSQL's tool waits for a migration


@dataclass(frozen=True)
class Snapshot:
    """One state of a store, as it was at a moment.

    `connection` sees it; `dump` writes it into a file and returns that.
    """

    connection: Connection
    dump: Callable[[], Path]


class Store(Protocol):
    """What is asked of each kind of store."""

    def files(self) -> tuple[Path, ...]:
        """Return the files it lies in, which nobody else may copy while it is written."""

    def size(self) -> int:
        """Return how many bytes a dump may take while it is made, at most."""

    def snapshot(self, folder: Path) -> AbstractContextManager[Snapshot]:
        """Take a snapshot, to be dumped into `folder`.

        Raises:
            BackupFailed: there is no store, or a tool is missing.
        """

    def is_empty(self) -> bool:
        """Whether nothing has been kept there yet."""

    def put(self, dump: Path) -> None:
        """Bring a dump back into the empty store.

        Raises:
            BackupFailed: it was not possible, and nothing is there.
        """

    def look(self) -> AbstractContextManager[Connection]:
        """Look at what was put."""

    def settle(self) -> None:
        """Let what was put be the store from now on."""


def store_at(url: str, folder: Path) -> Store:
    """Return the store an address means; `folder` is for what its tools need.

    Raises:
        BackupFailed: it means neither of ours.
    """
    parsed = make_url(url)
    kind = STORES.get(parsed.get_backend_name())
    if kind is None:
        raise BackupFailed(
            f"DATABASE_URL speaks of {parsed.drivername}; use sqlite or postgresql"
        )
    return kind(parsed, folder)


@dataclass(frozen=True)
class SqliteStore:
    """A file."""

    url: URL
    _folder: Path

    @property
    def _file(self) -> Path:
        return Path(self.url.database or "")

    @property
    def _draft(self) -> Path:
        return self._file.with_name(self._file.name + DRAFT)

    def files(self) -> tuple[Path, ...]:
        return (*_beside(self._file), *_beside(self._draft))

    def size(self) -> int:
        there = (file.stat().st_size for file in _beside(self._file) if file.exists())
        return 2 * sum(there)  # a copy, and the same packed

    @contextmanager
    def snapshot(self, folder: Path) -> Iterator[Snapshot]:
        if not self._file.is_file():
            raise BackupFailed(NO_STORE.format(self._file))
        with _connected(self.url) as connection:
            connection.execute(text("SELECT count(*) FROM sqlite_master"))  # begins it
            yield Snapshot(connection, lambda: _written_out(connection, folder))

    def is_empty(self) -> bool:
        return not any(file.exists() for file in _beside(self._file))

    def put(self, dump: Path) -> None:
        self._draft.parent.mkdir(parents=True, exist_ok=True)
        for left in _beside(self._draft):  # by a try that was stopped
            left.unlink(missing_ok=True)
        with gzip.open(dump) as packed, self._draft.open("wb") as plain:
            self._draft.chmod(0o600)
            shutil.copyfileobj(packed, plain, 1 << 20)

    @contextmanager
    def look(self) -> Iterator[Connection]:
        put = self._draft if self._draft.exists() else self._file
        with _connected(self.url.set(database=str(put))) as connection:
            yield connection

    def settle(self) -> None:
        with suppress(FileNotFoundError):  # settled before
            self._draft.replace(self._file)


def _beside(file: Path) -> tuple[Path, ...]:
    """Return a database's file and what SQLite may have beside it."""
    return tuple(file.with_name(file.name + end) for end in ("", "-wal", "-shm", "-journal"))


def _written_out(connection: Connection, folder: Path) -> Path:
    """Write what a connection's transaction sees into a file, packed."""
    copy, dump = folder / "copy.sqlite", folder / "database"
    with closing(sqlite3.connect(copy)) as target:
        connection.connection.backup(target)
    with copy.open("rb") as plain, gzip.open(dump, "wb", QUICK) as packed:
        shutil.copyfileobj(plain, packed, 1 << 20)
    copy.unlink()
    return dump


@contextmanager
def _connected(url: URL, **options: Any) -> Iterator[Connection]:
    database = Database(url.render_as_string(hide_password=False))
    with closing(database), database.engine.connect() as connection:
        yield connection.execution_options(**options)


@dataclass(frozen=True)
class PostgresStore:
    """A database of a server, with its own tools `pg_dump` and `pg_restore`."""

    url: URL
    _folder: Path

    def files(self) -> tuple[Path, ...]:
        return ()

    def size(self) -> int:
        with self.look() as connection:
            there = text("SELECT pg_database_size(current_database())")
            return int(connection.scalars(there).one())

    @contextmanager
    def snapshot(self, folder: Path) -> Iterator[Snapshot]:
        with self.look() as connection:
            if not inspect(connection).has_table("alembic_version"):
                raise BackupFailed(NO_STORE.format(self.url.database))
            name = connection.scalar(text("SELECT pg_export_snapshot()"))
            yield Snapshot(connection, lambda: self._dump(str(name), folder / "database"))

    def _dump(self, snapshot: str, dump: Path) -> Path:
        self._run(
            *("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--no-comments"),
            f"--lock-wait-timeout={LOCK_SECONDS * 1000}",
            *(f"--snapshot={snapshot}", f"--file={dump}"),
        )
        return dump

    def is_empty(self) -> bool:
        with self.look() as connection:
            return not inspect(connection).get_table_names()

    def put(self, dump: Path) -> None:
        self._run(
            *("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner"),
            *("--no-privileges", str(dump)),
        )

    @contextmanager
    def look(self) -> Iterator[Connection]:
        seen = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with _connected(self.url, **seen) as connection:
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                connection.execute(text(f"SET LOCAL {limit} = 0"))  # it takes its time
            yield connection

    def settle(self) -> None:
        """It is in its place since `put`."""

    def _run(self, tool: str, *arguments: str) -> None:
        """Run one of PostgreSQL's tools on the database; the password stays off its line."""
        found = shutil.which(tool)
        if found is None:
            raise BackupFailed(
                f"缺少 PostgreSQL 的工具 {tool}：请安装，例如 apt install postgresql-client。"
                f"PostgreSQL's {tool} is missing: install it (apt install postgresql-client), "
                "of the server's version or a newer one."
            )
        with self._address() as address:
            done = subprocess.run(  # noqa: S603 - ours, without a shell
                [found, f"--dbname={address}", *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode:
            raise BackupFailed(
                f"{tool} 没有完成：{_why(done.stderr)}\n"
                f"{tool} did not finish: {_why(done.stderr)}"
            )

    @contextmanager
    def _address(self) -> Iterator[str]:
        url, file = self.url, self._folder / "pgpass"
        plain = URL.create(
            "postgresql", url.username, None, url.host, url.port, url.database, url.query
        )
        asked = {"passfile": str(file)} if url.password else {}
        try:
            if url.password:
                file.touch(0o600)
                file.write_text(f"*:*:*:*:{_escaped(str(url.password))}\n", "utf-8")
            yield plain.update_query_dict(asked).render_as_string()
        finally:
            file.unlink(missing_ok=True)


def _escaped(password: str) -> str:
    return password.replace("\\", "\\\\").replace(":", "\\:")


def _why(said: str) -> str:
    """Return the first complaint of a tool: what follows may quote what residents wrote."""
    lines = [line for line in said.splitlines() if "error:" in line]
    return next(iter(lines or said.splitlines()), "")[:300]


NO_STORE = (
    "还没有数据库（{0}），没有可备份的。There is no database {0} yet, so nothing to back up: "
    "see STATE_DIR and DATABASE_URL."
)
STORES: Mapping[str, Callable[[URL, Path], Store]] = {
    "sqlite": SqliteStore,
    "postgresql": PostgresStore,
}
