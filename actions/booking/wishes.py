"""What a message wishes to book: activity, session and places, whichever it says."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from actions import behalf
from actions.booking import matching, reading, service, showing
from actions.booking.bookings import Order
from actions.booking.model import Session
from actions.booking.programme import VISIT
from actions.booking.reading import Window
from actions.content import offline
from actions.dialogue import Turn
from actions.errors import Refusal
from actions.people import kin
from knowledge.pack import Activity

# Slots never asked for: activities a nickname may mean, and the time that was said.
ALTERNATIVES, WINDOWS = "booking_alternatives", "booking_windows"
WHOM = "booking_whom"  # for whom it is, when not for oneself
ACTING = "booking_acting"  # by what it is then theirs, when who writes may act for them
AGAIN: dict[str, Any] = {ALTERNATIVES: None, WINDOWS: None}

# A session, a session with so many places, or only so many places.
VALUE = re.compile(r"(?P<session>\d+)?(?:x(?P<places>\d+))?")


def wish(turn: Turn, current: str | None) -> dict[str, Any]:
    """Return the slots a message fills: activity, session, places, for whom: what it says.

    What cannot be booked is said, and left out. Empty when it says nothing of the kind.
    """
    places, whom = _places_wished(turn), _whom(turn)
    try:
        found = _chosen(turn) if turn.choice else _said(turn, current)
        if found.get("booking_session"):
            order = Order(
                found["booking_session"],
                places.get("booking_places") or 1,
                acting_id=acting_of({**turn.slots, **whom}),
            )
            check(turn, order)
    except Refusal as refusal:
        turn.say(refusal.response, **refusal.details)
        return {"booking_activity": None, "booking_session": None, **AGAIN}
    return found | places | whom


def upcoming(turn: Turn, activities: Sequence[Activity]) -> list[Session]:
    """Return the sessions of some activities that have not begun, soonest first.

    What is offline has none.
    """
    hidden = offline.hidden(turn.db)
    ids = [activity.id for activity in activities if not hidden.activity(activity.id)]
    return service.sessions_between(turn.db, start=turn.now, activity_ids=ids)


def only_offline(turn: Turn, named: Sequence[Activity]) -> Activity | None:
    """Return the first of some activities when all of them are offline."""
    hidden = offline.hidden(turn.db)
    return named[0] if named and all(hidden.activity(a.id) for a in named) else None


def check(turn: Turn, order: Order) -> None:
    """Guard a booking by this resident, or for whom they act.

    Raises:
        Refusal: as `service.check` and `behalf.owner`.
    """
    service.check(
        turn.db,
        showing.programme(turn),
        order=order,
        resident_id=behalf.owner(turn.db, turn.conversation, order.acting_id),
        now=turn.now,
    )


def offered(turn: Turn) -> list[Activity]:
    """Return what somebody is offered who named nothing: of the kind described, not drawn."""
    alike = matching.alike(turn.pack, turn.text)
    return [activity for activity in alike if not activity.draw]


def within(turn: Turn, sessions: list[Session]) -> list[Session]:
    """Return the sessions in the time that was said, all when none was."""
    windows = [
        Window(datetime.fromisoformat(start), datetime.fromisoformat(end), exact)
        for start, end, exact in turn.slots.get(WINDOWS) or ()
    ]
    return (reading.held(windows, sessions) if windows else []) or sessions


def wanted_at(turn: Turn) -> datetime | None:
    """Return the moment the time that was said begins, if one was."""
    windows = turn.slots.get(WINDOWS) or ()
    return datetime.fromisoformat(windows[0][0]) if windows else None


def around(session: Session) -> list[Any] | None:
    """Return the slot's value that stands for the time of a session."""
    return _to_json((Window(session.starts_at, session.ends_at),))


def _to_json(windows: Sequence[Window]) -> list[Any] | None:
    return [[w.start.isoformat(), w.end.isoformat(), w.exact] for w in windows] or None


def _chosen(turn: Turn) -> dict[str, Any]:
    """Return the slots a tapped session or activity fills.

    Raises:
        Refusal: there is no such session (any more).
    """
    choice = turn.choice or ""
    if choice in turn.pack.activities:
        return _for_activities(turn, [turn.pack.activities[choice]], None)
    match = VALUE.fullmatch(choice)
    if match is None or match["session"] is None:
        return {}
    session = turn.db.get(Session, int(match["session"]))
    if session is None:
        raise Refusal("utter_session_unknown")
    return {"booking_activity": session.activity_id, "booking_session": session.id, **AGAIN}


