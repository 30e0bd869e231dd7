"""Buses by the timetable: service days, headways, after midnight."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from knowledge.pack import Pack
from knowledge.transit import Only, Timetable, load_timetable, open_timetable
from tests.knowledge.transit.conftest import write_feed

SHANGHAI = ZoneInfo("Asia/Shanghai")
ROWS = "trip_id,arrival_time,departure_time,stop_id,stop_sequence"
ONE_TRIP = "route_id,service_id,trip_id\nr,WK,t\n"


def leaving(timetable: Timetable, stop: str, now: datetime) -> list[str]:
    return [f"{d.leaves_at:%d %H:%M}" for d in timetable.next_departures(stop, now, count=9)]


def test_a_bus_after_midnight_belongs_to_the_day_before(timetable: Timetable) -> None:
    late = datetime(2026, 11, 25, 0, 30, tzinfo=SHANGHAI)
    assert leaving(timetable, "a", late)[0] == "25 01:10"


def test_a_bus_that_leaves_this_minute_is_still_caught(timetable: Timetable) -> None:
    assert leaving(timetable, "a", datetime(2026, 11, 24, 8, tzinfo=SHANGHAI))[0] == "24 08:00"


def test_a_headway_is_told_as_such(timetable: Timetable) -> None:
    now = datetime(2026, 11, 24, 10, 15, tzinfo=SHANGHAI)
    (first, *_) = timetable.next_departures("a", now, only=Only(frozenset({"l"})))
    assert first.leaves_at == datetime(2026, 11, 24, 10, 20, tzinfo=SHANGHAI)
    assert first.every == timedelta(minutes=20)


def test_a_holiday_runs_as_the_dates_say(timetable: Timetable) -> None:
    """Wednesday 25 November runs as a Sunday here."""
    morning = datetime(2026, 11, 25, 7, tzinfo=SHANGHAI)
    assert leaving(timetable, "a", morning) == ["25 09:00"]


def test_nobody_gets_on_where_a_trip_ends(timetable: Timetable) -> None:
    morning = datetime(2026, 11, 24, 7, tzinfo=SHANGHAI)
    assert all(d.line.id == "l" for d in timetable.next_departures("b", morning, count=9))


def test_after_the_last_bus_there_is_none(timetable: Timetable) -> None:
    assert leaving(timetable, "a", datetime(2026, 11, 28, 12, tzinfo=SHANGHAI)) == []
    assert timetable.first_and_last("a", date(2026, 11, 28)) is None


def test_first_and_last_of_a_day(timetable: Timetable) -> None:
    found = timetable.first_and_last("a", date(2026, 11, 24), only=Only(frozenset({"r"})))
    assert found
    assert [f"{d.leaves_at:%H:%M}" for d in found] == ["08:00", "01:10"]


def test_the_feed_s_dates_end(timetable: Timetable) -> None:
    assert timetable.first_and_last("a", date(2027, 1, 4)) is None


def test_names_are_told_in_english_where_there_are_some(timetable: Timetable) -> None:
    assert timetable.stops["b"].name.en == "West"
    assert timetable.stops["a"].name.en == "东站"
    assert timetable.stops_of("r")[0].id == "a"
    assert {line.id for line in timetable.lines_at("a")} == {"r", "l"}


def test_an_unknown_stop_has_no_buses(timetable: Timetable) -> None:
    assert leaving(timetable, "nowhere", datetime(2026, 11, 24, 8, tzinfo=SHANGHAI)) == []


def test_the_shipped_timetable_is_said_to_be_a_sample(guali: Pack) -> None:
    shipped = open_timetable(guali)
    assert shipped.level == "sample"
    assert shipped.next_departures("s_guali", datetime(2026, 11, 24, 8, tzinfo=SHANGHAI))


def test_the_seconds_are_counted_from_noon_when_the_clocks_change(tmp_path: Path) -> None:
    """On 29 March 2026 Berlin has no 2:30; a bus of 09:00:00 leaves at nine all the same."""
    berlin = load_timetable(
        write_feed(tmp_path, agency="agency_name,agency_timezone\nBVG,Europe/Berlin\n")
    )
    (only, *_) = berlin.departures_on("a", date(2026, 3, 29))
    assert only.leaves_at == datetime(2026, 3, 29, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    assert only.leaves_at.astimezone(UTC).hour == 7


def test_missing_times_are_spread_between_those_that_are_there(tmp_path: Path) -> None:
    times = f"{ROWS}\nt,08:00:00,08:00:00,a,1\nt,,,c,2\nt,,,d,3\nt,08:30:00,08:30:00,b,4\n"
    stops = "stop_id,stop_name,stop_lat,stop_lon\n" + "".join(
        f"{id_},{id_}站,30.{n},120\n" for n, id_ in enumerate("abcd")
    )
    feed = write_feed(tmp_path, stops=stops, trips=ONE_TRIP, stop_times=times, frequencies=None)
    found = load_timetable(feed)
    day = datetime(2026, 11, 24, 7, tzinfo=SHANGHAI)
    assert [leaving(found, stop, day) for stop in "acd"] == [
        ["24 08:00"],
        ["24 08:10"],
        ["24 08:20"],
    ]


def test_rows_may_lie_in_any_order(tmp_path: Path) -> None:
    rows = f"{ROWS}\nt,08:30:00,08:30:00,b,9\nt,08:00:00,08:00:00,a,2\n"
    found = load_timetable(
        write_feed(tmp_path, trips=ONE_TRIP, stop_times=rows, frequencies=None)
    )
    assert leaving(found, "a", datetime(2026, 11, 24, 7, tzinfo=SHANGHAI)) == ["24 08:00"]


def test_where_nobody_may_get_on_no_bus_is_told(tmp_path: Path) -> None:
    rows = f"{ROWS},pickup_type\nt,08:00:00,08:00:00,a,1,1\nt,08:30:00,08:30:00,b,2,0\n"
    found = load_timetable(
        write_feed(tmp_path, trips=ONE_TRIP, stop_times=rows, frequencies=None)
    )
    assert leaving(found, "a", datetime(2026, 11, 24, 7, tzinfo=SHANGHAI)) == []


@pytest.mark.parametrize("missing", ["calendar", "calendar_dates"])
def test_one_of_the_two_calendars_is_enough(tmp_path: Path, missing: str) -> None:
    found = load_timetable(write_feed(tmp_path, **{missing: None}))
    assert found.departures_on("a", date(2026, 11, 25 if missing == "calendar" else 24))
    assert not found.departures_on("a", date(2026, 11, 28))


def test_the_days_of_a_feed_are_those_of_its_calendar_and_its_own_word(tmp_path: Path) -> None:
    found = load_timetable(
        write_feed(tmp_path, feed_info="feed_lang,feed_end_date\nzh,20261130\n")
    )
    assert (found.first_on, found.last_on) == (date(2026, 1, 1), date(2026, 11, 30))
    assert found.covers(date(2026, 11, 30))
    assert not found.covers(date(2026, 12, 1))
    assert found.runs_on(date(2026, 12, 1))
    assert not found.runs_on(date(2026, 11, 28))


def test_both_sides_of_a_road_are_one_stop(tmp_path: Path) -> None:
    """Poles of one name close together; one of that name far away is another stop."""
    stops = """stop_id,stop_name,stop_lat,stop_lon
