"""What leaves a stop, and when: a loaded feed. There is no live data."""

import heapq
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from knowledge.geo import metres
from knowledge.records import RecordKey, Text
from knowledge.transit.fares import Fares
from knowledge.transit.feed import Feed
from knowledge.transit.network import Level, Line, Stop, Translations, read_lines, read_stops
from knowledge.transit.services import Services, day_begins
from knowledge.transit.trips import Call, Run, read_runs

DAY = 24 * 3600
RECORD: RecordKey = ("timetable", "gtfs")  # what a timetable is told, and recalled, as


@dataclass(frozen=True)
class Departure:
    """A bus leaving a stop. `every`: it runs by headway, the moment is approximate."""

    line: Line
    towards: Text
    leaves_at: datetime
    every: timedelta | None = None


@dataclass(frozen=True)
class Only:
    """Which buses are asked for: of some lines, or that go on to a stop. None: all."""

    line_ids: frozenset[str] | None = None
    to_stop_id: str | None = None


class Boarding(NamedTuple):
    """A chance to get on: seconds (since 1970, or of the service day), the run and its call."""

    at: int
    trip_id: str  # puts those of one second in a fixed order
    place: int
    run: Run

    @property
    def call(self) -> Call:
        """The call one gets on at."""
        return self.run.trip.calls[self.place]


