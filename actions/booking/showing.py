"""How sessions and bookings are shown: as choices to tap, and as lines."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from actions.booking import service
from actions.booking.model import Booking, Session, WaitlistEntry
from actions.booking.programme import Programme, described
from actions.booking.reading import Window
from actions.conversations import Choice
from actions.dialogue import Turn
from knowledge.pack import Activity

SHOWN, SHOWN_ELDER = 5, 3


def programme(turn: Turn) -> Programme:
    """Return what is on here, and how it is told."""
    return Programme(turn.pack, turn.wording)


def limit(turn: Turn) -> int:
    """Return how many choices this resident is shown at once."""
    return SHOWN_ELDER if turn.row.elder else SHOWN


def line(turn: Turn, response: str, **values: Any) -> str:
    """Render one line the way this resident reads it."""
    return turn.wording.render(
        response, language=turn.language, elder=turn.row.elder, values=values
    ).text


def session_choices(turn: Turn, sessions: Iterable[Session], intent: str) -> list[Choice]:
    """Return sessions as choices to book them; what is full or drawn says so."""
    return [
        Choice(
            line(turn, label_of(session, programme(turn)), **told(turn, session)),
            intent,
            str(session.id),
        )
        for session in list(sessions)[: limit(turn)]
    ]


def label_of(session: Session, told: Programme, free: str = "utter_label_session") -> str:
    """Return the label of a session: drawn, full, or `free` while there are places."""
    activity = told.pack.activities.get(session.activity_id)
    if activity and activity.draw:
        return "utter_label_session_drawn"
    return free if session.left else "utter_label_session_full"


def activity_choices(turn: Turn, activities: Iterable[Activity]) -> list[Choice]:
    """Return activities as choices."""
    shown = list(activities)[: limit(turn)]
    return [Choice(a.name.in_(turn.language), "choose", a.id) for a in shown]


def held_choices(turn: Turn, held: Iterable[Booking | WaitlistEntry]) -> list[Choice]:
    """Return what a resident has booked or waits for as choices to cancel it."""
    return [
        Choice(
            line(turn, "utter_label_cancel", **told(turn, one.session)),
            "cancel_booking",
            held_value(one),
        )
        for one in list(held)[: limit(turn)]
    ]


def held_value(one: Booking | WaitlistEntry) -> str:
    """Return the value of the choice to cancel a booking, or to leave a line."""
    return str(one.id) if isinstance(one, Booking) else f"w{one.id}"


def held_by(turn: Turn) -> list[Booking | WaitlistEntry]:
    """Return everything this resident may cancel: bookings, then places in a line."""
    return [
        *service.bookings_of(turn.db, resident_id=turn.resident_id, now=turn.now),
        *service.waiting_of(turn.db, resident_id=turn.resident_id, now=turn.now),
    ]


def told(turn: Turn, session: Session) -> dict[str, Any]:
    """Return the values the responses about a session speak of."""
    return described(programme(turn), session)


def period(turn: Turn, windows: Sequence[Window]) -> dict[str, Any]:
    """Return the first and last day of a stretch of time, and its response's ending."""
    zone = turn.wording.zone
    first = min(window.start for window in windows).astimezone(zone).date()
    end = max(window.end for window in windows).astimezone(zone)
    return {"first": first, "last": (end - timedelta(seconds=1)).date()}
