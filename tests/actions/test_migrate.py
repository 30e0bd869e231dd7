"""The store is brought up to date by migrations that say the same as the models."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError
from typer.testing import CliRunner

from actions import migrate
from actions.__main__ import commands
from actions.booking.model import Session
from actions.changeover import follow
from actions.content import editions
from actions.content.editions import Home, Shelf
from actions.content.model import State
from actions.content.publishing import Press
from actions.db import KINDS_OF_CHANGE, Base, Database
from actions.errors import RowsLost, WrongVersion
from actions.outbox import Notice, NoticeState
from actions.people.model import Area
from actions.wording import WordingError, read_wording
from bench.drills import upgrade_rows
from bench.drills.upgrade_schema import schema
from knowledge import index, search
from knowledge.documents import read_documents, version_of
from knowledge.embedder import Embedder
from knowledge.pack import load_pack
from tests.conftest import StandingClock
from tests.knowledge.conftest import Letters

PACK = load_pack(Path("knowledge/data/guali"))
FIRST = "d7b08ccf570f"  # the schema of the first finished form
# What its own code had written, waiting and owed included: `bench/drills/upgrade.py --keep`.
ROWS = upgrade_rows.kept(Path(__file__).parent / "migrations" / "first_form.json")


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
    command.upgrade(migrate.configuration(empty), FIRST)
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


@pytest.fixture
def of_first_form(empty: Database) -> Database:
    """A store as the first finished form left it, with what people had done."""
    command.upgrade(migrate.configuration(empty), FIRST)
    upgrade_rows.write(empty.engine, ROWS)
    return empty


def test_an_upgrade_keeps_every_row(of_first_form: Database) -> None:
    migrate.upgrade(of_first_form)
    after = upgrade_rows.read(of_first_form.engine, Base.metadata)
    found = upgrade_rows.reckon(ROWS, after)
    assert found.wrong == []
    assert all(found.tables[table][0] for table in ROWS)
    assert found.tables.pop("index_versions") == (2, 1, "editions, the last one")
    assert all(before == there for before, there, _ in found.tables.values())


def test_a_row_that_is_gone_or_otherwise_is_noticed() -> None:
    """Negative control of the reckoning."""
    words = ROWS["words"]
    assert upgrade_rows.reckon(ROWS, ROWS).wrong == []
    assert upgrade_rows.reckon(ROWS, ROWS | {"words": words[1:]}).wrong == [
        "words: a row is gone"
    ]
    changed = [words[0] | {"text": "?"}, *words[1:]]
    assert upgrade_rows.reckon(ROWS, ROWS | {"words": changed}).wrong == [
        "words: text of a row differs"
    ]
    assert upgrade_rows.differences(ROWS, ROWS | {"words": changed}) == ["words"]


def test_an_upgrade_can_be_taken_back_with_its_rows(of_first_form: Database) -> None:
    before = schema(of_first_form.engine)
    migrate.upgrade(of_first_form)
    command.downgrade(migrate.configuration(of_first_form), FIRST)
    assert schema(of_first_form.engine) == before
    back = upgrade_rows.read(of_first_form.engine)
    otherwise = {line.partition(":")[0] for line in upgrade_rows.reckon(ROWS, back).wrong}
    assert otherwise == {"index_versions"}  # all but the last of them


def test_what_was_owed_before_an_upgrade_can_still_be_said(of_first_form: Database) -> None:
    migrate.upgrade(of_first_form)
    wording = read_wording(PACK.zone)
    with of_first_form.reading() as db:
        owed = db.scalars(select(Notice).where(Notice.state == NoticeState.WAITING)).all()
        said = [
            wording.render(
                notice.response, language=language, elder=elder, values=notice.values
            )
            for notice in owed
            if notice.words_id is None
            for language in ("zh", "en")
            for elder in (False, True)
        ]
    assert len(said) > 4 * 30
    assert all(one.text for one in said)


def test_as_it_was_written_some_of_it_could_not_be_said() -> None:
    """Negative control: today's words speak of more."""
    wording = read_wording(PACK.zone)

    def missing(notice: upgrade_rows.Row) -> str:
        try:
            wording.render(notice["response"], values=notice["values"])
        except WordingError as error:
            return str(error)
        return ""

    owed = [one for one in ROWS["outbox"] if one["state"] == "waiting" and not one["words_id"]]
    assert len(list(filter(None, map(missing, owed)))) > 5


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_while_foreign_keys_are_watched_a_table_with_rows_cannot_be_copied(
    of_first_form: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: SQLite drops the table that was copied, and its rows with it."""

    @contextmanager
    def watched(connection: Connection) -> Iterator[None]:
        with connection.begin():
            yield

    monkeypatch.setitem(KINDS_OF_CHANGE, "sqlite", watched)
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        migrate.upgrade(of_first_form)


def test_a_change_that_breaks_off_leaves_nothing(of_first_form: Database) -> None:
    def break_off() -> None:
        with of_first_form.changing() as connection:
            connection.exec_driver_sql("ALTER TABLE residents ADD COLUMN tried INTEGER")
            connection.exec_driver_sql("CREATE TABLE tried (id INTEGER)")
            raise RuntimeError

    before = schema(of_first_form.engine)
    with pytest.raises(RuntimeError):
        break_off()
    assert schema(of_first_form.engine) == before


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_a_change_that_leaves_rows_without_theirs_is_refused(of_first_form: Database) -> None:
    def lose_residents() -> None:
        with of_first_form.changing() as connection:
            connection.exec_driver_sql("DELETE FROM residents")

    with pytest.raises(RowsLost, match="residents"):
        lose_residents()
    with of_first_form.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM residents").scalar()
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_one_at_a_time_changes_the_tables(of_first_form: Database) -> None:
    url = of_first_form.engine.url.render_as_string(hide_password=False)
    inside: list[int] = []
    together: list[int] = []

    def change(number: int) -> None:
        database = Database(url, busy_seconds=20)
        with database.changing():
            inside.append(number)
            time.sleep(0.05)
            together.append(len(inside))
            inside.remove(number)
        database.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(change, range(4)))
    assert together == [1, 1, 1, 1]


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_migrations_are_taken_back_to_a_revision_that_is_named(of_first_form: Database) -> None:
    migrate.upgrade(of_first_form)
    newest, before = migrate.revisions()[:2]
    assert migrate.take_back(of_first_form, before) == [newest]
    assert migrate.revision_of(of_first_form) == before
    with pytest.raises(WrongVersion, match="is not before"):
        migrate.take_back(of_first_form, before)
    with pytest.raises(WrongVersion, match="backup"):
        migrate.take_back(of_first_form, FIRST)
    assert migrate.revision_of(of_first_form) == before


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_a_store_of_newer_code_is_left_alone(of_first_form: Database) -> None:
    with of_first_form.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'of later'")
    with pytest.raises(WrongVersion, match="of later"):
        migrate.upgrade(of_first_form)
    with pytest.raises(WrongVersion, match="of later"):
        migrate.take_back(of_first_form, FIRST)


def test_operators_are_told_the_revision_and_what_was_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "")

    def told(*words: str) -> list[str]:
        return CliRunner().invoke(commands, words, catch_exceptions=False).output.split()

    assert told("schema") == []
    made = Database(f"sqlite:///{tmp_path}/xiaoli.db")
    migrate.upgrade(made)
    made.close()
    newest, before = migrate.revisions()[:2]
    assert told("schema") == [newest]
    assert told("downgrade", before)[-1] == newest
    assert told("schema") == [before]