class Timetable:
    """A loaded feed; the one a community uses is opened with `open_timetable`.

    `stops` and `lines` are found by id; a stop is also asked for by the id of one of its
    poles. `first_on` and `last_on` are the days the feed speaks of, `version` is the feed's
    fingerprint. Of an empty feed nothing is known.
    """

    def __init__(self, feed: Feed) -> None:
        agency = next(iter(feed["agency.txt"]), {"agency_timezone": "UTC", "agency_name": ""})
        words = Translations(feed)
        self.version = feed.fingerprint
        self.zone = ZoneInfo(agency["agency_timezone"])
        self.stops = read_stops(feed, words)
        self.lines = read_lines(feed, words)
        self.fares = Fares(feed, agency["agency_name"])
        self.level: Level = "sample" if _any_sample(feed) else "official"
        self._services = Services(feed)
        self.first_on, self.last_on = self._services.first_on, self._services.last_on
        self._stop_of = {p: s.id for s in self.stops.values() for p in (s.id, *s.poles)}
        self._boardings: dict[str, dict[str, list[Boarding]]] = defaultdict(dict)
        self._arriving: dict[str, dict[str, list[Run]]] = defaultdict(dict)
        self._trips: dict[str, dict[str, Run]] = defaultdict(dict)  # line → trip → one run
        self._latest = 0
        for run in read_runs(feed, self.stops, self.lines, words):
            self._keep(run)
        for services in self._boardings.values():
            for boardings in services.values():
                boardings.sort(key=lambda boarding: boarding[:3])

    def stop(self, stop_id: str) -> Stop | None:
        """Return the stop of this id, or the one a pole of this id belongs to."""
        return self.stops.get(self._stop_of.get(stop_id, ""))

    def covers(self, day: date) -> bool:
        """Tell whether the feed speaks of that day at all."""
        return self._services.covers(day)

    def runs_on(self, day: date) -> bool:
        """Tell whether anything runs on that service day."""
        return bool(self._services.on(day))

    def next_departures(
        self, stop_id: str, now: datetime, *, only: Only | None = None, count: int = 3
    ) -> list[Departure]:
        """Return the next departures from a stop, soonest first, of the service day of `now`.

        A bus after midnight belongs to the day before (25:10 is 1:10 in the morning).
        """
        found = self.boardings(stop_id, self.days_until(now), now, only=only)
        return [self._departure(boarding) for boarding in islice(found, count)]

    def departures_on(
        self, stop_id: str, on: date, *, only: Only | None = None
    ) -> list[Departure]:
        """Return all departures of a service day from a stop, soonest first."""
        return [self._departure(b) for b in self.boardings(stop_id, [on], only=only)]

    def first_and_last(
        self, stop_id: str, on: date, *, only: Only | None = None
    ) -> tuple[Departure, Departure] | None:
        """Return a service day's first and last departures from a stop, None without any."""
        found = self.departures_on(stop_id, on, only=only)
        return (found[0], found[-1]) if found else None

    def lines_at(self, stop_id: str) -> list[Line]:
        """Return the lines that can be taken from a stop, by number."""
        at = self._boardings.get(self._stop_of.get(stop_id, ""), {})
        lines = {b.run.trip.line.id: b.run.trip.line for bs in at.values() for b in bs}
        return sorted(lines.values(), key=lambda line: (line.number.zh, line.id))

    def signs_at(self, stop_id: str, line_id: str) -> list[Text]:
        """Return where a line's buses go from a stop, the most frequent first."""
        at = self._boardings.get(self._stop_of.get(stop_id, ""), {})
        trips = (b.run.trip for bs in at.values() for b in bs)
        counts = Counter(trip.towards for trip in trips if trip.line.id == line_id)
        return [towards for towards, _ in counts.most_common()]

    def routes_of(self, line_id: str) -> list[list[Stop]]:
        """Return the stops of a line's longest trip to each end, in order."""
        longest: dict[str, Run] = {}
        for run in self._trips.get(line_id, {}).values():
            end = run.trip.calls[-1].stop_id
            if end not in longest or len(run.trip.calls) > len(longest[end].trip.calls):
                longest[end] = run
        by_length = sorted(longest.values(), key=lambda run: -len(run.trip.calls))
        return [[self.stops[c.stop_id] for c in run.trip.calls] for run in by_length]

    def stops_of(self, line_id: str) -> list[Stop]:
        """Return the stops of a line, in the order of one of its longest trips."""
        return next(iter(self.routes_of(line_id)), [])

    def nearest(self, lat: float, lon: float) -> tuple[Stop, float] | None:
        """Return the served stop nearest to a place, and how many metres away it is."""
        served = (stop for stop in self.stops.values() if stop.id in self._boardings)
        away = ((metres(lat, lon, stop.lat, stop.lon), stop.id) for stop in served)
        found = min(away, default=None)
        return (self.stops[found[1]], found[0]) if found else None

    def days_until(self, now: datetime) -> list[date]:
        """Return the service days whose buses may still be on the road, today's the last."""
        today = now.astimezone(self.zone).date()
        return [today - timedelta(days=back) for back in range(self._latest // DAY, -1, -1)]

    def boardings(
        self,
        stop_id: str,
        days: list[date],
        now: datetime | None = None,
        *,
        only: Only | None = None,
    ) -> Iterator[Boarding]:
        """Yield the boardings of service days at a stop, soonest first, from `now` on.

        Their seconds are counted since 1970.
        """
        after = now.timestamp() if now else 0
        each = (self._on_day(stop_id, day, after) for day in days)
        found = heapq.merge(*each, key=lambda boarding: boarding[:3])
        return filter(partial(self._fits, only), found) if only else found

    def moment(self, seconds: int) -> datetime:
        """Return a moment in the feed's time zone, from seconds since 1970."""
        return datetime.fromtimestamp(seconds, UTC).astimezone(self.zone)

    def runs_to(self, stop_id: str, days: list[date]) -> Iterator[tuple[int, Run]]:
        """Yield the runs of service days one may get off from at a stop.

        Each comes with where its seconds are counted from, in seconds since 1970.
        """
        for day in days:
            begins, running = day_begins(day, self.zone), self._services.on(day)
            for service_id, runs in self._arriving.get(stop_id, {}).items():
                if service_id in running:
                    yield from ((begins + run.shift, run) for run in runs)

    def _keep(self, run: Run) -> None:
        trip = run.trip
        self._trips[trip.line.id].setdefault(trip.id, run)
        self._latest = max(self._latest, trip.calls[-1].arrives + run.shift)
        for stop_id in trip.last_alight:
            self._arriving[stop_id].setdefault(trip.service_id, []).append(run)
        for place, call in enumerate(trip.calls):
            if call.boards:
                boardings = self._boardings[call.stop_id].setdefault(trip.service_id, [])
                boardings.append(Boarding(call.departs + run.shift, trip.id, place, run))

    def _on_day(self, stop_id: str, day: date, after: float) -> Iterator[Boarding]:
        begins = day_begins(day, self.zone)
        at_stop = self._boardings.get(self._stop_of.get(stop_id, ""), {})
        each = (at_stop[service] for service in self._services.on(day) & at_stop.keys())
        late = [islice(of, bisect_left(of, (after - begins,)), None) for of in each]
        for found in heapq.merge(*late, key=lambda boarding: boarding[:3]):
            yield found._replace(at=begins + found.at)

    def _fits(self, only: Only, found: Boarding) -> bool:
        trip = found.run.trip
        if only.line_ids is not None and trip.line.id not in only.line_ids:
            return False
        if only.to_stop_id is None:
            return True
        return trip.reaches(self._stop_of.get(only.to_stop_id, ""), found.place)

    def _departure(self, found: Boarding) -> Departure:
        trip = found.run.trip
        return Departure(trip.line, trip.towards, self.moment(found.at), found.run.every)


def _any_sample(feed: Feed) -> bool:
    return any(row.get("level") == "sample" for row in feed["trips.txt"])
