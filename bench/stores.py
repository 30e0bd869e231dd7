"""Empty databases for measuring and drilling: a file of SQLite, and one on a PostgreSQL.

The PostgreSQL is the one TEST_POSTGRES names, else this machine's own.
"""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

SERVER = os.getenv("TEST_POSTGRES") or "postgresql://postgres@127.0.0.1:5432/postgres"
SQLITE, POSTGRESQL = STORES = ("sqlite", "postgresql")


def is_there(server: str = SERVER) -> bool:
    """Whether a PostgreSQL answers."""
    try:
        psycopg.connect(server, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def empty(store: str, server: str = SERVER) -> Iterator[str]:
    """Make an empty database of a kind; yields its address, and takes it away again.

    Raises:
        psycopg.OperationalError: no server answers.
    """
    name = f"xiaoli_drill_{secrets.token_hex(4)}"
    if store == SQLITE:
        with tempfile.TemporaryDirectory(prefix=name) as folder:
            yield f"sqlite:///{folder}/drill.db"
        return
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield server.rsplit("/", 1)[0] + f"/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def databases(server: str = SERVER) -> Iterator[dict[str, str]]:
    """Make an empty database of each kind; yields their addresses by kind."""
    with empty(SQLITE) as file, empty(POSTGRESQL, server) as other:
        yield {SQLITE: file, POSTGRESQL: other}
