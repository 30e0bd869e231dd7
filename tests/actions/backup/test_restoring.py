"""What was backed up comes back, row by row and file by file, into an empty place alone."""

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from actions.backup import restoring
from actions.backup.contents import Part
from actions.backup.errors import BackupFailed, NotGenuine, RestoreRefused
from actions.backup.restoring import UNFINISHED, restore
from actions.backup.stores import PostgresStore, SqliteStore, store_at
from actions.db import Database
from actions.settings import BackupSettings
from setup import steps
from setup.settings import of
from setup.troubles import SetupFailed
from tests.actions.backup.conftest import ON_POSTGRES, ON_SQLITE, Running, said_in


def told_at(place: BackupSettings) -> list[str]:
    """What residents said, as it is there."""
    database = Database(place.database)
    try:
        database.check_durable()
        return said_in(database)
    finally:
        database.close()


def is_untouched(place: BackupSettings, *names: str) -> bool:
    """Whether nothing was written there, beside what a test has put."""
    there = sorted(os.listdir(place.state_dir)) if place.state_dir.exists() else []
    return there == sorted(names)


def test_rows_and_files_come_back_and_nothing_of_later(running: Running) -> None:
    photo = running.say("看这个", b"a photo")
    made = running.back_up()
    running.say("这是之后说的")
    restored = running.bring_back(made)
    place = running.empty
    assert told_at(place) == ["你好", "看这个"]
    assert (place.uploads_dir / photo).read_bytes() == b"a photo"
    assert sorted(os.listdir(place.uploads_dir)) == sorted(running.uploads[:2])
    assert place.secrets_file.read_text() == running.said.secrets_file.read_text()
    assert place.secrets_file.stat().st_mode & 0o077 == 0
    assert not (place.state_dir / "models").exists()
    assert not restoring.is_unfinished(place.state_dir)
    assert restored.same_key
    assert restored.apart == ()


def test_what_was_brought_back_is_written_to_again_and_backed_up(running: Running) -> None:
    running.bring_back(running.back_up())
    again = Database(running.empty.database)
    there = Running(running.empty, again, running.clock, running.folder / "again")
    there.say("又来了")
    assert there.back_up().ok
    assert said_in(again) == ["你好", "又来了"]
    again.close()


def in_state_folder(place: BackupSettings) -> None:
    place.state_dir.mkdir()
    (place.state_dir / "secrets.json").write_text("of another assistant")


def in_store(place: BackupSettings) -> None:
    place.state_dir.mkdir()
    database = Database(place.database)
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE of_another (n INTEGER)"))
    database.close()


@pytest.mark.parametrize("put", [in_state_folder, in_store])
def test_a_place_that_is_not_empty_is_refused_and_left_as_it_is(
    running: Running, put: Callable[[BackupSettings], None]
) -> None:
    made, place = running.back_up(), running.empty
    put(place)
    before = sorted(os.listdir(place.state_dir))
    with pytest.raises(RestoreRefused, match=r"不是空的.*not empty.*nothing was changed"):
        running.bring_back(made)
    assert is_untouched(place, *before)


@ON_SQLITE
def test_backups_may_lie_in_the_place_they_are_brought_back_to(running: Running) -> None:
    place = running.empty
    (place.state_dir / "backups").mkdir(parents=True)
    kept = Path(running.back_up().file).rename(place.state_dir / "backups" / "a.backup")
    restore(kept, place)
    assert told_at(place) == ["你好"]


@ON_SQLITE
def test_a_damaged_backup_is_refused_before_anything_is_written(running: Running) -> None:
    running.say("看这个", os.urandom(300_000))
    made = running.back_up()
    whole = bytearray(Path(made.file).read_bytes())
    whole[-200_000] ^= 1
    Path(made.file).write_bytes(whole)
    with pytest.raises(NotGenuine, match="damaged"):
        running.bring_back(made)
    assert is_untouched(running.empty)
    store = store_at(running.empty.database, running.folder)
    assert store.is_empty()


@ON_SQLITE
def test_another_key_brings_nothing_back(running: Running) -> None:
    made = running.back_up()
    other = running.empty.model_copy(update={"backup_key": "another key that is long"})
    with pytest.raises(NotGenuine, match="BACKUP_KEY"):
        restore(Path(made.file), other)
    assert is_untouched(running.empty)


@ON_SQLITE
def test_a_backup_that_is_not_there_is_said(running: Running) -> None:
    with pytest.raises(BackupFailed, match=r"No such file.*nowhere\.backup"):
        restore(Path("nowhere.backup"), running.empty)


def test_a_store_of_the_other_kind_is_refused(running: Running) -> None:
    made, kind = running.back_up(), running.database.engine.dialect.name
    others = {"sqlite": "postgresql://127.0.0.1:9/none", "postgresql": ""}
    place = running.empty.model_copy(update={"database_url": others[kind]})
    with pytest.raises(RestoreRefused, match=f"This backup is of {kind}"):
        restore(Path(made.file), place)


@ON_SQLITE
def test_a_backup_of_newer_code_is_refused_with_the_code_to_take(running: Running) -> None:
    with running.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'f00000000000'"))
    with pytest.raises(RestoreRefused, match=r"newer than the code here.*\([0-9a-f]{40}\)"):
        running.bring_back(running.back_up())


