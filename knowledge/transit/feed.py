"""A timetable feed (GTFS) as it lies on disk: tables of rows, in a folder or in a .zip."""

import csv
import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import KnowledgeError

# The tables that are read; whatever else a feed has (shapes, pathways …) is left where it is.
TABLES = (
    "agency.txt",
    "stops.txt",
    "routes.txt",
    "trips.txt",
    "stop_times.txt",
    "calendar.txt",
    "calendar_dates.txt",
    "frequencies.txt",
    "feed_info.txt",
    "fare_attributes.txt",
    "fare_rules.txt",
    "translations.txt",
)
MOST_BYTES = 1 << 30  # of one table: more is no town's timetable, but perhaps a bomb

Row = dict[str, str]


class FeedInvalid(KnowledgeError):
    """A feed cannot be used; each sentence names file, line, what is wrong and the mend."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True)
class Table:
    """A table: its columns and its rows, each with the line it begins in (the header is 1)."""

    name: str
    columns: tuple[str, ...]
    rows: list[tuple[int, Row]]

    def __iter__(self) -> Iterator[Row]:
        return (row for _, row in self.rows)


@dataclass(frozen=True)
class Feed:
    """All tables that are read; one that is not there has no columns and no rows."""

    tables: dict[str, Table]

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    @property
    def fingerprint(self) -> str:
        """The version of the feed: 16 hex digits that change when anything it says does."""
        digest = hashlib.sha256()
        for name, table in self.tables.items():
            for row in ([name], table.columns, *(row.values() for row in table)):
                digest.update("\x1f".join(row).encode() + b"\x1e")
        return digest.hexdigest()[:16]


def read_feed(path: Path) -> Feed:
    """Read a feed from a folder or a .zip file; values come without blanks around them.

    Raises:
        FeedInvalid: not a feed, not UTF-8, or a row that does not fit its columns.
    """
    mistakes: list[str] = []
    with _opened(path) as files:
        tables = {name: _read(name, files.get(name), mistakes) for name in TABLES}
    if mistakes:
        raise FeedInvalid(mistakes)
    return Feed(tables)


def copy_tables(path: Path, target: Path) -> None:
    """Write the tables of a feed into a folder, and see them safely onto the disk."""
    with _opened(path) as files:
        for name, content in files.items():
            with (target / name).open("wb") as copy:
                copy.write(content)
                copy.flush()
                os.fsync(copy.fileno())


@contextmanager
def _opened(path: Path) -> Iterator[dict[str, bytes]]:
    if path.is_dir():
        yield {name: _small(path / name) for name in TABLES if (path / name).is_file()}
        return
    if not path.is_file():
        raise FeedInvalid([f"{path} is not there; name a folder or a .zip file"])
    try:
        with zipfile.ZipFile(path) as archive:
            yield _unpack(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as broken:
        raise FeedInvalid(
            [f"{path.name} is not a readable zip file ({broken}); download it again"]
        ) from None


def _small(file: Path) -> bytes:
    _refuse_huge(file.name, file.stat().st_size)
    return file.read_bytes()


def _unpack(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Return the tables by name; some publishers put all of them into one folder."""
    found: dict[str, bytes] = {}
    for member in archive.infolist():
        name = Path(member.filename).name
        if name in TABLES and name not in found and "__MACOSX" not in member.filename:
            _refuse_huge(name, member.file_size)
            found[name] = archive.read(member)
    return found


def _refuse_huge(name: str, size: int) -> None:
    if size > MOST_BYTES:
        megabytes = size >> 20
        raise FeedInvalid([f"{name} has {megabytes} MB, more than 1024; leave out far regions"])


def _read(name: str, content: bytes | None, mistakes: list[str]) -> Table:
    if content is None:
        return Table(name, (), [])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = content.count(b"\n", 0, broken.start) + 1
        mistakes.append(f"{name}, line {line}: not UTF-8; save the file as UTF-8")
        return Table(name, (), [])
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        return _rows(name, reader, mistakes)
    except csv.Error as broken:
        mistakes.append(f"{name}, line {reader.line_num}: {broken}; write plain CSV")
        return Table(name, (), [])


def _rows(name: str, reader: Iterator[list[str]], mistakes: list[str]) -> Table:
    columns = tuple(column.strip() for column in next(reader, []))
    rows: list[tuple[int, Row]] = []
    line = 2
    for values in reader:
        begins, line = line, reader.line_num + 1  # type: ignore[attr-defined]
        if not any(values):
            continue
        if len(values) > len(columns):
            mistakes.append(
                f"{name}, line {begins}: {len(values)} values for {len(columns)} columns; "
                "put a value with a comma in quotes"
            )
        padded = [value.strip() for value in values] + [""] * (len(columns) - len(values))
        rows.append((begins, dict(zip(columns, padded, strict=False))))
    return Table(name, columns, rows)


def seconds(clock: str) -> int:
    """Return the seconds of a time such as 25:10:00, counted from noon minus twelve hours."""
    hours, minutes, rest = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(rest)
