"""A bad feed is said to be bad: file, line, what is wrong, what to do."""

import zipfile
from pathlib import Path

import pytest

from knowledge.transit import FeedInvalid, load_timetable
from tests.knowledge.transit.conftest import FEED, SAMPLE, real_timetable, write_feed, zip_feed

TIMES = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
STOPS = "stop_id,stop_name,stop_lat,stop_lon\n"
DAYS = "service_id,date,exception_type\n"
WEEK = (
    "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
)


def mistakes(path: Path) -> str:
    with pytest.raises(FeedInvalid) as refused:
        load_timetable(path)
    return "\n".join(refused.value.mistakes)


@pytest.mark.parametrize(
    ("table", "content", "sentence"),
    [
        (
            "stop_times",
            TIMES + "day,8.05,8.05,a,1\n",
            "line 2: departure_time “8.05” cannot be",
        ),
        (
            "stop_times",
            TIMES + "day,08:61:00,08:61:00,a,1\n",
            "“08:61:00” cannot be read; write",
        ),
        ("stop_times", TIMES + "day,99:00:00,99:00:00,a,1\n", "“99:00:00” cannot be read"),
        (
            "stop_times",
            TIMES + "day,08:00:00,08:00:00,x,1\n",
            "line 2: stop_id x is not in stops",
        ),
        (
            "stop_times",
            TIMES + "who,08:00:00,08:00:00,a,1\n",
            "trip_id who is not in trips.txt",
        ),
        (
            "stop_times",
            TIMES + "day,08:30:00,08:30:00,a,1\nday,08:00:00,08:00:00,b,2\n",
            "line 3: arrival_time 08:00:00 of trip day is earlier than 08:30:00 just before it",
        ),
        (
            "stop_times",
            TIMES + "day,08:10:00,08:00:00,a,1\nday,08:30:00,08:30:00,b,2\n",
            "line 2: departure_time 08:00:00 of trip day is earlier than 08:10:00",
        ),
        (
            "stop_times",
            TIMES + "day,08:00:00,08:00:00,a,1\nday,08:30:00,08:30:00,b,1\n",
            "line 3: trip_id stop_sequence day 1 is in line 2 already",
        ),
        (
            "stop_times",
            TIMES + "day,,,a,1\nday,08:00:00,,b,2\n",
            "line 2: trip day has no time",
        ),
        (
            "stop_times",
            "trip_id,stop_id\nday,a\n",
            "the column departure_time is missing; add it",
        ),
        ("stop_times", TIMES, "stop_times.txt has no rows"),
        ("stop_times", None, "stop_times.txt is missing; every feed has one"),
        (
            "stop_times",
            TIMES + "day,08:00:00,08:00:00,a,1,x,y\n",
            "line 2: 7 values for 5 columns",
        ),
        (
            "trips",
            "trip_id,route_id,service_id\nday,r,x\n",
            "service_id x is not in calendar.txt",
        ),
        ("trips", "trip_id,route_id,service_id\nday,x,WK\n", "route_id x is not in routes.txt"),
        (
            "stops",
            STOPS + "a,东站,北纬30,120\nb,西站,30,120\n",
            "stop_lat “北纬30” cannot be read",
        ),
        ("stops", STOPS + "a,东站,30,920\nb,西站,30,120\n", "stop_lon “920” cannot be read"),
        ("stops", STOPS + "a,东站,,\nb,西站,30,120\n", "line 2: a has no place on the map"),
        (
            "stops",
            STOPS + "a,东,30,120\na,西,30,120\nb,北,30,120\n",
            "stop_id a is in line 2 already",
        ),
        (
            "calendar",
            WEEK + "WK,1,1,1,1,1,0,0,20260101,20250101\n",
            "end_date 20250101 comes before",
        ),
        (
            "calendar",
            WEEK + "WK,1,1,1,1,1,0,2,20260101,20270101\n",
            "sunday “2” cannot be read",
        ),
        ("calendar_dates", DAYS + "WK,20260231,1\n", "date “20260231” cannot be read"),
        ("calendar_dates", DAYS + "WK,2026-11-24,1\n", "write like 20261124"),
        (
            "frequencies",
            "trip_id,start_time,end_time,headway_secs\nloop,10:00:00,09:00:00,600\n",
            "end_time 09:00:00 comes before start_time 10:00:00",
        ),
        (
            "frequencies",
            "trip_id,start_time,end_time,headway_secs\nloop,10:00:00,11:00:00,0\n",
            "headway_secs “0” cannot be read",
        ),
        ("agency", "agency_name,agency_timezone\nx,Mars/Base\n", "write like Asia/Shanghai"),
        ("fare_attributes", "fare_id,price,currency_type\nf,两元,CNY\n", "price “两元” cannot"),
        ("fare_rules", "fare_id,route_id\nf,r\n", "fare_id f is not in fare_attributes.txt"),
    ],
)
def test_each_mistake_is_told_with_its_file_and_line(
    tmp_path: Path, table: str, content: str | None, sentence: str
) -> None:
    said = mistakes(write_feed(tmp_path / "feed", **{table: content}))
    assert sentence in said
    assert f"{table}.txt" in said


