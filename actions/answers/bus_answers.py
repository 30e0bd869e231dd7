"""What is told of the buses: one function for each kind of question, in a table."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from actions.answers import telling
from actions.dialogue import Turn
from knowledge.records import Text
from knowledge.transit import Departure, Journey, Line, Only, Ride, Stop, Timetable, journeys
from knowledge.transit.fares import Fare

TOLD, TOLD_ELDER = 3, 2  # departures or journeys
ROWS, ROWS_ELDER = 5, 3  # lines of a timetable, or of a stop
LISTED = 6  # times written out; of more only the first, the last and the gap are told
LONGEST = 14  # stops of a line written out
DISCOUNT = re.compile(r"老|优惠|半价|免费|学生|残疾|senior|elder|discount|free|student|child")
CURRENCIES = {"CNY": "utter_price_cny", "JPY": "utter_price_jpy"}


@dataclass(frozen=True)
class Question:
    """What is asked. `stop`: where one gets on; `away`: how many metres off it is."""

    kind: str
    stop: Stop | None = None
    to: Stop | None = None
    lines: tuple[Line, ...] = ()
    which: str | None = None
    at: str | None = None
    away: int | None = None
    to_unknown: str = ""

    @property
    def only(self) -> Only:
        """The buses asked for."""
        ids = frozenset(line.id for line in self.lines)
        return Only(ids or None, self.to.id if self.to else None)


@dataclass(frozen=True)
class Told:
    """The lines of an answer, and the one that says where it comes from."""

    lines: Sequence[str]
    origin: str


def answer(turn: Turn, timetable: Timetable, asked: Question) -> Told | None:
    """Answer from the timetable; None when it does not say (a fare, say)."""
    if asked.kind == "fare":
        return _fare(turn, timetable, asked)
    kind = ANSWERS.get(asked.kind, _next)
    lines = kind(turn, timetable, asked)
    if asked.away is not None and asked.stop:
        away = telling.line(turn, "utter_nearest_stop", stop=asked.stop.name, metres=asked.away)
        lines = [away, *lines]
    if asked.to_unknown and asked.to is None:
        unknown = telling.line(turn, "utter_destination_unknown", to=asked.to_unknown)
        lines = [unknown, *lines]
    return Told([*lines, *_outdated(turn, timetable, asked)], origin(turn, timetable))


def origin(turn: Turn, timetable: Timetable) -> str:
    """Return the line that says that nothing is live, and what is sample data."""
    sample = timetable.level == "sample"
    return telling.line(
        turn, "utter_departures_sample" if sample else "utter_departures_official"
    )


def labels(turn: Turn, timetable: Timetable, stops: Sequence[Stop]) -> list[str]:
    """Return the stops' names to choose from; two of one name are told apart by their lines."""
    names = [stop.name.in_(turn.language) for stop in stops]
    twice = {name for name, count in Counter(names).items() if count > 1}
    return [
        f"{name} ({_numbers(turn, timetable.lines_at(stop.id)[:2])})" if name in twice else name
        for name, stop in zip(names, stops, strict=True)
    ]


