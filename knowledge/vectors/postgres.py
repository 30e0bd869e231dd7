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

NAMED = "vectors.json"  # in the version's folder: which tables are its vectors
EXACT_UP_TO = 20_000  # rows of a table; above, it gets an HNSW index
KEPT = 5  # versions whose tables stay, so that one can go back to them
LOCK = 7_145_330_211  # one writer at a time, whichever machine it is on
# What a search looks at beyond what is asked for: 200 measured .99 of the exact answers.
LOOKED_AT = 200
SETTINGS = (
    f"-c statement_timeout=2000 -c hnsw.ef_search={LOOKED_AT}"
    " -c hnsw.iterative_scan=strict_order"
)
PATIENT = "-c maintenance_work_mem=1GB -c lock_timeout=60000"


class PostgresStore:
    """Keeps vectors in tables of a database, one a language and version.

    A version's tables appear in one transaction, whole or not at all, and are never changed;
    the same vectors are the same tables, whichever machine writes them. The last `KEPT`
    versions written stay. A folder whose vectors are files is opened as `FileStore` does.
    """

    def __init__(self, url: str, exact_up_to: int = EXACT_UP_TO) -> None:
        self._url, self._exact_up_to = url, exact_up_to

    def write(self, draft: Path, vectors: dict[str, Vectors]) -> None:
        version = _name(vectors)
        tables = {language: _table(version, language) for language in vectors}
        with (
            _explained("keep vectors in"),
            _connect(self._url, PATIENT) as connection,
            connection.transaction(),
        ):
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            register_vector(connection)
            for language, table in tables.items():
                if not _has(connection, table):
                    self._fill(connection, table, vectors[language])
            _note(connection, version)
            _forget_old(connection)
        (draft / NAMED).write_text(json.dumps(tables), encoding="utf-8")

    def files(self, folder: Path) -> list[str]:
        return [NAMED] if (folder / NAMED).is_file() else FileStore().files(folder)

    def open(self, folder: Path) -> OpenVectors:
        if not (folder / NAMED).is_file():
            return FileStore().open(folder)
        tables = json.loads((folder / NAMED).read_text("utf-8"))
        return OpenTables(self._url, tables)

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

    def __init__(self, url: str, tables: dict[str, str]) -> None:
        self._url, self._tables = url, tables
        self._connection = self._reach()

    def search(self, language: str, vector: Vectors, count: int) -> Nearest:
        with _explained("search"):
            try:
                found = self._ask(language, vector, count)
            except psycopg.OperationalError:  # it may have been started anew: once more
                self._connection.close()
                self._connection = self._reach()
                found = self._ask(language, vector, count)
        rows = np.array([row for row, _ in found], np.int64)
        return rows, np.array([similarity for _, similarity in found], np.float32)

    def close(self) -> None:
        self._connection.close()

    def _ask(self, language: str, vector: Vectors, count: int) -> list[tuple[int, float]]:
        nearest = SQL(
            "SELECT row, -(vector <#> %(asked)s) FROM {}"
            " ORDER BY vector <#> %(asked)s LIMIT %(count)s"
        ).format(Identifier(self._tables[language]))
        return self._connection.execute(nearest, {"asked": vector, "count": count}).fetchall()

    def _reach(self) -> psycopg.Connection:
        with _explained("open vectors in"):
            connection = _connect(self._url, SETTINGS)
            try:
                self._check(connection)
                register_vector(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def _check(self, connection: psycopg.Connection) -> None:
        for table in self._tables.values():
            if not _has(connection, table):
                raise IndexUnusable(
                    f"VECTOR_STORE's database has no vectors {table}; only the last {KEPT} "
                    "versions are kept: run python -m knowledge build"
                )


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


def _has(connection: psycopg.Connection, table: str) -> bool:
    found = connection.execute("SELECT to_regclass(%s)", (table,)).fetchone()
    return found is not None and found[0] is not None


def _note(connection: psycopg.Connection, version: str) -> None:
    """Note that a version was written now, again perhaps."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS vector_versions"
        " (version text PRIMARY KEY, written_at timestamptz NOT NULL)"
    )
    connection.execute(
        "INSERT INTO vector_versions VALUES (%s, clock_timestamp())"
        " ON CONFLICT (version) DO UPDATE SET written_at = excluded.written_at",
        (version,),
    )


def _forget_old(connection: psycopg.Connection) -> None:
    old = connection.execute(
        "DELETE FROM vector_versions WHERE version NOT IN (SELECT version FROM vector_versions"
        " ORDER BY written_at DESC LIMIT %s) RETURNING version",
        (KEPT,),
    )
    for (version,) in old.fetchall():
        for language in LANGUAGES:
            table = Identifier(_table(version, language))
            connection.execute(SQL("DROP TABLE IF EXISTS {}").format(table))
