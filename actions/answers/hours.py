"""action_answer_hours: open now, until when, when next; on another day when one is named."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from actions.answers import telling
from actions.conversations import Choice
from actions.dialogue import Answer, Events, Ground, Turn
from actions.people.office import office
from knowledge.calendar import DayKind, day_kind
from knowledge.dates import When, read_when
from knowledge.hours import Opening, Span, opening, spans_on
from knowledge.pack import Facility

SOON = timedelta(minutes=60)  # before closing: the minutes left are told
MOST_DAYS = 3  # of a span such as a weekend, each is told
OFFERED = 4  # places to choose from when none is named

Nearest = Callable[[Turn], str | None]  # the facility a question is about, by meaning


class AnswerHours(Answer):
    """Says when a facility is open; asks which one when the message names none."""

    def __init__(self, ground: Ground, nearest: Nearest) -> None:
        super().__init__(ground)
        self._nearest = nearest

    def name(self) -> str:
        return "action_answer_hours"

    def act(self, turn: Turn) -> Events:
        facility = self._asked_for(turn)
        if facility is None:
            turn.say("utter_hours_of_what", choices=_offer(turn))
            return []
        when = read_when(turn.text, turn.local)
        days = _days(when, turn.local.date()) if isinstance(when, When) else []
        lines = on_days(turn, facility, days) if days else right_now(turn, facility)
        telling.tell(turn, lines, facility)
        return []

    def _asked_for(self, turn: Turn) -> Facility | None:
        pack = turn.ground.pack
        place = pack.places.get(turn.entity("place") or "")
        named = turn.choice or turn.entity("facility") or (place.facility if place else None)
        return pack.facilities.get(named or self._nearest(turn) or "")


def right_now(turn: Turn, facility: Facility) -> list[str]:
    """Return the lines that tell whether a facility is open at this moment."""
    found = opening(turn.ground.pack, facility, turn.now)
    name = facility.name
    if not found.known:
        return [telling.line(turn, "utter_hours_unknown", name=name, phone=_phone(facility))]
    lines = [_state(turn, found, name)]
    if found.today and not found.always:
        lines.append(telling.line(turn, "utter_hours_today", spans=_spans(found.today)))
    if found.reason:
        lines.append(telling.line(turn, "utter_hours_unusual", reason=found.reason))
    return lines + _not_published(turn, found.day)


def on_days(turn: Turn, facility: Facility, days: Sequence[date]) -> list[str]:
    """Return a line for each day asked for."""
    if not facility.opening_hours:
        return right_now(turn, facility)
    pack = turn.ground.pack
    lines = [_day(turn, facility, day) for day in days]
    kinds = {day_kind(pack, day) for day in days}
    return lines + _not_published(turn, DayKind.UNKNOWN if DayKind.UNKNOWN in kinds else None)


def _state(turn: Turn, found: Opening, name: Any) -> str:
    if found.always:
        return telling.line(turn, "utter_hours_always", name=name)
    if found.is_open and found.closes_at:
        left = found.closes_at - turn.now
        at = telling.moment(turn, found.closes_at)
        if left <= SOON:
            minutes = max(1, round(left.total_seconds() / 60))
            return telling.line(turn, "utter_hours_closing", name=name, at=at, minutes=minutes)
        return telling.line(turn, "utter_hours_open", name=name, at=at)
    if found.opens_at:
        opens = telling.moment(turn, found.opens_at)
        return telling.line(turn, "utter_hours_closed", name=name, at=opens)
    return telling.line(turn, "utter_hours_closed_long", name=name)


def _day(turn: Turn, facility: Facility, day: date) -> str:
    spans = spans_on(turn.ground.pack, facility, day)
    if not spans:
        return telling.line(turn, "utter_hours_day_off", name=facility.name, day=day)
    return telling.line(
        turn, "utter_hours_day", name=facility.name, day=day, spans=_spans(spans)
    )


def _days(when: When, today: date) -> list[date]:
    """Return the days a message asks about; today's own hours are told as of now."""
    first, end = when.start.date(), when.end
    days = [first + timedelta(days=n) for n in range(MOST_DAYS)]
    asked = [day for day in days if day == first or _begins_before(day, end)]
    return [] if asked == [today] else asked


def _begins_before(day: date, end: datetime) -> bool:
    return datetime.combine(day, datetime.min.time(), end.tzinfo) < end


def _not_published(turn: Turn, kind: DayKind | None) -> list[str]:
    return [telling.line(turn, "utter_hours_not_published")] if kind == DayKind.UNKNOWN else []


def _spans(spans: Sequence[Span]) -> str:
    return ", ".join(f"{start:%H:%M}–{_end(end, start)}" for start, end in spans)


def _end(end: datetime, start: datetime) -> str:
    midnight = end.date() > start.date() and f"{end:%H:%M}" == "00:00"
    return "24:00" if midnight else f"{end:%H:%M}"


def _phone(facility: Facility) -> str:
    return facility.phone or "12345"


def _offer(turn: Turn) -> list[Choice]:
    return [
        Choice(place.name.in_(turn.language), "ask_hours", place.id) for place in _common(turn)
    ][:OFFERED]


def _common(turn: Turn) -> Iterator[Facility]:
    """Yield the places people ask about: the office first, then one of each kind with hours."""
    pack, seen = turn.ground.pack, set[str]()
    counter = office(pack)
    for facility in [*([counter] if counter else []), *pack.facilities.values()]:
        if facility.opening_hours and facility.kind not in seen:
            seen.add(facility.kind)
            yield facility
