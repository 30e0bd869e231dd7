"""A backup of an assistant that goes on: everything that cannot be made again, and agreeing."""

import fcntl
import json
import os
import re
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from actions.backup import archive, gathering, making, past, restoring, state
from actions.backup.contents import Contents
from actions.backup.errors import BackupFailed
from actions.backup.past import Past
from actions.backup.state import FATES, Fate
from actions.backup.stores import PostgresStore, Snapshot, SqliteStore, Store
from actions.conversations import Upload
from actions.errors import SettingInvalid
from actions.mydata import files
from setup import programs, steps, supervisor
from tests.actions.backup.conftest import KEY, ON_SQLITE, Running
from tests.architecture.test_house_rules import MODULES

STORES: dict[str, type[Store]] = {"sqlite": SqliteStore, "postgresql": PostgresStore}


def contents_of(made: Past) -> Contents:
    return archive.check(Path(made.file), KEY)


def names_in(made: Past) -> set[str]:
    return {part.name for part in contents_of(made).parts}


@ON_SQLITE
def test_what_cannot_be_made_again_is_in_it_and_nothing_else(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = running.said.state_dir
    (folder / "of-the-operator.txt").write_text("nobody has thought of this")
    for name, fate in FATES.items():
        if fate in (Fate.MADE_AGAIN, Fate.PASSING):
            (folder / name).mkdir(exist_ok=True)
            (folder / name / "x").write_text("not kept")
    (folder / "uploads" / "orphan").write_text("no row names this")
    dotenv = running.folder / ".env"
    dotenv.write_text("PORT=8080")
    monkeypatch.setattr(gathering, "DOTENV", dotenv)
    for passing in ("backups.json", "run.lock"):
        (folder / passing / "x").unlink()
        (folder / passing).rmdir()
    made = running.back_up()
    assert names_in(made) == {
        "database",
        "env",
        "community/articles/card.md",
        "state/secrets.json",
        "state/of-the-operator.txt",
        f"state/uploads/{running.uploads[0]}",
    }


def test_every_name_our_code_uses_in_the_state_folder_has_a_fate() -> None:
    named = re.compile(r'\bstate(?:_dir)? / "([\w.+-]+)"')
    used = {name for file in MODULES for name in named.findall(file.read_text("utf-8"))}
    assert used >= {"uploads", "secrets.json", "index"}
    used |= {supervisor.RUN_FILE, supervisor.LOCK_FILE, programs.SECRETS, past.FILE}
    used |= {making.STAGING, restoring.UNFINISHED, restoring.APART, steps.TRAINING.makes}
    assert used - {"xiaoli.db"} <= FATES.keys()


@ON_SQLITE
def test_the_contents_say_what_a_restore_has_to_know(running: Running) -> None:
    manifest = {"xiaoli.tar.gz": "0" * 64}
    models = running.said.state_dir / "models" / "manifest.json"
    models.write_text(json.dumps(manifest))
    contents = contents_of(running.back_up())
    assert contents.made_at == running.clock.now()
    assert contents.store == running.database.engine.dialect.name
    assert contents.tables["messages"].count == contents.tables["uploads"].count == 1
    assert contents.models["models"] == manifest
    assert len(contents.revision) == 12
    assert contents.lost == ()


@ON_SQLITE
def test_only_its_owner_may_read_it_and_only_with_the_key(running: Running) -> None:
    words = "三幢的王阿姨" * 40
    running.say(words, words.encode())
    file = Path(running.back_up().file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert words[:6].encode() not in file.read_bytes()
    assert b"secrets.json" not in file.read_bytes()
    assert file.name == "xiaoli-20261124-020000.backup"


@contextmanager
def after_the_snapshot(
    monkeypatch: pytest.MonkeyPatch, kind: str, then: Callable[[], None]
) -> Iterator[None]:
    """Let something happen once a snapshot of the store is taken, and nothing else yet."""
    taking = STORES[kind].snapshot

    @contextmanager
    def take(store: Store, folder: Path) -> Iterator[Snapshot]:
        with taking(store, folder) as snapshot:
            then()
            yield snapshot

    with monkeypatch.context() as patched:
        patched.setattr(STORES[kind], "snapshot", take)
        yield


def forget(running: Running, upload_id: str) -> None:
    """Its resident is forgotten, and the file with them."""
    with running.database.transaction() as db:
        db.execute(update(Upload).where(Upload.id == upload_id).values(resident_id=None))
        files.remove_due(db, running.said.uploads_dir)
    assert not (running.said.uploads_dir / upload_id).exists()


def test_nobody_waits_for_a_backup_and_what_comes_after_its_moment_is_not_in_it(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = running.database.engine.dialect.name
    with after_the_snapshot(monkeypatch, kind, lambda: write_at_once(running)):
        made = running.back_up()
    assert contents_of(made).tables["messages"].count == 1
    assert names_in(made) >= {f"state/uploads/{running.uploads[0]}"}
    assert f"state/uploads/{running.uploads[1]}" not in names_in(made)


def write_at_once(running: Running) -> None:
    began = time.monotonic()
    running.say("在备份的时候说的")
    assert time.monotonic() - began < 1


def test_a_file_that_is_removed_after_the_snapshot_is_there(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, gone = running.database.engine.dialect.name, running.uploads[0]
    with after_the_snapshot(monkeypatch, kind, lambda: forget(running, gone)):
        made = running.back_up()
    assert contents_of(made).lost == ()
    assert f"state/uploads/{gone}" in names_in(made)


@ON_SQLITE
def test_without_holding_on_to_the_files_first_it_would_be_lost(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, gone, holding = running.database.engine.dialect.name, running.uploads[0], [0]

    def late(folder: Path, into: Path) -> None:
        holding[0] += 1
        into.mkdir(exist_ok=True)
        if holding[0] > 1:
            state.pin(folder, into)

    monkeypatch.setattr(gathering, "pin", late)
    monkeypatch.setattr(gathering, "TRIES", 1)
    with after_the_snapshot(monkeypatch, kind, lambda: forget(running, gone)):
        made = running.back_up()
    assert contents_of(made).lost == (gone,)


@ON_SQLITE
def test_a_file_that_came_just_before_the_snapshot_is_there(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = list[str]()

    def first(folder: Path, into: Path) -> None:
        state.pin(folder, into)
        if not came:
            came.append(running.say("刚刚发的"))

    monkeypatch.setattr(gathering, "pin", first)
    made = running.back_up()
    assert contents_of(made).tables["uploads"].count == 2
    assert f"state/uploads/{came[0]}" in names_in(made)


@ON_SQLITE
@pytest.mark.parametrize(("tries", "lost"), [(5, 0), (1, 1)])  # the second is the control
def test_a_file_that_comes_and_goes_around_the_snapshot_is_no_row_of_another_one(
    running: Running, monkeypatch: pytest.MonkeyPatch, tries: int, lost: int
) -> None:
    came, kind = list[str](), running.database.engine.dialect.name

    def first(folder: Path, into: Path) -> None:
        state.pin(folder, into)
        if not came:
            came.append(running.say("来了又走"))

    def then() -> None:
        if (running.said.uploads_dir / came[0]).exists():
            forget(running, came[0])

    monkeypatch.setattr(gathering, "pin", first)
    monkeypatch.setattr(gathering, "TRIES", tries)
    with after_the_snapshot(monkeypatch, kind, then):
        contents = contents_of(running.back_up())
    assert len(contents.lost) == lost
    assert contents.tables["uploads"].count == 1 + lost


@ON_SQLITE
def test_rows_and_files_agree_while_many_are_added_and_removed(running: Running) -> None:
    over, troubles = threading.Event(), list[BaseException]()

    def go_on() -> None:
        try:
            while not over.is_set():
                forget(running, running.say("来了又走"))
                running.say("来了")
        except BaseException as error:
            troubles.append(error)

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        for _ in range(3):
            running.clock.pass_by(timedelta(seconds=1))
            contents = contents_of(running.back_up())
            kept = [part for part in contents.parts if "/uploads/" in part.name]
            assert contents.lost == ()
            assert len(kept) == contents.tables["uploads"].count
    finally:
        over.set()
        writer.join()
    assert not troubles


@ON_SQLITE
def test_where_a_second_name_is_not_possible_files_are_copied(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "not on this file system")

    monkeypatch.setattr(os, "link", no_links)
    assert f"state/uploads/{running.uploads[0]}" in names_in(running.back_up())


@ON_SQLITE
def test_a_file_that_was_missing_before_is_named(running: Running) -> None:
    (running.said.uploads_dir / running.uploads[0]).unlink()
    assert contents_of(running.back_up()).lost == (running.uploads[0],)


@ON_SQLITE
def test_what_became_of_each_is_noted(running: Running) -> None:
    made = running.back_up()
    said = running.said.model_copy(update={"backup_key": "short"})
    with pytest.raises(SettingInvalid, match=r"太短.*too short"):
        making.make(said, running.folder / "backups", running.clock)
    first, second = past.read(running.said.state_dir)
    assert first == made
    assert first.ok
    assert first.size == Path(first.file).stat().st_size
    assert not second.ok
    assert "too short" in second.trouble


def nothing_is_left(running: Running) -> bool:
    kept = running.folder / "backups"
    return (
        not (kept.exists() and list(kept.iterdir()))
        and not (running.said.state_dir / making.STAGING).exists()
    )


@ON_SQLITE
def test_a_full_disk_is_said_and_nothing_is_left(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "write", half_written)
    with pytest.raises(BackupFailed, match=r"备份没有做成：No space left.*was not made"):
        running.back_up()
    assert nothing_is_left(running)
    assert not past.read(running.said.state_dir)[-1].ok


@ON_SQLITE
def test_the_disk_of_the_assistant_itself_is_never_filled(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = shutil.disk_usage(running.said.state_dir).free
    monkeypatch.setattr(gathering, "LEFT", free)
    with pytest.raises(BackupFailed, match=r"No space left on device .*backing-up"):
        running.back_up()
    assert nothing_is_left(running)


def half_written(file: Path, *_: object) -> None:
    file.write_bytes(b"half")
    raise OSError(28, "No space left on device")


@ON_SQLITE
def test_a_file_that_cannot_be_read_back_is_no_backup(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = archive.write

    def badly(file: Path, *more: object) -> None:
        writing(file, *more)  # type: ignore[arg-type]
        file.write_bytes(file.read_bytes()[:-1])

    monkeypatch.setattr(archive, "write", badly)
    with pytest.raises(Exception, match="damaged"):
        running.back_up()
    assert nothing_is_left(running)


def test_a_store_that_is_away_is_said(running: Running) -> None:
    away = {"sqlite": f"sqlite:///{running.folder}/none.db"}
    url = away.get(running.database.engine.dialect.name, "postgresql://127.0.0.1:9/none")
    said = running.said.model_copy(update={"database_url": url})
    with pytest.raises(BackupFailed, match=r"还没有数据库|数据库没有回答"):
        making.make(said, running.folder / "backups", running.clock)
    assert nothing_is_left(running)


@ON_SQLITE
def test_one_is_made_at_a_time(running: Running) -> None:
    handle = os.open(running.said.state_dir, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(BackupFailed, match="Another backup is being made"):
            running.back_up()
    finally:
        os.close(handle)
    assert running.back_up().ok


@ON_SQLITE
def test_what_a_kill_has_left_goes_with_the_next(running: Running) -> None:
    staging = running.said.state_dir / making.STAGING
    staging.mkdir()
    (staging / "copy.sqlite").write_text("what residents said")
    kept = running.folder / "backups"
    kept.mkdir()
    old, of_now = (kept / f"xiaoli-2026112{day}-000000.backup.draft" for day in (1, 4))
    for draft, age in ((old, 3), (of_now, 0)):
        draft.touch()
        moment = (running.clock.now() - timedelta(days=age)).timestamp()
        os.utime(draft, (moment, moment))
    running.back_up()
    assert not staging.exists()
    assert not old.exists()
    assert of_now.exists()  # perhaps another assistant's, that is being written


def test_the_newest_stay_and_what_is_not_ours(tmp_path: Path) -> None:
    ours = [tmp_path / f"xiaoli-202611{day:02}-020000.backup" for day in range(1, 20)]
    others = [tmp_path / name for name in ("xiaoli.backup", "photos.zip", "xiaoli-1.backup")]
    for file in (*ours, *others):
        file.touch()
    assert past.let_go(tmp_path, 0) == []
    assert past.let_go(tmp_path, 14) == ours[:5]
    assert sorted(tmp_path.iterdir()) == sorted([*ours[5:], *others])
