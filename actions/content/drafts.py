"""What staff have written and not yet published."""

from dataclasses import dataclass

from sqlalchemy import func, select

from actions.content import revisions
from actions.content.editions import Shelf, active
from actions.content.model import Edition, Revision
from actions.db import Db
from knowledge import documents
from knowledge.errors import PackInvalid
from knowledge.pack import Pack, load_pack


@dataclass(frozen=True)
class Unpublished:
    """A document's latest text, and the one residents get; None where there is none."""

    revision: Revision
    published: Revision | None


def unpublished(db: Db) -> list[Unpublished]:
    """Return every document whose latest text is not the one residents get, by path."""
    found = active(db)
    reached = db.get_one(Edition, found.id).revisions if found else {}
    latest = select(func.max(Revision.id)).group_by(Revision.path)
    newer = select(Revision).where(
        Revision.id.in_(latest), Revision.id.not_in(list(reached.values()))
    )
    pairs = [
        Unpublished(revision, db.get(Revision, reached.get(revision.path, 0)))
        for revision in db.scalars(newer.order_by(Revision.path))
    ]
    return [pair for pair in pairs if pair.revision.text != _text(pair.published)]


def wanted(db: Db) -> dict[str, int]:
    """Return the revisions a publication of everything written would have, by path."""
    return {path: revision.id for path, revision in revisions.latest_of_each(db).items()}


def draft_pack(db: Db, shelf: Shelf) -> Pack:
    """Return the content as it would be if everything written were published.

    Where that has mistakes, what residents get now.
    """
    if not unpublished(db):
        return shelf.pack(db)
    texts = {path: r.text or "" for path, r in revisions.latest_of_each(db).items()}
    try:
        return load_pack(shelf.lay_out(documents.version_of(texts), lambda: texts))
    except PackInvalid:
        return shelf.pack(db)


def _text(revision: Revision | None) -> str | None:
    return revision.text if revision else None
