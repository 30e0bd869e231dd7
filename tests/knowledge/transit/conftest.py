"""A small feed to change at will, and the real ones where they are on this machine."""

import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from knowledge.transit import Timetable, load_timetable

SAMPLE = Path("knowledge/data/guali/gtfs")
REAL = Path("../shared/data/gtfs")

FEED = {
    "agency.txt": "agency_name,agency_timezone\n公交,Asia/Shanghai\n",
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

Write = Callable[..., Path]


def write_feed(folder: Path, **changed: str | None) -> Path:
    """Write the feed with some tables changed (by name without .txt) or left out (None)."""
    tables: dict[str, str | None] = {**FEED, **{f"{k}.txt": v for k, v in changed.items()}}
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in tables.items():
        if content is not None:
            (folder / name).write_text(content, encoding="utf-8")
    return folder


def zip_feed(folder: Path, archive: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(archive, "w") as packed:
        for file in folder.glob("*.txt"):
            packed.write(file, inside + file.name)
    return archive


@pytest.fixture
def timetable(tmp_path: Path) -> Timetable:
    return load_timetable(write_feed(tmp_path / "feed"))


@cache
def real_timetable(name: str) -> Timetable:
    return load_timetable(real_feed(name))


def real_feed(name: str) -> Path:
    """A real feed; it lies beside the project, never in it."""
    file = REAL / f"{name}.zip"
    if not file.is_file():
        pytest.skip(f"{file} is not on this machine")
    return file
