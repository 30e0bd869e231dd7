"""Questions about buses: a form finds out from where, the timetable tells the rest."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from actions import conversations, followup, turns
from actions.answers import bus_answers, bus_telling
from actions.answers.bus_names import hear_stops, narrowed, nearest
from actions.answers.bus_questions import Question, asked, read_restated, restate
from actions.answers.bus_telling import labels, local_day
from actions.conversations import Choice
from actions.dialogue import DialogueAction, Events, Form, Ground, Step, Turn, clear
from knowledge.transit import Stop, Timetable, open_timetable
from knowledge.transit.names import Match, line_names

STOP, ASKED = "departure_stop", "departure_asked"
SLOTS = (STOP, ASKED)

CHOICES = 4
TIMELESS = frozenset({"fare", "accessible", "stops", "lines"})  # the same at any time

Otherwise = Callable[[Turn], Events]  # answers what the timetable does not say


class AskDepartureForm(Form):
    """Asks for the stop, unless the message names it, shares a place or needs none."""

    form = "ask_departure_form"

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.steps = (
            Step(STOP, ask_stop, read_stop, prefill=read_stop, unless=_needs_no_stop),
            # Whatever else is said of the bus is taken along; nobody is asked for it.
            Step(
                ASKED, ask_stop, lambda _turn: None, prefill=asked, unless=lambda _slots: True
            ),
        )

    def _listen(self, turn: Turn, asked_for: Step) -> dict[str, Any]:
        if turn.intent in ("start_over", "go_back"):
            return super()._listen(turn, asked_for)
        changes = {STOP: None} if _unclear(turn) else super()._listen(turn, asked_for)
        if turn.intent == "ask_departure":  # asked in other words: the stop is still open
            changes = changes or {STOP: None}
        return changes | {ASKED: _asked_by_now(turn)} if changes else changes


class AnswerDeparture(DialogueAction):
    """action_answer_departure: reads the answer off the timetable; nothing is live."""

    def __init__(self, ground: Ground, otherwise: Otherwise) -> None:
        super().__init__(ground)
        self._otherwise = otherwise

    def name(self) -> str:
        return "action_answer_departure"

    def claim(self, turn: Turn) -> None:
        turns.require_running(turn.db, turn.row)
        if turn.slots.get(STOP):  # else it is asked in the middle of another form
            conversations.drop_draft(turn.db, turn.conversation.id)

    def act(self, turn: Turn) -> Events:
        timetable = open_timetable(turn.pack)
        said = _asked_by_now(turn)
        unclear = (_no_such_day, _ask_which_line, _ask_where_to, _ask_where_from, _ask_when)
        if not any(ask(turn, timetable, said) for ask in unclear):
            question = _question(turn, timetable, said)
            told = bus_answers.answer(turn, timetable, question)
            if told is None:
                return [*self._otherwise(turn), *clear(SLOTS)]
            bus_telling.tell(turn, timetable, told)
            remembered = {"said": said, "stop": question.stop.id if question.stop else None}
            return [*clear(SLOTS), *followup.answered(turn, followup.DEPARTURES, **remembered)]
        return clear(SLOTS)


def ask_stop(turn: Turn) -> None:
    """Ask where the resident gets on: which of a tie, what sounds alike, or a likely stop."""
    timetable = open_timetable(turn.pack)
    heard = _heard(turn)
    if heard.ids or heard.near:
        _offer(turn, timetable, heard)
        return
    unknown = hear_stops(turn).unknown_start
    likely = _likely(timetable, _asked_by_now(turn).get("lines", ()))[:CHOICES]
    names = labels(turn, timetable, likely)
    turn.say(
        "utter_start_unknown" if unknown else "utter_ask_departure_stop",
        start=unknown,
        choices=[
            Choice(label, "choose", stop.id) for label, stop in zip(names, likely, strict=True)
        ],
    )


def read_stop(turn: Turn) -> str | None:
    """Take the tapped, named or nearest stop; one somebody wants to go to is not it."""
    timetable = open_timetable(turn.pack)
    if start := read_restated(turn.choice).get("start"):
        return str(start)
    if turn.choice and timetable.stop(turn.choice):
        return turn.choice
    if near := nearest(turn):
        return near[0]
    if turn.interrupts and turn.intent != "ask_departure":
        return None
    heard = _heard(turn)
    return heard.ids[0] if len(heard.ids) == 1 else None


def _heard(turn: Turn) -> Match:
    """Return where somebody gets on, as far as the message says it."""
    if turn.interrupts and turn.intent != "ask_departure":
        return Match()
    waiting = turn.slots.get("requested_slot") == STOP and not turn.interrupts
    lines = _asked_by_now(turn).get("lines", ())
    timetable = open_timetable(turn.pack)
    return narrowed(timetable, hear_stops(turn, names_one=waiting).start, lines)


def _unclear(turn: Turn) -> bool:
    heard = _heard(turn)
    return turn.choice is None and (len(heard.ids) > 1 or bool(heard.near))


def _needs_no_stop(slots: Mapping[str, Any]) -> bool:
    said = slots.get(ASKED)
    return isinstance(said, dict) and bool(said.get("stopless"))


def _asked_by_now(turn: Turn) -> dict[str, Any]:
    """Return what was asked before, and what this message adds to it."""
    if followup.adds(turn) and turn.choice is None:
        added = {key: value for key, value in asked(turn).items() if value != "next"}
        return {**followup.before(turn).get("said", {}), **added}
    kept = turn.slots.get(ASKED)
    waiting = turn.slots.get("requested_slot") == STOP
    if not isinstance(kept, dict) or not (waiting or turn.slots.get(STOP)):
        return asked(turn)
    if not waiting:
        return kept
    added = {key: value for key, value in asked(turn).items() if value != "next"}
    return kept | {key: added[key] for key in added.keys() - {"stopless"}}


def _question(turn: Turn, timetable: Timetable, said: Mapping[str, Any]) -> Question:
    chosen = timetable.stop(str(turn.slots.get(STOP) or ""))
    stop = chosen or timetable.stop(read_stop(turn) or "")
    if stop is None and followup.adds(turn):
        stop = timetable.stop(str(followup.before(turn).get("stop") or ""))
    if stop is None and not said.get("stopless"):
        stop = next(iter(_likely(timetable, said.get("lines", ()))), None)
    to = _stops(timetable, said.get("to", ()))
    return Question(
        kind=str(said.get("kind", "next")),
        stop=stop,
        to=to[0] if to else None,
        lines=tuple(timetable.lines[i] for i in said.get("lines", ()) if i in timetable.lines),
        which=said.get("which"),
        at=said.get("at"),
        gone=_is_gone(turn, said),
        away=said.get("away"),
        to_unknown=said.get("to_unknown", ""),
    )


def _is_gone(turn: Turn, said: Mapping[str, Any]) -> bool:
    """Whether what was asked cannot be told any more: today's first bus can at any time."""
    gone = said.get("gone")
    if gone is None or gone != said.get("at") or said.get("kind") in TIMELESS:
        return False
    today = local_day(turn, datetime.fromisoformat(gone)) == turn.local.date()
    return not (today and said.get("which"))


