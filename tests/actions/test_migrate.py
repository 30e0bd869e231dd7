"""The store is brought up to date by migrations that say the same as the models."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select

from actions import migrate
from actions.answers import service as answers
from actions.booking.model import Session
from actions.db import Base, Database
from actions.people.model import Area
from knowledge.pack import load_pack
from tests.conftest import StandingClock

PACK = load_pack(Path("knowledge/data/guali"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A store without any table."""
    on_postgres = request.param == "postgresql"
    url = (
        request.getfixturevalue("postgres_url") if on_postgres else f"sqlite:///{tmp_path}/x.db"
    )
    opened = Database(url)
    if on_postgres:
        drop_everything(opened)  # other tests leave their tables to the next
    yield opened
    if on_postgres:
        drop_everything(opened)
    opened.close()


def drop_everything(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def test_migrations_make_exactly_the_tables_of_the_models(empty: Database) -> None:
    migrate.upgrade(empty)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_writes_areas_sessions_and_the_index_once(
    empty: Database, clock: StandingClock
) -> None:
    migrate.run(empty, PACK, "v1", now=clock.now())
    with empty.reading() as db:
        areas = db.scalar(select(func.count()).select_from(Area))
        sessions = db.scalar(select(func.count()).select_from(Session))
        assert answers.active_version(db) == "v1"
    assert areas == len(PACK.areas)
    assert sessions
    migrate.run(empty, PACK, "v1", now=clock.now())
    with empty.reading() as db:
        assert db.scalar(select(func.count()).select_from(Area)) == areas
        assert db.scalar(select(func.count()).select_from(Session)) == sessions


def test_another_index_becomes_the_active_one(empty: Database, clock: StandingClock) -> None:
    migrate.run(empty, PACK, "v1", now=clock.now())
    migrate.run(empty, PACK, "v2", now=clock.now())
    with empty.reading() as db:
        assert answers.active_version(db) == "v2"
