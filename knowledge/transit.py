"""Buses by the timetable (GTFS): lines, stops, next departures. There is no live data."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from knowledge.pack import Pack, Text

Level = Literal["official", "report", "sample"]
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Stop:
    """Where a bus stops; `lat` and `lon` are WGS-84 degrees."""

    id: str
    name: Text
    lat: float
    lon: float


@dataclass(frozen=True)
class Line:
    """A bus line; `level`, `source` and `as_of` are the line's own, not its times'."""

    id: str
    number: Text
    name: Text
    note: str
    level: Level
    source: str
    as_of: str


@dataclass(frozen=True)
class Departure:
    """A bus leaving a stop. `every`: it runs by headway, the moment is approximate."""

    line: Line
    towards: Text
    leaves_at: datetime
    every: timedelta | None = None


@dataclass(frozen=True)
class Only:
    """Which buses are asked for: of one line, or that go on to a stop. None: all."""

    line_id: str | None = None
    to_stop_id: str | None = None


@dataclass(frozen=True)
class _Call:
    """One stop of one trip: seconds after the service day's noon minus 12 hours."""

    trip_id: str
    seconds: int


@dataclass(frozen=True)
class _Trip:
    line_id: str
    service_id: str
    towards: str
    start: int
    headways: tuple[tuple[int, int, int], ...]  # first second, last second, seconds between


class Timetable:
    """A loaded GTFS feed; opened once a process with `open_timetable`."""

    def __init__(self, folder: Path, zone: ZoneInfo) -> None:
        self._zone = zone
        english = {
            (row["field_name"], row["record_id"]): row["translation"]
            for row in read_table(folder / "translations.txt")
            if row["language"] == "en"
        }
        self.stops = {
            row["stop_id"]: Stop(
                row["stop_id"],
                _text(row["stop_name"], english.get(("stop_name", row["stop_id"]))),
                float(row["stop_lat"]),
                float(row["stop_lon"]),
            )
            for row in read_table(folder / "stops.txt")
        }
        self.lines = {
            row["route_id"]: Line(
                row["route_id"],
                _text(
                    row["route_short_name"], english.get(("route_short_name", row["route_id"]))
                ),
                _text(
                    row["route_long_name"], english.get(("route_long_name", row["route_id"]))
                ),
                row.get("route_desc", ""),
                _level(row.get("level")),
                row.get("source", ""),
                row.get("as_of", ""),
            )
            for row in read_table(folder / "routes.txt")
        }
        self._names = {stop.name.zh: stop.name for stop in self.stops.values()}
        self._services = _Services(folder)
        self._trips = _read_trips(folder)
        self._calls = _read_calls(folder)
        self._reaches = _read_reaches(folder)
        self.level: Level = "sample" if _any_sample(folder) else "official"

    def next_departures(
        self, stop_id: str, now: datetime, *, only: Only | None = None, count: int = 3
    ) -> list[Departure]:
        """Return the next departures from a stop, soonest first, of the service day of `now`.

        A bus after midnight belongs to the day before (25:10 is 1:10 in the morning).
        """
        found = sorted(
            self._departures(stop_id, now, only or Only()), key=lambda bus: bus.leaves_at
        )
        return found[:count]

    def first_and_last(
        self, stop_id: str, on: date, *, only: Only | None = None
    ) -> tuple[Departure, Departure] | None:
        """Return a service day's first and last departures from a stop, None without any."""
        begin = datetime.combine(on, time(), self._zone)
        found = sorted(
            self._on_day(stop_id, on, begin, only or Only()), key=lambda bus: bus.leaves_at
        )
        return (found[0], found[-1]) if found else None

    def lines_at(self, stop_id: str) -> list[Line]:
        """Return the lines that stop here, by number."""
        ids = {self._trips[call.trip_id].line_id for call in self._calls[stop_id]}
        return sorted((self.lines[line_id] for line_id in ids), key=lambda line: line.number.zh)

    def stops_of(self, line_id: str) -> list[Stop]:
        """Return the stops of a line, in the order of one of its longest trips."""
        counts: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for stop_id, calls in self._calls.items():
            for call in calls:
                if self._trips[call.trip_id].line_id == line_id:
                    counts[call.trip_id].append((call.seconds, stop_id))
        longest = max(counts.values(), key=len, default=[])
        return [self.stops[stop_id] for _, stop_id in sorted(longest)]

    def _departures(self, stop_id: str, now: datetime, only: Only) -> Iterator[Departure]:
        today = now.astimezone(self._zone).date()
        for day in (today - timedelta(days=1), today):
            yield from self._on_day(stop_id, day, now, only)

    def _on_day(
        self, stop_id: str, on: date, after: datetime, only: Only
    ) -> Iterator[Departure]:
        running = self._services.on(on)
        midnight = datetime.combine(on, time(), self._zone)
        for call in self._calls.get(stop_id, ()):
            trip = self._trips[call.trip_id]
            if trip.service_id not in running or not self._fits(call, trip, only):
                continue
            for seconds, every in _moments(trip, call.seconds):
                leaves_at = midnight + timedelta(seconds=seconds)
                if leaves_at >= after:
                    yield Departure(
                        self.lines[trip.line_id], self._towards(trip), leaves_at, every
                    )

    def _fits(self, call: _Call, trip: _Trip, only: Only) -> bool:
        if only.line_id not in (None, trip.line_id):
            return False
        if only.to_stop_id is None:
            return True
        reached = self._reaches.get(only.to_stop_id, {})
        return reached.get(call.trip_id, -1) > call.seconds

    def _towards(self, trip: _Trip) -> Text:
        return self._names.get(trip.towards) or _text(trip.towards, None)


