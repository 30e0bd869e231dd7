"""The store's figures, read together and kept some seconds, however often somebody looks."""

import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from actions import vitals
from actions.booking.model import Booking
from actions.clock import Clock
from actions.content import editions
from actions.content.editions import Active
from actions.db import Database, Db
from actions.governance.model import ServiceRequest
from actions.neighbours.model import HelpRequest, Match
from actions.vitals import Tally
from bot.operating import queues
from bot.operating.queues import Waiting

KEPT_FOR = 5.0  # seconds

# The highest number given is how many there ever were, and costs one step in an index. A try
# that was rolled back may leave a gap: it is never too low, whatever was deleted since.
EVER: Mapping[str, Any] = {
    "bookings": Booking.id,
    "requests": ServiceRequest.id,
    "needs": HelpRequest.id,
}
# As the index of them says it, or it could not be used.
TAKEN = text("status IN ('accepted', 'done')")
SCHEMA = text("SELECT version_num FROM alembic_version")
SIZE = text("SELECT pg_database_size(current_database())")


@dataclass(frozen=True)
class Figures:
    """What the store says at a moment; sizes are in bytes.

    `ever` are counts of what was ever made, `claims` the needs a neighbour has taken on.
    `beats` say when each part last went its round.
    """

    read_at: datetime
    waiting: tuple[Waiting, ...]
    ever: Mapping[str, int]
    claims: int
    beats: Mapping[str, datetime]
    tallies: tuple[Tally, ...]
    edition: Active | None
    schema: str
    sizes: Mapping[str, int]


@dataclass
class Reader:
    """Reads the figures; `state_dir` is where the disk is looked at."""

    database: Database
    clock: Clock
    state_dir: Path
    kept_for: float = KEPT_FOR
    _kept: Figures | SQLAlchemyError | None = None
    _kept_at: float = 0.0
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def read(self) -> Figures:
        """Return the figures, at most some seconds old.

        A store that is away is not asked again at once: those who wait are told together.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the store is away.
        """
        with self._reading:
            if self._kept is None or monotonic() - self._kept_at > self.kept_for:
                try:
                    self._kept = self._look()
                except SQLAlchemyError as error:
                    self._kept = error
                self._kept_at = monotonic()
            if isinstance(self._kept, SQLAlchemyError):
                raise self._kept
            return self._kept

    def _look(self) -> Figures:
        now = self.clock.now()
        with self.database.reading() as db:
            return Figures(
                read_at=now,
                waiting=tuple(queues.read(db, now=now)),
                ever={
                    what: db.scalar(select(func.max(id_))) or 0 for what, id_ in EVER.items()
                },
                claims=db.scalar(select(func.count()).select_from(Match).where(TAKEN)) or 0,
                beats=vitals.beats(db),
                tallies=tuple(vitals.tallies(db)),
                edition=editions.active(db),
                schema=_schema(db),
                sizes=self._sizes(db),
            )

    def _sizes(self, db: Db) -> dict[str, int]:
        disk = shutil.disk_usage(self.state_dir)
        of_store = SIZES[self.database.engine.dialect.name](db)
        return {"disk": disk.total, "disk_free": disk.free, **of_store}


def _schema(db: Db) -> str:
    """Return the revision of the tables; empty where they were not made by migrations."""
    if not db.connection().dialect.has_table(db.connection(), "alembic_version"):
        return ""
    return db.scalar(SCHEMA) or ""


def _of_files(db: Db) -> dict[str, int]:
    file = Path(db.get_bind().engine.url.database or "")
    log = Path(f"{file}-wal")
    return {"database": file.stat().st_size, "wal": log.stat().st_size if log.exists() else 0}


def _of_server(db: Db) -> dict[str, int]:
    """PostgreSQL tells the size of its log to those alone who look after all of it."""
    return {"database": db.scalar(SIZE) or 0}


SIZES: Mapping[str, Callable[[Db], dict[str, int]]] = {
    "sqlite": _of_files,
    "postgresql": _of_server,
}
