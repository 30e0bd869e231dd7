"""From one stop to another: with one bus, else with one change."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from knowledge.records import Text
from knowledge.transit.network import Line, Stop
from knowledge.transit.timetable import Boarding, Only, Timetable
from knowledge.transit.trips import Run

TO_CHANGE = timedelta(minutes=4)  # to get off, cross the road and be there: an old person walks


@dataclass(frozen=True)
class Ride:
    """One bus of a journey. `every`: it runs by headway, the moments are approximate."""

    line: Line
    towards: Text
    start: Stop
    end: Stop
    leaves_at: datetime
    arrives_at: datetime
    every: timedelta | None


@dataclass(frozen=True)
class Journey:
    """The rides from one stop to another, one or two."""

    rides: tuple[Ride, ...]

    @property
    def leaves_at(self) -> datetime:
        """When the first bus leaves."""
        return self.rides[0].leaves_at

    @property
    def arrives_at(self) -> datetime:
        """When the last bus arrives."""
        return self.rides[-1].arrives_at


def journeys(
    timetable: Timetable, start_id: str, end_id: str, now: datetime, *, count: int = 3
) -> list[Journey]:
    """Return the next journeys between two stops, of the service day of `now`.

    With one bus where there is one, else with one change at one stop, four minutes at least.
    The earliest arrival comes first; what leaves no later and arrives no sooner than another
    is left out.
    """
    start, end = timetable.stop(start_id), timetable.stop(end_id)
    if start is None or end is None or start == end:
        return []
    ways: Iterable[_Way] = _sensible(_direct(timetable, start.id, end.id, now))
    ways = ways or _sensible(_with_change(timetable, start.id, end.id, now))
    return [_journey(timetable, way) for way in ways][:count]


class _Leg(NamedTuple):
    """A ride in seconds since 1970, between two calls of a run."""

    leaves: int
    arrives: int
    run: Run
    start: int
    end: int


_Way = tuple[_Leg, ...]


def _direct(timetable: Timetable, start_id: str, end_id: str, now: datetime) -> Iterator[_Way]:
    only = Only(to_stop_id=end_id)
    for found in timetable.boardings(start_id, timetable.days_until(now), now, only=only):
        begins = found.at - found.call.departs
        yield (_leg(begins, found.run, found.place, _alight(found.run, end_id, found.place)),)


def _with_change(
    timetable: Timetable, start_id: str, end_id: str, now: datetime
) -> Iterator[_Way]:
    first_legs = list(timetable.boardings(start_id, timetable.days_until(now), now))
    onward = _onward(timetable, end_id, now, _reached(first_legs) - {start_id, end_id})
    for found in first_legs:
        begins = found.at - found.call.departs
        for place in range(found.place + 1, len(found.run.trip.calls)):
            call = found.run.trip.calls[place]
            if call.alights and call.stop_id in onward:
                first = _leg(begins, found.run, found.place, place)
                if second := _next(onward[call.stop_id], first.arrives):
                    yield first, second


def _reached(first_legs: Iterable[Boarding]) -> set[str]:
    """Return the stops one bus goes to."""
    trips = {found.trip_id: found.run.trip for found in first_legs}
    return {stop_id for trip in trips.values() for stop_id in trip.last_alight}


def _onward(
    timetable: Timetable, end_id: str, now: datetime, changes: set[str]
) -> dict[str, list[_Leg]]:
    """Return the rides to the end from some stops, each sooner there than all after it."""
    legs: dict[str, list[_Way]] = {}
    for begins, run in timetable.runs_to(end_id, timetable.days_until(now)):
        end = -1
        for place in range(len(run.trip.calls) - 1, -1, -1):
            call = run.trip.calls[place]
            if end > place and call.boards and call.stop_id in changes:
                legs.setdefault(call.stop_id, []).append((_leg(begins, run, place, end),))
            if call.stop_id == end_id and call.alights:
                end = place
    return {stop_id: [leg for (leg,) in _sensible(ways)] for stop_id, ways in legs.items()}


def _next(legs: list[_Leg], arrived: int) -> _Leg | None:
    ready = arrived + int(TO_CHANGE.total_seconds())
    place = bisect_left(legs, ready, key=lambda leg: leg.leaves)
    return legs[place] if place < len(legs) else None


def _sensible(ways: Iterable[_Way]) -> list[_Way]:
    """Leave out what leaves no later and arrives no sooner than another; the rest in order."""
    kept: list[_Way] = []
    for way in sorted(ways, key=lambda way: (-way[0].leaves, way[-1].arrives)):
        if not kept or way[-1].arrives < kept[-1][-1].arrives:
            kept.append(way)
    return kept[::-1]


def _leg(begins: int, run: Run, start: int, end: int) -> _Leg:
    calls = run.trip.calls
    leaves, arrives = calls[start].departs, calls[end].arrives
    return _Leg(begins + leaves, begins + arrives, run, start, end)


def _alight(run: Run, stop_id: str, after: int) -> int:
    """Return the first call after another at which one can get off at a stop."""
    calls = run.trip.calls
    return next(
        place
        for place in range(after + 1, len(calls))
        if calls[place].stop_id == stop_id and calls[place].alights
    )


def _journey(timetable: Timetable, way: _Way) -> Journey:
    return Journey(tuple(_ride(timetable, leg) for leg in way))


def _ride(timetable: Timetable, leg: _Leg) -> Ride:
    trip = leg.run.trip
    return Ride(
        trip.line,
        trip.towards,
        timetable.stops[trip.calls[leg.start].stop_id],
        timetable.stops[trip.calls[leg.end].stop_id],
        timetable.moment(leg.leaves),
        timetable.moment(leg.arrives),
        leg.run.every,
    )
