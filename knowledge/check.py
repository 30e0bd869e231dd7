"""Checks a pack beyond what reading it shows: what refers to what, and what has gone stale."""

import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from dateutil.rrule import rrulestr
from pydantic import ValidationError

from knowledge.article import read_article
from knowledge.documents import GOLDEN, Listed, line_of, mapping
from knowledge.errors import PackInvalid
from knowledge.golden import read_book
from knowledge.hours import readable
from knowledge.pack import Activity, Facility, Pack, Sourced, load_pack
from knowledge.transit import DAYS, read_table

MODELS: Mapping[str, type[Sourced]] = {"facilities.yml": Facility, "activities.yml": Activity}
NEW = Path(__file__).parent / "data" / "new"  # an empty pack: what every community fills in


def check(folder: Path, today: date | None = None) -> tuple[list[str], list[str]]:
    """Return (mistakes, warnings) as sentences that name file, record and mend."""
    try:
        pack = load_pack(folder)
    except PackInvalid as invalid:
        return invalid.mistakes, []
    mistakes = [
        *_references(pack),
        *_hours(pack),
        *_activities(pack),
        *_emergencies(pack),
        *_sections(pack),
        *_timetable(pack),
    ]
    return mistakes, list(_stale(pack, today)) if today else []


def check_part(path: str, text: str, listed: Listed | None = None) -> list[str]:
    """Return what is wrong with one document, or with one record of it, read by itself."""
    try:
        _read_part(path, text, listed)
    except PackInvalid as invalid:
        return invalid.mistakes
    except ValidationError as invalid:
        return [_mistake(path, text, error) for error in invalid.errors()]
    except (ValueError, yaml.YAMLError) as broken:
        return [f"{path}: {broken}"]
    return []


def _read_part(path: str, text: str, listed: Listed | None) -> None:
    if path.endswith(".md"):
        read_article(text)
    elif path == GOLDEN:
        read_book({GOLDEN: text})
    elif listed:
        MODELS[listed.path].model_validate(mapping(text, path))
    else:
        mapping(text, path)


