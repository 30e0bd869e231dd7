"""What is told of opening hours: as of now, or of the days somebody asks about."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from actions.answers import telling
from actions.answers.telling import Reader
from knowledge.calendar import DayKind, day_kind
from knowledge.hours import Opening, Span, spans_on
from knowledge.hours import opening as find_opening
from knowledge.pack import Facility

SOON = timedelta(minutes=60)  # before closing: the minutes left are told


def right_now(reader: Reader, facility: Facility) -> list[str]:
    """Return the lines that tell whether a facility is open at this moment."""
    found = find_opening(reader.pack, facility, reader.now)
    name = facility.name
    if not found.known:
        return [telling.line(reader, "utter_hours_unknown", name=name, phone=_phone(facility))]
    lines = [_state(reader, found, name)]
    if found.today and not found.always:
        lines.append(telling.line(reader, "utter_hours_today", spans=_spans(found.today)))
    if found.reason:
        lines.append(telling.line(reader, "utter_hours_unusual", reason=found.reason))
    return lines + _not_published(reader, found.day)


def on_days(reader: Reader, facility: Facility, days: Sequence[date]) -> list[str]:
    """Return a line for each day asked for."""
    if not facility.opening_hours:
        return right_now(reader, facility)
    pack = reader.pack
    lines = [_day(reader, facility, day) for day in days]
    kinds = {day_kind(pack, day) for day in days}
    return lines + _not_published(reader, DayKind.UNKNOWN if DayKind.UNKNOWN in kinds else None)


def _state(reader: Reader, found: Opening, name: Any) -> str:
    if found.always:
        return telling.line(reader, "utter_hours_always", name=name)
    if found.is_open and found.closes_at:
        left = found.closes_at - reader.now
        at = telling.moment(reader, found.closes_at)
        if left <= SOON:
            minutes = max(1, round(left.total_seconds() / 60))
            return telling.line(
                reader, "utter_hours_closing", name=name, at=at, minutes=minutes
            )
        return telling.line(reader, "utter_hours_open", name=name, at=at)
    if found.opens_at:
        opens = telling.moment(reader, found.opens_at)
        return telling.line(reader, "utter_hours_closed", name=name, at=opens)
    return telling.line(reader, "utter_hours_closed_long", name=name)


def _day(reader: Reader, facility: Facility, day: date) -> str:
    spans = spans_on(reader.pack, facility, day)
    if not spans:
        return telling.line(reader, "utter_hours_day_off", name=facility.name, day=day)
    return telling.line(
        reader, "utter_hours_day", name=facility.name, day=day, spans=_spans(spans)
    )


def _not_published(reader: Reader, kind: DayKind | None) -> list[str]:
    return (
        [telling.line(reader, "utter_hours_not_published")] if kind == DayKind.UNKNOWN else []
    )


def _spans(spans: Sequence[Span]) -> str:
    return ", ".join(f"{start:%H:%M}–{_end(end, start)}" for start, end in spans)


def _end(end: datetime, start: datetime) -> str:
    midnight = end.date() > start.date() and f"{end:%H:%M}" == "00:00"
    return "24:00" if midnight else f"{end:%H:%M}"


def _phone(facility: Facility) -> str:
    return facility.phone or "12345"
