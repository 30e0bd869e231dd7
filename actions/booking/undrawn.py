"""Draws that should have been held and were not: staff see them, whoever entered is told.

It happens when the worker stood still, or an activity was offline, until its session began.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, select

from actions import outbox, quiet
from actions.booking import places, service, stages
from actions.booking.model import Draw, DrawEntry, DrawStatus, Session, SessionStatus
from actions.booking.programme import Programme, label
from actions.conversations import Choice, Conversation
from actions.db import Db
from actions.wording import to_json

LATE = timedelta(minutes=15)  # the worker holds a draw within seconds
SHOWN = timedelta(days=7)  # how long staff see that one was not held


def is_undrawn(session: Session, now: datetime) -> bool:
    """Whether the draw of a session is late, or never came."""
    draw = session.draw
    late = draw is not None and draw.drawn_at is None and draw.closes_at + LATE <= now
    return late and session.is_open


def lately(db: Db, *, now: datetime) -> Sequence[Session]:
    """Return the sessions whose draw is late or never came, for staff, soonest first."""
    found = select(Session).join(Session.draw)
    return db.scalars(
        found.where(
            _not_held, Draw.closes_at <= now - LATE, Session.starts_at > now - SHOWN
        ).order_by(Session.starts_at, Session.id)
    ).all()


def is_any_due(db: Db, *, now: datetime) -> bool:
    """Whether `tell_due` may find something."""
    return db.scalar(_due(now).limit(1)) is not None


def tell_due(db: Db, programme: Programme, *, now: datetime) -> int:
    """Tell whoever entered a draw that was not held before its session began; once."""
    told = 0
    for session_id in db.scalars(_due(now)).all():
        places.hold(db, session_id)
        for entry in stages.entered(db, session_id):
            told += stages.take_out(db, entry, DrawStatus.LOST)
            _tell(db, programme, entry, now)
    return told


_not_held: ColumnElement[bool] = and_(
    Draw.drawn_at.is_(None), Session.status == SessionStatus.OPEN
)


def _due(now: datetime) -> Select[int]:
    found = select(Session.id).join(Session.draw)
    return found.where(_not_held, Session.starts_at <= now, stages.is_entered)


def _tell(db: Db, programme: Programme, entry: DrawEntry, now: datetime) -> None:
    """Say that we are sorry, with other sessions to choose from."""
    language = db.get_one(Conversation, entry.conversation_id).resident.language
    others = service.instead_of(db, entry.session, places=entry.places, now=now)
    outbox.put(
        db,
        conversation_id=entry.conversation_id,
        response="utter_draw_not_held",
        due_at=quiet.quiet_ends(now, programme.wording.zone),
        values=to_json(stages.values_of(programme, entry)),
        choices=[
            Choice(label(programme, one, language), "book_activity", str(one.id))
            for one in others
        ],
        about=stages.about(entry),
        key=f"{stages.about(entry)}:not_held",
    )
