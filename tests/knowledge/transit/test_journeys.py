"""From one stop to another: the ways a small network has."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from knowledge.transit import Timetable, journeys, load_timetable
from tests.knowledge.transit.conftest import write_feed

ROWS = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
NOW = datetime(2026, 11, 24, 7, tzinfo=ZoneInfo("Asia/Shanghai"))


def network(folder: Path, *trips: str) -> Timetable:
    """Make a feed of trips, each written like `a8:00 b8:10 c8:20`."""
    stops = "".join(f"{id_},{id_}站,3{n}.1,120\n" for n, id_ in enumerate("abcd"))
    times = [
        f"t{number},{call[1:]}:00,{call[1:]}:00,{call[0]},{place}\n"
        for number, trip in enumerate(trips)
        for place, call in enumerate(trip.split())
    ]
    feed = write_feed(
        folder,
        stops="stop_id,stop_name,stop_lat,stop_lon\n" + stops,
        trips="route_id,service_id,trip_id\n"
        + "".join(f"r,WK,t{number}\n" for number in range(len(trips))),
        stop_times=ROWS + "".join(times),
        frequencies=None,
    )
    return load_timetable(feed)


def ways(timetable: Timetable, start: str, end: str) -> list[str]:
    found = journeys(timetable, start, end, NOW)
    return [
        " ".join(
            f"{r.start.id}{r.leaves_at:%H:%M}-{r.end.id}{r.arrives_at:%H:%M}" for r in way.rides
        )
        for way in found
    ]


def test_a_direct_bus_is_told_before_a_change(tmp_path: Path) -> None:
    found = network(tmp_path, "a08:00 b08:10 c08:40", "b08:15 c08:20")
    assert ways(found, "a", "c") == ["a08:00-c08:40"]


def test_a_bus_that_is_overtaken_is_left_out(tmp_path: Path) -> None:
    found = network(tmp_path, "a08:00 b09:00", "a08:10 b08:30", "a08:40 b09:20")
    assert ways(found, "a", "b") == ["a08:10-b08:30", "a08:40-b09:20"]


def test_without_a_direct_bus_one_change_is_told(tmp_path: Path) -> None:
    found = network(tmp_path, "a08:00 b08:10", "b08:20 c08:40", "b08:50 c09:10")
    assert ways(found, "a", "c") == ["a08:00-b08:10 b08:20-c08:40"]


@pytest.mark.parametrize(("leaves", "caught"), [("08:13", False), ("08:14", True)])
def test_four_minutes_are_left_to_change(tmp_path: Path, leaves: str, caught: bool) -> None:
    found = network(tmp_path, "a08:00 b08:10", f"b{leaves} c08:40")
    assert bool(ways(found, "a", "c")) is caught


def test_two_changes_are_no_way(tmp_path: Path) -> None:
    assert (
        ways(network(tmp_path, "a08:00 b08:10", "b08:20 c08:30", "c08:40 d09:00"), "a", "d")
        == []
    )


def test_a_stop_passed_twice_is_reached_the_first_time_after(tmp_path: Path) -> None:
    found = network(tmp_path, "b08:00 a08:10 b08:20 c08:30 b08:40")
    assert ways(found, "a", "b") == ["a08:10-b08:20"]


def test_nobody_rides_to_where_they_are(tmp_path: Path) -> None:
    found = network(tmp_path, "a08:00 b08:10 a08:20")
    assert ways(found, "a", "a") == []
    assert ways(found, "a", "nowhere") == []
