"""Timetables, the lines of a stop, the stops of a line, and where a wheelchair gets on."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from actions.answers import telling
from actions.answers.bus_questions import Question
from actions.answers.bus_telling import (
    ROWS,
    ROWS_ELDER,
    asked_day,
    clock,
    joined,
    no_data,
    nothing_found,
    numbers,
)
from actions.dialogue import Turn
from knowledge.records import Text
from knowledge.transit import Departure, Line, Only, Stop, Timetable

LISTED = 6  # times written out; of more only the first, the last and the gap are told
LONGEST = 14  # stops of a line written out
ACCESSIBLE = {
    "yes": "utter_accessible_yes",
    "no": "utter_accessible_no",
    "partly": "utter_accessible_partly",
    "unknown": "utter_accessible_unknown",
}


def tell_timetable(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    """Tell a day's departures from a stop, or of a line."""
    if asked.stop is None:
        return tell_line(turn, timetable, asked)
    day = asked_day(turn, asked)
    departures = timetable.departures_on(asked.stop.id, day, only=asked.only)
    if not departures:
        return nothing_found(turn, timetable, asked, asked.stop)
    head = telling.line(turn, "utter_timetable", stop=asked.stop.name, day=day)
    return [head, *_rows(turn, departures)]


def tell_line(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    """Tell a line's day, or its first or last bus, from where each of its ways begins."""
    day, told = asked_day(turn, asked), list[str]()
    for start, end in _ends(timetable, asked.lines):
        ids = frozenset(line.id for line in asked.lines)
        departures = timetable.departures_on(start.id, day, only=Only(ids, end.id))
        if departures and asked.which:
            departures = [departures[0 if asked.which == "first" else -1]]
        if departures:
            told.append(telling.line(turn, "utter_departures", stop=start.name))
            told += _rows(turn, departures)
    lines = numbers(turn, asked.lines[:1])
    nothing = [telling.line(turn, "utter_line_not_then", line=lines, day=day)]
    return told or no_data(turn, timetable, day) or nothing


def tell_lines(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    """Tell which lines can be taken from a stop, and where they go."""
    if asked.stop is None:
        return tell_line(turn, timetable, asked)
    lines = timetable.lines_at(asked.stop.id)
    if not lines:
        return [telling.line(turn, "utter_departures_none", stop=asked.stop.name)]
    most = ROWS_ELDER if turn.row.elder else ROWS
    of_number: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        of_number[line.number.in_(turn.language)].append(line)
    alike = list(of_number.values())
    rows = [_line(turn, timetable, asked.stop, variants) for variants in alike[:most]]
    also = list(of_number)[most:]
    left = [*also[: 2 * ROWS], *(["…"] if len(also) > 2 * ROWS else [])]
    rest = [telling.line(turn, "utter_lines_also", lines=joined(turn, left))] if left else []
    return [telling.line(turn, "utter_lines", stop=asked.stop.name), *rows, *rest]


def tell_stops(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    """Tell where a line stops, in order, its two longest ways at most."""
    if not asked.lines:
        return tell_lines(turn, timetable, asked)
    told: list[str] = []
    seen: list[set[str]] = []
    for line in asked.lines:
        for route in timetable.routes_of(line.id):
            ids = {stop.id for stop in route}
            if len(told) < 2 and not any(ids <= before for before in seen):
                seen.append(ids)
                told.append(_route(turn, line, route))
    unknown = telling.line(turn, "utter_route_unknown", line=numbers(turn, asked.lines[:1]))
    return told or [unknown]


def tell_accessible(turn: Turn, timetable: Timetable, asked: Question) -> list[str]:
    """Tell whether a wheelchair gets on at a stop, or at which stops it does."""
    if asked.stop:
        return [telling.line(turn, ACCESSIBLE[asked.stop.wheelchair], stop=asked.stop.name)]
    fit = [stop for stop in timetable.stops.values() if stop.wheelchair == "yes"]
    if not fit:
        return [telling.line(turn, "utter_accessible_nowhere")]
    names = [stop.name.in_(turn.language) for stop in fit[: 2 * ROWS]]
    return [
        telling.line(turn, "utter_accessible_stops", count=len(fit), stops=joined(turn, names))
    ]


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
    times = [clock(turn, departure.leaves_at) for departure in way]
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


def _line(turn: Turn, timetable: Timetable, stop: Stop, variants: Sequence[Line]) -> str:
    """Tell where the lines of one number go from a stop."""
    signs = [sign for line in variants for sign in timetable.signs_at(stop.id, line.id)]
    towards = list(dict.fromkeys(sign.in_(turn.language) for sign in signs))[:3]
    number = variants[0].number
    return telling.line(turn, "utter_lines_row", line=number, towards=joined(turn, towards))


def _route(turn: Turn, line: Line, route: Sequence[Stop]) -> str:
    names = [stop.name.in_(turn.language) for stop in route]
    if len(names) > LONGEST:
        half = LONGEST // 2
        names = [*names[:half], "…", *names[-half:]]
    return telling.line(
        turn, "utter_route", line=line.number, count=len(route), stops=" → ".join(names)
    )
