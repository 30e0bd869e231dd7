"""Vectors in PostgreSQL with pgvector, for several machines that answer from one index."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psycopg
from pgvector.psycopg import register_vector
from psycopg.sql import SQL, Identifier, Literal

from knowledge.embedder import WIDTH, Vectors
from knowledge.errors import IndexUnusable
from knowledge.passages import LANGUAGES
from knowledge.vectors.files import FileStore
from knowledge.vectors.store import Nearest, OpenVectors

NAMED = "vectors.json"  # in the version's folder: what its vectors are called
EXACT_UP_TO = 20_000  # rows of a table; above, it gets an HNSW index
KEPT = 20  # versions whose tables stay beside those in use, as many as one can go back to
# Advisory locks: one writer at a time on all machines; nobody drops what somebody has open.
WRITING, IN_USE = 714_533, 714_534
# What a search looks at beyond what is asked for: finds .997 of the ten nearest of 30,000.
LOOKED_AT = 200
SETTINGS = (
    f"-c statement_timeout=2000 -c hnsw.ef_search={LOOKED_AT}"
    " -c hnsw.iterative_scan=strict_order"
)
NOTES = (
    "CREATE TABLE IF NOT EXISTS vector_versions"
    " (version text PRIMARY KEY, written_at timestamptz NOT NULL)"
)
PATIENT = "-c maintenance_work_mem=1GB -c lock_timeout=60000"


class PostgresStore:
    """Keeps vectors in tables of a database, one a language and version.

    A version's tables appear in one transaction, whole or not at all, and are never changed;
    the same vectors are the same tables, whichever machine writes them. The last `KEPT`
    versions written or opened stay, and those that are open anywhere. A folder whose vectors
    are files is opened as `FileStore` does.
    """

    def __init__(self, url: str, exact_up_to: int = EXACT_UP_TO) -> None:
        self._url, self._exact_up_to = url, exact_up_to

    def write(self, draft: Path, vectors: dict[str, Vectors]) -> None:
        version = _name(vectors)
        with (
            _explained("keep vectors in"),
            _connect(self._url, PATIENT) as connection,
            connection.transaction(),
        ):
            connection.execute("SELECT pg_advisory_xact_lock(%s, 0)", (WRITING,))
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            connection.execute(NOTES)
            register_vector(connection)
            for language, rows in vectors.items():
                if not _has(connection, _table(version, language)):
                    self._fill(connection, _table(version, language), rows)
            _note(connection, version)
            _forget_old(connection)
        (draft / NAMED).write_text(json.dumps({"version": version}), encoding="utf-8")

    def files(self, folder: Path) -> list[str]:
        return [NAMED] if (folder / NAMED).is_file() else FileStore().files(folder)

    def open(self, folder: Path) -> OpenVectors:
        if not (folder / NAMED).is_file():
            return FileStore().open(folder)
        return OpenTables(self._url, json.loads((folder / NAMED).read_text("utf-8"))["version"])

    def _fill(self, connection: psycopg.Connection, table: str, rows: Vectors) -> None:
        name = Identifier(table)
        connection.execute(
            SQL("CREATE TABLE {} (row integer, vector vector({}))").format(name, Literal(WIDTH))
        )
        into = SQL("COPY {} (row, vector) FROM STDIN WITH (FORMAT BINARY)").format(name)
        with connection.cursor().copy(into) as copy:
            copy.set_types(["int4", "vector"])
            for number, vector in enumerate(rows):
                copy.write_row((number, vector))
        if len(rows) > self._exact_up_to:
            connection.execute(
                SQL("CREATE INDEX ON {} USING hnsw (vector vector_ip_ops)").format(name)
            )
        connection.execute(SQL("ANALYZE {}").format(name))


class OpenTables:
    """The tables of one version, by language.

    Raises:
        IndexUnusable: the database cannot be reached, or does not have a table.
    """

    def __init__(self, url: str, version: str) -> None:
        self._url, self._version = url, version
        self._connection = self._reach()

    def search(self, language: str, vector: Vectors, count: int) -> Nearest:
        with _explained("search"):
            try:
                found = self._ask(language, vector, count)
            except psycopg.OperationalError:
                if not self._connection.closed:
                    raise
                self._connection = self._reach()  # the server was started anew
                found = self._ask(language, vector, count)
        rows = np.array([row for row, _ in found], np.int64)
        return rows, np.array([similarity for _, similarity in found], np.float32)

    def close(self) -> None:
        self._connection.close()

    def _ask(self, language: str, vector: Vectors, count: int) -> list[tuple[int, float]]:
        nearest = SQL(
            "SELECT row, -(vector <#> %(asked)s) FROM {}"
            " ORDER BY vector <#> %(asked)s LIMIT %(count)s"
        ).format(Identifier(_table(self._version, language)))
        return self._connection.execute(nearest, {"asked": vector, "count": count}).fetchall()

    def _reach(self) -> psycopg.Connection:
        with _explained("open vectors in"):
            connection = _connect(self._url, SETTINGS)
            try:
                self._claim(connection)
                register_vector(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def _claim(self, connection: psycopg.Connection) -> None:
        connection.execute(
            "SELECT pg_advisory_lock_shared(%s, %s)", (IN_USE, _key(self._version))
        )
        if not all(_has(connection, _table(self._version, lang)) for lang in LANGUAGES):
            raise IndexUnusable(
                f"VECTOR_STORE's database has no vectors {self._version}; only the last {KEPT} "
                "versions are kept: run python -m knowledge build"
            )
        _note(connection, self._version)


def _connect(url: str, options: str) -> psycopg.Connection:
    # Never prepared: a plan for any vector would not use the index of this one.
    return psycopg.connect(
        url, autocommit=True, connect_timeout=2, prepare_threshold=None, options=options
    )


@contextmanager
def _explained(doing: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise IndexUnusable(
            f"Cannot {doing} VECTOR_STORE's database: {str(error).strip()}. It must be "
            "reachable and have the extension vector (pgvector)"
        ) from None


def _name(vectors: dict[str, Vectors]) -> str:
    """Return what these vectors are called: the same vectors, the same name."""
    content = hashlib.sha256()
    for language, rows in sorted(vectors.items()):
        content.update(f"{language} {len(rows)} ".encode() + rows.tobytes())
    return content.hexdigest()[:16]


def _table(version: str, language: str) -> str:
    return f"vectors_{version}_{language}"


def _key(version: str) -> int:
    """Return a version's number among advisory locks, which are 32 bits."""
    return int(version[:7], 16)


