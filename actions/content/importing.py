"""Takes over the pack's files at set-up: what changed is published, through the gate."""

import time
from collections.abc import Mapping

from sqlalchemy import select

from actions.content import publications, publishing, revisions
from actions.content.model import Edition, Publication, Revision, State
from actions.content.publications import LOST_AFTER
from actions.content.publishing import Press
from actions.db import Db
from actions.errors import Refusal
from knowledge import documents, index
from knowledge.errors import IndexUnusable

PATIENCE = int(LOST_AFTER.total_seconds()) + 5  # s; until then a stopped publication is over


def take_over(press: Press) -> Publication | None:
    """Import the files that changed and publish them; None when there is nothing new.

    A newly built index is published too, and what residents get is published once more where
    its index is lost. What staff have published stays where no file of the same document is
    newer; what they have not published stays unpublished.

    Raises:
        PackInvalid: a file cannot be read at all.
    """
    texts = documents.read_documents(press.home.shelf.files.folder)
    with press.database.transaction() as db:
        revisions.import_files(db, texts, now=press.clock.now())
    for _ in range(PATIENCE):
        try:
            if not _order(press):
                return None
            return publishing.run_ordered(press)
        except Refusal:  # another one runs, or was stopped a moment ago
            time.sleep(1)
    return None


def _order(press: Press) -> bool:
    built = index.built_from(press.home.index_dir)
    set_up_index = built[1] if built else None
    with press.database.transaction() as db:
        active = db.scalar(select(Edition).order_by(Edition.id.desc()).limit(1))
        pending = _pending(db)
        as_it_was = active and not pending and active.set_up_index == set_up_index
        if active and as_it_was and _is_there(press, active.index_version):
            return False
        wanted = {**_published(db, active), **pending}
        now = press.clock.now()
        publications.order(db, wanted, staff_id=None, now=now, set_up_index=set_up_index)
    return True


def _is_there(press: Press, version: str) -> bool:
    """Whether an index can be opened here: it is not where only the store was brought back."""
    try:
        folder = index.folder_of(press.home.index_dir, version)
        index.load(folder, press.home.store).close()
    except IndexUnusable:
        return False
    return True


def _published(db: Db, active: Edition | None) -> Mapping[str, int]:
    if active and active.version is not None:
        return active.revisions
    return {path: revision.id for path, revision in revisions.latest_of_each(db).items()}


def _pending(db: Db) -> dict[str, int]:
    """Return the files' revisions that were never published, the latest of each path.

    One that was published and rolled back is none of them: set-up does not undo a roll-back.
    """
    # What was ordered, not what editions name: those have texts a publish wrote itself, later.
    published = select(Publication.revisions).where(Publication.state == State.PUBLISHED)
    reached = max((n for ordered in db.scalars(published) for n in ordered.values()), default=0)
    newer = select(Revision.path, Revision.id).where(
        revisions.FROM_FILES, Revision.id > reached
    )
    return {path: number for path, number in db.execute(newer.order_by(Revision.id))}