def _said(turn: Turn, current: str | None) -> dict[str, Any]:
    pack = turn.pack
    named = matching.named(pack, turn.text)
    windows = reading.read_possible(turn.text, turn.now, turn.wording.zone)
    if words := reading.no_such_date(turn.text, turn.now, turn.wording.zone):
        turn.say("utter_no_such_date", date=words)
        if not named:
            return {"booking_activity": current, "booking_session": None, **AGAIN}
    if not named and not windows:
        return {}
    if not named and current:
        named = [pack.activities[current]]
    if not named:
        return _for_time(turn, windows)
    return _for_activities(turn, named, windows)


def _for_time(turn: Turn, windows: tuple[Window, ...]) -> dict[str, Any]:
    """Only a time was said: ask for the activity among what is on then."""
    if not reading.held(windows, upcoming(turn, offered(turn))):
        turn.say("utter_nothing_then", **showing.period(turn, windows))
        return {"booking_activity": None, **AGAIN}
    return {"booking_activity": None, ALTERNATIVES: None, WINDOWS: _to_json(windows)}


def _for_activities(
    turn: Turn, named: Sequence[Activity], windows: tuple[Window, ...] | None
) -> dict[str, Any]:
    """Activities were named: the time may say which one, and which session.

    Raises:
        Refusal: the only one is offline, or has no session in reach.
    """
    if hidden := only_offline(turn, named):
        raise Refusal("utter_activity_offline", activity=hidden.name)
    sessions = upcoming(turn, named)
    fitting = reading.held(windows, sessions) if windows else sessions
    if not sessions:
        raise _not_on(named)
    if not fitting:
        none = showing.none_then(turn, windows or ())
        turn.say(none.response, **none.details)
        fitting, windows = sessions, None
    if _is_today_or_next(windows, fitting):
        turn.say("utter_today_or_next")
    ids = list(dict.fromkeys(session.activity_id for session in fitting))
    if len(ids) > 1:
        kept = _to_json(windows or ())
        return {"booking_activity": None, "booking_session": None, ALTERNATIVES: ids} | {
            WINDOWS: kept
        }
    return {
        "booking_activity": ids[0],
        "booking_session": fitting[0].id if len(fitting) == 1 else None,
        ALTERNATIVES: None,
        WINDOWS: _to_json(windows or ()),
    }


def _is_today_or_next(windows: tuple[Window, ...] | None, sessions: Sequence[Session]) -> bool:
    """Whether a weekday was said that is today's, and both today and next week have one."""
    if windows is None or len(windows) != 2:
        return False
    today, later = windows
    both = all(reading.held((window,), sessions) for window in windows)
    return both and later.start - today.start == timedelta(weeks=1)


def _not_on(named: Sequence[Activity]) -> Refusal:
    return Refusal("utter_activity_no_session", activity=named[0].name)


def _whom(turn: Turn) -> dict[str, Any]:
    """Return for whom a message says it is; what was tapped does not say."""
    who = None if turn.choice else kin.read_whom(turn.text)
    if who is None:
        return {}
    acting = behalf.meant(turn.db, turn.resident_id, behalf.read_whom(turn.text))
    return {WHOM: who or None, ACTING: acting.id if acting else None}


def acting_of(slots: Mapping[str, Any]) -> int | None:
    """Return by what the slots ask for somebody else; None when for oneself."""
    found = slots.get(ACTING)
    return found if isinstance(found, int) else None


def _places_wished(turn: Turn) -> dict[str, Any]:
    """Return the places a message speaks of; a visit is booked by groups, not by heads."""
    match = VALUE.fullmatch(turn.choice) if turn.choice else None
    if match:
        return {"booking_places": int(match["places"])} if match["places"] else {}
    places = reading.read_places(turn.text)
    groups = any(a.kind == VISIT for a in matching.named(turn.pack, turn.text))
    if places is None or groups:
        return {}
    if not 1 <= places <= service.MOST_PLACES:
        turn.say("utter_places_too_many", most=service.MOST_PLACES)
        return {}
    return {"booking_places": places}
