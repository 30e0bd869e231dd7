"""Makes dated sessions of the pack's activities, some weeks ahead; running again is harmless.

Times are wall-clock times of the community. Activities that happen once (COUNT in the rule)
are counted from the week they were first written, so that a pack does not go stale.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from actions.booking import places, stages, waitlist
from actions.booking.model import Session, SessionStatus
from actions.booking.programme import Programme
from actions.db import Db
from actions.wording import read_wording
from knowledge.pack import Activity, Pack
from knowledge.programme import Span, first_day, occurrences

AHEAD = timedelta(weeks=5)

# Each dialect has its own way to pass over what is there already.
INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def write_sessions(db: Db, pack: Pack, *, now: datetime) -> int:
    """Write the sessions of the coming weeks and return how many are new.

    A changed pack changes the places of sessions to come, never below those taken. A session
    the pack no longer has is closed (no places) unless somebody has booked it: then it stays.
    What staff made, moved or cancelled stays as they left it.
    """
    planned = {
        activity.id: _plan(activity, _first_of(db, activity, pack, now), pack, now)
        for activity in pack.activities.values()
    }
    known = _upcoming(db, now)
    _withdraw(db, known, planned)
    new = []
    for activity in pack.activities.values():
        for span in planned[activity.id]:
            session = known.get((activity.id, span[0]))
            if session is None:
                new.append(_row(activity, span))
            elif _differs(session, activity, span[1]):
                _change(db, pack, session, activity, span[1], now)
    _write(db, new)
    return len(new)


def _plan(activity: Activity, first: date, pack: Pack, now: datetime) -> list[Span]:
    zone = pack.zone
    counted = "COUNT" in activity.rrule
    latest = max(now + AHEAD, datetime.combine(first, activity.start, zone))
    planned = []
    for span in occurrences(activity, first, zone):
        if span[0] > latest and not counted:
            break
        if span[0] > now:
            planned.append(span)
    return planned


def _first_of(db: Db, activity: Activity, pack: Pack, now: datetime) -> date:
    """Return the day the activity is counted from: its earliest session, else the pack's."""
    zone = pack.zone
    earliest = db.scalar(
        select(func.min(Session.planned_at)).where(
            Session.activity_id == activity.id, Session.by_hand.is_(False)
        )
    )
    if earliest is not None:
        return earliest.astimezone(zone).date()
    return first_day(activity, now.astimezone(zone).date())


def _upcoming(db: Db, now: datetime) -> dict[tuple[str, datetime], Session]:
    """Hold the sessions to come, so that staff and residents come before or after."""
    ids = db.scalars(select(Session.id).where(Session.planned_at > now)).all()
    return {(row.activity_id, row.planned_at): row for row in places.hold_all(db, ids)}


def _differs(session: Session, activity: Activity, ends_at: datetime) -> bool:
    """Whether the pack says something else now of a session that is still the pack's."""
    if session.staff_id is not None:
        return False
    return (session.places, session.ends_at) != (activity.places, ends_at)


def _row(activity: Activity, span: Span) -> dict[str, Any]:
    return {
        "activity_id": activity.id,
        "planned_at": span[0],
        "starts_at": span[0],
        "ends_at": span[1],
        "places": activity.places,
        "taken": 0,
        "kept": 0,
        "waitlist_next": 0,
        "by_hand": False,
        "status": SessionStatus.OPEN,
        "revision": 0,
    }


def _write(db: Db, rows: list[dict[str, Any]]) -> None:
    """Write new sessions, except those another process has just written."""
    insert = INSERT[db.get_bind().dialect.name]
    if rows:
        db.execute(insert(Session).on_conflict_do_nothing(), rows)


def _change(
    db: Db, pack: Pack, session: Session, activity: Activity, ends_at: datetime, now: datetime
) -> None:
    """Take over what the pack says now; places that came free go to those who wait."""
    seats = case((Session.taken > activity.places, Session.taken), else_=activity.places)
    db.execute(
        update(Session)
        .where(Session.id == session.id)
        .values(places=seats, ends_at=ends_at)
        .execution_options(synchronize_session=False)
    )
    programme = Programme(pack, read_wording(pack.zone))
    waitlist.offer(db, programme, session_id=session.id, now=now)


def _withdraw(
    db: Db,
    known: Mapping[tuple[str, datetime], Session],
    planned: Mapping[str, Sequence[Span]],
) -> None:
    """Close the sessions no longer in the pack that nobody has booked, or is in the draw of."""
    wanted = {
        (activity_id, span[0]) for activity_id in planned for span in planned[activity_id]
    }
    gone = [
        session.id
        for key, session in known.items()
        if key not in wanted and session.staff_id is None
    ]
    db.execute(
        update(Session)
        .where(Session.id.in_(gone), Session.taken == 0, ~stages.is_entered)
        .values(places=0)
        .execution_options(synchronize_session=False)
    )
