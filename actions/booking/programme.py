"""What is on in this community: how its activities, sessions and bookings are described."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from actions.booking import codes
from actions.booking.model import Booking, Held, Session, WaitlistEntry
from actions.wording import Wording, to_json
from knowledge.pack import Activity, Pack
from knowledge.records import Text

# Kinds of activity that are more than attended: a group's visit, a task somebody takes on.
VISIT, TASK = "visit", "volunteer_task"
# What is told of an activity by the level of its record.
ORIGINS = {
    "official": "utter_activity_official",
    "report": "utter_activity_report",
    "sample": "utter_activity_sample",
}


@dataclass(frozen=True)
class Programme:
    """What is on in this community, and how it is told."""

    pack: Pack
    wording: Wording


def described(programme: Programme, session: Session) -> dict[str, Any]:
    """Return the values the responses about a session speak of."""
    told = {
        "session": session.id,
        "activity": session.activity_id,
        "when": session.starts_at,
        "until": f"{session.ends_at.astimezone(programme.wording.zone):%H:%M}",
        "left": session.left,
        **dict.fromkeys(("venue", "fee", "bring", "origin"), ""),
    }
    activity = programme.pack.activities.get(session.activity_id)
    if activity is None:
        return told
    return told | told_of(programme, activity) | {"venue": venue_of(programme.pack, session)}


def values_of(programme: Programme, booking: Booking) -> dict[str, Any]:
    """Return the values the responses about a booking speak of, as JSON."""
    more = {
        "booking": booking.id,
        "code": codes.shown(booking.code),
        "places": booking.places,
        "page": f"/b/{booking.token}",  # a channel that is no page writes its address before it
    }
    return to_json(described(programme, booking.session) | more)


def tap_value(one: Held) -> str:
    """Return the value of a tap that takes back a booking, a turn in a line or a lot."""
    if isinstance(one, Booking):
        return str(one.id)
    return f"w{one.id}" if isinstance(one, WaitlistEntry) else f"d{one.id}"


def label(programme: Programme, session: Session, language: str) -> str:
    """Return how a session is called where it may be tapped."""
    told = described(programme, session)
    return programme.wording.render("utter_label_session", language=language, values=told).text


def told_of(programme: Programme, activity: Activity) -> dict[str, Any]:
    """Return the values the responses about an activity speak of."""
    return {
        "activity": activity.name,
        "venue": _venue(programme.pack, activity, activity.room),
        "fee": _line(programme, "utter_activity_free") if activity.is_free else activity.fee,
        "bring": _line(programme, "utter_bring_nothing")
        if activity.needs_nothing
        else _line(programme, "utter_bring", what=activity.bring),
        "origin": _line(programme, ORIGINS[activity.level]),
    }


def cancelled_late(programme: Programme, session: Session, now: datetime) -> bool:
    """Whether a cancellation comes later than the community asks for."""
    hours = programme.pack.activity_rules.cancel_free_hours
    return session.starts_at - now < timedelta(hours=hours)


def venue_of(pack: Pack, session: Session) -> Text | str:
    """Return where a session takes place, in both languages where there are both."""
    activity = pack.activities[session.activity_id]
    return _venue(pack, activity, session.room or activity.room)


def area_of(pack: Pack, session: Session) -> str | None:
    """Return the area of the venue; None where the pack knows of none."""
    activity = pack.activities.get(session.activity_id)
    facility = pack.facilities.get(activity.venue) if activity else None
    return facility.area if facility else None


def _line(programme: Programme, response: str, **values: Any) -> Text:
    """Render a part of a reply in both languages: it may be told later, in either."""
    zh, en = (
        programme.wording.render(response, language=language, values=values).text
        for language in ("zh", "en")
    )
    return Text(zh=zh, en=en)


def _venue(pack: Pack, activity: Activity, room: str) -> Text | str:
    facility = pack.facilities.get(activity.venue)
    if facility is None:
        return room or activity.venue
    inside = f" {room}" if room else ""
    return Text(zh=facility.name.zh + inside, en=facility.name.en + inside)