a,东站,30.1,120.4
a2,东站,30.1001,120.4
a3,东站,30.9,120.4
b,西站,30.2,120.5
"""
    rows = (
        f"{ROWS}\nt,08:00:00,08:00:00,b,1\nt,08:30:00,08:30:00,a2,2\nt,08:40:00,08:40:00,a3,3\n"
    )
    found = load_timetable(
        write_feed(tmp_path, stops=stops, trips=ONE_TRIP, stop_times=rows, frequencies=None)
    )
    assert found.stops["a"].poles == ("a", "a2")
    assert found.stop("a2") == found.stop("a") != found.stop("a3")
    morning = datetime(2026, 11, 24, 7, tzinfo=SHANGHAI)
    assert leaving(found, "a", morning) == leaving(found, "a2", morning) == ["24 08:30"]


def test_platforms_of_a_station_are_one_stop_and_as_accessible_as_it(tmp_path: Path) -> None:
    columns = "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station"
    stops = f"""{columns},wheelchair_boarding
S,总站,30.1,120.4,1,,1
a,总站1,30.1,120.4,0,S,0
a2,总站2,30.1,120.4,0,S,2
b,西站,30.2,120.5,0,,
"""
    found = load_timetable(write_feed(tmp_path, stops=stops))
    assert set(found.stops) == {"S", "b"}
    assert found.stops["S"].name.zh == "总站"
    assert found.stops["S"].wheelchair == "partly"
    assert found.stops["b"].wheelchair == "unknown"


def test_the_older_translations_are_read_too(tmp_path: Path) -> None:
    found = load_timetable(
        write_feed(tmp_path, translations="trans_id,lang,translation\n西站,en,West End\n")
    )
    assert found.stops["b"].name.en == "West End"


def test_the_nearest_stop_is_one_with_buses(timetable: Timetable) -> None:
    found = timetable.nearest(30.1009, 120.4)
    assert found
    assert found[0].id == "a"
    assert round(found[1]) == 100
