"""The timetable that serves now: a feed that was swapped is taken up without a restart."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock

import structlog

from knowledge.errors import KnowledgeError
from knowledge.pack import Pack
from knowledge.transit.feed import TABLES, Feed, Table, read_feed
from knowledge.transit.timetable import Timetable
from knowledge.transit.validation import validate

log = structlog.get_logger()

NONE = Feed({name: Table(name, (), []) for name in TABLES})

Stamp = tuple[tuple[str, int, int, int], ...]  # name, inode, bytes, changed at, of each table


def open_timetable(pack: Pack) -> Timetable:
    """Return a pack's timetable; it is read anew when its feed has changed.

    While a changed feed cannot be read the one before it keeps serving, and the log says why.

    Raises:
        FeedInvalid: the very first feed cannot be read.
    """
    return _current(pack.gtfs).timetable()


def load_timetable(path: Path) -> Timetable:
    """Read a feed, a folder or a .zip file, and see that it is sound.

    Raises:
        FeedInvalid: it is not; each sentence says what to mend.
    """
    feed = read_feed(path)
    validate(feed)
    return Timetable(feed)


@cache
def _current(folder: Path) -> "_Current":
    return _Current(folder)


@dataclass
class _Current:
    folder: Path
    _serving: Timetable | None = None
    _stamp: Stamp | None = None
    _reading: Lock = field(default_factory=Lock)

    def timetable(self) -> Timetable:
        serving = self._serving
        if serving is not None and stamp(self.folder) == self._stamp:
            return serving
        if serving is not None and self._reading.locked():
            return serving  # somebody is reading the new one
        with self._reading:
            return self._read_anew()

    def _read_anew(self) -> Timetable:
        while self._serving is None or stamp(self.folder) != self._stamp:
            self._try(stamp(self.folder))
        return self._serving

    def _try(self, found: Stamp) -> None:
        """Read once; what was swapped while it was read, half old, half new, is not used."""
        try:
            read = self._load(found)
        except (KnowledgeError, OSError) as error:
            if stamp(self.folder) != found:
                return
            if self._serving is None:
                raise
            log.error("timetable_unreadable", folder=str(self.folder), mistakes=str(error))
            self._stamp = found
        else:
            if stamp(self.folder) == found:
                self._serving, self._stamp = read, found

    def _load(self, found: Stamp) -> Timetable:
        """Load what is there; a new community has no timetable yet."""
        return load_timetable(self.folder) if found or self._serving else Timetable(NONE)


def stamp(folder: Path) -> Stamp:
    """Return what tells one state of a feed's folder from another."""
    found = []
    for name in TABLES:
        try:
            file = (folder / name).stat()
        except OSError:
            continue
        found.append((name, file.st_ino, file.st_size, file.st_mtime_ns))
    return tuple(found)
