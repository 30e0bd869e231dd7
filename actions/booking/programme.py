"""What is on in this community: how sessions are described, and when they are reminded of."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from actions.booking.model import Session
from actions.wording import Wording
from knowledge.pack import Activity, Pack
from knowledge.programme import NO_FEE
from knowledge.records import Text

REMINDER_HOUR = 18  # of the day before, on the community's clock
REMINDER_SHORT = timedelta(hours=2)  # for what was booked after that hour

# What the pack says where there is nothing to bring.
NOTHING = frozenset({"", "无"})
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
    return told | told_of(programme, activity) if activity else told


def told_of(programme: Programme, activity: Activity) -> dict[str, Any]:
    """Return the values the responses about an activity speak of."""
    free, nothing = activity.fee in NO_FEE, activity.bring in NOTHING
    return {
        "activity": activity.name,
        "venue": _venue(programme.pack, activity),
        "fee": _line(programme, "utter_activity_free") if free else activity.fee,
        "bring": _line(programme, "utter_bring_nothing")
        if nothing
        else _line(programme, "utter_bring", what=activity.bring),
        "origin": _line(programme, ORIGINS[activity.level]),
    }


def cancelled_late(programme: Programme, session: Session, now: datetime) -> bool:
    """Whether a cancellation comes later than the community asks for."""
    hours = programme.pack.activity_rules.cancel_free_hours
    return session.starts_at - now < timedelta(hours=hours)


def remind_at(programme: Programme, session: Session, now: datetime) -> datetime | None:
    """Return when to remind: the evening before, else shortly before, else not at all."""
    local = session.starts_at.astimezone(programme.wording.zone)
    evening = (local - timedelta(days=1)).replace(hour=REMINDER_HOUR, minute=0)
    options = (evening, session.starts_at - REMINDER_SHORT)
    return next((due_at for due_at in options if due_at > now), None)


def _line(programme: Programme, response: str, **values: Any) -> Text:
    """Render a part of a reply in both languages: it may be told later, in either."""
    zh, en = (
        programme.wording.render(response, language=language, values=values).text
        for language in ("zh", "en")
    )
    return Text(zh=zh, en=en)


def _venue(pack: Pack, activity: Activity) -> Text | str:
    facility = pack.facilities.get(activity.venue)
    if facility is None:
        return activity.room or activity.venue
    room = f" {activity.room}" if activity.room else ""
    return Text(zh=facility.name.zh + room, en=facility.name.en + room)
