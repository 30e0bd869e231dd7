"""Stops and lines as residents speak of them, read from a feed.

The poles of one stop (both sides of a road, the platforms of a station) are one `Stop`: those
with one parent station, else those of one name close to one another.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from knowledge.geo import metres
from knowledge.records import Text
from knowledge.text import normalise
from knowledge.transit.feed import Feed, Row

Level = Literal["official", "report", "sample"]
Wheelchair = Literal["yes", "no", "partly", "unknown"]

NUMBERED = re.compile(r"(\S{1,5})[:：]\s")  # some write the number into the long name
ONE_STOP = 500  # metres between poles of one name that are one stop
STATION, POLE = "1", ("", "0")  # location_type
BOARDING: dict[str, Wheelchair] = {"1": "yes", "2": "no"}


@dataclass(frozen=True)
class Stop:
    """Where a bus stops; `lat` and `lon` are WGS-84 degrees, `poles` the feed's stop_ids."""

    id: str
    name: Text
    lat: float
    lon: float
    poles: tuple[str, ...] = ()
    zones: frozenset[str] = frozenset()
    wheelchair: Wheelchair = "unknown"


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


class Translations:
    """A feed's translations, of both the present format and the older one (trans_id)."""

    def __init__(self, feed: Feed) -> None:
        self._of: dict[tuple[str, str, str], str] = {}
        for row in feed["translations.txt"]:
            if "trans_id" in row:
                key, language = row["trans_id"], row["lang"]
            else:
                key, language = row.get("record_id") or row["field_value"], row["language"]
            field = row.get("field_name", "")
            self._of[field, key, language[:2].lower()] = row["translation"]

    def text(self, field: str, record_id: str, written: str) -> Text:
        """Return a value in both languages, as the feed writes it where there is no other."""
        zh, en = (
            next(filter(None, self._said(field, record_id, written, language)), written)
            for language in ("zh", "en")
        )
        return Text(zh=zh, en=en)

    def _said(self, field: str, record_id: str, written: str, to: str) -> Iterator[str]:
        yield self._of.get((field, record_id, to), "")
        yield self._of.get((field, written, to), "")
        yield self._of.get(("", written, to), "")


def read_lines(feed: Feed, words: Translations) -> dict[str, Line]:
    """Return the lines by route_id; without a number one goes by its long name."""
    return {row["route_id"]: _line(row, words) for row in feed["routes.txt"]}


def _line(row: Row, words: Translations) -> Line:
    number, name = row["route_short_name"], row["route_long_name"]
    numbered = NUMBERED.match(name) if not number else None
    field = "route_short_name" if number else "route_long_name"
    short = numbered[1] if numbered else number or name
    return Line(
        row["route_id"],
        Text(zh=short, en=short) if numbered else words.text(field, row["route_id"], short),
        words.text("route_long_name", row["route_id"], name or number),
        row.get("route_desc", ""),
        level(row),
        row.get("source", ""),
        row.get("as_of", ""),
    )


def read_stops(feed: Feed, words: Translations) -> dict[str, Stop]:
    """Return the stops by id: the parent station's, else that of the first pole."""
    rows = {row["stop_id"]: row for row in feed["stops.txt"]}
    return {
        stop_id: _stop(rows[stop_id], [rows[pole] for pole in poles], words)
        for stop_id, poles in _poles(rows).items()
    }


def _poles(rows: dict[str, Row]) -> dict[str, list[str]]:
    """Return which poles make up each stop, each by the id of its first."""
    groups: dict[str, list[str]] = {}
    named: dict[str, list[str]] = {}  # normalised name → the stops of that name
    for stop_id, row in rows.items():
        if row.get("location_type", "") not in POLE:
            continue
        group = row.get("parent_station") or _same_stop(row, rows, named)
        groups.setdefault(group or stop_id, []).append(stop_id)
        if not group:
            named.setdefault(normalise(row["stop_name"]), []).append(stop_id)
    lone = (i for i, row in rows.items() if row.get("location_type") == STATION)
    return groups | {station: [station] for station in lone if station not in groups}


def _same_stop(row: Row, rows: dict[str, Row], named: dict[str, list[str]]) -> str | None:
    for other in named.get(normalise(row["stop_name"]), ()):
        if metres(*_place(row), *_place(rows[other])) <= ONE_STOP:
            return other
    return None


def _stop(row: Row, poles: list[Row], words: Translations) -> Stop:
    return Stop(
        row["stop_id"],
        words.text("stop_name", row["stop_id"], row["stop_name"]),
        *_place(row),
        tuple(pole["stop_id"] for pole in poles),
        frozenset(pole["zone_id"] for pole in poles if pole.get("zone_id")),
        _wheelchair(row, poles),
    )


def _wheelchair(row: Row, poles: Iterable[Row]) -> Wheelchair:
    """Return whether a wheelchair gets on; a pole that says nothing is as its station."""
    station = BOARDING.get(row.get("wheelchair_boarding", ""), "unknown")
    inherited = station if row.get("location_type") == STATION else "unknown"
    said = {BOARDING.get(pole.get("wheelchair_boarding", ""), inherited) for pole in poles}
    return said.pop() if len(said) == 1 else "partly" if "yes" in said else "unknown"


def _place(row: Row) -> tuple[float, float]:
    return float(row["stop_lat"]), float(row["stop_lon"])


def level(row: Row) -> Level:
    """Return a row's level; a feed that knows no levels is the operator's own word."""
    said = row.get("level")
    if said is None or said == "official":
        return "official"
    return "report" if said == "report" else "sample"
