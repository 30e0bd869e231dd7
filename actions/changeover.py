"""A changeover to other content: what else happens then, in the same transaction.

Sessions, bookings and lines are of any area, whoever of the staff publishes.
"""

from collections.abc import Callable
from datetime import datetime

from actions.booking import places, service, waitlist
from actions.booking.programme import Programme
from actions.booking.schedule import write_sessions
from actions.content import offline
from actions.content.editions import Changeover
from actions.content.offline import Subject
from actions.db import Db
from actions.people import scope


def rewrite_sessions(db: Db, changeover: Changeover, now: datetime) -> None:
    """Bring the sessions of the coming weeks to what the activities say now."""
    if any(change.kind == "activity" for change in changeover.changes):
        write_sessions(db, changeover.after, now=now)


# Each is told what changed: the records by kind and id, with their old and new versions.
DEEDS: tuple[Callable[[Db, Changeover, datetime], None], ...] = (rewrite_sessions,)


def follow(db: Db, changeover: Changeover, now: datetime) -> None:
    """Do everything that follows from new content."""
    with scope.unlimited(db):
        for deed in DEEDS:
            deed(db, changeover, now)


def bring_back(
    db: Db, programme: Programme, subject: Subject, *, staff_id: int, now: datetime
) -> None:
    """Let something be told again; who waits is offered the places that came free meanwhile."""
    offline.bring_back(db, subject, staff_id=staff_id, now=now)
    kind, record_id = subject
    if kind == "activity":
        with scope.unlimited(db):
            to_come = service.sessions_between(db, start=now, activity_ids=[record_id])
            for session in places.hold_all(db, [session.id for session in to_come]):
                waitlist.offer(db, programme, session_id=session.id, now=now)
