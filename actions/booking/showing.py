"""How sessions and bookings are shown: as choices to tap, and as lines."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from actions import behalf
from actions.booking import codes, service, stages, waitlist
from actions.booking.model import (
    Booking,
    EntryStatus,
    Held,
    Session,
    WaitlistEntry,
)
from actions.booking.programme import TASK, Programme, described, tap_value
from actions.booking.reading import Window
from actions.conversations import Choice
from actions.dialogue import Turn
from actions.errors import Refusal
from knowledge.pack import Activity

CHOICES = 5  # to choose from; elders turn pages
SHOWN, SHOWN_ELDER = 5, 2  # of a list that goes on, beside the choice for more
# Both answers to an offer: the label and the intent of a tap.
OFFER_TAPS = (
    ("utter_label_accept", "accept_offer"),
    ("utter_label_decline", "decline_offer"),
)


def programme(turn: Turn) -> Programme:
    """Return what is on here, and how it is told."""
    return Programme(turn.pack, turn.wording)


def limit(turn: Turn) -> int:
    """Return how much of a list this resident is shown at once."""
    return SHOWN_ELDER if turn.row.elder else SHOWN


def line(turn: Turn, response: str, **values: Any) -> str:
    """Render one line the way this resident reads it."""
    return turn.wording.render(
        response, language=turn.language, elder=turn.row.elder, values=values
    ).text


def session_choices(turn: Turn, sessions: Iterable[Session], intent: str) -> list[Choice]:
    """Return sessions as choices; what is full or drawn says so.

    A volunteer task that has places is claimed with one tap where a tap would begin a booking.
    """
    return [session_choice(turn, session, intent) for session in list(sessions)[:CHOICES]]


def session_choice(
    turn: Turn, session: Session, intent: str, free: str = "utter_label_session"
) -> Choice:
    """Return one session as a choice; `free` is its label while there are places."""
    label = label_of(turn, session, free)
    if intent == "book_activity" and label == free and _is_task(turn, session):
        intent, label = "claim", "utter_label_claim"
    return Choice(line(turn, label, **told(turn, session)), intent, str(session.id))


def label_of(turn: Turn, session: Session, free: str = "utter_label_session") -> str:
    """Return the label of a session: to be drawn, full, or `free` while there are places."""
    if stages.is_to_be_drawn(programme(turn), session, turn.now):
        return "utter_label_session_drawn"
    return free if session.left else "utter_label_session_full"


def activity_choices(turn: Turn, activities: Iterable[Activity]) -> list[Choice]:
    """Return activities as choices."""
    shown = list(activities)[:CHOICES]
    return [Choice(a.name.in_(turn.language), "choose", a.id) for a in shown]


def held_choices(turn: Turn, held: Iterable[Held]) -> list[Choice]:
    """Return what a resident has booked, waits for or may win as choices to cancel it."""
    return [
        Choice(
            line(turn, "utter_label_cancel", **told(turn, one.session)),
            "cancel_booking",
            held_value(one),
        )
        for one in list(held)[:CHOICES]
    ]


def own_choices(turn: Turn, held: Iterable[Held]) -> list[Choice]:
    """Return the choices beside a list of what is theirs: offers are answered first."""
    everything = list(held)
    offers = [one for one in everything if is_offered(one)]
    others = [one for one in everything if not is_offered(one)]
    choices = [*offer_choices(turn, offers), *held_choices(turn, others)]
    return choices[:CHOICES]


def offer_choices(turn: Turn, offers: Iterable[Held]) -> list[Choice]:
    """Return both answers to each offer."""
    return [
        Choice(line(turn, label, **told(turn, one.session)), intent, str(one.id))
        for one in offers
        for label, intent in OFFER_TAPS
    ]


def is_offered(one: Held) -> bool:
    """Whether it is an offer that waits for an answer."""
    return isinstance(one, WaitlistEntry) and one.status == EntryStatus.OFFERED


def held_value(one: Held) -> str:
    """Return the value of the choice to cancel a booking, or to leave a line or a draw."""
    return tap_value(one)


def held_by(turn: Turn, resident_id: str = "") -> list[Held]:
    """Return all a resident may cancel: bookings, places in a line, then lots.

    It is who writes, unless another is named.
    """
    whose = resident_id or turn.resident_id
    return [
        *service.bookings_of(turn.db, resident_id=whose, now=turn.now),
        *service.waiting_of(turn.db, resident_id=whose, now=turn.now),
        *stages.entries_of(turn.db, resident_id=whose, now=turn.now),
    ]


def told(turn: Turn, session: Session) -> dict[str, Any]:
    """Return the values the responses about a session speak of."""
    return described(programme(turn), session)


def held_told(turn: Turn, one: Booking | WaitlistEntry) -> dict[str, Any]:
    """Return the values the responses about a booking or a turn in a line speak of.

    For whom it is are a resident's words: said, never kept in a notice.
    """
    values = {**told(turn, one.session), "places": one.places}
    values |= {"whom": whom_of(turn, one)}
    if isinstance(one, Booking):
        return values | {"code": codes.shown(one.code)}
    return values | {"by": one.offer_until}


def number(turn: Turn, entry: WaitlistEntry) -> int:
    """Return somebody's number in a line, from 1."""
    return waitlist.ahead_of(turn.db, entry) + 1


def whom(turn: Turn, who: str | None, *, acting: bool = False) -> str:
    """Write for whom it is, behind the places; nothing when it is for the resident."""
    if acting:
        return line(turn, "utter_whom_acting", who=behalf.called(who or ""))
    return line(turn, "utter_whom", who=who) if who else ""


def whom_of(turn: Turn, one: Booking | WaitlistEntry) -> str:
    """Write for whom a booking or a turn in a line is, as this resident has to read it."""
    said = one.whom.text if one.whom else None
    if one.resident_id != turn.resident_id:
        return whom(turn, said, acting=True) if said else line(turn, "utter_whom_theirs")
    if behalf.reader_of(turn.db, one.conversation_id) != turn.resident_id:
        return line(turn, "utter_whom_by_family")
    return whom(turn, said)


def period(turn: Turn, windows: Sequence[Window]) -> dict[str, Any]:
    """Return the first and last day of a stretch of time, and its response's ending."""
    zone = turn.wording.zone
    first = min(window.start for window in windows).astimezone(zone).date()
    end = max(window.end for window in windows).astimezone(zone)
    return {"first": first, "last": (end - timedelta(seconds=1)).date()}


def none_then(turn: Turn, windows: Sequence[Window]) -> Refusal:
    """Say that there is no session on a day, or in a stretch of days."""
    told = period(turn, windows)
    if told["first"] == told["last"]:
        return Refusal("utter_session_none_on", day=told["first"])
    return Refusal("utter_session_none_then", **told)


def _is_task(turn: Turn, session: Session) -> bool:
    activity = turn.pack.activities.get(session.activity_id)
    return activity is not None and activity.kind == TASK