def _no_such_day(turn: Turn, timetable: Timetable, said: Mapping[str, Any]) -> bool:
    """Say that the calendar has no such day: buses of today would be another answer."""
    words = said.get("no_such_day")
    if words:
        turn.say("utter_no_such_date", date=words)
    return bool(words)


def _ask_when(turn: Turn, timetable: Timetable, said: Mapping[str, Any]) -> bool:
    """Ask which time is meant, of a clock that may be soon or tomorrow, say."""
    times = said.get("times", ())[:CHOICES]
    if not times or said.get("kind") in TIMELESS:
        return False
    start = turn.slots.get(STOP) or read_stop(turn)
    turn.say(
        "utter_which_time",
        choices=[
            Choice(
                _time_label(turn, datetime.fromisoformat(at)),
                "ask_departure",
                restate(said, at=at, times=[], start=start),
            )
            for at in times
        ],
    )
    return True


def _time_label(turn: Turn, at: datetime) -> str:
    local = at.astimezone(turn.pack.zone)
    if local.time() == time():
        return turn.wording.day(local.date(), turn.language)
    return turn.wording.moment(at, turn.language)


def _ask_which_line(turn: Turn, timetable: Timetable, said: Mapping[str, Any]) -> bool:
    """Say that there is no such line, and offer those whose number is nearest."""
    number = said.get("unknown_line")
    if not number:
        return False
    match = line_names(timetable).look_up(str(number))
    near = [timetable.lines[line_id] for line_id in (*match.ids, *match.near)]
    mended = {"unknown_line": None, "stopless": None}
    turn.say(
        "utter_line_unknown",
        line=number,
        choices=[
            Choice(
                line.number.in_(turn.language),
                "ask_departure",
                restate(said, **mended, lines=[line.id], start=turn.slots.get(STOP)),
            )
            for line in near
        ],
    )
    return True


def _ask_where_to(turn: Turn, timetable: Timetable, said: Mapping[str, Any]) -> bool:
    """Ask which stop somebody wants to go to, when several may be meant or none is."""
    to, near = said.get("to", ()), said.get("to_near", ())
    if len(to) == 1 or not (to or near):
        return False
    start = turn.slots.get(STOP) or read_stop(turn)
    stops = _stops(timetable, to or near)
    restated = [restate(said, to=[stop.id], to_near=[], start=start) for stop in stops]
    _offer(turn, timetable, Match(tuple(to), near=tuple(near)), restated)
    return True


def _ask_where_from(turn: Turn, timetable: Timetable, said: Mapping[str, Any]) -> bool:
    """In the middle of another form, where no form of ours asks: the same for the start."""
    heard = Match() if turn.slots.get(STOP) or said.get("stopless") else _heard(turn)
    if len(heard.ids) < 2 and not heard.near:
        return False
    stops = _stops(timetable, heard.ids or heard.near)
    _offer(turn, timetable, heard, [restate(said, start=stop.id) for stop in stops])
    return True


def _offer(
    turn: Turn, timetable: Timetable, match: Match, restated: Sequence[str] = ()
) -> None:
    """Let the resident choose one of a tie, or of what sounds alike.

    A choice is the stop alone, where a form asks for one, else the question restated.
    """
    stops = _stops(timetable, match.ids or match.near)
    names = labels(turn, timetable, stops)
    intent = "ask_departure" if restated else "choose"
    values = restated or [stop.id for stop in stops]
    turn.say(
        "utter_which_stop" if match.ids else "utter_stop_unknown",
        choices=[Choice(label, intent, v) for label, v in zip(names, values, strict=True)],
    )


def _stops(timetable: Timetable, ids: Sequence[str]) -> list[Stop]:
    return [stop for stop in map(timetable.stop, ids) if stop]


def _likely(timetable: Timetable, line_ids: Sequence[str]) -> Sequence[Stop]:
    """Return the stops of the line asked for, else those where most lines can be taken."""
    for line_id in line_ids:
        if stops := timetable.stops_of(line_id):
            return stops[:-1]
    return sorted(
        timetable.stops.values(), key=lambda stop: (-len(timetable.lines_at(stop.id)), stop.id)
    )
