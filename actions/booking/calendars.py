"""Sessions and bookings as calendar files (RFC 5545) and as open data (OpenActive).

Moments are written in UTC, so that a calendar needs no table of time zones to be right.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from icalendar import Alarm, Calendar, Event
from sqlalchemy import select

from actions.booking import codes
from actions.booking.model import Booking, BookingStatus, Session
from actions.booking.programme import Programme, described, venue_of
from actions.db import Db
from knowledge.records import Text

PRODUCT = "-//Xiaoli//community assistant//ZH"
REMINDED = timedelta(hours=2)
OPEN_ACTIVE = "https://openactive.io/"
KEPT = timedelta(days=1)  # a session that is over stays in the feeds for a day


def coming(db: Db, programme: Programme, *, now: datetime) -> list[Session]:
    """Return the sessions of the feeds, called off ones too, soonest first."""
    wanted = select(Session).where(Session.ends_at > now - KEPT, Session.places > 0)
    found = db.scalars(wanted.order_by(Session.starts_at, Session.id))
    return [session for session in found if session.activity_id in programme.pack.activities]


def of_sessions(
    programme: Programme, sessions: Iterable[Session], *, language: str, now: datetime
) -> bytes:
    """Return a calendar of sessions, to be subscribed to."""
    calendar = _calendar(programme, language)
    for session in sessions:
        calendar.add_component(_event(programme, session, language, now))
    return bytes(calendar.to_ical())


def of_booking(
    programme: Programme, booking: Booking, *, language: str, now: datetime
) -> bytes:
    """Return a calendar file of one booking, with its code and an alarm.

    What is cancelled or called off says so: a calendar that has it takes it out.
    """
    session = booking.session
    calendar = _calendar(programme, language)
    event = _event(programme, session, language, now)
    event["UID"] = f"booking-{booking.id}@{programme.pack.community.id}"
    event["SEQUENCE"] = session.revision + (booking.status == BookingStatus.CANCELLED)
    if booking.status == BookingStatus.CANCELLED:
        event["STATUS"] = "CANCELLED"
    event["DESCRIPTION"] = f"{codes.shown(booking.code)}\n{event['DESCRIPTION']}"
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", event["SUMMARY"])
    alarm.add("trigger", -REMINDED)
    event.add_component(alarm)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def open_active(
    programme: Programme, sessions: Iterable[Session], *, address: str, now: datetime
) -> dict[str, Any]:
    """Return sessions as a page of an OpenActive feed (RPDE) of all there is now.

    It is a whole picture and no history: `modified` is the moment it was made.
    """
    made = int(now.timestamp())
    items = [
        {
            "state": "updated",
            "kind": "ScheduledSession",
            "id": str(session.id),
            "modified": made,
            "data": _scheduled(programme, session),
        }
        for session in sessions
    ]
    return {"next": address, "items": items, "license": ""}


def _calendar(programme: Programme, language: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", programme.pack.community.name.in_(language))
    calendar.add("x-wr-timezone", programme.pack.time_zone)
    return calendar


def _event(programme: Programme, session: Session, language: str, now: datetime) -> Event:
    told = described(programme, session)
    event = Event()
    event.add("uid", f"session-{session.id}@{programme.pack.community.id}")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", session.starts_at.astimezone(UTC))
    event.add("dtend", session.ends_at.astimezone(UTC))
    event.add("sequence", session.revision)
    event.add("status", "CONFIRMED" if session.is_open else "CANCELLED")
    event.add("summary", _said(told["activity"], language))
    event.add("location", _said(told["venue"], language))
    lines = (_said(told[part], language) for part in ("fee", "bring", "origin"))
    event.add("description", "\n".join(line for line in lines if line))
    return event


def _scheduled(programme: Programme, session: Session) -> dict[str, Any]:
    activity = programme.pack.activities[session.activity_id]
    where = _said(venue_of(programme.pack, session), "zh")
    return {
        "@context": OPEN_ACTIVE,
        "type": "ScheduledSession",
        "identifier": session.id,
        "startDate": session.starts_at.astimezone(programme.wording.zone).isoformat(),
        "endDate": session.ends_at.astimezone(programme.wording.zone).isoformat(),
        "duration": f"PT{int((session.ends_at - session.starts_at).total_seconds() // 60)}M",
        "eventStatus": "https://schema.org/"
        + ("EventScheduled" if session.is_open else "EventCancelled"),
        "maximumAttendeeCapacity": session.places,
        "remainingAttendeeCapacity": session.left if session.is_open else 0,
        "superEvent": {
            "type": "SessionSeries",
            "identifier": activity.id,
            "name": activity.name.zh,
            "alternateName": activity.name.en,
            "isAccessibleForFree": activity.is_free,
            "ageRange": _ages(activity.age.min, activity.age.max),
            "location": {"type": "Place", "name": where},
            "organizer": {"type": "Organization", "name": programme.pack.community.name.zh},
            "description": _said(described(programme, session)["origin"], "zh"),
        },
    }


def _ages(youngest: int | None, oldest: int | None) -> dict[str, Any]:
    ages = {"minValue": youngest, "maxValue": oldest}
    return {"type": "QuantitativeValue"} | {k: v for k, v in ages.items() if v is not None}


def _said(value: Text | str, language: str) -> str:
    return value.in_(language) if isinstance(value, Text) else value
