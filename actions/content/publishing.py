"""Publishing: check, build the index, ask the golden questions, activate; all or nothing.

It takes seconds and so runs in a process of its own; the row of the publication says how far it
is. Whatever happens before the last transaction changes nothing for residents.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from actions.clock import Clock
from actions.content import editions, revisions
from actions.content.editions import Changeover, Home
from actions.content.model import Edition, Publication, State
from actions.db import Database, Db
from actions.errors import Refusal, kind_of
from actions.people.locks import alone
from knowledge import check, documents, gate, index, search
from knowledge.embedder import Embedder
from knowledge.errors import IndexUnusable, PackInvalid
from knowledge.gate import Asked
from knowledge.golden import FILE as GOLDEN
from knowledge.pack import Pack, load_pack
from knowledge.passages import passages_of
from knowledge.search import KnowledgeBase

log = structlog.get_logger()

SEEN_EVERY = 2.0  # s between two signs of life
LOST_AFTER = timedelta(seconds=45)  # without a sign of life: its process was stopped
UNFINISHED = (State.ORDERED, State.RUNNING)
KEPT_EDITIONS = 20  # whose index and documents stay on disk, to roll back to

Tick = Callable[[str], None]


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
    error: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Press:
    """What publishing stands on.

    `embedder` is called only when it is needed; `keep` at the end, whatever came of it.
    """

    database: Database
    clock: Clock
    home: Home
    embedder: Callable[[], Embedder]
    keep: Callable[[], None] = lambda: None


class Refused(Exception):
    """The check or the golden questions say no; the report says why."""


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


def run_ordered(press: Press) -> Publication | None:
    """Run the publication that waits, if one does, and return it as it ended."""
    number = _claim(press)
    if number is None:
        return None
    report = Report()
    try:
        with _signs_of_life(press, number):
            _publish(press, number, report)
    except Refused:
        _end(press, number, State.REFUSED, report)
    except Lost:
        log.error("publication lost", publication=number)
    except Exception as error:
        log.error("publication failed", publication=number, error=kind_of(error))
        report.error = type(error).__name__
        _end(press, number, State.FAILED, report)
    press.keep()
    with press.database.reading() as db:
        return db.get_one(Publication, number)


def _claim(press: Press) -> int | None:
    now = press.clock.now()
    with press.database.transaction() as db:
        alone(db, Publication)
        fail_lost(db, now=now)
        waiting = select(Publication).where(Publication.state == State.ORDERED)
        found = db.scalar(waiting.order_by(Publication.id).limit(1))
        if found is None:
            return None
        found.state, found.seen_at = State.RUNNING, now
        return found.id


def _publish(press: Press, number: int, report: Report) -> None:
    """Go all the way; the last step alone changes what residents get."""
    with press.database.reading() as db:
        publication = db.get_one(Publication, number)
        texts = revisions.documents_of(db, publication.revisions)
    tick = _stopwatch(press, number, report)
    tick("check")
    pack = _checked(press, texts, report)
    tick("build")
    with _index_of(press, publication, texts, pack) as built:
        tick("golden")
        _ask_golden(press, texts, pack, built, report)
        tick("activate")
        _activate(press, number, pack, built, report)
    tick("")


def _checked(press: Press, texts: Mapping[str, str], report: Report) -> Pack:
    """Read the content from where residents will get it.

    Raises:
        Refused: it has mistakes.
    """
    version, today = documents.version_of(texts), press.clock.now().date()
    try:
        folder = press.home.shelf.lay_out(version, lambda: texts)
        mistakes, report.warnings = check.check(folder, today)
        pack = load_pack(folder) if not mistakes else None
        mistakes += gate.strangers(pack.golden, editions.records(pack)) if pack else []
    except PackInvalid as invalid:
        mistakes, pack = invalid.mistakes, None
    report.mistakes = mistakes
    if report.mistakes or pack is None:
        raise Refused
    if not pack.golden:
        report.warnings.insert(0, f"There is no {GOLDEN}: no question was asked")
    return pack


@dataclass(frozen=True)
class _Built:
    """An index: where its folder lies now, and its version."""

    folder: Path
    version: str


@contextmanager
def _index_of(
    press: Press, publication: Publication, texts: Mapping[str, str], pack: Pack
) -> Iterator[_Built]:
    """Build the index apart from the others, unless set-up has built the very one."""
    if index.built_from(press.home.index_dir) == (
        documents.version_of(texts),
        publication.set_up_index,
    ):
        yield _Built(press.home.index_dir, publication.set_up_index or "")
        return
    press.home.index_dir.mkdir(parents=True, exist_ok=True)
    for left in press.home.index_dir.glob("candidate-*"):  # by one that was stopped
        shutil.rmtree(left, ignore_errors=True)
    apart = Path(tempfile.mkdtemp(prefix="candidate-", dir=press.home.index_dir))
    try:
        yield _Built(apart, search.build(pack, press.embedder(), apart, store=press.home.store))
    finally:
        shutil.rmtree(apart, ignore_errors=True)


def _ask_golden(
    press: Press, texts: Mapping[str, str], pack: Pack, built: _Built, report: Report
) -> None:
    """Hold the new edition to what the active one answers right.

    Raises:
        Refused: there is a question that is no longer answered right.
    """
    report.passages = len(passages_of(pack))
    active = _active_base(press, report) if pack.golden else None
    if active is None:  # nothing is asked, or there is nothing to compare with
        return
    with press.database.reading() as db:
        before = press.home.shelf.pack(db)
    candidate = KnowledgeBase(built.folder, press.embedder(), press.home.store, built.version)
    try:
        outcome = gate.compare(pack.golden, Asked(candidate, pack), Asked(active, before))
    finally:
        candidate.close()
        active.close()
    report.asked, report.right = outcome.asked, outcome.right
    report.right_before = outcome.right_before
    report.regressions = [asdict(regression) for regression in outcome.regressions]
    if report.regressions:
        raise Refused


def _active_base(press: Press, report: Report) -> KnowledgeBase | None:
    """Open what answers now; None when there is nothing, or nothing that can be opened."""
    with press.database.reading() as db:
        found = editions.active(db)
    if found is None:
        return None
    try:
        return KnowledgeBase(
            press.home.index_dir, press.embedder(), press.home.store, found.index_version
        )
    except IndexUnusable:
        report.warnings.append("The active index cannot be opened; nothing was compared")
        return None


def _activate(press: Press, number: int, pack: Pack, built: _Built, report: Report) -> None:
    """Put the index among the others, and say in one transaction that all of it is active."""
    lies = press.home.index_dir / built.version
    if not lies.exists():
        (built.folder / built.version).rename(lies)
    now = press.clock.now()
    with press.database.transaction() as db:
        publication = _still_ours(db, number)
        before = press.home.shelf.pack(db)
        edition = editions.activate(
            db,
            Edition(
                version=pack.folder.name,
                index_version=built.version,
                set_up_index=publication.set_up_index,
                revisions=publication.revisions,
                staff_id=publication.staff_id,
                published_at=now,
            ),
        )
        changeover = Changeover(before, pack, editions.changes(before, pack))
        press.home.follow(db, changeover, now)
        report.changed = len(changeover.changes)
        publication.state, publication.edition_id = State.PUBLISHED, edition.id
        publication.ended_at, publication.report = now, asdict(report)
    _forget_old(press)


def _still_ours(db: Db, number: int) -> Publication:
    """Take the publication for the last step.

    Raises:
        Lost: it was meanwhile taken for dead.
    """
    alone(db, Publication)
    publication = db.get_one(Publication, number)
    if publication.state != State.RUNNING:
        raise Lost
    return publication


def _stopwatch(press: Press, number: int, report: Report) -> Tick:
    """Return what notes the step that begins, and how long the one before took."""
    began, name = perf_counter(), ""

    def tick(step: str) -> None:
        nonlocal began, name
        now = perf_counter()
        if name:
            report.seconds[name] = round(now - began, 3)
        began, name = now, step
        if step:
            _seen(press, number, step=step)

    return tick


@contextmanager
def _signs_of_life(press: Press, number: int) -> Iterator[None]:
    over = threading.Event()

    def show() -> None:
        while not over.wait(SEEN_EVERY):
            with suppress(SQLAlchemyError):  # the next sign may get through
                _seen(press, number)

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _seen(press: Press, number: int, **values: str) -> None:
    with press.database.transaction() as db:
        db.execute(
            update(Publication)
            .where(Publication.id == number, Publication.state == State.RUNNING)
            .values(seen_at=press.clock.now(), **values)
        )


def _end(press: Press, number: int, state: State, report: Report) -> None:
    with press.database.transaction() as db:
        db.execute(
            update(Publication)
            .where(Publication.id == number, Publication.state == State.RUNNING)
            .values(state=state, ended_at=press.clock.now(), report=asdict(report))
        )


def _forget_old(press: Press) -> None:
    """Remove what nobody rolls back to any more; set-up's own index stays."""
    with press.database.reading() as db:
        kept = db.execute(
            select(Edition.version, Edition.index_version, Edition.set_up_index)
            .order_by(Edition.id.desc())
            .limit(KEPT_EDITIONS)
        ).all()
    names = {name for row in kept for name in row}
    with suppress(IndexUnusable):
        names.add(index.latest(press.home.index_dir))
    for folder in (press.home.index_dir, press.home.shelf.folder):
        for old in folder.iterdir():
            if old.is_dir() and index.VERSION.fullmatch(old.name) and old.name not in names:
                shutil.rmtree(old, ignore_errors=True)
