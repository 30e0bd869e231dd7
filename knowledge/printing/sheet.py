"""What stands on a week sheet, as plain data: the services' own times, and no words of ours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from knowledge.calendar import DayKind, day_kind
from knowledge.hours import Span, opening, spans_on
from knowledge.pack import EmergencyNumber, Facility, Pack, Text
from knowledge.programme import Occurrence, in_week, monday_of
from knowledge.records import Sourced
from knowledge.transit import Line, Only, Timetable, open_timetable

DAYS = 7
MOST_PLACES = 12  # so many fit beside the rest; a pack that wants others names them
# Groups book their visits in writing and tasks are claimed: nobody drops in on either.
NOT_FOR_THE_BOARD = frozenset({"visit", "volunteer_task"})


@dataclass(frozen=True)
class Entry:
    """One activity on one day; `fee` is None where nothing is to be paid.

    `shut`: its venue is not open when it begins, by a holiday perhaps; one of the two is wrong.
    """

    starts_at: datetime
    ends_at: datetime
    name: Text
    place: Text
    places: int
    fee: Text | None
    shut: bool
    sample: bool


@dataclass(frozen=True)
class Day:
    """A day of the week, and what is on, soonest first."""

    on: date
    kind: DayKind
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class OpenOn:
    """When a place is open on a day (never: no spans), and why it is not as usual."""

    spans: tuple[Span, ...]
    reason: str | None


@dataclass(frozen=True)
class Hours:
    """Places that keep the same hours all week: Monday's first."""

    names: tuple[Text, ...]
    days: tuple[OpenOn, ...]
    sample: bool


@dataclass(frozen=True)
class Ends:
    """The first and the last bus of a service day."""

    first: datetime
    last: datetime


@dataclass(frozen=True)
class Bus:
    """A line at the main stop: Monday's first and last buses first, None without any."""

    number: Text
    towards: Text
    days: tuple[Ends | None, ...]


@dataclass(frozen=True)
class Buses:
    """The lines of the main stop."""

    stop: Text
    lines: tuple[Bus, ...]
    sample: bool


@dataclass(frozen=True, order=True)
class Source:
    """Where something on the sheet comes from."""

    source: str
    as_of: str


@dataclass(frozen=True)
class WeekSheet:
    """A community's week; `address` is where its chat page is, None when nobody has said."""

    community: Text
    assistant: Text
    monday: date
    days: tuple[Day, ...]
    hours: tuple[Hours, ...]
    buses: Buses | None
    numbers: tuple[EmergencyNumber, ...]
    sources: tuple[Source, ...]
    address: str | None
    printed_on: date

    @property
    def sample(self) -> bool:
        """Whether anything here was made up to show how it looks (示例数据)."""
        entries = [entry.sample for day in self.days for entry in day.entries]
        buses = [self.buses.sample] if self.buses else []
        return any([*entries, *(line.sample for line in self.hours), *buses])


def week_sheet(
    pack: Pack, week_of: date, *, loaded_on: date, printed_on: date, address: str | None
) -> WeekSheet:
    """Return the sheet of the week a day is in.

    `loaded_on` says in which week the pack was first loaded; see `knowledge.programme`.
    """
    monday = monday_of(week_of)
    week = tuple(monday + timedelta(days=n) for n in range(DAYS))
    happening = [
        each
        for each in in_week(pack, monday, loaded_on=loaded_on)
        if each.activity.kind not in NOT_FOR_THE_BOARD
    ]
    places = main_places(pack)
    timetable = open_timetable(pack)
    stop = main_stop(pack, timetable)
    lines = _lines(timetable, stop, week) if stop else []
    return WeekSheet(
        community=pack.community.name,
        assistant=pack.bot.name,
        monday=monday,
        days=tuple(_day(pack, on, happening) for on in week),
        hours=_hours(pack, places, week),
        buses=_buses(timetable, stop, [bus for _, bus in lines]) if stop and lines else None,
        numbers=pack.emergency_numbers,
        sources=_sources(
            [*(each.activity for each in happening), *places], [line for line, _ in lines]
        ),
        address=address,
        printed_on=printed_on,
    )


