"""What a process tells of itself in the store: that it goes its rounds, and what it counts.

The worker and the action servers have no page that Prometheus could read. Counts of all of them
are added up here, over every restart, and any gateway's /metrics shows them.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from sqlalchemy import Double, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from actions.clock import Clock
from actions.db import Base, Database, Db, UtcDateTime
from actions.errors import kind_of

log = structlog.get_logger()

WORKER = "worker"
FIRST = 1.0  # seconds until the first: who has just begun need not be missed so long
EVERY = 10.0  # seconds between two writings: so much of the counts a crash loses

# The metrics whose counts are added up in the store.
TALLIED = CollectorRegistry()
ACTIONS = Counter("xiaoli_actions", "Actions, by how they ended", ["outcome"], registry=TALLIED)
ACTION_SECONDS = Histogram(
    "xiaoli_action_seconds",
    "How long an action took",
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 3),
    registry=TALLIED,
)

Sampled = tuple[str, str]  # the name of a sample, and its labels as JSON


class Beat(Base):
    """When a part last went its round: "worker", or "courier/telegram"."""

    __tablename__ = "beats"
    part: Mapped[str] = mapped_column(String(40), primary_key=True)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Tally(Base):
    """One sample of a metric, added up; `labels` is a JSON object with its names in order."""

    __tablename__ = "tallies"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    labels: Mapped[str] = mapped_column(String(120), primary_key=True)
    value: Mapped[float] = mapped_column(Double)


@dataclass
class Vitals:
    """Writes down, now and then, which parts went their rounds and what was counted since."""

    database: Database
    clock: Clock
    registry: CollectorRegistry = TALLIED
    _went: set[str] = field(default_factory=set)
    _written: Mapping[Sampled, float] = field(init=False)

    def __post_init__(self) -> None:
        self._written = samples(self.registry.collect())

    def beat(self, part: str) -> None:
        """Note that a part has gone its round; costs next to nothing."""
        self._went.add(part)

    def run(self) -> None:
        """Write for as long as the process lives; while the store is away, all waits."""
        pause = FIRST
        while True:
            time.sleep(pause)
            pause = EVERY
            try:
                self.write()
            except Exception as error:
                log.warning("vitals wait for the store", error=kind_of(error))

    def write(self) -> None:
        """Write what is new. A part that goes no more rounds is not written again.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: nothing was written, and nothing is lost.
        """
        went, counted = self._went.copy(), samples(self.registry.collect())
        grown = {
            key: value - self._written.get(key, 0)
            for key, value in counted.items()
            if value != self._written.get(key, 0)
        }
        if not went and not grown:
            return
        with self.database.transaction() as db:
            _beat(db, sorted(went), self.clock.now())
            _add(db, grown)
        self._went -= went
        self._written = counted


def courier(channel: str) -> str:
    """Return what brings messages to a platform, as a part."""
    return f"courier/{channel}"


def beats(db: Db) -> dict[str, datetime]:
    """Return when each part last went its round, on whichever machine."""
    return {beat.part: beat.beat_at for beat in db.scalars(select(Beat))}


def tallies(db: Db) -> Sequence[Tally]:
    """Return every count that was added up."""
    return db.scalars(select(Tally).order_by(Tally.name, Tally.labels)).all()


def samples(metrics: Iterable[Metric]) -> dict[Sampled, float]:
    """Return every sample of metrics but when each process began to count."""
    return {
        (sample.name, json.dumps(sample.labels, sort_keys=True)): sample.value
        for metric in metrics
        for sample in metric.samples
        if not sample.name.endswith("_created")
    }


def _beat(db: Db, parts: Sequence[str], now: datetime) -> None:
    for part in parts:
        moved = db.execute(update(Beat).where(Beat.part == part).values(beat_at=now))
        if not moved.rowcount:  # type: ignore[attr-defined]
            db.add(Beat(part=part, beat_at=now))


def _add(db: Db, grown: Mapping[Sampled, float]) -> None:
    """Add to the rows there are, in order: who waits for a row holds none behind it."""
    for (name, labels), more in sorted(grown.items()):
        row = (Tally.name == name, Tally.labels == labels)
        added = db.execute(update(Tally).where(*row).values(value=Tally.value + more))
        if not added.rowcount:  # type: ignore[attr-defined]
            db.add(Tally(name=name, labels=labels, value=more))
