"""One backup file: its contents on the first line, then every part, all of it sealed."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from actions.backup.contents import Contents, Part, from_json, to_json
from actions.backup.errors import DAMAGED, BackupFailed, NotGenuine
from actions.backup.sealed import Sealer, Unsealer

BLOCK = 1 << 20  # bytes that are read of a part at a time

Progress = Callable[[int, int], None]  # bytes done, of how many


def write(
    file: Path,
    secret: str,
    contents: Contents,
    sources: Mapping[str, Path],
    progress: Progress = lambda _done, _of: None,
) -> None:
    """Write a backup, readable by its owner alone, and see it safely onto the disk.

    Raises:
        BackupFailed: a source is not what its part says any more.
        FileExistsError: the file is there already.
    """
    done = 0
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(handle, "wb") as out:
        sealer = Sealer(out, secret)
        sealer.write(to_json(contents) + b"\n")
        for part in contents.parts:
            digest = hashlib.sha256()
            for block in blocks_of(sources[part.name]):
                digest.update(block)
                sealer.write(block)
                done += len(block)
                progress(done, contents.size)
            if digest.hexdigest() != part.sha256:
                raise BackupFailed(
                    f"{part.name} 在备份时被改动了，请重试。"
                    f"{part.name} was changed while it was read; try again."
                )
        sealer.close()
        out.flush()
        os.fsync(out.fileno())


def blocks_of(file: Path) -> Iterator[bytes]:
    """Yield a file's content, a little at a time."""
    with file.open("rb") as content:
        while block := content.read(BLOCK):
            yield block


@dataclass(frozen=True)
class Opened:
    """A backup that is read from its beginning to its end, once."""

    contents: Contents
    _sealed: Unsealer

    def parts(self) -> Iterator[tuple[Part, Iterator[bytes]]]:
        """Yield each part with its content; a content is read before the next is asked for.

        Raises:
            NotGenuine: here or while a content is read, where anything is not as written.
        """
        for part in self.contents.parts:
            yield part, self._content(part)
        if self._sealed.read(1):
            raise NotGenuine(DAMAGED)

    def _content(self, part: Part) -> Iterator[bytes]:
        digest, left = hashlib.sha256(), part.size
        while left and (block := self._sealed.read(min(left, BLOCK))):
            digest.update(block)
            left -= len(block)
            yield block
        if left or digest.hexdigest() != part.sha256:
            raise NotGenuine(DAMAGED)


@contextmanager
def opened(file: Path, secret: str) -> Iterator[Opened]:
    """Open a backup.

    Raises:
        NotGenuine: it is none, it is damaged, or the key is another.
        OSError: it cannot be read.
    """
    with file.open("rb") as sealed:
        unsealer = Unsealer(sealed, secret)
        try:
            contents = from_json(unsealer.read_line())
        except ValidationError:
            raise NotGenuine(DAMAGED) from None
        yield Opened(contents, unsealer)


def check(file: Path, secret: str, progress: Progress = lambda _done, _of: None) -> Contents:
    """Read all of a backup and return its contents: every part is as it was written.

    Raises: as `opened`.
    """
    done = 0
    with opened(file, secret) as backup:
        for _, content in backup.parts():
            for block in content:
                done += len(block)
                progress(done, backup.contents.size)
    return backup.contents
