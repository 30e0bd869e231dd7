"""Files that are nobody's any more: they go once the transaction that said so is through."""

from pathlib import Path

from sqlalchemy import ColumnElement, select

from actions.conversations import Upload
from actions.db import Db

AT_ONCE = 50


def is_any_due(db: Db) -> bool:
    """Whether `remove_due` may find something."""
    return db.scalar(select(Upload.id).where(_nobodys()).limit(1)) is not None


def remove_due(db: Db, folder: Path) -> int:
    """Remove some files that are nobody's, and their rows; returns how many."""
    due = db.scalars(select(Upload).where(_nobodys()).order_by(Upload.id).limit(AT_ONCE)).all()
    for upload in due:
        (folder / upload.id).unlink(missing_ok=True)
        db.delete(upload)
    db.flush()
    return len(due)


def _nobodys() -> ColumnElement[bool]:
    return Upload.resident_id.is_(None) & Upload.staff_id.is_(None)
