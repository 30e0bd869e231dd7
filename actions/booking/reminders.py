"""When a booking is reminded of: the evening before and two hours before, never at night.

A reminder is a notice that belongs to its booking: whatever cancels or moves the booking
cancels it in the same transaction. One that could not be sent in time is never sent late.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from actions import outbox
from actions.booking.model import Booking, Session
from actions.booking.programme import Programme, values_of
from actions.conversations import Conversation
from actions.db import Db
from actions.people import scope
from actions.quiet import is_quiet, quiet_begins


class Preference(StrEnum):
    """Which reminders a resident wants."""

    ALL = "all"
    EVENING = "evening"
    DAY = "day"
    NONE = "none"


@dataclass(frozen=True)
class Reminder:
    """One reminder: its name, when it is due, and who wants it."""

    name: str
    due: Callable[[datetime], datetime]  # from the session's beginning, on the local clock
    wanted_by: frozenset[Preference]


def _evening_before(starts: datetime) -> datetime:
    return datetime.combine(starts.date() - timedelta(days=1), EVENING, starts.tzinfo)


def _two_hours_before(starts: datetime) -> datetime:
    return starts - timedelta(hours=2)


EVENING = time(18)
REMINDERS = (
    Reminder("evening", _evening_before, frozenset({Preference.ALL, Preference.EVENING})),
    Reminder("soon", _two_hours_before, frozenset({Preference.ALL, Preference.DAY})),
)


def due_times(
    session: Session, *, zone: tzinfo, preference: Preference, now: datetime
) -> list[tuple[str, datetime]]:
    """Return the names and due times of the reminders still to come, soonest first."""
    starts = session.starts_at.astimezone(zone)
    wanted = [(r.name, r.due(starts)) for r in REMINDERS if preference in r.wanted_by]
    return [(name, due) for name, due in wanted if due > now and not is_quiet(due, zone)]


def owe(db: Db, programme: Programme, booking: Booking, *, now: datetime) -> None:
    """Owe a booking's reminders to whoever asked for it, as they want them.

    Each is sent before the next is due and before the night, or not at all.
    """
    session, zone = booking.session, programme.wording.zone
    with scope.unlimited(db):  # who is reminded may be of any area
        resident = db.get_one(Conversation, booking.conversation_id).resident
    own = resident.id == booking.resident_id
    due = due_times(
        session,
        zone=zone,
        preference=Preference(resident.reminders),
        now=now,
    )
    ends = [*(moment for _, moment in due[1:]), session.starts_at]
    for (name, moment), stale_at in zip(due, ends, strict=False):
        outbox.put_once(
            db,
            conversation_id=booking.conversation_id,
            response="utter_booking_reminder" if own else "utter_theirs_reminder",
            due_at=moment,
            stale_at=min(stale_at, quiet_begins(moment, zone)),
            values=values_of(programme, booking),
            about=about(booking),
            key=f"{about(booking)}:{session.revision}:{name}{'' if own else ':theirs'}",
        )


def about(booking: Booking) -> str:
    """Return what notices about a booking are filed under."""
    return f"booking:{booking.id}"
