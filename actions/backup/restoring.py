"""Brings a backup back into an empty place: all of it is checked before anything is written.

What is written lies in a folder of its own until the rows have been compared; the store comes
last. A restore that was stopped is known by that folder, and is begun again.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from actions import migrate
from actions.backup import archive, rows
from actions.backup.contents import Contents, Part
from actions.backup.errors import BackupFailed, RestoreRefused, reason
from actions.backup.gathering import COMMUNITY, DATABASE, DOTENV, ENVIRONMENT, STATE
from actions.backup.key import mark_of, secret_of
from actions.backup.stores import Store, store_at
from actions.settings import BackupSettings
from knowledge import manifest

UNFINISHED = "restoring"  # the folder in the state folder; while it is there nothing may start
APART = "from-backup"  # where that is put which the operator has to look at
# What may lie in a state folder that counts as empty.
HARMLESS = frozenset({UNFINISHED, "backups", "backups.json", "lost+found"})

Steps = Callable[[str, int, int], None]  # check or write; bytes done; of how many


@dataclass(frozen=True)
class Restored:
    """What was brought back, and what the operator has to look at."""

    contents: Contents
    apart: tuple[Path, ...]  # of the pack and the settings, where those here differ
    same_key: bool  # SECRET_KEY is the one of then


def restore(
    file: Path, said: BackupSettings, progress: Steps = lambda _step, _done, _of: None
) -> Restored:
    """Bring a backup back into an empty state folder and an empty database.

    Raises:
        NotGenuine: the backup is damaged, or the key is another; nothing was written.
        RestoreRefused: the place is not empty, or the backup is not for it.
        BackupFailed: it did not come to its end; run it again.
        SettingInvalid: there is no key.
    """
    secret, draft = secret_of(said), said.state_dir / UNFINISHED
    try:
        with archive.opened(file, secret) as backup:
            contents = backup.contents
        store = store_at(said.database, draft)
        _check_fit(contents, said)
        _check_empty(contents, said, store)
        archive.check(file, secret, partial(progress, "check"))
        _write(file, secret, draft, partial(progress, "write"))
        _put(contents, store, draft)
        apart = _place(contents, said, draft)
        store.settle()
        os.sync()
        shutil.rmtree(draft)
    except (OSError, SQLAlchemyError) as error:
        why = reason(error)
        raise BackupFailed(NOT_FINISHED.format(why)) from None
    return Restored(contents, apart, contents.key_mark in ("", mark_of(said)))


def is_unfinished(state: Path) -> bool:
    """Whether a restore into a state folder was begun and has not come to its end."""
    return (state / UNFINISHED).exists()


def _check_fit(contents: Contents, said: BackupSettings) -> None:
    """See that this code and this kind of store can take a backup.

    Raises:
        RestoreRefused: they cannot.
    """
    kind = make_url(said.database).get_backend_name()
    if kind != contents.store:
        raise RestoreRefused(OTHER_STORE.format(contents.store, kind))
    if contents.revision and contents.revision not in migrate.revisions():
        raise RestoreRefused(NEWER.format(contents.revision, contents.commit or "?"))


def _check_empty(contents: Contents, said: BackupSettings, store: Store) -> None:
    """See that nothing is there but what an earlier try of this has left.

    Raises:
        RestoreRefused: something is.
    """
    ours = {file.name for file in store.files() if file.parent == said.state_dir}
    begun = is_unfinished(said.state_dir)
    if begun:
        ours |= {APART, *(path.split("/")[0] for path, _ in _below(contents, STATE))}
    there = (
        {file.name for file in said.state_dir.iterdir()} if said.state_dir.exists() else set()
    )
    store_is_free = begun or store.is_empty()
    if left := sorted(there - ours - HARMLESS):
        raise RestoreRefused(NOT_EMPTY.format(said.state_dir, ", ".join(left[:3])))
    if not store_is_free:
        raise RestoreRefused(STORE_NOT_EMPTY.format(make_url(said.database).database))


def _write(file: Path, secret: str, draft: Path, progress: archive.Progress) -> None:
    done = 0
    draft.mkdir(mode=0o700, parents=True, exist_ok=True)
    with archive.opened(file, secret) as backup:
        for part, content in backup.parts():
            target = draft / part.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                target.chmod(0o600)
                for block in content:
                    out.write(block)
                    done += len(block)
                    progress(done, backup.contents.size)


def _put(contents: Contents, store: Store, draft: Path) -> None:
    """Bring the store back, and compare it row by row with what it was.

    Raises:
        BackupFailed: it is not the same.
    """
    if store.is_empty():
        store.put(draft / DATABASE)
    with store.look() as connection:
        found = rows.of_all_tables(connection)
    names = sorted(found.keys() | contents.tables.keys())
    if wrong := [name for name in names if found.get(name) != contents.tables.get(name)]:
        raise BackupFailed(OTHER_ROWS.format(wrong[0]))


def _place(contents: Contents, said: BackupSettings, draft: Path) -> tuple[Path, ...]:
    """Put all files where they belong; returns what lies apart instead."""
    for path, part in _below(contents, STATE):
        _move(draft / part.name, said.state_dir / path, part)
    pack, apart = said.community_dir, said.state_dir / APART
    files = list(_below(contents, COMMUNITY))
    left = []
    if not all(_is(pack / path, part) for path, part in files):
        is_free = not pack.exists() or not any(pack.iterdir())
        into = pack if is_free else apart / "community"
        left += [] if is_free else [into]
        for path, part in files:
            _move(draft / part.name, into / path, part)
    for _, part in _below(contents, ENVIRONMENT):
        if not _is(DOTENV, part):
            _move(draft / part.name, apart / ENVIRONMENT, part)
            left.append(apart / ENVIRONMENT)
    return tuple(left)


def _below(contents: Contents, name: str) -> Iterator[tuple[str, Part]]:
    """Yield the parts whose names begin like this, with the rest of their names."""
    for part in contents.parts:
        if part.name.startswith(name):
            yield part.name.removeprefix(name), part


def _is(file: Path, part: Part) -> bool:
    return file.is_file() and manifest.digest(file) == part.sha256


def _move(file: Path, target: Path, part: Part) -> None:
    """Move a file to its place, where an earlier try may have moved it already.

    Raises:
        RestoreRefused: something else lies there.
    """
    if _is(target, part):
        return
    if target.exists():
        raise RestoreRefused(NOT_EMPTY.format(target.parent, target.name))
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(target.name + ".draft")
    shutil.move(file, beside)  # from another disk, perhaps
    beside.replace(target)


NOT_FINISHED = (
    "恢复没有完成：{0}。解决后请再执行一次，会从头来过。"
    "The restore did not come to its end: {0}. Mend that and run it again: it begins anew."
)
OTHER_STORE = (
    "这份备份来自 {0}，DATABASE_URL 指的是 {1}：请指向一个空的 {0} 数据库。"
    "This backup is of {0}, and DATABASE_URL means {1}: name an empty database of {0}."
)
NEWER = (
    "这份备份的数据库版本（{0}）比这里的程序新：请先换到做备份时的程序（{1}）或更新的版本。"
    "This backup's schema ({0}) is newer than the code here: take the code it was made with "
    "({1}), or newer."
)
NOT_EMPTY = (
    "{0} 不是空的（有 {1}），没有改动任何东西。请先把它移走，或另设 STATE_DIR。"
    "{0} is not empty ({1}), and nothing was changed: move it away, or set another STATE_DIR."
)
STORE_NOT_EMPTY = (
    "数据库 {0} 不是空的，没有改动任何东西。请另建一个空的，用 DATABASE_URL 指明。"
    "The database {0} is not empty, and nothing was changed: make an empty one and name it by "
    "DATABASE_URL."
)
OTHER_ROWS = (
    "表 {0} 与备份里的不一致，不能就这样使用。请用空的 STATE_DIR 和数据库重来。"
    "The table {0} is not as it is in the backup; do not use it like this. Begin again with an "
    "empty STATE_DIR and database."
)