def _has(connection: psycopg.Connection, table: str) -> bool:
    found = connection.execute("SELECT to_regclass(%s)", (table,)).fetchone()
    return found is not None and found[0] is not None


def _note(connection: psycopg.Connection, version: str) -> None:
    """Note that a version was written or opened now, again perhaps."""
    connection.execute(
        "INSERT INTO vector_versions VALUES (%s, clock_timestamp())"
        " ON CONFLICT (version) DO UPDATE SET written_at = excluded.written_at",
        (version,),
    )


def _forget_old(connection: psycopg.Connection) -> None:
    old = connection.execute(
        "SELECT version FROM vector_versions ORDER BY written_at DESC OFFSET %s", (KEPT,)
    )
    for (version,) in old.fetchall():
        if _is_free(connection, version):
            for language in LANGUAGES:
                table = Identifier(_table(version, language))
                connection.execute(SQL("DROP TABLE IF EXISTS {}").format(table))
            connection.execute("DELETE FROM vector_versions WHERE version = %s", (version,))


def _is_free(connection: psycopg.Connection, version: str) -> bool:
    """Claim a version that nobody has open, until the transaction ends."""
    taken = connection.execute(
        "SELECT pg_try_advisory_xact_lock(%s, %s)", (IN_USE, _key(version))
    ).fetchone()
    return taken is not None and bool(taken[0])