def _next(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    if asked.stop is None:
        return _of_line(turn, timetable, asked)
    after = _after(turn, asked)
    found = _wanted(timetable, asked.stop, after, asked, _told(turn))
    if not found:
        return _none(turn, timetable, asked, asked.stop)
    over = _local(turn, found[0].leaves_at) > _local(turn, after)
    head = telling.line(turn, "utter_departures", stop=asked.stop.name)
    rows = [_bus(turn, departure) for departure in found]
    return [*([telling.line(turn, "utter_departures_over")] if over else []), head, *rows]


def _wanted(
    timetable: Timetable, stop: Stop, after: datetime, asked: Question, count: int
) -> list[Departure]:
    """Return the buses to tell: the next ones, the day's first or last, or tomorrow's first."""
    day = after.astimezone(timetable.zone).date()
    ends = timetable.first_and_last(stop.id, day, only=asked.only) if asked.which else None
    if ends:
        return [ends[0] if asked.which == "first" else ends[1]]
    coming = timetable.next_departures(stop.id, after, only=asked.only, count=count)
    if coming:
        return coming
    ends = timetable.first_and_last(stop.id, day + timedelta(days=1), only=asked.only)
    return [ends[0]] if ends else []


def _journey(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    if asked.stop is None or asked.to is None or asked.stop == asked.to:
        return _next(turn, timetable, asked)
    after, over = _after(turn, asked), list[str]()
    found = journeys(timetable, asked.stop.id, asked.to.id, after, count=_told(turn))
    if not found:
        tomorrow = datetime.combine(_day(turn, asked) + timedelta(1), time(), timetable.zone)
        found = journeys(timetable, asked.stop.id, asked.to.id, tomorrow, count=1)
        over = [telling.line(turn, "utter_departures_over")]
    if not found:
        return _no_data(turn, timetable, _day(turn, asked)) or [
            telling.line(turn, "utter_journey_none", start=asked.stop.name, to=asked.to.name)
        ]
    head = telling.line(turn, "utter_journey", start=asked.stop.name, to=asked.to.name)
    rows = [_way(turn, journey) for journey in found]
    about = any(ride.every for journey in found for ride in journey.rides)
    return [*over, head, *rows, *([telling.line(turn, "utter_journey_about")] if about else [])]


def _timetable(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    if asked.stop is None:
        return _of_line(turn, timetable, asked)
    day = _day(turn, asked)
    departures = timetable.departures_on(asked.stop.id, day, only=asked.only)
    if not departures:
        return _none(turn, timetable, asked, asked.stop)
    head = telling.line(turn, "utter_timetable", stop=asked.stop.name, day=day)
    return [head, *_rows(turn, departures)]


def _of_line(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    """Tell a line's day, or its first or last bus, from where each of its ways begins."""
    day, told = _day(turn, asked), list[str]()
    for start, end in _ends(timetable, asked.lines):
        ids = frozenset(line.id for line in asked.lines)
        departures = timetable.departures_on(start.id, day, only=Only(ids, end.id))
        if departures and asked.which:
            departures = [departures[0 if asked.which == "first" else -1]]
        if departures:
            told.append(telling.line(turn, "utter_departures", stop=start.name))
            told += _rows(turn, departures)
    lines = _numbers(turn, asked.lines[:1])
    nothing = [telling.line(turn, "utter_line_not_then", line=lines, day=day)]
    return told or _no_data(turn, timetable, day) or nothing


def _ends(timetable: Timetable, lines: Iterable[Line]) -> list[tuple[Stop, Stop]]:
    """Return where the two main ways of some lines begin and end."""
    routes = [route for line in lines for route in timetable.routes_of(line.id)]
    routes.sort(key=len, reverse=True)
    ends = dict.fromkeys((route[0].id, route[-1].id) for route in routes)
    return [(timetable.stops[start], timetable.stops[end]) for start, end in list(ends)[:2]]


def _rows(turn: Turn, departures: Iterable[Departure]) -> list[str]:
    """Return a row for each line and where it goes, those that go most often first."""
    ways: dict[tuple[str, Text], list[Departure]] = defaultdict(list)
    for departure in departures:
        ways[departure.line.number.zh, departure.towards].append(departure)
    often = sorted(ways.values(), key=len, reverse=True)
    most = ROWS_ELDER if turn.row.elder else ROWS
    left = len(often) - most
    more = [telling.line(turn, "utter_more_lines", count=left)] if left > 0 else []
    return [_row(turn, way) for way in often[:most]] + more


def _row(turn: Turn, way: Sequence[Departure]) -> str:
    values: dict[str, Any] = {"line": way[0].line.number, "towards": way[0].towards}
    times = [_clock(turn, departure.leaves_at) for departure in way]
    if len(way) <= LISTED:
        return telling.line(turn, "utter_timetable_times", times=", ".join(times), **values)
    gaps = ((later.leaves_at - sooner.leaves_at) for sooner, later in pairwise(way))
    minutes = max(1, round(median(gap.total_seconds() for gap in gaps) / 60))
    return telling.line(
        turn,
        "utter_timetable_row",
        first=times[0],
        last=times[-1],
        count=len(way),
        minutes=minutes,
        **values,
    )


def _lines(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    if asked.stop is None:
        return _next(turn, timetable, asked)
    lines = timetable.lines_at(asked.stop.id)
    if not lines:
        return [telling.line(turn, "utter_departures_none", stop=asked.stop.name)]
    most = ROWS_ELDER if turn.row.elder else ROWS
    rows = [_line(turn, timetable, asked.stop, line) for line in lines[:most]]
    left = [line.number.in_(turn.language) for line in lines[most:]]
    rest = [telling.line(turn, "utter_lines_also", lines=_joined(turn, left))] if left else []
    return [telling.line(turn, "utter_lines", stop=asked.stop.name), *rows, *rest]


def _line(turn: Turn, timetable: Timetable, stop: Stop, line: Line) -> str:
    signs = [text.in_(turn.language) for text in timetable.signs_at(stop.id, line.id)[:3]]
    return telling.line(turn, "utter_lines_row", line=line.number, towards=_joined(turn, signs))


def _stops(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    if not asked.lines:
        return _lines(turn, timetable, asked)
    told: list[str] = []
    seen: list[set[str]] = []
    for line in asked.lines:
        for route in timetable.routes_of(line.id):
            ids = {stop.id for stop in route}
            if len(told) < 2 and not any(ids <= before for before in seen):
                seen.append(ids)
                told.append(_route(turn, line, route))
    unknown = telling.line(turn, "utter_route_unknown", line=_numbers(turn, asked.lines[:1]))
    return told or [unknown]


def _route(turn: Turn, line: Line, route: Sequence[Stop]) -> str:
    names = [stop.name.in_(turn.language) for stop in route]
    if len(names) > LONGEST:
        half = LONGEST // 2
        names = [*names[:half], "…", *names[-half:]]
    return telling.line(
        turn, "utter_route", line=line.number, count=len(route), stops=" → ".join(names)
    )


def _accessible(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    if asked.stop:
        return [telling.line(turn, ACCESSIBLE[asked.stop.wheelchair], stop=asked.stop.name)]
    fit = [stop for stop in timetable.stops.values() if stop.wheelchair == "yes"]
    if not fit:
        return [telling.line(turn, "utter_accessible_nowhere")]
    names = [stop.name.in_(turn.language) for stop in fit[: 2 * ROWS]]
    return [
        telling.line(turn, "utter_accessible_stops", count=len(fit), stops=_joined(turn, names))
    ]


def _fare(turn: Turn, timetable: Timetable, asked: Question) -> Told | None:
    """Tell the full fare, if the feed has it; of discounts it knows nothing."""
    if DISCOUNT.search(turn.text.lower()):
        return None
    fares = _fares(timetable, asked)
    if not fares:
        return None
    cheapest, dearest = fares[0], fares[-1]
    price = _price(turn, cheapest)
    if dearest.price != cheapest.price:
        price = f"{price} – {_price(turn, dearest)}"
    ends = f"{_name(turn, asked.stop)} → {_name(turn, asked.to)}"
    ride = _numbers(turn, asked.lines[:1]) or ends
    told = telling.line(turn, "utter_fare", ride=ride, price=price)
    source = {"source": cheapest.source, "day": cheapest.as_of}
    return Told([told], telling.line(turn, telling.ORIGINS[cheapest.level], **source))


def _fares(timetable: Timetable, asked: Question) -> list[Fare]:
    lines = [line.id for line in asked.lines]
    if asked.stop and asked.to:
        direct = [line.id for line in timetable.lines_at(asked.stop.id)]
        return timetable.fares.between(lines or direct, asked.stop, asked.to)
    return timetable.fares.of_line(lines) if lines else []


def _price(turn: Turn, fare: Fare) -> str:
    response = CURRENCIES.get(fare.currency, "utter_price")
    price = f"{fare.price.normalize():f}"
    return telling.line(turn, response, price=price, currency=fare.currency)


def _none(turn: Turn, timetable: Timetable, asked: Question, stop: Stop) -> list[str]:
    """Say why nothing was found: no data, not this day, not here, not then."""
    if why := _no_data(turn, timetable, _day(turn, asked)):
        return why
    lines = timetable.lines_at(stop.id)
    if not lines:
        return [telling.line(turn, "utter_departures_none", stop=stop.name)]
    numbers = _joined(turn, [line.number.in_(turn.language) for line in lines[: 2 * ROWS]])
    unserved = (
        "utter_departures_not_here" if asked.only != Only() else "utter_departures_not_then"
    )
    return [telling.line(turn, unserved, stop=stop.name, lines=numbers)]


def _no_data(turn: Turn, timetable: Timetable, day: date) -> list[str]:
    """Say that the timetable knows nothing of a day; nothing when it does."""
    if not timetable.stops:
        return [telling.line(turn, "utter_timetable_missing")]
    if timetable.runs_on(day):
        return []
    if day > timetable.last_on:
        return [telling.line(turn, "utter_timetable_expired", day=str(timetable.last_on))]
    if day < timetable.first_on:
        return [telling.line(turn, "utter_timetable_not_begun", day=str(timetable.first_on))]
    return [telling.line(turn, "utter_timetable_no_service", day=day)]


def _outdated(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    """Warn of times told of a day after the feed's own last one."""
    day = _day(turn, asked)
    if day <= timetable.last_on or not timetable.runs_on(day):
        return []
    return [telling.line(turn, "utter_timetable_outdated", day=str(timetable.last_on))]


def _bus(turn: Turn, departure: Departure) -> str:
    at = telling.moment(turn, departure.leaves_at)
    values = {"at": at, "line": departure.line.number, "towards": departure.towards}
    if departure.every is None:
        return telling.line(turn, "utter_departure", **values)
    minutes = round(departure.every.total_seconds() / 60)
    return telling.line(turn, "utter_departure_about", minutes=minutes, **values)


def _way(turn: Turn, journey: Journey) -> str:
    first, last = journey.rides[0], journey.rides[-1]
    values = _ride(turn, first)
    if len(journey.rides) == 1:
        return telling.line(turn, "utter_journey_direct", **values)
    onward = {f"then_{key}": value for key, value in _ride(turn, last).items()}
    return telling.line(turn, "utter_journey_change", change=first.end.name, **values, **onward)


def _ride(turn: Turn, ride: Ride) -> dict[str, Any]:
    return {
        "leaves": telling.moment(turn, ride.leaves_at),
        "line": ride.line.number,
        "towards": ride.towards,
        "arrives": _clock(turn, ride.arrives_at),
    }


def _after(turn: Turn, asked: Question) -> datetime:
    return max(datetime.fromisoformat(asked.at), turn.now) if asked.at else turn.now


def _day(turn: Turn, asked: Question) -> date:
    return _local(turn, _after(turn, asked))


def _local(turn: Turn, moment: datetime) -> date:
    return moment.astimezone(turn.ground.pack.zone).date()


def _clock(turn: Turn, moment: datetime) -> str:
    return f"{moment.astimezone(turn.ground.pack.zone):%H:%M}"


def _told(turn: Turn) -> int:
    return TOLD_ELDER if turn.row.elder else TOLD


def _numbers(turn: Turn, lines: Sequence[Line]) -> str:
    return _joined(turn, [line.number.in_(turn.language) for line in lines])


def _joined(turn: Turn, names: Sequence[str]) -> str:
    return ("、" if turn.language == "zh" else ", ").join(names)


def _name(turn: Turn, stop: Stop | None) -> str:
    return stop.name.in_(turn.language) if stop else ""


ACCESSIBLE = {
    "yes": "utter_accessible_yes",
    "no": "utter_accessible_no",
    "partly": "utter_accessible_partly",
    "unknown": "utter_accessible_unknown",
}

ANSWERS: dict[str, Callable[[Turn, Timetable, Question], list[str]]] = {
    "accessible": _accessible,
    "journey": _journey,
    "lines": _lines,
    "next": _next,
    "stops": _stops,
    "timetable": _timetable,
}
