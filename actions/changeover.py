"""A changeover to other content: what else happens then, in the same transaction."""

from collections.abc import Callable
from datetime import datetime

from actions.booking.schedule import write_sessions
from actions.content.editions import Changeover
from actions.db import Db


def rewrite_sessions(db: Db, changeover: Changeover, now: datetime) -> None:
    """Bring the sessions of the coming weeks to what the activities say now."""
    if any(change.kind == "activity" for change in changeover.changes):
        write_sessions(db, changeover.after, now=now)


# Each is told what changed: the records by kind and id, with their old and new versions.
DEEDS: tuple[Callable[[Db, Changeover, datetime], None], ...] = (rewrite_sessions,)


def follow(db: Db, changeover: Changeover, now: datetime) -> None:
    """Do everything that follows from new content."""
    for deed in DEEDS:
        deed(db, changeover, now)
