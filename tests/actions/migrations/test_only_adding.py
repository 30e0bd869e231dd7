"""A migration is not in the way of the version before, which runs beside it for a while."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from actions import migrate
from actions.db import Database
from bench.drills.upgrade_schema import narrowings, schema

Change = Callable[[Operations], object]


def test_new_migrations_only_add(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.db")
    settings, known = migrate.configuration(database), migrate.revisions()
    command.upgrade(settings, migrate.ONLY_ADDING_SINCE)
    found = {}
    for revision in reversed(known[: known.index(migrate.ONLY_ADDING_SINCE)]):
        before = schema(database.engine)
        command.upgrade(settings, revision)
        if narrowed := narrowings(before, schema(database.engine)):
            found[revision] = narrowed
    database.close()
    assert found.keys() == migrate.TAKING_AWAY.keys(), (
        f"{found}: let a later migration take it away (docs/upgrading.md)"
    )


def with_column(column: sa.Column[int]) -> Change:
    return lambda op: op.add_column("messages", column)


def changed(name: str, **how: object) -> Change:
    def change(op: Operations) -> None:
        with op.batch_alter_table("messages") as batch:
            getattr(batch, name)(**how)

    return change


TAKING: dict[str, Change] = {
    "offline is gone": lambda op: op.drop_table("offline"),
    "messages: for_neighbour is gone": changed("drop_column", column_name="for_neighbour"),
    "messages: staff_id is gone": changed(  # it is called otherwise
        "alter_column", column_name="staff_id", new_column_name="writer_id"
    ),
    "messages: staff_id must be given": changed(
        "alter_column", column_name="staff_id", nullable=False
    ),
    "messages: seen is new, and must be given": changed(
        "add_column", column=sa.Column("seen", sa.Integer(), nullable=False)
    ),
    "messages: author was VARCHAR(10) and is VARCHAR(2)": changed(
        "alter_column", column_name="author", type_=sa.String(2)
    ),
    "messages: inbox_id may stand there once only": changed(
        "create_unique_constraint", constraint_name="uq_messages_inbox_id", columns=["inbox_id"]
    ),
    "messages: inbox_id must be in inbox": changed(
        "create_foreign_key",
        constraint_name="fk_messages_inbox_id",
        referent_table="inbox",
        local_cols=["inbox_id"],
        remote_cols=["id"],
    ),
    "messages: is checked more closely": changed(
        "create_check_constraint", constraint_name="author", condition="author <> ''"
    ),
}
ADDING: list[Change] = [
    with_column(sa.Column("seen", sa.Integer(), nullable=True)),
    with_column(sa.Column("seen", sa.Integer(), nullable=False, server_default="0")),
    lambda op: op.create_table("seen", sa.Column("id", sa.Integer(), primary_key=True)),
    lambda op: op.create_index("ix_messages_created_at", "messages", ["created_at"]),
    lambda op: op.drop_index("ix_messages_inbox_id", "messages"),
]


@pytest.fixture
def narrowed_by(tmp_path: Path, empty_file: Path) -> Iterator[Callable[[Change], list[str]]]:
    """Change today's tables; returns what is in the way of who knows them as they are."""
    shutil.copy(empty_file, tmp_path / "x.db")
    database = Database(f"sqlite:///{tmp_path}/x.db")

    def narrowed(change: Change) -> list[str]:
        before = schema(database.engine)
        with database.changing() as connection:
            change(Operations(MigrationContext.configure(connection)))
        return narrowings(before, schema(database.engine))

    yield narrowed
    database.close()


@pytest.mark.parametrize("said", TAKING)
def test_one_that_takes_away_is_found(
    narrowed_by: Callable[[Change], list[str]], said: str
) -> None:
    """Negative control."""
    assert narrowed_by(TAKING[said]) == [said]


@pytest.mark.parametrize("add", ADDING)
def test_one_that_adds_is_not(narrowed_by: Callable[[Change], list[str]], add: Change) -> None:
    assert narrowed_by(add) == []