def open_timetable(pack: Pack) -> Timetable:
    """Load a pack's timetable, once a process."""
    return _open(pack.gtfs, pack.time_zone)


@cache
def _open(folder: Path, zone: str) -> Timetable:
    return Timetable(folder, ZoneInfo(zone))


class _Services:
    """Which services run on a day: the weekly calendar, then the dated exceptions."""

    def __init__(self, folder: Path) -> None:
        self._weekly = read_table(folder / "calendar.txt")
        self._dated: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in read_table(folder / "calendar_dates.txt"):
            self._dated[row["date"]].append((row["service_id"], row["exception_type"]))

    def on(self, day: date) -> set[str]:
        stamp = f"{day:%Y%m%d}"
        running = {
            row["service_id"]
            for row in self._weekly
            if row["start_date"] <= stamp <= row["end_date"] and row[DAYS[day.weekday()]] == "1"
        }
        for service_id, kind in self._dated[stamp]:
            (running.add if kind == "1" else running.discard)(service_id)
        return running


def _moments(trip: _Trip, seconds: int) -> Iterable[tuple[int, timedelta | None]]:
    """Return the seconds at which a trip calls, once or by its headways."""
    if not trip.headways:
        return [(seconds, None)]
    offset = seconds - trip.start
    return [
        (begin + offset, timedelta(seconds=gap))
        for first, last, gap in trip.headways
        for begin in range(first, last, gap)
    ]


def _read_trips(folder: Path) -> dict[str, _Trip]:
    headways: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for row in read_table(folder / "frequencies.txt"):
        span = (_seconds(row["start_time"]), _seconds(row["end_time"]))
        headways[row["trip_id"]].append((*span, int(row["headway_secs"])))
    starts: dict[str, int] = {}
    for row in read_table(folder / "stop_times.txt"):
        seconds = _seconds(row["departure_time"])
        starts[row["trip_id"]] = min(seconds, starts.get(row["trip_id"], seconds))
    return {
        row["trip_id"]: _Trip(
            row["route_id"],
            row["service_id"],
            row.get("trip_headsign", ""),
            starts.get(row["trip_id"], 0),
            tuple(headways[row["trip_id"]]),
        )
        for row in read_table(folder / "trips.txt")
    }


def _read_calls(folder: Path) -> dict[str, list[_Call]]:
    """Return the calls at each stop; where a trip ends nobody gets on."""
    rows = read_table(folder / "stop_times.txt")
    last: dict[str, int] = {}
    for row in rows:
        number = int(row["stop_sequence"])
        last[row["trip_id"]] = max(number, last.get(row["trip_id"], number))
    calls: dict[str, list[_Call]] = defaultdict(list)
    for row in rows:
        if int(row["stop_sequence"]) < last[row["trip_id"]]:
            calls[row["stop_id"]].append(_Call(row["trip_id"], _seconds(row["departure_time"])))
    return calls


def _read_reaches(folder: Path) -> dict[str, dict[str, int]]:
    """Return by which seconds each trip reaches a stop, its last one included."""
    reaches: dict[str, dict[str, int]] = defaultdict(dict)
    for row in read_table(folder / "stop_times.txt"):
        reaches[row["stop_id"]][row["trip_id"]] = _seconds(row["arrival_time"])
    return reaches


def read_table(file: Path) -> list[dict[str, str]]:
    """Read one table of a feed; an optional file that is not there is empty."""
    if not file.is_file():
        return []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _any_sample(folder: Path) -> bool:
    return any(row.get("level") == "sample" for row in read_table(folder / "trips.txt"))


def _seconds(clock: str) -> int:
    hours, minutes, seconds = clock.strip().split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _text(zh: str, en: str | None) -> Text:
    return Text(zh=zh, en=en or zh)


def _level(level: str | None) -> Level:
    return level if level in ("official", "report") else "sample"  # type: ignore[return-value]
