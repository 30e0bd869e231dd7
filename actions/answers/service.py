"""The active index: read at every question, moved on by set-up."""

from datetime import datetime

from sqlalchemy import select

from actions.answers.model import IndexVersion
from actions.db import Db


def active_version(db: Db) -> str | None:
    """Return the version that answers; None before the first was activated."""
    return db.scalar(select(IndexVersion.version).order_by(IndexVersion.id.desc()).limit(1))


def activate(db: Db, version: str, *, now: datetime) -> None:
    """Make a version the one that answers, from the next question on."""
    if active_version(db) != version:
        db.add(IndexVersion(version=version, activated_at=now))
        db.flush()
