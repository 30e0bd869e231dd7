"""Samples running processes now and then: what they take, what waits, what the store weighs."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psutil
from sqlalchemy import text

from actions.db import Database
from bot.operating import queues

MB = 2**20
Probe = Callable[[], Mapping[str, float | None]]  # figures by name, as they are now


@dataclass
class Watch(threading.Thread):
    """Asks every probe every so often, until it is over; `columns` has a list a figure."""

    probes: Sequence[Probe]
    every: float  # seconds
    at: list[float] = field(default_factory=list)  # seconds since the beginning
    columns: dict[str, list[float | None]] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        began = time.monotonic()
        while not self._over.wait(began + (len(self.at) + 1) * self.every - time.monotonic()):
            found = {name: value for probe in self.probes for name, value in probe().items()}
            for name in found.keys() - self.columns.keys():
                self.columns[name] = [None] * len(self.at)
            self.at.append(round(time.monotonic() - began, 2))
            for name, column in self.columns.items():
                column.append(found.get(name))

    def stop(self) -> None:
        """Sample no more."""
        self._over.set()
        self.join()

    def series(self, name: str) -> tuple[list[float], list[float]]:
        """Return when a figure was there, and what it was."""
        both = zip(self.at, self.columns[name], strict=True)
        there = [(t, value) for t, value in both if value is not None]
        return [t for t, _ in there], [value for _, value in there]


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all its children, none where it is gone."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def of_process(name: str, pid: Callable[[], int]) -> Probe:
    """Return what asks what a process and its children take; nothing while it is gone."""

    def probe() -> Mapping[str, float | None]:
        try:
            there = family(pid())
            return {
                f"{name}.memory_mb": round(sum(p.memory_info().rss for p in there) / MB, 1),
                f"{name}.threads": sum(p.num_threads() for p in there),
                f"{name}.handles": sum(p.num_fds() for p in there),
            }
        except psutil.NoSuchProcess:
            return {}

    return probe


def of_queues(database: Database, now: Callable[[], datetime]) -> Probe:
    """Return what counts what waits in each queue."""

    def probe() -> Mapping[str, float | None]:
        found: dict[str, float | None] = {}
        with database.reading() as db:
            for one in queues.read(db, now=now()):
                name = f"waiting.{one.queue}"
                found[name] = (found.get(name) or 0) + one.count
        return found

    return probe


def of_sizes(database: Database, log: Path) -> Probe:
    """Return what weighs the store and the log."""
    return lambda: {
        **{f"{name}_mb": round(size / MB, 2) for name, size in store_sizes(database).items()},
        "log_mb": round(log.stat().st_size / MB, 2),
    }


def store_sizes(database: Database) -> dict[str, int]:
    """Return the bytes of a store; of SQLite's the log beside the file apart."""
    url = database.engine.url
    if url.get_backend_name() != "sqlite":
        size = text("SELECT pg_database_size(current_database())")
        with database.reading() as db:
            return {"database": int(db.scalar(size) or 0)}
    file = Path(url.database or "")
    wal = file.with_name(file.name + "-wal")
    return {"database": file.stat().st_size, "wal": wal.stat().st_size if wal.exists() else 0}
