"""The next bus: a form finds out from where, the timetable tells the rest."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from rapidfuzz import fuzz, process

from actions import conversations, turns
from actions.answers import telling
from actions.conversations import Choice
from actions.dialogue import DialogueAction, Entity, Events, Form, Ground, Step, Turn, clear
from knowledge.dates import When, read_when
from knowledge.geo import metres
from knowledge.text import normalise
from knowledge.transit import Departure, Only, Stop, Timetable, open_timetable

STOP, ASKED = "departure_stop", "departure_asked"
SLOTS = (STOP, ASKED)

CHOICES, CHOICES_ELDER = 4, 3
TOLD, TOLD_ELDER = 3, 2
SPELLED_ALIKE = 80  # of 100: one wrong character of five

FIRST = re.compile(r"首班|头班|头一班|第一[班趟辆]|最早|first|earliest")
LAST = re.compile(r"末班|最后一[班趟辆]|最晚|尾班|last")
TOWARDS = r"(?:去|到|往|至|回|坐到|\bto|\bfor|\btowards?)\s*(?:the\s+)?"


class AskDepartureForm(Form):
    """Asks for the stop, unless the message names it or shares where the resident is."""

    form = "ask_departure_form"

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.steps = (
            Step(STOP, ask_stop, read_stop, prefill=read_stop),
            # Whatever else is said of the bus is taken along; nobody is asked for it.
            Step(
                ASKED, ask_stop, lambda _turn: None, prefill=asked, unless=lambda _slots: True
            ),
        )

    def _listen(self, turn: Turn, asked_for: Step) -> dict[str, Any]:
        changes = super()._listen(turn, asked_for)
        if changes.get(STOP) is None:
            return changes
        return changes | {ASKED: _asked_before(turn) | asked(turn)}


class AnswerDeparture(DialogueAction):
    """action_answer_departure: reads the next buses off the timetable; nothing is live."""

    def name(self) -> str:
        return "action_answer_departure"

    def claim(self, turn: Turn) -> None:
        turns.require_running(turn.db, turn.row)
        if turn.slots.get(STOP):  # else it is asked in the middle of another form
            conversations.drop_draft(turn.db, turn.conversation.id)

    def act(self, turn: Turn) -> Events:
        timetable = open_timetable(turn.ground.pack)
        stop = timetable.stops[turn.slots.get(STOP) or _likeliest(turn, timetable)]
        turn.say(
            "utter_answer",
            answer="\n".join(_answer(turn, timetable, stop)),
            origin=telling.line(turn, f"utter_departures_{timetable.level}"),
        )
        return clear(SLOTS)


def ask_stop(turn: Turn) -> None:
    """Ask where the resident gets on, offering the likely stops."""
    timetable = open_timetable(turn.ground.pack)
    line_id = _asked_before(turn).get("line")
    likely = timetable.stops_of(line_id) if line_id in timetable.lines else _busiest(timetable)
    turn.say(
        "utter_ask_departure_stop",
        choices=[
            Choice(stop.name.in_(turn.language), "choose", stop.id)
            for stop in likely[: CHOICES_ELDER if turn.row.elder else CHOICES]
        ],
    )


def read_stop(turn: Turn) -> str | None:
    """Take the tapped, named or nearest stop; one somebody wants to go to is not it."""
    timetable = open_timetable(turn.ground.pack)
    if turn.choice in timetable.stops:
        return turn.choice
    if near := _nearest(turn, timetable):
        return near
    named = [e for e in turn.entities if _stop_of(turn, e) and not _is_destination(turn, e)]
    if named:
        return _stop_of(turn, named[0])
    if turn.slots.get("requested_slot") != STOP or turn.interrupts:
        return None
    return _spelled_like(turn.text, timetable)


def asked(turn: Turn) -> dict[str, Any]:
    """Return what else a message says of the bus: its line, where to, when, which."""
    said: dict[str, Any] = {"line": turn.entity("line")}
    going = (
        _stop_of(turn, entity) for entity in turn.entities if _is_destination(turn, entity)
    )
    said["to"] = next((stop for stop in going if stop), None)
    text = normalise(turn.text)
    said["which"] = "last" if LAST.search(text) else "first" if FIRST.search(text) else None
    when = read_when(turn.text, turn.local)
    if isinstance(when, When):
        said["at"] = when.start.isoformat()
    return {key: value for key, value in said.items() if value}


def _answer(turn: Turn, timetable: Timetable, stop: Stop) -> list[str]:
    said = _asked_before(turn)
    only = Only(line_id=said.get("line"), to_stop_id=said.get("to"))
    after = max(_moment(said, turn), turn.now)
    found = _wanted(timetable, stop, after, only, turn)
    if not found:
        return _none(turn, timetable, stop, only)
    head = telling.line(turn, "utter_departures", stop=stop.name)
    over: list[str] = []
    if found[0].leaves_at.date() > _day(turn, after):
        over = [telling.line(turn, "utter_departures_over")]
    return [*over, head, *(_bus(turn, departure) for departure in found)]


def _wanted(
    timetable: Timetable, stop: Stop, after: datetime, only: Only, turn: Turn
) -> list[Departure]:
    """Return the buses to tell: the next ones, the day's first or last, or tomorrow's first."""
    which, day = _asked_before(turn).get("which"), _day(turn, after)
    ends = timetable.first_and_last(stop.id, day, only=only) if which else None
    if ends:
        return [ends[0] if which == "first" else ends[1]]
    count = TOLD_ELDER if turn.row.elder else TOLD
    coming = timetable.next_departures(stop.id, after, only=only, count=count)
    if coming:
        return coming
    ends = timetable.first_and_last(stop.id, day + timedelta(days=1), only=only)
    return [ends[0]] if ends else []


def _none(turn: Turn, timetable: Timetable, stop: Stop, only: Only) -> list[str]:
    lines = timetable.lines_at(stop.id)
    if not lines:
        return [telling.line(turn, "utter_departures_none", stop=stop.name)]
    numbers = ", ".join(line.number.in_(turn.language) for line in lines)
    unserved = "utter_departures_not_here" if only != Only() else "utter_departures_not_then"
    return [telling.line(turn, unserved, stop=stop.name, lines=numbers)]


def _bus(turn: Turn, departure: Departure) -> str:
    at = telling.moment(turn, departure.leaves_at)
    values = {"at": at, "line": departure.line.number, "towards": departure.towards}
    if departure.every is None:
        return telling.line(turn, "utter_departure", **values)
    minutes = round(departure.every.total_seconds() / 60)
    return telling.line(turn, "utter_departure_about", minutes=minutes, **values)


def _moment(said: dict[str, Any], turn: Turn) -> datetime:
    return datetime.fromisoformat(said["at"]) if said.get("at") else turn.now


def _day(turn: Turn, moment: datetime) -> date:
    return moment.astimezone(turn.ground.pack.zone).date()


def _asked_before(turn: Turn) -> dict[str, Any]:
    kept = turn.slots.get(ASKED)
    if turn.slots.get(STOP) is None and turn.slots.get("requested_slot") != STOP:
        return asked(turn)
    return dict(kept) if isinstance(kept, dict) else {}


def _likeliest(turn: Turn, timetable: Timetable) -> str:
    """Return the stop a message names, else the line's first or the one most lines call at."""
    line_id = asked(turn).get("line")
    likely = timetable.stops_of(line_id) if line_id in timetable.lines else _busiest(timetable)
    return read_stop(turn) or likely[0].id


