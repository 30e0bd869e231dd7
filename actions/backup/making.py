"""Makes a backup: alone, under another name until it was read back, and noted either way."""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from actions.backup import archive, past
from actions.backup.errors import BackupFailed, reason
from actions.backup.gathering import gather
from actions.backup.key import secret_of
from actions.backup.past import Past
from actions.backup.state import find_room
from actions.clock import Clock
from actions.errors import XiaoliError
from actions.settings import BackupSettings

STAGING, DRAFT = "backing-up", ".draft"
FORSAKEN = timedelta(days=1)  # after which a draft is one that a kill has left

Steps = Callable[[str, int, int], None]  # read, write or check; bytes done; of how many


def make(
    said: BackupSettings,
    into: Path,
    clock: Clock,
    progress: Steps = lambda _step, _done, _of: None,
) -> Past:
    """Make a backup in a folder, read it back, and note what became of it.

    Raises:
        BackupFailed: it could not be made; nothing is left of it.
        SettingInvalid: there is no key to seal it with.
    """
    began, now = time.monotonic(), clock.now()
    file = into / past.name_at(now.astimezone(UTC))

    def ended(trouble: str = "") -> Past:
        size = 0 if trouble else file.stat().st_size
        took = round(time.monotonic() - began, 2)
        one = Past(now, str(file.resolve()), size, took, ok=not trouble, trouble=trouble)
        past.note(said.state_dir, one)
        return one

    with _alone(said.state_dir) as staging:
        try:
            _write(said, file, staging, now, progress)
        except (OSError, SQLAlchemyError, XiaoliError) as error:
            failed = error if isinstance(error, XiaoliError) else _failed(error)
            ended(str(failed))
            raise failed from None
        return ended()


def is_at_work(folder: Path) -> bool:
    """Whether a backup of a state folder is being made at this moment."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _write(
    said: BackupSettings, file: Path, staging: Path, now: datetime, progress: Steps
) -> None:
    secret = secret_of(said)
    with _draft(file, now) as draft:
        gathered = gather(said, staging, now, partial(progress, "read"))
        contents = gathered.contents
        find_room(draft.parent, contents.size)
        archive.write(draft, secret, contents, gathered.sources, partial(progress, "write"))
        archive.check(draft, secret, partial(progress, "check"))


@contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """Lend a folder to work in; one backup is made at a time.

    Raises:
        BackupFailed: another one is being made, or there is nothing to back up.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        raise BackupFailed(NO_FOLDER.format(folder)) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise BackupFailed(NOT_ALONE) from None
    staging = folder / STAGING
    try:
        shutil.rmtree(staging, ignore_errors=True)  # of one that was killed
        staging.mkdir(mode=0o700)
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        os.close(handle)


@contextmanager
def _draft(file: Path, now: datetime) -> Iterator[Path]:
    """Lend a name to write under; what was written is there as `file` only if all went well."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():  # another assistant's, of the same second
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file))
    for left in file.parent.glob(f"xiaoli-*.backup{DRAFT}"):
        if datetime.fromtimestamp(left.stat().st_mtime, UTC) < now - FORSAKEN:
            left.unlink()
    draft = file.with_name(file.name + DRAFT)
    try:
        yield draft
        draft.rename(file)
        _to_disk(file.parent)
    finally:
        draft.unlink(missing_ok=True)


def _to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failed(error: OSError | SQLAlchemyError) -> BackupFailed:
    why = reason(error)
    return BackupFailed(f"备份没有做成：{why}。The backup was not made: {why}")


NO_FOLDER = (
    "没有数据文件夹 {0}，没有可备份的。"
    "There is no folder {0}, so nothing to back up: see STATE_DIR."
)
NOT_ALONE = "正在做另一个备份，请稍后再试。Another backup is being made; try again later."