def _mistake(path: str, text: str, error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    line = line_of(text, str(error["loc"][0]) if error["loc"] else "")
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{path}, line {line}: {place} — {said}; mend it"


def _references(pack: Pack) -> Iterator[str]:
    """Yield a sentence for each id that names nothing."""
    # file, record, field, value, where it must be
    named: list[tuple[str, str, str, str | None, Mapping[str, object]]] = [
        *(("areas.yml", a.id, "parent", a.parent, pack.areas) for a in pack.areas.values()),
        *(("gazetteer.yml", p.id, "area", p.area, pack.areas) for p in pack.places.values()),
        *(
            ("gazetteer.yml", p.id, "facility", p.facility, pack.facilities)
            for p in pack.places.values()
        ),
        *(
            ("facilities.yml", f.id, "exceptions", f.exceptions, pack.exception_sets)
            for f in pack.facilities.values()
        ),
        *(
            ("activities.yml", a.id, "venue", a.venue, pack.facilities)
            for a in pack.activities.values()
        ),
        *(
            ("categories.yml", c.service_code, "team", c.team, pack.teams)
            for c in pack.categories.values()
        ),
    ]
    for file, record, field, value, known in named:
        if value is not None and value not in known:
            yield f"{file}, record {record}: {field} “{value}” is unknown; name a known one"


def _hours(pack: Pack) -> Iterator[str]:
    """Yield a sentence for each opening hours nobody can read."""
    written = [
        (f"record {facility.id}", "opening_hours", facility.opening_hours)
        for facility in pack.facilities.values()
    ] + [
        (f"exception set {name}", f"hours of {exception.date}", exception.hours)
        for name, exceptions in pack.exception_sets.items()
        for exception in exceptions.dates
    ]
    for record, field, hours in written:
        if hours and hours != "off" and not readable(hours):
            yield (
                f"facilities.yml, {record}: {field} “{hours}” is not OSM syntax; "
                "write like Mo-Fr 08:30-17:00"
            )


def _activities(pack: Pack) -> Iterator[str]:
    """Yield a sentence for each activity or exception that cannot take place."""
    for activity in pack.activities.values():
        record = f"activities.yml, record {activity.id}"
        if activity.end <= activity.start:
            yield f"{record}: end {activity.end:%H:%M} is not after its start; mend one of them"
        try:
            rrulestr(activity.rrule)
        except ValueError:
            yield (
                f"{record}: rrule “{activity.rrule}” cannot be read; "
                "write like FREQ=WEEKLY;BYDAY=TU"
            )
    for name, exceptions in pack.exception_sets.items():
        for exception in exceptions.dates:
            if exception.to < exception.date:
                yield (
                    f"facilities.yml, exception set {name}: {exception.date} ends before it "
                    "begins; mend date or to"
                )


def _emergencies(pack: Pack) -> Iterator[str]:
    for kind in pack.never_request:
        record = f"categories.yml, record {kind.id}"
        if not kind.keywords:
            yield f"{record}: without keywords nobody is warned; add some"
        if not kind.number.isdigit():
            yield f"{record}: number “{kind.number}” is no number; mend it"


def _sections(pack: Pack) -> Iterator[str]:
    for article in pack.articles.values():
        for language, title in (("zh", "中文"), ("en", "English")):
            if not article.body.in_(language).strip():
                yield f"articles, record {article.id}: “## {title}” is empty; write the answer"
        if not article.questions.zh:
            yield f"articles, record {article.id}: nobody asks it; add questions in zh"


# Table of the timetable → columns it must have, once it has rows; then column → expression.
COLUMNS = {
    "stops.txt": ("stop_id", "stop_name", "stop_lat", "stop_lon"),
    "routes.txt": ("route_id", "route_short_name", "route_long_name"),
    "trips.txt": ("trip_id", "route_id", "service_id"),
    "stop_times.txt": ("trip_id", "departure_time", "stop_id", "stop_sequence"),
    "calendar.txt": ("service_id", *DAYS, "start_date", "end_date"),
    "calendar_dates.txt": ("service_id", "date", "exception_type"),
    "frequencies.txt": ("trip_id", "start_time", "end_time", "headway_secs"),
    "translations.txt": ("field_name", "record_id", "language", "translation"),
}
CLOCK, DATE, COUNT = r"\d{1,2}:[0-5]\d:[0-5]\d", r"20\d\d[01]\d[0-3]\d", r"[1-9]\d*"
DEGREES = r"-?\d{1,3}(\.\d+)?"
SHAPES = {
    **dict.fromkeys(("departure_time", "start_time", "end_time"), (CLOCK, "06:05:00")),
    **dict.fromkeys(("start_date", "end_date", "date"), (DATE, "20261124")),
    **dict.fromkeys(("stop_lat", "stop_lon"), (DEGREES, "30.1707")),
    **{"stop_sequence": (r"\d+", "1"), "headway_secs": (COUNT, "600")},
    **{"exception_type": ("[12]", "1")},
}


def _timetable(pack: Pack) -> Iterator[str]:
    tables = {name: read_table(pack.gtfs / name) for name in COLUMNS}
    malformed = [
        sentence for name, rows in tables.items() for sentence in _malformed(name, rows)
    ]
    yield from malformed
    if malformed:
        return  # what refers to what cannot be told before that is mended
    yield from _strays(tables)
    stops = {row["stop_id"] for row in tables["stops.txt"]}
    for place in pack.places.values():
        if place.stop and place.stop not in stops:
            yield f"gazetteer.yml, record {place.id}: stop {place.stop} is not in the timetable"


def _malformed(name: str, rows: list[dict[str, str]]) -> Iterator[str]:
    lacking = [column for column in COLUMNS[name] if rows and column not in rows[0]]
    for column in lacking:
        yield f"gtfs/{name}: the column {column} is missing; add it"
    for number, row in enumerate(rows, start=2):
        for column, (shape, example) in SHAPES.items():
            if column not in COLUMNS[name] or column in lacking:
                continue
            if not re.fullmatch(shape, (row[column] or "").strip()):
                yield (
                    f"gtfs/{name}, line {number}: {column} “{row[column]}” cannot be read; "
                    f"write like {example}"
                )


def _strays(tables: Mapping[str, list[dict[str, str]]]) -> Iterator[str]:
    """Yield a sentence for each row that names what no other table has."""
    ids = {
        column: {row[column] for row in tables[table]}
        for table, column in (
            ("stops.txt", "stop_id"),
            ("trips.txt", "trip_id"),
            ("routes.txt", "route_id"),
        )
    }
    ids["service_id"] = {
        row["service_id"]
        for table in ("calendar.txt", "calendar_dates.txt")
        for row in tables[table]
    }
    for table, columns in (
        ("stop_times.txt", ("stop_id", "trip_id")),
        ("frequencies.txt", ("trip_id",)),
        ("trips.txt", ("route_id", "service_id")),
    ):
        for number, row in enumerate(tables[table], start=2):
            for column in columns:
                if row[column] not in ids[column]:
                    yield (
                        f"gtfs/{table}, line {number}: {column} {row[column]} is nowhere else; "
                        "mend it"
                    )


def _stale(pack: Pack, today: date) -> Iterator[str]:
    records: dict[str, Mapping[str, Sourced]] = {
        "articles": pack.articles,
        "facilities.yml": pack.facilities,
        "activities.yml": pack.activities,
    }
    for file, found in records.items():
        for key, record in found.items():
            if record.valid_until and record.valid_until < today:
                yield f"{file}, record {key}: valid until {record.valid_until}; look again"


def write_new(folder: Path) -> None:
    """Write an empty, valid pack.

    Raises:
        PackInvalid: the folder has something in it already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise PackInvalid([f"{folder} is not empty; name a new folder"])
    shutil.copytree(NEW, folder, dirs_exist_ok=True)
    for place in ("articles", "gtfs"):
        (folder / place).mkdir()
