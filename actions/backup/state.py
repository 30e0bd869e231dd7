"""What of the state folder is kept in a backup, and why the rest is not."""

import errno
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, select

from actions.conversations import Upload


class Fate(StrEnum):
    """What becomes of something in the state folder when the machine is lost."""

    KEPT = "kept"
    WITH_ROWS = "with rows"  # kept as far as a row of the store names it
    MADE_AGAIN = "made again"  # by set-up, or out of the store
    PASSING = "passing"  # means nothing on another machine


# What lies in the state folder → its fate. What nobody has thought of is kept.
FATES: Mapping[str, Fate] = {
    "secrets.json": Fate.KEPT,
    "uploads": Fate.WITH_ROWS,
    "content": Fate.MADE_AGAIN,  # the editions' documents are rows
    "index": Fate.MADE_AGAIN,
    "models": Fate.MADE_AGAIN,
    "safety": Fate.MADE_AGAIN,
    "sorting": Fate.MADE_AGAIN,
    "made.json": Fate.MADE_AGAIN,  # or set-up would think that all of it is there
    "print": Fate.MADE_AGAIN,
    "logs": Fate.PASSING,
    "run.json": Fate.PASSING,
    "run.lock": Fate.PASSING,
    "clock": Fate.PASSING,  # of a test
    "backups": Fate.PASSING,
    "backups.json": Fate.PASSING,
    "backing-up": Fate.PASSING,
    "restoring": Fate.PASSING,
    "from-backup": Fate.PASSING,
    "lost+found": Fate.PASSING,  # of a file system
}
# How a file ends that is being written, and one that says whose the store is.
PASSING_ENDINGS = (".draft", ".gateway")


def fate_of(name: str) -> Fate:
    """Return what becomes of something that lies in the state folder."""
    return Fate.PASSING if name.endswith(PASSING_ENDINGS) else FATES.get(name, Fate.KEPT)


def kept_files(state: Path, without: Collection[Path] = ()) -> Iterator[Path]:
    """Yield the files to keep whatever the store says, but for the store's own."""
    left_out = {file.resolve() for file in without}
    for entry in sorted(state.iterdir()):
        if fate_of(entry.name) == Fate.KEPT:
            yield from (file for file in files_in(entry) if file.resolve() not in left_out)


def files_in(entry: Path) -> Iterator[Path]:
    """Yield a file, or all files of a folder."""
    found = [entry] if entry.is_file() else sorted(entry.rglob("*"))
    yield from (file for file in found if file.is_file())


def find_room(folder: Path, size: int) -> None:
    """See that so many bytes can be written into a folder.

    Raises:
        OSError: they cannot.
    """
    if shutil.disk_usage(folder).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def uploads_of(connection: Connection) -> list[str]:
    """Return the names of the files that rows speak of."""
    return list(connection.scalars(select(Upload.id).order_by(Upload.id)))


def pin(folder: Path, into: Path) -> None:
    """Hold on to every file of a folder as it is now, whatever is removed there.

    For files that are written once and never changed: they get a second name, which costs no
    room; where a file system has none, they are copied.
    """
    into.mkdir(exist_ok=True)
    pinned = set(os.listdir(into))
    for entry in os.scandir(folder) if folder.is_dir() else ():
        if entry.name not in pinned and entry.is_file():
            with suppress(FileNotFoundError):  # it went this moment
                _name_again(Path(entry.path), into / entry.name)


def _name_again(file: Path, name: Path) -> None:
    try:
        os.link(file, name)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(file, name)