@ON_SQLITE
def test_a_row_that_came_back_otherwise_is_noticed(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is compared with what was read at the time, not with its own dump."""
    made, putting = running.back_up(), SqliteStore.put

    def badly(store: SqliteStore, dump: Path) -> None:
        putting(store, dump)
        there = Database(f"sqlite:///{store._draft}")
        with there.engine.begin() as connection:
            connection.execute(text("UPDATE words SET text = '您好'"))
        there.close()

    monkeypatch.setattr(SqliteStore, "put", badly)
    with pytest.raises(BackupFailed, match=r"words.*不一致.*not as it is in the backup"):
        running.bring_back(made)
    assert restoring.is_unfinished(running.empty.state_dir)
    assert not (running.empty.state_dir / "xiaoli.db").exists()


# Where a restore may be killed: what is called then.
POINTS = [("sqlite", point) for point in ("_write", "_put", "_place", "settle", "rmtree")]
POINTS += [("postgresql", "_put")]


def killed_at(point: str, file: str, place: BackupSettings) -> None:
    """Restore in a process of its own that is killed once it has done something."""
    on: Any = {"settle": SqliteStore, "rmtree": shutil}.get(point, restoring)
    doing = getattr(on, point)

    def do(*given: object) -> None:
        if point != "rmtree":  # that one it is killed before
            doing(*given)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(on, point, do)
    restore(Path(file), place)


@pytest.mark.parametrize(("database", "point"), POINTS, indirect=["database"])
def test_a_restore_that_was_killed_is_known_refused_and_begun_again(
    running: Running, point: str
) -> None:
    made, place = running.back_up(), running.empty
    child = multiprocessing.get_context("fork").Process(
        target=killed_at, args=(point, made.file, place)
    )
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert (place.state_dir / UNFINISHED).exists()
    assert UNFINISHED == steps.UNFINISHED
    with pytest.raises(SetupFailed, match=r"没有完成.*not come to its end"):
        steps.make_state(of({"STATE_DIR": str(place.state_dir)}))
    running.bring_back(made)
    assert told_at(place) == ["你好"]
    assert is_untouched(place, *PLACED[running.database.engine.dialect.name])


PLACED = {
    "sqlite": ("secrets.json", "uploads", "xiaoli.db"),
    "postgresql": ("secrets.json", "uploads"),
}


@ON_SQLITE
def test_killed_in_the_middle_of_its_files_it_is_begun_again(running: Running) -> None:
    for n in range(5):
        running.say(f"{n}")
    made, place = running.back_up(), running.empty
    assert place.state_dir.parent.exists()
    moving, moved = restoring._move, list[str]()

    def some(file: Path, target: Path, part: Part) -> None:
        if len(moved) == 3:
            raise KeyboardInterrupt
        moving(file, target, part)
        moved.append(part.name)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(restoring, "_move", some)
        with pytest.raises(KeyboardInterrupt):
            running.bring_back(made)
    assert len(os.listdir(place.uploads_dir)) < 6
    running.bring_back(made)
    assert sorted(os.listdir(place.uploads_dir)) == sorted(running.uploads)


@ON_SQLITE
def test_what_somebody_put_there_meanwhile_is_not_written_over(running: Running) -> None:
    made, place = running.back_up(), running.empty
    (place.state_dir / UNFINISHED).mkdir(parents=True)
    (place.state_dir / "secrets.json").write_text("of another assistant")
    with pytest.raises(RestoreRefused, match=r"secrets\.json"):
        running.bring_back(made)
    assert (place.state_dir / "secrets.json").read_text() == "of another assistant"


@ON_SQLITE
def test_another_secret_key_than_then_is_noticed(running: Running) -> None:
    made = running.back_up()
    place = running.empty.model_copy(update={"secret_key": "set by somebody"})
    assert not restore(Path(made.file), place).same_key


@ON_SQLITE
def test_a_pack_that_is_missing_comes_back_and_one_that_differs_stays(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv = running.folder / ".env"
    dotenv.write_text("PORT=8080")
    monkeypatch.setattr("actions.backup.gathering.DOTENV", dotenv)
    monkeypatch.setattr(restoring, "DOTENV", running.folder / "none" / ".env")
    made, article = running.back_up(), Path("articles") / "card.md"
    pack = running.said.community_dir
    (pack / article).write_text("edited since")
    restored = running.bring_back(made)
    apart = running.empty.state_dir / restoring.APART
    assert set(restored.apart) == {apart / "community", apart / "env"}
    assert (pack / article).read_text() == "edited since"
    assert (apart / "community" / article).read_text() == "how to get a card"
    assert (apart / "env").read_text() == "PORT=8080"


@ON_SQLITE
def test_a_pack_that_is_not_there_is_put_where_it_belongs(running: Running) -> None:
    made, pack = running.back_up(), running.said.community_dir
    pack.rename(running.folder / "lost")
    assert running.bring_back(made).apart == ()
    assert (pack / "articles" / "card.md").read_text() == "how to get a card"


@ON_POSTGRES
def test_a_dump_that_breaks_off_leaves_nothing_in_the_database(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, putting = running.back_up(), PostgresStore.put

    def with_half_a_dump(store: PostgresStore, dump: Path) -> None:
        dump.write_bytes(dump.read_bytes()[:-1000])
        putting(store, dump)

    monkeypatch.setattr(PostgresStore, "put", with_half_a_dump)
    with pytest.raises(BackupFailed, match="pg_restore"):
        running.bring_back(made)
    with psycopg.connect(running.other) as there:
        count = there.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert count.fetchone() == (0,)
    monkeypatch.undo()
    monkeypatch.setattr("actions.backup.sealed.COST", 2)
    running.bring_back(made)
