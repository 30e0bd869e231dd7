"""Departures and journeys equal those computed independently from the feeds' raw files."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from knowledge.transit import Journey, Timetable, journeys, load_timetable
from knowledge.transit.journeys import TO_CHANGE
from tests.knowledge.transit.conftest import SAMPLE, real_feed, real_timetable
from tests.knowledge.transit.reference import Raw

TOLD = 5


@dataclass(frozen=True)
class Case:
    """A feed, the days it speaks of, and how many questions are asked of it."""

    name: str
    zone: str
    first: date
    last: date
    departures: int
    journeys: int

    @property
    def path(self) -> Path:
        return SAMPLE if self.name == "sample" else real_feed(self.name)


CASES = (
    Case("sample", "Asia/Shanghai", date(2026, 1, 1), date(2027, 12, 31), 500, 60),
    Case("donan-bus", "Asia/Tokyo", date(2017, 4, 1), date(2018, 3, 31), 2400, 60),
    Case("kobe-subway", "Asia/Tokyo", date(2017, 8, 16), date(2017, 11, 17), 2400, 60),
)
every_feed = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@cache
def opened(case: Case) -> tuple[Timetable, Raw]:
    raw = Raw(case.path, case.zone, case.first, case.last)
    sample = case.path == SAMPLE
    return load_timetable(SAMPLE) if sample else real_timetable(case.name), raw


def moments(case: Case, raw: Raw, count: int, seed: int) -> Iterator[datetime]:
    """Moments of random days, more of the dated exceptions than chance would give."""
    chance = random.Random(seed)
    days = [case.first + timedelta(n) for n in range((case.last - case.first).days + 1)]
    stamps = {row["date"] for row in raw.tables.get("calendar_dates.txt", [])}
    unusual = [day for day in days if day.strftime("%Y%m%d") in stamps] or days
    for _ in range(count):
        day = chance.choice(unusual if chance.random() < 0.3 else days)
        at = datetime(day.year, day.month, day.day, tzinfo=raw.zone)
        yield at + timedelta(seconds=chance.randrange(24 * 3600))


def differs(
    timetable: Timetable, raw: Raw, later: list[tuple[int, str]], pole: str, now: datetime
) -> bool:
    """Whether the told departures are others; of one second any may be told."""
    found = timetable.next_departures(pole, now, count=TOLD)
    told = [(int(d.leaves_at.timestamp()), d.line.id) for d in found]
    if [at for at, _ in told] != [at for at, _ in later[:TOLD]]:
        return True
    last = told[-1][0] if told else 0
    whole = Counter(way for way in later if way[0] < last)
    return Counter(way for way in told if way[0] < last) != whole


@every_feed
def test_the_next_departures_of_any_stop_at_any_moment(case: Case) -> None:
    timetable, raw = opened(case)
    chance, wrong, asked, some = random.Random(7), [], 0, 0
    per_moment = 24
    for now in moments(case, raw, case.departures // per_moment, seed=11):
        later = {stop: list[tuple[int, str]]() for stop in raw.stops}
        for trip_id, calls in raw.rides(now):
            for stop, _, departs, boards, _ in calls:
                if boards and departs >= now.timestamp():
                    later[stop].append((departs, raw.trips[trip_id]["route_id"]))
        for stop in chance.choices(raw.stops, k=per_moment):
            asked, some = asked + 1, some + bool(later[stop])
            if differs(timetable, raw, sorted(later[stop]), raw.pole_of[stop], now):
                wrong.append((stop, now))
    assert asked >= case.departures - per_moment
    assert some > asked / 2
    assert wrong == []


@every_feed
def test_direct_journeys_between_any_two_stops(case: Case) -> None:
    timetable, raw = opened(case)
    chance, wrong, some = random.Random(3), [], 0
    for now in moments(case, raw, case.journeys, seed=5):
        calls = raw.calls[chance.choice(list(raw.calls))]
        start, end = (call[0] for call in sorted(chance.sample(calls, 2), key=lambda c: c[1]))
        expected = raw.direct(start, end, now) if start != end else []
        found = journeys(timetable, raw.pole_of[start], raw.pole_of[end], now)
        told = [_times(journey) for journey in found if len(journey.rides) == 1]
        some += bool(expected)
        if told != expected[:3]:
            wrong.append((start, end, now, told, expected[:3]))
    assert some > case.journeys / 4
    assert wrong == []


@every_feed
def test_with_one_change_nobody_could_arrive_sooner(case: Case) -> None:
    timetable, raw = opened(case)
    chance, wrong, some = random.Random(9), [], 0
    change = int(TO_CHANGE.total_seconds())
    for now in moments(case, raw, case.journeys, seed=13):
        start, end = chance.sample(raw.stops, 2)
        if raw.direct(start, end, now):
            continue
        found = journeys(timetable, raw.pole_of[start], raw.pole_of[end], now)
        told = _times(found[0])[1] if found else None
        some += bool(found)
        if told != raw.soonest(start, end, now, change):
            wrong.append((start, end, now))
        for journey in found:
            first, then = journey.rides
            assert first.end == then.start
            assert then.leaves_at - first.arrives_at >= TO_CHANGE
    assert some > 5
    assert wrong == []


def _times(journey: Journey) -> tuple[int, int]:
    return int(journey.leaves_at.timestamp()), int(journey.arrives_at.timestamp())
