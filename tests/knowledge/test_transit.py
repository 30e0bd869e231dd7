"""Buses by the timetable: service days, headways, after midnight."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from knowledge.pack import Pack
from knowledge.transit import Only, Timetable, open_timetable

SHANGHAI = ZoneInfo("Asia/Shanghai")
FEED = {
    "stops.txt": """stop_id,stop_name,stop_lat,stop_lon
a,东站,30.1,120.4
b,西站,30.2,120.5
""",
    "routes.txt": "route_id,route_short_name,route_long_name\nr,1路,东站-西站\nl,环线,环线\n",
    "trips.txt": """route_id,service_id,trip_id,trip_headsign,level
r,WK,day,西站,official
r,WK,night,西站,official
r,SU,sunday,西站,official
l,WK,loop,西站,official
""",
    "stop_times.txt": """trip_id,arrival_time,departure_time,stop_id,stop_sequence
day,08:00:00,08:00:00,a,1
day,08:30:00,08:30:00,b,2
night,25:10:00,25:10:00,a,1
night,25:30:00,25:30:00,b,2
sunday,09:00:00,09:00:00,a,1
sunday,09:30:00,09:30:00,b,2
loop,00:00:00,00:00:00,b,1
loop,00:20:00,00:20:00,a,2
loop,00:40:00,00:40:00,b,3
""",
    "frequencies.txt": """trip_id,start_time,end_time,headway_secs
loop,10:00:00,11:00:00,1200
""",
    "calendar.txt": """service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,\
start_date,end_date
WK,1,1,1,1,1,0,0,20260101,20261231
SU,0,0,0,0,0,0,1,20260101,20261231
""",
    "calendar_dates.txt": "service_id,date,exception_type\nWK,20261125,2\nSU,20261125,1\n",
    "translations.txt": """table_name,field_name,language,translation,record_id
stops,stop_name,en,West,b
""",
}


@pytest.fixture
def timetable(tmp_path: Path) -> Timetable:
    for name, content in FEED.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return Timetable(tmp_path, SHANGHAI)


def leaving(timetable: Timetable, stop: str, now: datetime) -> list[str]:
    return [f"{d.leaves_at:%d %H:%M}" for d in timetable.next_departures(stop, now, count=9)]


def test_a_bus_after_midnight_belongs_to_the_day_before(timetable: Timetable) -> None:
    late = datetime(2026, 11, 25, 0, 30, tzinfo=SHANGHAI)
    assert leaving(timetable, "a", late)[0] == "25 01:10"


def test_a_bus_that_leaves_this_minute_is_still_caught(timetable: Timetable) -> None:
    assert leaving(timetable, "a", datetime(2026, 11, 24, 8, tzinfo=SHANGHAI))[0] == "24 08:00"


def test_a_headway_is_told_as_such(timetable: Timetable) -> None:
    now = datetime(2026, 11, 24, 10, 15, tzinfo=SHANGHAI)
    (first, *_) = timetable.next_departures("a", now, only=Only(line_id="l"))
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
    found = timetable.first_and_last("a", date(2026, 11, 24), only=Only(line_id="r"))
    assert found
    assert [f"{d.leaves_at:%H:%M}" for d in found] == ["08:00", "01:10"]


def test_the_feed_s_dates_end(timetable: Timetable) -> None:
    assert timetable.first_and_last("a", date(2027, 1, 4)) is None


def test_names_are_told_in_english_where_there_are_some(timetable: Timetable) -> None:
    assert timetable.stops["b"].name.en == "West"
    assert timetable.stops["a"].name.en == "东站"
    assert timetable.stops_of("r")[0].id == "a"
    assert [line.id for line in timetable.lines_at("a")] == ["r", "l"]


def test_an_unknown_stop_has_no_buses(timetable: Timetable) -> None:
    assert leaving(timetable, "nowhere", datetime(2026, 11, 24, 8, tzinfo=SHANGHAI)) == []


def test_the_shipped_timetable_is_said_to_be_a_sample(guali: Pack) -> None:
    shipped = open_timetable(guali)
    assert shipped.level == "sample"
    assert shipped.next_departures("s_guali", datetime(2026, 11, 24, 8, tzinfo=SHANGHAI))
