"""Being alone at a table, where counting and then writing must not be overtaken."""

from sqlalchemy import text

from actions.db import Base, Db


def alone(db: Db, table: type[Base]) -> None:
    """Let nobody else write to a table until this transaction ends; reading goes on.

    On SQLite a transaction is alone from its beginning (BEGIN IMMEDIATE).
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text(f"LOCK TABLE {table.__tablename__} IN EXCLUSIVE MODE"))
