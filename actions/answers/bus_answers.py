"""What is told of the buses: one function for each kind of question, in a table."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from actions.answers import telling
from actions.answers.bus_fares import tell_fare
from actions.answers.bus_lines import (
    tell_accessible,
    tell_line,
    tell_lines,
    tell_stops,
    tell_timetable,
)
from actions.answers.bus_questions import Question
from actions.answers.bus_telling import (
    BusAnswer,
    asked_day,
    asked_from,
    clock,
    how_many,
    local_day,
    no_data,
    nothing_found,
    origin,
)
from actions.dialogue import Turn
from knowledge.transit import Departure, Journey, Ride, Stop, Timetable, journeys


def answer(turn: Turn, timetable: Timetable, asked: Question) -> BusAnswer | None:
    """Answer from the timetable; None when it does not say (a fare, say)."""
    if asked.kind == "fare":
        return tell_fare(turn, timetable, asked)
    kind = ANSWERS.get(asked.kind, _next)
    lines = kind(turn, timetable, asked)
    if asked.away is not None and asked.stop:
        away = telling.line(turn, "utter_nearest_stop", stop=asked.stop.name, metres=asked.away)
        lines = [away, *lines]
    if asked.to_unknown and asked.to is None:
        unknown = telling.line(turn, "utter_destination_unknown", to=asked.to_unknown)
        lines = [unknown, *lines]
    if asked.gone:
        lines = [telling.line(turn, "utter_departures_gone"), *lines]
    return BusAnswer([*lines, *_outdated(turn, timetable, asked)], origin(turn, timetable))


def _next(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    if asked.stop is None:
        return tell_line(turn, timetable, asked)
    after = asked_from(turn, asked)
    found = _wanted(timetable, asked.stop, after, asked, how_many(turn))
    if not found:
        return nothing_found(turn, timetable, asked, asked.stop)
    later = local_day(turn, found[0].leaves_at) > local_day(turn, after)
    over = _over(turn, timetable, asked) if later else []
    head = telling.line(turn, "utter_departures", stop=asked.stop.name)
    rows = [_bus(turn, departure) for departure in found]
    return [*over, head, *rows]


def _wanted(
    timetable: Timetable, stop: Stop, after: datetime, asked: Question, count: int
) -> list[Departure]:
    """Return the buses to tell: the next ones, the day's first or last, or tomorrow's first."""
    day = after.astimezone(timetable.zone).date()
    ends = timetable.first_and_last(stop.id, day, only=asked.only) if asked.which else None
    if ends:
        return [ends[0] if asked.which == "first" else ends[1]]
    coming = timetable.next_departures(stop.id, after, only=asked.only, count=count)
    if coming:
        return coming
    ends = timetable.first_and_last(stop.id, day + timedelta(days=1), only=asked.only)
    return [ends[0]] if ends else []


def _journey(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    if asked.stop is None or asked.to is None or asked.stop == asked.to:
        return _next(turn, timetable, asked)
    ends = {"start": asked.stop.name, "to": asked.to.name}
    found, over = _journeys(turn, timetable, asked.stop, asked.to, asked), list[str]()
    if found and local_day(turn, found[0].leaves_at) > asked_day(turn, asked):
        over = _over(turn, timetable, asked)
    if not found:
        nowhere = [telling.line(turn, "utter_journey_none", **ends)]
        return no_data(turn, timetable, asked_day(turn, asked)) or nowhere
    rows = [_way(turn, journey) for journey in found]
    about = any(ride.every for journey in found for ride in journey.rides)
    note = [telling.line(turn, "utter_journey_about")] if about else []
    return [*over, telling.line(turn, "utter_journey", **ends), *rows, *note]


def _journeys(
    turn: Turn, timetable: Timetable, start: Stop, end: Stop, asked: Question
) -> list[Journey]:
    """Return the next ways of the day asked about, else the first one of the day after."""
    after = asked_from(turn, asked)
    next_day = after.astimezone(timetable.zone).date() + timedelta(days=1)
    tomorrow = datetime.combine(next_day, time(), timetable.zone)
    found = journeys(timetable, start.id, end.id, after, count=how_many(turn))
    return found or journeys(timetable, start.id, end.id, tomorrow, count=1)


def _over(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    """Say why a later day's bus is told: none runs that day, or none any more."""
    none_left = [telling.line(turn, "utter_departures_over")]
    return no_data(turn, timetable, asked_day(turn, asked)) or none_left


def _outdated(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    """Warn of times told of a day after the feed's own last one."""
    day = asked_day(turn, asked)
    if day <= timetable.last_on or not timetable.runs_on(day):
        return []
    return [telling.line(turn, "utter_timetable_outdated", day=str(timetable.last_on))]


def _bus(turn: Turn, departure: Departure) -> str:
    at = telling.moment(turn, departure.leaves_at)
    values = {"at": at, "line": departure.line.number, "towards": departure.towards}
    if departure.every is None:
        return telling.line(turn, "utter_departure", **values)
    minutes = round(departure.every.total_seconds() / 60)
    return telling.line(turn, "utter_departure_about", minutes=minutes, **values)


def _way(turn: Turn, journey: Journey) -> str:
    first, last = journey.rides[0], journey.rides[-1]
    values = _ride(turn, first)
    if len(journey.rides) == 1:
        return telling.line(turn, "utter_journey_direct", **values)
    onward = {f"then_{key}": value for key, value in _ride(turn, last).items()}
    return telling.line(turn, "utter_journey_change", change=first.end.name, **values, **onward)


def _ride(turn: Turn, ride: Ride) -> dict[str, Any]:
    return {
        "leaves": telling.moment(turn, ride.leaves_at),
        "line": ride.line.number,
        "towards": ride.towards,
        "arrives": clock(turn, ride.arrives_at),
    }


ANSWERS: dict[str, Callable[[Turn, Timetable, Question], list[str]]] = {
    "accessible": tell_accessible,
    "journey": _journey,
    "lines": tell_lines,
    "next": _next,
    "stops": tell_stops,
    "timetable": tell_timetable,
}