def _stop_of(turn: Turn, entity: Entity) -> str | None:
    """Return the stop something named is, or is at."""
    if entity.kind == "stop":
        return entity.id
    place = turn.ground.pack.places.get(entity.id) if entity.kind == "place" else None
    return place.stop if place else None


def _is_destination(turn: Turn, entity: Entity) -> bool:
    pattern = TOWARDS + re.escape(entity.words)
    return re.search(pattern, turn.text, re.IGNORECASE) is not None


def _nearest(turn: Turn, timetable: Timetable) -> str | None:
    shared = next((a for a in turn.attachments if a.kind == "location"), None)
    if shared is None or shared.lat is None or shared.lon is None:
        return None
    here = (shared.lat, shared.lon)
    near = min(
        timetable.stops.values(), key=lambda s: metres(*here, s.lat, s.lon), default=None
    )
    return near.id if near else None


def _spelled_like(text: str, timetable: Timetable) -> str | None:
    names = {
        (stop.id, language): normalise(stop.name.in_(language))
        for stop in timetable.stops.values()
        for language in ("zh", "en")
    }
    found = process.extractOne(
        normalise(text), names, scorer=fuzz.ratio, score_cutoff=SPELLED_ALIKE
    )
    return str(found[2][0]) if found else None


def _busiest(timetable: Timetable) -> Sequence[Stop]:
    """Return the stops by how many lines call there, the most first."""
    return sorted(
        timetable.stops.values(), key=lambda stop: (-len(timetable.lines_at(stop.id)), stop.id)
    )
