"""The store is brought up to date by migrations that say the same as the models."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select

from actions import migrate
from actions.booking.model import Session
from actions.changeover import follow
from actions.content import editions
from actions.content.editions import Home, Shelf
from actions.content.model import State
from actions.content.publishing import Press
from actions.db import Base, Database
from actions.people.model import Area
from knowledge import index, search
from knowledge.documents import read_documents, version_of
from knowledge.embedder import Embedder
from knowledge.pack import load_pack
from tests.conftest import StandingClock
from tests.knowledge.conftest import Letters

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


@pytest.fixture
def press(empty: Database, clock: StandingClock, tmp_path: Path) -> Press:
    """What set-up publishes with: it has built the index of the files already."""
    content = version_of(read_documents(PACK.folder))
    index.note_content(tmp_path, content, search.build(PACK, Letters(), tmp_path))
    home = Home(Shelf(PACK, tmp_path / "content"), tmp_path, follow)

    def no_encoder() -> Embedder:
        raise AssertionError("the index is there, and there is nothing to compare with")

    return Press(empty, clock, home, no_encoder)


def test_migrating_writes_areas_sessions_and_the_files_edition_once(press: Press) -> None:
    published = migrate.run(press)
    assert published
    assert published.state == State.PUBLISHED, published.report
    with press.database.reading() as db:
        areas = db.scalar(select(func.count()).select_from(Area))
        sessions = db.scalar(select(func.count()).select_from(Session))
        active = editions.active(db)
        assert active
        assert (active.version, active.index_version) == index.built_from(press.home.index_dir)
        assert press.home.shelf.pack(db).folder == press.home.shelf.folder / str(active.version)
    assert areas == len(PACK.areas)
    assert sessions
    assert migrate.run(press) is None
    with press.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Area)) == areas
        assert db.scalar(select(func.count()).select_from(Session)) == sessions


def test_the_index_that_answered_before_there_were_editions_goes_on(
    empty: Database, clock: StandingClock
) -> None:
    command.upgrade(migrate.configuration(empty), "d7b08ccf570f")
    written = "INSERT INTO index_versions (version, activated_at) VALUES ('v1', '2026-11-01')"
    with empty.engine.begin() as connection:
        connection.exec_driver_sql(written)
        connection.exec_driver_sql(written.replace("v1", "v2"))
    migrate.upgrade(empty)
    with empty.reading() as db:
        active = editions.active(db)
        assert active
        assert (active.version, active.index_version) == (None, "v2")
        assert Shelf(PACK, Path("nowhere")).pack(db) is PACK


def test_migrations_can_be_taken_back(empty: Database) -> None:
    migrate.upgrade(empty)
    command.downgrade(migrate.configuration(empty), "d7b08ccf570f")
    migrate.upgrade(empty)
