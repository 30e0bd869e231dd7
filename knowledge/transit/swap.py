"""Takes a new feed in: checked, written beside the old one, exchanged in one step."""

import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from knowledge.errors import KnowledgeError
from knowledge.transit.current import load_timetable
from knowledge.transit.feed import copy_tables
from knowledge.transit.timetable import Timetable

STAGED = ".gtfs-"  # how a folder begins that is being written; one left by a kill is removed

AT_FDCWD, RENAME_EXCHANGE = -100, 2  # from Linux's fcntl.h and fs.h


class SwapFailed(KnowledgeError):
    """The file system cannot change the two folders' places; the old feed is still there."""


def import_feed(path: Path, target: Path) -> Timetable:
    """Put a feed (a folder or a .zip file) in the place of `target`, and return it loaded.

    Whatever happens, also a kill, `target` is wholly the old feed or wholly the new one.

    Raises:
        FeedInvalid: the feed has mistakes; nothing was changed.
        SwapFailed: the folders cannot change places there; nothing was changed.
    """
    with alone(target.parent):
        _clear_up(target.parent)
        staged = Path(tempfile.mkdtemp(prefix=STAGED, dir=target.parent))
        try:
            copy_tables(path, staged)
            timetable = load_timetable(staged)  # what was written, not what was read
            staged.chmod(0o755)
            _to_disk(staged)
            swap(staged, target)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        return timetable


def swap(staged: Path, target: Path) -> None:
    """Let two folders change places in one step; a target that is not there is made.

    Raises:
        SwapFailed: the file system cannot do it.
    """
    target.mkdir(exist_ok=True)
    libc = ctypes.CDLL(None, use_errno=True)
    paths = (os.fsencode(staged), os.fsencode(target))
    if libc.renameat2(AT_FDCWD, paths[0], AT_FDCWD, paths[1], RENAME_EXCHANGE) != 0:
        reason = errno.errorcode.get(ctypes.get_errno(), "unknown")
        raise SwapFailed(
            f"{target} cannot be exchanged in one step here ({reason}); keep the community's "
            "folder (COMMUNITY_DIR) on a local disk such as ext4, xfs or btrfs"
        )
    _to_disk(target.parent)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the community's folder: no feed changes in it meanwhile; a kill lets go of it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _clear_up(folder: Path) -> None:
    for left in folder.glob(f"{STAGED}*"):
        shutil.rmtree(left, ignore_errors=True)


def _to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
