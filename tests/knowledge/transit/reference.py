"""Departures and journeys computed from a feed's raw files, by nothing of the product's.

Slow and plain on purpose: every trip of every day is looked at. It knows only csv, zipfile
and the GTFS reference.
"""

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Call = tuple[str, int, int, bool, bool]  # stop, arrives, departs, may board, may alight


def read_raw(path: Path) -> dict[str, list[dict[str, str]]]:
    """All rows of all tables of a .zip or a folder."""
    if path.is_dir():
        texts = {f.name: f.read_text("utf-8-sig") for f in path.glob("*.txt")}
    else:
        with zipfile.ZipFile(path) as archive:
            texts = {n: archive.read(n).decode("utf-8-sig") for n in archive.namelist()}
    return {name: list(csv.DictReader(io.StringIO(text))) for name, text in texts.items()}


class Raw:
    """A feed as its files say, stops being parent stations or (without those) names."""

    def __init__(self, path: Path, zone: str, first: date, last: date) -> None:
        self.tables = read_raw(path)
        self.zone, self.first, self.last = ZoneInfo(zone), first, last
        self.stop_of = {
            row["stop_id"]: row.get("parent_station") or row["stop_name"]
            for row in self.tables["stops.txt"]
        }
        self.pole_of = {stop: pole for pole, stop in self.stop_of.items()}
        self.trips = {row["trip_id"]: row for row in self.tables["trips.txt"]}
        self.calls: dict[str, list[Call]] = {}
        self.shifts = self._shifts()
        self._read_calls()
        self.stops = sorted({call[0] for calls in self.calls.values() for call in calls})

    def runs(self, day: date) -> list[str]:
        """The services of a day."""
        stamp = day.strftime("%Y%m%d")
        ids = {
            row["service_id"]
            for row in self.tables.get("calendar.txt", [])
            if row[WEEKDAYS[day.weekday()]] == "1"
            and int(row["start_date"]) <= int(stamp) <= int(row["end_date"])
        }
        for row in self.tables.get("calendar_dates.txt", []):
            if row["date"] == stamp and row["exception_type"] == "1":
                ids.add(row["service_id"])
            if row["date"] == stamp and row["exception_type"] == "2":
                ids -= {row["service_id"]}
        return sorted(ids)

    def rides(
        self, now: datetime
    ) -> Iterator[tuple[str, list[tuple[str, int, int, bool, bool]]]]:
        """Every run of yesterday and today: its trip, and its calls in seconds since 1970."""
        today = now.astimezone(self.zone).date()
        for day in (today - timedelta(days=1), today):
            noon = datetime(day.year, day.month, day.day, 12, tzinfo=self.zone)
            zero = int(noon.astimezone(UTC).timestamp()) - 12 * 3600
            services = self.runs(day)
            for trip_id, calls in self.calls.items():
                if self.trips[trip_id]["service_id"] in services:
                    for shift in self.shifts.get(trip_id, [0]):
                        base = zero + shift
                        yield (
                            trip_id,
                            [(s, base + a, base + d, b, x) for s, a, d, b, x in calls],
                        )

    def direct(self, start: str, end: str, now: datetime) -> list[tuple[int, int]]:
        """The sensible direct journeys: leaves, arrives."""
        found = set()
        for _, calls in self.rides(now):
            for place, (at, _, departs, boards, _) in enumerate(calls):
                if at == start and boards and departs >= now.timestamp():
                    for to, arrives, _, _, alights in calls[place + 1 :]:
                        if to == end and alights:
                            found.add((departs, arrives))
        return sorted(
            way
            for way in found
            if not any(
                other != way and other[0] >= way[0] and other[1] <= way[1] for other in found
            )
        )

    def soonest(self, start: str, end: str, now: datetime, change: int) -> int | None:
        """The earliest arrival with one change at most, by rounds: one trip, then another."""
        rides = list(self.rides(now))
        reached: dict[str, int] = {}
        best: list[int] = []
        for _, calls in rides:
            on = False
            for at, arrives, departs, boards, alights in calls:
                if on and alights:
                    reached[at] = min(arrives, reached.get(at, arrives))
                    best += [arrives] if at == end else []
                on = on or (at == start and boards and departs >= now.timestamp())
        reached.pop(start, None)
        reached.pop(end, None)
        for _, calls in rides:
            on = False
            for at, arrives, departs, boards, alights in calls:
                if on and alights and at == end:
                    best.append(arrives)
                on = on or (boards and at in reached and reached[at] + change <= departs)
        return min(best, default=None)

    def _read_calls(self) -> None:
        along: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in self.tables["stop_times.txt"]:
            along[row["trip_id"]].append(row)
        for trip_id, rows in along.items():
            rows.sort(key=lambda row: int(row["stop_sequence"]))
            self.calls[trip_id] = [
                (
                    self.stop_of[row["stop_id"]],
                    _seconds(row["arrival_time"]),
                    _seconds(row["departure_time"]),
                    row is not rows[-1] and row.get("pickup_type") != "1",
                    row is not rows[0] and row.get("drop_off_type") != "1",
                )
                for row in rows
            ]

    def _shifts(self) -> dict[str, list[int]]:
        first: dict[str, int] = {}
        for row in self.tables["stop_times.txt"]:
            at = _seconds(row["departure_time"])
            first[row["trip_id"]] = min(at, first.get(row["trip_id"], at))
        shifts: dict[str, list[int]] = defaultdict(list)
        for row in self.tables.get("frequencies.txt", []):
            at = _seconds(row["start_time"])
            while at < _seconds(row["end_time"]):
                shifts[row["trip_id"]].append(at - first[row["trip_id"]])
                at += int(row["headway_secs"])
        return shifts


def _seconds(clock: str) -> int:
    parts = clock.split(":")
    return int(parts[0]) * 3600 + int(parts[1]) * 60 + int(parts[2])
