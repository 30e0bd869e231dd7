"""The steps of a publish: check, build, ask the golden questions, activate; all or nothing.

It takes seconds and so runs in a process of its own. Whatever happens before the last
transaction changes nothing for residents.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog
from sqlalchemy import select

from actions.clock import Clock
from actions.content import editions, folding, publications, revisions
from actions.content.editions import Changeover, Home
from actions.content.folding import Folded, Taught
from actions.content.model import Edition, Publication, State
from actions.content.publications import Lost, Report, Work
from actions.db import Database, Db
from actions.errors import kind_of
from knowledge import check, documents, gate, index, search
from knowledge.embedder import Embedder
from knowledge.errors import IndexUnusable, PackInvalid
from knowledge.gate import Asked
from knowledge.golden import FILE as GOLDEN
from knowledge.pack import Pack, load_pack
from knowledge.passages import passages_of
from knowledge.ranking import Ranker, RememberingRanker, rank
from knowledge.search import KnowledgeBase

log = structlog.get_logger()

KEPT_EDITIONS = 20  # whose index and documents stay on disk, to roll back to


@dataclass(frozen=True)
class Press:
    """What publishing stands on.

    `embedder` is called only when it is needed; `keep` at the end, whatever came of it.
    `taught` says which questions staff have taught.
    """

    database: Database
    clock: Clock
    home: Home
    embedder: Callable[[], Embedder]
    keep: Callable[[], None] = lambda: None
    taught: Callable[[Db], Sequence[Taught]] = lambda _db: ()


class Refused(Exception):
    """The check or the golden questions say no; the report says why."""


def run_ordered(press: Press) -> Publication | None:
    """Run the publication that waits, if one does, and return it as it ended."""
    work = publications.claim(press.database, press.clock)
    if work is None:
        return None
    try:
        with work.signs_of_life():
            _publish(press, work)
    except Refused:
        work.end(State.REFUSED)
    except Lost:
        log.error("publication lost", publication=work.number)
    except Exception as error:
        log.error("publication failed", publication=work.number, error=kind_of(error))
        work.report.error = type(error).__name__
        work.end(State.FAILED)
    press.keep()
    with press.database.reading() as db:
        return db.get_one(Publication, work.number)


def _publish(press: Press, work: Work) -> None:
    """Go all the way; the last step alone changes what residents get."""
    with press.database.reading() as db:
        publication = db.get_one(Publication, work.number)
        texts = revisions.documents_of(db, publication.revisions)
    work.begin("check")
    pack = _checked(press, texts, work.report)
    folded = _folded(press, publication, texts, pack)
    if folded.now:
        pack = _checked(press, folded.texts, work.report)
    work.report.warnings += folded.elsewhere
    work.report.folded = len(folded.now)
    work.begin("build")
    with _index_of(press, publication, folded.texts, pack) as built:
        work.begin("golden")
        _ask_golden(press, pack, built, work.report)
        work.begin("activate")
        _activate(press, work, pack, built, folded)


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


def _folded(
    press: Press, publication: Publication, texts: Mapping[str, str], pack: Pack
) -> Folded:
    """Fold in what staff have taught.

    What the active edition has, and its record no longer, an editor has taken out; unless the
    record comes from the files, which know nothing of what was taught.
    """
    with press.database.reading() as db:
        taught, had = press.taught(db), editions.folded(db)
        files = folding.from_files(db, publication.revisions)
    removable = {one.number for one in taught if one.number in had and one.path not in files}
    return folding.fold(texts, pack, taught, removable=removable)


@dataclass(frozen=True)
class _Built:
    """An index: where its folder lies now, its version, and what ranks in it.

    Calibrating and the gate ask the same golden questions: an answer is worked out once.
    """

    folder: Path
    version: str
    ranker: Ranker


@contextmanager
def _index_of(
    press: Press, publication: Publication, texts: Mapping[str, str], pack: Pack
) -> Iterator[_Built]:
    """Build the index apart from the others, unless set-up has built the very one."""
    if index.built_from(press.home.index_dir) == (
        documents.version_of(texts),
        publication.set_up_index,
    ):
        yield _Built(press.home.index_dir, publication.set_up_index or "", rank)
        return
    press.home.index_dir.mkdir(parents=True, exist_ok=True)
    for left in press.home.index_dir.glob("candidate-*"):  # by one that was stopped
        shutil.rmtree(left, ignore_errors=True)
    apart = Path(tempfile.mkdtemp(prefix="candidate-", dir=press.home.index_dir))
    try:
        embedder, store, ranker = press.embedder(), press.home.store, RememberingRanker()
        version = search.build(pack, embedder, apart, store=store, ranker=ranker)
        yield _Built(apart, version, ranker)
    finally:
        shutil.rmtree(apart, ignore_errors=True)


def _ask_golden(press: Press, pack: Pack, built: _Built, report: Report) -> None:
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
    candidate = KnowledgeBase(
        built.folder, press.embedder(), press.home.store, built.version, built.ranker
    )
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


def _activate(press: Press, work: Work, pack: Pack, built: _Built, folded: Folded) -> None:
    """Put the index among the others, and say in one transaction that all of it is active."""
    lies = press.home.index_dir / built.version
    if not lies.exists():
        (built.folder / built.version).rename(lies)
    now = press.clock.now()
    with press.database.transaction() as db:
        publication = work.still_ours(db)
        before = press.home.shelf.pack(db)
        edition = editions.activate(
            db,
            Edition(
                version=pack.folder.name,
                index_version=built.version,
                set_up_index=publication.set_up_index,
                revisions=folding.write(db, publication.revisions, folded, now=now),
                folded=folded.numbers,
                staff_id=publication.staff_id,
                published_at=now,
            ),
        )
        changeover = Changeover(before, pack, editions.changes(before, pack))
        press.home.follow(db, changeover, now)
        work.report.changed = len(changeover.changes)
        work.publish(publication, edition)
    _forget_old(press)


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
