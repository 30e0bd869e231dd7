"""A small file system of its own: it can be filled, and the kernel can give up writing to it.

It lies in a sparse file and is mounted, which needs root and what `NEEDS` names.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SIZE = 2 * 2**30  # bytes
NEEDS = ("mount", "umount", "mkfs.ext4")


@dataclass(frozen=True)
class Disk:
    """A small file system that can be filled, and that the kernel can give up writing to."""

    image: Path
    place: Path

    def mount(self) -> None:
        """Put it where it belongs."""
        _run("mount", "-o", "loop", self.image, self.place)

    def unmount(self) -> None:
        """Take it away; whoever has a file of it open is in the way."""
        _run("umount", self.place)

    def fill(self) -> None:
        """Leave no room, not even for one more page."""
        with (self.place / "ballast").open("ab", buffering=0) as ballast:
            free = os.statvfs(self.place)
            with suppress(OSError):
                os.posix_fallocate(ballast.fileno(), 0, free.f_bavail * free.f_frsize)
            with suppress(OSError):
                while ballast.write(bytes(4096)):
                    pass

    def make_room(self) -> None:
        """Give the room back."""
        (self.place / "ballast").unlink()

    def give_up(self) -> None:
        """Do to it what the kernel does after an error: nothing is written any more."""
        _run("mount", "-o", "remount,abort", self.place)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk | None]:
    """Make one in a folder and mount it, for a while; None where that cannot be done."""
    disk = Disk(folder / "image", folder / "disk")
    if not _is_made(disk):
        yield None
        return
    try:
        yield disk
    finally:
        disk.unmount()


def _is_made(disk: Disk) -> bool:
    if os.geteuid() != 0 or not all(map(shutil.which, NEEDS)):
        return False
    disk.place.mkdir()
    with disk.image.open("wb") as image:
        image.truncate(SIZE)
    try:
        _run("mkfs.ext4", "-q", "-m", "0", disk.image)
        disk.mount()
    except subprocess.CalledProcessError:  # root in a container may not mount
        return False
    return True


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)
