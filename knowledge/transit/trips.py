"""Trips and their calls, read from a feed: missing times filled in, headways run out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from knowledge.records import Text
from knowledge.transit.feed import Feed, Row, seconds
from knowledge.transit.network import Line, Stop, Translations

NOT_AVAILABLE = "1"  # pickup_type, drop_off_type; 2 and 3 take a call or a word to the driver


@dataclass(frozen=True, slots=True)
class Call:
    """A trip at a stop, in seconds of its service day; who may get on and off there."""

    stop_id: str
    pole_id: str
    arrives: int
    departs: int
    boards: bool
    alights: bool


@dataclass(frozen=True, slots=True)
class Trip:
    """One run from its first stop to its last."""

    id: str
    line: Line
    service_id: str
    towards: Text
    calls: tuple[Call, ...]
    last_alight: Mapping[str, int]  # stop → the last of its calls one may get off at

    def reaches(self, stop_id: str, position: int) -> bool:
        """Tell whether one who gets on at a call can get off at a stop."""
        return self.last_alight.get(stop_id, -1) > position


@dataclass(frozen=True, slots=True)
class Run:
    """A trip as it runs: `shift` seconds later than written, by headway when `every` is set."""

    trip: Trip
    shift: int = 0
    every: timedelta | None = None


def read_runs(
    feed: Feed, stops: Mapping[str, Stop], lines: Mapping[str, Line], words: Translations
) -> Iterator[Run]:
    """Yield every run of every trip that calls anywhere."""
    stop_of = {pole: stop.id for stop in stops.values() for pole in (stop.id, *stop.poles)}
    headways = _read_headways(feed)
    along = _read_calls(feed, stop_of)
    names = {stop.name.zh: stop.name for stop in stops.values()}
    for row in feed["trips.txt"]:
        calls = along.get(row["trip_id"])
        if not calls:
            continue
        trip = Trip(
            row["trip_id"],
            lines[row["route_id"]],
            row["service_id"],
            _towards(row, stops[calls[-1].stop_id], names, words),
            calls,
            {call.stop_id: place for place, call in enumerate(calls) if call.alights},
        )
        if trip.id in headways:
            yield from _runs(trip, headways[trip.id])
        else:
            yield Run(trip)


def _runs(trip: Trip, headways: Iterable[tuple[int, int, int]]) -> Iterator[Run]:
    starts = trip.calls[0].departs
    for first, last, gap in headways:
        for begins in range(first, last, gap):
            yield Run(trip, begins - starts, timedelta(seconds=gap))


def _towards(row: Row, last: Stop, names: Mapping[str, Text], words: Translations) -> Text:
    """Return where a trip goes: what its sign says, else its last stop."""
    sign = row.get("trip_headsign", "")
    if not sign:
        return last.name
    return names.get(sign) or words.text("trip_headsign", row["trip_id"], sign)


def _read_headways(feed: Feed) -> dict[str, list[tuple[int, int, int]]]:
    headways: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for row in feed["frequencies.txt"]:
        span = (seconds(row["start_time"]), seconds(row["end_time"]))
        headways[row["trip_id"]].append((*span, int(row["headway_secs"])))
    return headways


def _read_calls(feed: Feed, stop_of: Mapping[str, str]) -> dict[str, tuple[Call, ...]]:
    along: dict[str, list[Row]] = defaultdict(list)
    for row in feed["stop_times.txt"]:
        along[row["trip_id"]].append(row)
    for rows in along.values():
        rows.sort(key=lambda row: int(row["stop_sequence"]))
    return {trip_id: _calls(rows, stop_of) for trip_id, rows in along.items()}


def _calls(rows: list[Row], stop_of: Mapping[str, str]) -> tuple[Call, ...]:
    """Return a trip's calls; where it ends nobody gets on, where it begins nobody gets off."""
    times = _filled([_times(row) for row in rows])
    last = len(rows) - 1
    return tuple(
        Call(
            stop_of[row["stop_id"]],
            row["stop_id"],
            *times[place],
            boards=place < last and row.get("pickup_type") != NOT_AVAILABLE,
            alights=place > 0 and row.get("drop_off_type") != NOT_AVAILABLE,
        )
        for place, row in enumerate(rows)
    )


def _times(row: Row) -> tuple[int, int] | None:
    arrives, departs = row["arrival_time"], row["departure_time"]
    if not (arrives or departs):
        return None
    return seconds(arrives or departs), seconds(departs or arrives)


def _filled(times: list[tuple[int, int] | None]) -> list[tuple[int, int]]:
    """Spread the calls without a time evenly between those that have one."""
    known = [(place, time) for place, time in enumerate(times) if time]
    filled = [time or (0, 0) for time in times]
    for (place, (_, departs)), (other, (arrives, _)) in pairwise(known):
        for between in range(place + 1, other):
            part = (arrives - departs) * (between - place) // (other - place)
            filled[between] = (departs + part, departs + part)
    return filled