def test_without_any_calendar_nothing_can_run(tmp_path: Path) -> None:
    said = mistakes(write_feed(tmp_path / "f", calendar=None, calendar_dates=None))
    assert "add one of them" in said


def test_a_quoted_line_break_does_not_shift_the_lines_told(tmp_path: Path) -> None:
    stops = STOPS + '"a","东\n站",30,120\nb,西站,30,x\n'
    assert "stops.txt, line 4: stop_lon “x”" in mistakes(
        write_feed(tmp_path / "f", stops=stops)
    )


def test_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    folder = write_feed(tmp_path / "f")
    (folder / "stops.txt").write_bytes(FEED["stops.txt"].encode("gb18030"))
    assert "stops.txt, line 2: not UTF-8; save the file as UTF-8" in mistakes(folder)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_zip_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "feed.zip"
    file.write_bytes(content)
    assert "feed.zip is not a readable zip file" in mistakes(file)


def test_a_damaged_zip_is_said_to_be_damaged(tmp_path: Path) -> None:
    archive = zip_feed(write_feed(tmp_path / "f"), tmp_path / "feed.zip")
    broken = bytearray(archive.read_bytes())
    broken[60:90] = b"x" * 30
    archive.write_bytes(broken)
    assert "feed.zip is not a readable zip file" in mistakes(archive)


def test_a_zip_of_something_else_lacks_every_table(tmp_path: Path) -> None:
    file = tmp_path / "photos.zip"
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("photo.jpg", b"x")
    assert "stops.txt is missing; every feed has one" in mistakes(file)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    assert "is not there; name a folder or a .zip" in mistakes(tmp_path / "nothing.zip")


def test_many_mistakes_are_told_up_to_fifty(tmp_path: Path) -> None:
    rows = TIMES + "".join(f"day,late,late,a,{n}\n" for n in range(40))
    said = mistakes(write_feed(tmp_path / "f", stop_times=rows)).splitlines()
    assert len(said) == 51
    assert said[-1] == "… and 30 mistakes more"


def test_a_zip_with_a_folder_a_mark_and_blanks_is_read(tmp_path: Path) -> None:
    stops = "\ufeffstop_id, stop_name ,stop_lat,stop_lon\n a , 东站 ,30,120\nb,西站,30,120\n"
    folder = write_feed(tmp_path / "f", stops=stops)
    archive = zip_feed(folder, tmp_path / "feed.zip", inside="export/")
    assert load_timetable(archive).stops["a"].name.zh == "东站"


def test_the_shipped_feed_and_the_real_ones_are_sound() -> None:
    assert load_timetable(SAMPLE).stops
    for name in ("donan-bus", "kobe-subway"):
        assert real_timetable(name).stops
