"""The vectors of an index version: where they are kept, and who finds the nearest of them."""

import psycopg.conninfo

from knowledge.errors import StoreInvalid
from knowledge.vectors.files import FileStore
from knowledge.vectors.postgres import PostgresStore
from knowledge.vectors.store import VectorStore

__all__ = ["FileStore", "PostgresStore", "VectorStore", "store_at"]


def store_at(address: str) -> VectorStore:
    """Return the store that VECTOR_STORE means: files when empty, else a PostgreSQL.

    Raises:
        StoreInvalid: the address is none; it is not repeated, it may hold a password.
    """
    if not address:
        return FileStore()
    scheme, _, place = address.partition("://")
    url = f"postgresql://{place}"
    try:
        psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        scheme = ""
    if scheme not in ("postgresql", "postgresql+psycopg", "postgres"):
        raise StoreInvalid(
            "Setting VECTOR_STORE is no address of a PostgreSQL; leave it empty, or write "
            "postgresql://user:password@host/name"
        )
    return PostgresStore(url)
