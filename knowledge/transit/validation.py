"""What is wrong with a feed: sentences that name file, line, what is wrong and the mend."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from knowledge.transit.feed import Feed, FeedInvalid, Row, seconds

MOST = 50  # sentences; who has more mistakes mends these first
MOST_HOURS = 72  # a trip may end three days after it began, not later

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

CALLED = ("arrival_time", "departure_time")

# Table → columns it must have.
COLUMNS = {
    "agency.txt": ("agency_name", "agency_timezone"),
    "stops.txt": ("stop_id", "stop_name", "stop_lat", "stop_lon"),
    "routes.txt": ("route_id", "route_short_name", "route_long_name"),
    "trips.txt": ("trip_id", "route_id", "service_id"),
    "stop_times.txt": ("trip_id", *CALLED, "stop_id", "stop_sequence"),
    "calendar.txt": ("service_id", *DAYS, "start_date", "end_date"),
    "calendar_dates.txt": ("service_id", "date", "exception_type"),
    "frequencies.txt": ("trip_id", "start_time", "end_time", "headway_secs"),
    "feed_info.txt": (),
    "fare_attributes.txt": ("fare_id", "price", "currency_type"),
    "fare_rules.txt": ("fare_id",),
    "translations.txt": (),
}
# Tables no feed is without; of the two calendars it needs one.
NEEDED = ("agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt")
CALENDARS = ("calendar.txt", "calendar_dates.txt")


def _clock(value: str) -> bool:
    shaped = re.fullmatch(r"(\d{1,2}):[0-5]\d:[0-5]\d", value)
    return shaped is not None and int(shaped[1]) <= MOST_HOURS


def _day(value: str) -> bool:
    try:
        datetime.strptime(value, "%Y%m%d")  # noqa: DTZ007 - a date, no moment
    except ValueError:
        return False
    return len(value) == 8


def _degrees(most: int) -> Callable[[str], bool]:
    shape = re.compile(r"[-+]?\d{1,3}(\.\d+)?")
    return lambda value: shape.fullmatch(value) is not None and abs(float(value)) <= most


def _price(value: str) -> bool:
    try:
        return Decimal(value) >= 0
    except InvalidOperation:
        return False


def _zone(value: str) -> bool:
    try:
        return bool(ZoneInfo(value))
    except (KeyError, ValueError, OSError):
        return False


def _like(pattern: str) -> Callable[[str], bool]:
    shape = re.compile(pattern)
    return lambda value: shape.fullmatch(value) is not None


# Table, column → what its values must be, and an example. A "?" column may stay empty.
SHAPES: dict[tuple[str, str], tuple[Callable[[str], bool], str]] = {
    ("agency.txt", "agency_timezone"): (_zone, "Asia/Shanghai"),
    ("stops.txt", "stop_id"): (bool, "s1"),
    ("stops.txt", "stop_name"): (bool, "瓜沥公交站"),
    ("stops.txt", "stop_lat?"): (_degrees(90), "30.1707"),
    ("stops.txt", "stop_lon?"): (_degrees(180), "120.46"),
    ("stops.txt", "location_type?"): (_like("[0-4]"), "0"),
    ("stops.txt", "wheelchair_boarding?"): (_like("[0-2]"), "1"),
    ("routes.txt", "route_id"): (bool, "r1"),
    ("trips.txt", "trip_id"): (bool, "t1"),
    ("stop_times.txt", "arrival_time?"): (_clock, "06:05:00"),
    ("stop_times.txt", "departure_time?"): (_clock, "06:05:00"),
    ("stop_times.txt", "stop_sequence"): (_like(r"\d+"), "1"),
    ("stop_times.txt", "pickup_type?"): (_like("[0-3]"), "0"),
    ("stop_times.txt", "drop_off_type?"): (_like("[0-3]"), "0"),
    **{("calendar.txt", day): (_like("[01]"), "1") for day in DAYS},
    ("calendar.txt", "start_date"): (_day, "20261124"),
    ("calendar.txt", "end_date"): (_day, "20261124"),
    ("calendar_dates.txt", "date"): (_day, "20261124"),
    ("calendar_dates.txt", "exception_type"): (_like("[12]"), "1"),
    ("frequencies.txt", "start_time"): (_clock, "06:05:00"),
    ("frequencies.txt", "end_time"): (_clock, "06:05:00"),
    ("frequencies.txt", "headway_secs"): (_like(r"[1-9]\d*"), "600"),
    ("feed_info.txt", "feed_start_date?"): (_day, "20261124"),
    ("feed_info.txt", "feed_end_date?"): (_day, "20261124"),
    ("fare_attributes.txt", "price"): (_price, "2.00"),
}
# Table → the columns that together name a row and may not do so twice.
KEYS = {
    "stops.txt": ("stop_id",),
    "routes.txt": ("route_id",),
    "trips.txt": ("trip_id",),
    "stop_times.txt": ("trip_id", "stop_sequence"),
    "calendar.txt": ("service_id",),
    "calendar_dates.txt": ("service_id", "date"),
    "fare_attributes.txt": ("fare_id",),
}
# Table, column → the tables and column it must name a row of. A "?" column may stay empty.
REFERENCES = (
    ("stop_times.txt", "stop_id", ("stops.txt",), "stop_id"),
    ("stop_times.txt", "trip_id", ("trips.txt",), "trip_id"),
    ("frequencies.txt", "trip_id", ("trips.txt",), "trip_id"),
    ("trips.txt", "service_id", CALENDARS, "service_id"),
    ("trips.txt", "route_id", ("routes.txt",), "route_id"),
    ("stops.txt", "parent_station?", ("stops.txt",), "stop_id"),
    ("fare_rules.txt", "fare_id", ("fare_attributes.txt",), "fare_id"),
    ("fare_rules.txt", "route_id?", ("routes.txt",), "route_id"),
)
# Table → a first and a last column; the last may not come before the first.
SPANS = {
    "calendar.txt": ("start_date", "end_date"),
    "frequencies.txt": ("start_time", "end_time"),
    "feed_info.txt": ("feed_start_date", "feed_end_date"),
}


def validate(feed: Feed) -> None:
    """Refuse a feed with mistakes.

    Raises:
        FeedInvalid: with the mistakes, the first fifty of them.
    """
    found = mistakes(feed)
    if found:
        raise FeedInvalid(found)


def mistakes(feed: Feed) -> list[str]:
    """Return what is wrong; what refers to what is only looked at once every value is sound."""
    found = [*_missing(feed), *_malformed(feed)]
    if not found:
        found = [f for look in LOOKS for f in look(feed)]
    left = len(found) - MOST
    return found[:MOST] + ([f"… and {left} mistakes more"] if left > 0 else [])


def _missing(feed: Feed) -> Iterator[str]:
    for name in NEEDED:
        if not feed[name].columns:
            yield f"{name} is missing; every feed has one"
        elif not feed[name].rows:
            yield f"{name} has no rows; export it again"
    if not any(feed[name].rows for name in CALENDARS):
        yield "calendar.txt and calendar_dates.txt are both missing or empty; add one of them"
    for name, columns in COLUMNS.items():
        for column in columns:
            if feed[name].columns and column not in feed[name].columns:
                yield f"{name}: the column {column} is missing; add it"


def _malformed(feed: Feed) -> Iterator[str]:
    for (name, said), (sound, example) in SHAPES.items():
        column, optional = said.removesuffix("?"), said.endswith("?")
        if column not in feed[name].columns:
            continue
        for line, row in feed[name].rows:
            value = row[column]
            if not (sound(value) or (optional and not value)):
                yield (
                    f"{name}, line {line}: {column} “{value}” cannot be read; "
                    f"write like {example}"
                )


def _unplaced(feed: Feed) -> Iterator[str]:
    for line, row in feed["stops.txt"].rows:
        somewhere = row["stop_lat"] and row["stop_lon"]
        if not somewhere and row.get("location_type", "") in ("", "0", "1"):
            yield f"stops.txt, line {line}: {row['stop_id']} has no place on the map; add it"


def _no_platform(feed: Feed) -> Iterator[str]:
    """Yield a sentence for each call at an entrance or the like."""
    kinds = {row["stop_id"]: row.get("location_type", "") for row in feed["stops.txt"]}
    for line, row in feed["stop_times.txt"].rows:
        if kinds.get(row["stop_id"], "") in ("2", "3", "4"):
            yield (
                f"stop_times.txt, line {line}: {row['stop_id']} is an entrance or a node, no "
                "stop (location_type in stops.txt); name the stop"
            )


def _twice(feed: Feed) -> Iterator[str]:
    for name, columns in KEYS.items():
        first: dict[tuple[str, ...], int] = {}
        for line, row in feed[name].rows:
            key = tuple(row[column] for column in columns)
            if key in first:
                yield (
                    f"{name}, line {line}: {' '.join(columns)} {' '.join(key)} is in line "
                    f"{first[key]} already; remove one"
                )
            first.setdefault(key, line)


def _strays(feed: Feed) -> Iterator[str]:
    """Yield a sentence for each row that names what no other table has."""
    for name, said, targets, key in REFERENCES:
        column, optional = said.removesuffix("?"), said.endswith("?")
        known = {row[key] for target in targets for row in feed[target]}
        for line, row in feed[name].rows:
            value = row.get(column, "")
            if value not in known and not (optional and not value):
                yield (
                    f"{name}, line {line}: {column} {value} is not in "
                    f"{' or '.join(targets)}; mend it or add it there"
                )


def _backwards(feed: Feed) -> Iterator[str]:
    for name, (first, last) in SPANS.items():
        for line, row in feed[name].rows:
            begins, ends = row.get(first, ""), row.get(last, "")
            if begins and ends and _comparable(ends) < _comparable(begins):
                yield (
                    f"{name}, line {line}: {last} {ends} comes before {first} {begins}; "
                    "mend one of them"
                )


def _comparable(value: str) -> int:
    return seconds(value) if ":" in value else int(value)


def _trips(feed: Feed) -> Iterator[str]:
    """Yield what is wrong along trips; rows may lie anywhere, `stop_sequence` orders them."""
    along: dict[str, list[tuple[int, Row]]] = defaultdict(list)
    for line, row in feed["stop_times.txt"].rows:
        along[row["trip_id"]].append((line, row))
    for trip_id, calls in along.items():
        calls.sort(key=lambda call: int(call[1]["stop_sequence"]))
        yield from islice(_along(trip_id, calls), 1)  # what follows follows from the first


def _along(trip_id: str, calls: list[tuple[int, Row]]) -> Iterator[str]:
    for line, row in (calls[0], calls[-1]):
        if not (row["arrival_time"] or row["departure_time"]):
            yield (
                f"stop_times.txt, line {line}: trip {trip_id} has no time at its first or "
                "last stop; add it"
            )
    timed = [
        (line, column, row[column]) for line, row in calls for column in CALLED if row[column]
    ]
    for (_, _, before), (line, column, after) in pairwise(timed):
        if seconds(after) < seconds(before):
            yield (
                f"stop_times.txt, line {line}: {column} {after} of trip {trip_id} is earlier "
                f"than {before} just before it; mend the time or the stop_sequence"
            )


LOOKS = (_unplaced, _no_platform, _twice, _strays, _backwards, _trips)