def main_places(pack: Pack) -> list[Facility]:
    """Return the places whose hours are printed: those the pack names, else its first ones.

    First ones: a phone, hours that are known, and not open day and night.
    """
    if pack.sheet_places:
        return [pack.facilities[key] for key in pack.sheet_places]
    usual = [
        facility
        for facility in pack.facilities.values()
        if facility.kind == "place" and facility.phone and _closes(facility)
    ]
    return usual[:MOST_PLACES]


def main_stop(pack: Pack, timetable: Timetable) -> str | None:
    """Return the bus station: the gazetteer's first place that is a facility and a stop."""
    stops = (place.stop for place in pack.places.values() if place.facility and place.stop)
    return next((stop for stop in stops if stop in timetable.stops), None)


def open_on(pack: Pack, facility: Facility, on: date) -> OpenOn:
    """Return when a place is open on a day."""
    noon = datetime.combine(on, time(12), pack.zone)
    told = _unlike_others(pack, facility, on)
    reason = opening(pack, facility, noon).reason if told else None
    return OpenOn(tuple(spans_on(pack, facility, on)), reason)


def place_of(pack: Pack, each: Occurrence) -> Text:
    """Return where an activity takes place: its venue, and the room in it."""
    facility = pack.facilities[each.activity.venue]
    room = f" {each.activity.room}" if each.activity.room else ""
    return Text(zh=facility.name.zh + room, en=facility.name.en + room)


def _closes(facility: Facility) -> bool:
    return bool(facility.opening_hours) and facility.opening_hours != "24/7"


def _day(pack: Pack, on: date, happening: Iterable[Occurrence]) -> Day:
    entries = tuple(
        Entry(
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            name=each.activity.name,
            place=place_of(pack, each),
            places=each.activity.places,
            fee=None if each.activity.is_free else each.activity.fee,
            shut=_shut(pack, each),
            sample=each.activity.level == "sample",
        )
        for each in happening
        if each.starts_at.date() == on
    )
    return Day(on, day_kind(pack, on), entries)


def _shut(pack: Pack, each: Occurrence) -> bool:
    venue = pack.facilities[each.activity.venue]
    spans = spans_on(pack, venue, each.starts_at.date())
    open_then = any(start <= each.starts_at < end for start, end in spans)
    return bool(venue.opening_hours) and not open_then


def _hours(pack: Pack, places: Sequence[Facility], week: Sequence[date]) -> tuple[Hours, ...]:
    """Return the places' hours; those that keep the same all week share a line."""
    alike: dict[tuple[tuple[OpenOn, ...], bool], list[Text]] = {}
    for facility in places:
        days = tuple(open_on(pack, facility, on) for on in week)
        alike.setdefault((days, facility.level == "sample"), []).append(facility.name)
    return tuple(Hours(tuple(names), *same) for same, names in alike.items())


def _unlike_others(pack: Pack, facility: Facility, on: date) -> bool:
    """Whether a day's reason matters here: a worked Sunday (调休) may be like any Sunday."""
    makeup = pack.exception_sets[facility.exceptions].makeup_workdays
    return makeup == "as-weekday" or day_kind(pack, on) != DayKind.MAKEUP_WORKDAY


def _lines(timetable: Timetable, stop: str, week: Sequence[date]) -> list[tuple[Line, Bus]]:
    """Return the lines that leave the stop this week, by number."""
    found = []
    for line in timetable.lines.values():
        ends = [
            timetable.first_and_last(stop, on, only=Only(frozenset({line.id}))) for on in week
        ]
        running = [pair for pair in ends if pair]
        if not running:
            continue
        ways = {bus.towards.zh: bus.towards for pair in running for bus in pair}
        bus = Bus(
            line.number,
            next(iter(ways.values())) if len(ways) == 1 else line.name,
            tuple(pair and Ends(pair[0].leaves_at, pair[1].leaves_at) for pair in ends),
        )
        found.append((line, bus))
    return sorted(found, key=lambda pair: pair[1].number.zh)


def _buses(timetable: Timetable, stop: str, lines: Sequence[Bus]) -> Buses:
    return Buses(timetable.stops[stop].name, tuple(lines), timetable.level == "sample")


def _sources(records: Iterable[Sourced], lines: Iterable[Line]) -> tuple[Source, ...]:
    told = {Source(record.source, record.as_of.isoformat()) for record in records}
    return tuple(sorted(told | {Source(line.source, line.as_of) for line in lines}))
