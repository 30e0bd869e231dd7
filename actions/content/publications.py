"""Publications: ordered at the desk or by set-up, run one at a time, and how each ended.

The row says how far it is. Who runs one shows signs of life; without them it is taken for dead,
and then it must not activate anything any more.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from time import perf_counter

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from actions.clock import Clock
from actions.content.model import Edition, Publication, State
from actions.db import Database, Db
from actions.errors import Refusal
from actions.people.locks import alone

SEEN_EVERY = 2.0  # s between two signs of life
LOST_AFTER = timedelta(seconds=45)  # without a sign of life: its process was stopped
UNFINISHED = (State.ORDERED, State.RUNNING)


@dataclass
class Report:
    """What came of a publication. Sentences are for staff; `seconds` says where time went."""

    mistakes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    regressions: list[dict[str, str]] = field(default_factory=list)
    asked: int = 0
    right: int = 0
    right_before: int = 0
    passages: int = 0
    changed: int = 0
    folded: int = 0
    error: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


class Lost(Exception):
    """Somebody has meanwhile taken this publication for dead: it must not activate anything."""


def order(
    db: Db,
    wanted: Mapping[str, int],
    *,
    staff_id: int | None,
    now: datetime,
    set_up_index: str | None = None,
) -> Publication:
    """Order a publication of these revisions, by path; whoever runs publications begins soon.

    Raises:
        Refusal: another one waits or runs.
    """
    alone(db, Publication)
    fail_lost(db, now=now)
    if db.scalar(select(Publication.id).where(Publication.state.in_(UNFINISHED)).limit(1)):
        raise Refusal("utter_content_already_publishing")
    placed = Publication(
        state=State.ORDERED,
        revisions=dict(wanted),
        set_up_index=set_up_index,
        report={},
        staff_id=staff_id,
        ordered_at=now,
        seen_at=now,
    )
    db.add(placed)
    db.flush()
    return placed


def is_ordered(db: Db) -> bool:
    """Whether a publication waits for somebody to run it."""
    waiting = select(Publication.id).where(Publication.state == State.ORDERED)
    return db.scalar(waiting.limit(1)) is not None


def is_lost(publication: Publication, *, now: datetime) -> bool:
    """Whether nobody works on it any more, though it is said to run."""
    return publication.state == State.RUNNING and publication.seen_at < now - LOST_AFTER


def fail_lost(db: Db, *, now: datetime) -> None:
    """Mark what nobody works on any more as failed: nothing of it was published."""
    db.execute(
        update(Publication)
        .where(Publication.state == State.RUNNING, Publication.seen_at < now - LOST_AFTER)
        .values(state=State.FAILED, ended_at=now, report={"error": "stopped"})
        .execution_options(synchronize_session=False)
    )


def recent(db: Db, limit: int = 10) -> list[Publication]:
    """Return the latest publications, the newest first."""
    newest_first = select(Publication).order_by(Publication.id.desc())
    return list(db.scalars(newest_first.limit(limit)))


@dataclass
class Work:
    """A publication that is ours to run; `report` is what comes of it."""

    database: Database
    clock: Clock
    number: int
    report: Report = field(default_factory=Report)
    _step: str = ""
    _began: float = 0.0

    def begin(self, step: str) -> None:
        """Note the step that begins, and how long the one before took."""
        self._stop_watch()
        self._step, self._began = step, perf_counter()
        self._change(seen_at=self.clock.now(), step=step)

    @contextmanager
    def signs_of_life(self) -> Iterator[None]:
        """Show again and again that somebody works on it."""
        over = threading.Event()

        def show() -> None:
            while not over.wait(SEEN_EVERY):
                with suppress(SQLAlchemyError):  # the next sign may get through
                    self._change(seen_at=self.clock.now())

        thread = threading.Thread(target=show, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def still_ours(self, db: Db) -> Publication:
        """Take the publication for the last step.

        Raises:
            Lost: it was meanwhile taken for dead.
        """
        alone(db, Publication)
        publication = db.get_one(Publication, self.number)
        if publication.state != State.RUNNING:
            raise Lost
        return publication

    def publish(self, publication: Publication, edition: Edition) -> None:
        """Note, in the transaction that makes it so, that residents get its edition."""
        self._stop_watch()
        publication.state, publication.edition_id = State.PUBLISHED, edition.id
        publication.ended_at, publication.report = edition.published_at, asdict(self.report)

    def end(self, state: State) -> None:
        """Note that nothing was published."""
        self._change(state=state, ended_at=self.clock.now(), report=asdict(self.report))

    def _stop_watch(self) -> None:
        if self._step:
            self.report.seconds[self._step] = round(perf_counter() - self._began, 3)

    def _change(self, **values: object) -> None:
        """Change the row, unless it was taken for dead."""
        with self.database.transaction() as db:
            db.execute(
                update(Publication)
                .where(Publication.id == self.number, Publication.state == State.RUNNING)
                .values(**values)
            )


def claim(database: Database, clock: Clock) -> Work | None:
    """Take the publication that waits, if one does: it is ours to run."""
    now = clock.now()
    with database.transaction() as db:
        alone(db, Publication)
        fail_lost(db, now=now)
        waiting = select(Publication).where(Publication.state == State.ORDERED)
        found = db.scalar(waiting.order_by(Publication.id).limit(1))
        if found is None:
            return None
        found.state, found.seen_at = State.RUNNING, now
        return Work(database, clock, found.id)
