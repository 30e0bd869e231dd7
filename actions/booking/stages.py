"""How far the draw of a session is: to come, open, closed, drawn; and who entered it.

A draw opens and closes at noon, some days before its session, as the pack's rules say. What was
published when it opened holds, whatever the rules say later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select, update

from actions.booking import places
from actions.booking.model import Draw, DrawEntry, DrawStatus, Session
from actions.booking.programme import Programme, described
from actions.db import Db
from actions.errors import Refusal

NOON = time(12)


class Stage(StrEnum):
    """before → open → closed → drawn; none where first come is first served.

    So it is where nothing is drawn, or where a session was made too late for a draw.
    """

    NONE = "none"
    BEFORE = "before"
    OPEN = "open"
    CLOSED = "closed"
    DRAWN = "drawn"


@dataclass(frozen=True)
class Window:
    """When a draw opens, and when it closes and is drawn."""

    opens_at: datetime
    closes_at: datetime


def window_of(programme: Programme, session: Session) -> Window:
    """Return the window of a session's draw: as published, else as the rules have it."""
    if session.draw is not None:
        return Window(session.draw.opens_at, session.draw.closes_at)
    return planned(programme, session.starts_at)


def planned(programme: Programme, starts_at: datetime) -> Window:
    """Return the window the rules give the draw of a session that begins then."""
    rules, zone = programme.pack.activity_rules, programme.wording.zone
    day = starts_at.astimezone(zone).date()
    opens_at, closes_at = (
        datetime.combine(day - timedelta(days=days), NOON, zone)
        for days in (rules.draw_opens_days, rules.draw_closes_days)
    )
    return Window(opens_at, closes_at)


def stage_of(programme: Programme, session: Session, now: datetime) -> Stage:
    """Return how far the draw of a session is; what is drawn stays so, whatever the clock."""
    draw, activity = session.draw, programme.pack.activities.get(session.activity_id)
    if draw is not None and draw.drawn_at is not None:
        return Stage.DRAWN
    if draw is None and not (activity and activity.draw):
        return Stage.NONE
    window = window_of(programme, session)
    if now < window.opens_at:
        return Stage.BEFORE
    if now < window.closes_at:
        return Stage.OPEN
    return Stage.CLOSED if draw is not None else Stage.NONE


def is_to_be_drawn(programme: Programme, session: Session, now: datetime) -> bool:
    """Whether the places of a session are still to be drawn."""
    return stage_of(programme, session, now) not in (Stage.NONE, Stage.DRAWN)


def hold(db: Db, session_id: int) -> Session:
    """Make everybody else wait for a session until the commit; read it and its draw afresh."""
    session = places.hold(db, session_id)
    fresh = select(Draw).where(Draw.session_id == session_id)
    db.scalars(fresh.execution_options(populate_existing=True)).all()
    db.refresh(session, ["draw"])
    return session


def check(
    db: Db, programme: Programme, session: Session, resident_id: str, now: datetime
) -> None:
    """Guard a session against whoever comes too early, while it is drawn, or a second time.

    Raises:
        Refusal: its draw opens later, is just being held, or the resident is in it already.
    """
    match stage_of(programme, session, now):
        case Stage.BEFORE:
            raise Refusal("utter_draw_not_open", **told(programme, session))
        case Stage.CLOSED:
            raise Refusal("utter_draw_closed", **told(programme, session))
        case Stage.OPEN if entry := entry_of(db, session.id, resident_id):
            raise Refusal("utter_draw_already", **values_of(programme, entry))


def told(programme: Programme, session: Session) -> dict[str, Any]:
    """Return the values the responses about a draw speak of."""
    window = window_of(programme, session)
    return described(programme, session) | {
        "opens": window.opens_at,
        "closes": window.closes_at,
        "drawn": places_drawn(programme, session),
    }


def values_of(programme: Programme, entry: DrawEntry) -> dict[str, Any]:
    """Return the values the responses about somebody's lot speak of."""
    mine = {"entry": entry.id, "ticket": entry.ticket, "places": entry.places}
    return told(programme, entry.session) | mine


def places_drawn(programme: Programme, session: Session) -> int:
    """Return how many places are drawn: what is neither taken nor kept."""
    if session.draw is None:
        return session.left - kept_of(programme, session)
    return session.left if session.draw.places is None else session.draw.places


def kept_of(programme: Programme, session: Session) -> int:
    """Return how many of the free places the rules keep for who phones or walks in."""
    return session.left * programme.pack.activity_rules.draw_kept_percent // 100


def entry_of(db: Db, session_id: int, resident_id: str) -> DrawEntry | None:
    """Return the lot of a resident in a draw that is still to come."""
    return db.scalar(
        select(DrawEntry).where(
            DrawEntry.session_id == session_id,
            DrawEntry.resident_id == resident_id,
            DrawEntry.status == DrawStatus.ENTERED,
        )
    )


def entered(db: Db, session_id: int) -> Sequence[DrawEntry]:
    """Return who is in a draw that is still to come."""
    return db.scalars(
        select(DrawEntry)
        .where(DrawEntry.session_id == session_id, DrawEntry.status == DrawStatus.ENTERED)
        .order_by(DrawEntry.id)
    ).all()


# Whether anybody is in the draw of a session; for queries of sessions.
is_entered = (
    select(DrawEntry.id)
    .where(DrawEntry.session_id == Session.id, DrawEntry.status == DrawStatus.ENTERED)
    .exists()
)


def count(db: Db, session_id: int) -> int:
    """Return how many are in a draw, or were when it was held."""
    return db.scalars(
        select(func.count())
        .select_from(DrawEntry)
        .where(DrawEntry.session_id == session_id, DrawEntry.status != DrawStatus.LEFT)
    ).one()


def in_order(db: Db, session_id: int) -> Sequence[DrawEntry]:
    """Return who is in a draw or was when it was held: in its order, before it by ticket."""
    return db.scalars(
        select(DrawEntry)
        .where(DrawEntry.session_id == session_id, DrawEntry.status != DrawStatus.LEFT)
        .order_by(DrawEntry.rank, DrawEntry.ticket)
    ).all()


def entries_of(db: Db, *, resident_id: str, now: datetime) -> list[DrawEntry]:
    """Return the draws a resident is in, soonest session first."""
    return list(db.scalars(_of(resident_id, DrawStatus.ENTERED, now)))


def lost_of(db: Db, *, resident_id: str, now: datetime) -> list[DrawEntry]:
    """Return the lots of a resident that did not win a session to come, soonest first."""
    return list(db.scalars(_of(resident_id, DrawStatus.LOST, now)))


def take_out(db: Db, entry: DrawEntry, status: DrawStatus = DrawStatus.LEFT) -> bool:
    """Take somebody out of a draw, who left it or lost; False when they are not in.

    Its session is held already.
    """
    left = db.execute(
        update(DrawEntry)
        .where(DrawEntry.id == entry.id, DrawEntry.status == DrawStatus.ENTERED)
        .values(status=status)
        .execution_options(synchronize_session=False)
    )
    db.refresh(entry)
    return bool(left.rowcount == 1)  # type: ignore[attr-defined]


def about(entry: DrawEntry) -> str:
    """Return what notices about somebody's lot are filed under."""
    return f"draw:{entry.id}"


def _of(resident_id: str, status: DrawStatus, now: datetime) -> Select[DrawEntry]:
    return (
        select(DrawEntry)
        .join(DrawEntry.session)
        .where(
            DrawEntry.resident_id == resident_id,
            DrawEntry.status == status,
            Session.starts_at > now,
        )
        .order_by(Session.starts_at, DrawEntry.id)
    )
