"""The short form of the drill: what upgrades is killed in the middle of a long migration."""

import multiprocessing
import shutil
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy.exc import SQLAlchemyError

from actions import migrate
from bench.drills import upgrade_kills, upgrade_rows
from bench.drills.upgrade_kills import Statements, careless_engine
from bench.drills.upgrade_schema import schema
from bench.drills.upgrade_store import closing

FIRST = "d7b08ccf570f"  # the schema of the first finished form
ROWS = upgrade_rows.kept(Path("tests/actions/migrations/first_form.json"))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store as the first form left it; children that share nothing with this process."""
    monkeypatch.setattr(upgrade_kills, "CHILDREN", multiprocessing.get_context("spawn"))
    made = tmp_path / "x.db"
    with closing(f"sqlite:///{made}") as database:
        command.upgrade(migrate.configuration(database), FIRST)
        upgrade_rows.write(database.engine, ROWS)
    return made


def test_a_kill_half_way_leaves_what_was_there_and_it_is_done_again(file: Path) -> None:
    other = shutil.copy(file, file.with_name("other.db"))
    (moment,) = upgrade_kills.count(f"sqlite:///{other}").longest(1)
    with closing(f"sqlite:///{file}") as database:
        before = schema(database.engine)
        assert upgrade_kills.killed_at(f"sqlite:///{file}", moment)
        assert schema(database.engine) == before
        assert migrate.revision_of(database) == FIRST
        migrate.upgrade(database)
        again = upgrade_rows.read(database.engine)
    with closing(f"sqlite:///{other}") as undisturbed:
        assert upgrade_rows.differences(upgrade_rows.read(undisturbed.engine), again) == []


def test_with_each_statement_by_itself_it_could_not_be_done_again(file: Path) -> None:
    """Negative control."""
    other, counted = shutil.copy(file, file.with_name("other.db")), Statements()
    engine = careless_engine(f"sqlite:///{other}")
    upgrade_kills.listen(engine, "before_cursor_execute", counted.note)
    with closing(f"sqlite:///{other}") as database:
        upgrade_kills.upgrade_carelessly(database, engine)
    engine.dispose()
    (moment,) = counted.longest(1)
    assert upgrade_kills.killed_at(f"sqlite:///{file}", moment, careless=True)
    engine = careless_engine(f"sqlite:///{file}")
    with closing(f"sqlite:///{file}") as database, pytest.raises(SQLAlchemyError):
        upgrade_kills.upgrade_carelessly(database, engine)
    engine.dispose()
