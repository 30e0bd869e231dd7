"""action_answer_hours: when a place is open; which one is meant; what is open at all."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time

from actions import followup
from actions.answers import hours, telling
from actions.answers.hours_asked import Asked, Aspect, read_asked, read_value, write_value
from actions.answers.which_facility import facilities_named
from actions.content import offline
from actions.conversations import Choice
from actions.dialogue import Answer, Events, Ground, Turn
from actions.people.office import office
from knowledge.hours import opening
from knowledge.pack import Facility, key_of

OFFERED = 4  # places to choose from when none is named
ALIKE = 3  # places of one name to choose from
TOLD = 3  # places named together that are all told
SHOWN, SHOWN_ELDER = 5, 3  # places that are open, at a time
AFTER = "after:"  # begins the key of the choice that shows more of them
ALWAYS = "24/7"
MORNING = time(10)

Nearest = Callable[[Turn], str | None]  # the facility a question is about, by meaning
Otherwise = Callable[[Turn], Events]  # answers what is no question about hours


class AnswerHours(Answer):
    """Says when a facility is open; asks which one when the message leaves that open."""

    def __init__(self, ground: Ground, nearest: Nearest, otherwise: Otherwise) -> None:
        super().__init__(ground)
        self._nearest, self._otherwise = nearest, otherwise

    def name(self) -> str:
        return "action_answer_hours"

    def act(self, turn: Turn) -> Events:
        key, carried = read_value(turn.choice or "")
        asked = carried or read_asked(turn.text, turn.local)
        chosen = turn.pack.facilities.get(key)
        meant = [[chosen]] if chosen else facilities_named(turn)
        if followup.adds(turn) and not chosen:
            if _is_about_something_else(turn, meant, asked):
                return self._otherwise(turn)
            asked = _before(turn) if asked == Asked() else asked
        if asked.no_such_day:
            turn.say("utter_no_such_date", date=asked.no_such_day)
            return []
        if key.startswith(AFTER) or (asked.aspect == Aspect.SOMEWHERE and not meant):
            _say_what_is_open(turn, asked, key.removeprefix(AFTER))
        elif len(meant) == 1 and 1 < len(meant[0]) <= ALIKE:
            turn.say("utter_hours_which", choices=_choices(turn, meant[0], asked))
        else:
            return self._tell(turn, [alike[0] for alike in meant if len(alike) == 1], asked)
        return []

    def _tell(self, turn: Turn, facilities: Sequence[Facility], asked: Asked) -> Events:
        """Tell of the facilities named, else of the nearest by meaning or the last told of."""
        told = (facilities or self._unnamed(turn))[:TOLD]
        if not told:
            choices = _choices(turn, list(_common(turn))[:OFFERED], asked)
            turn.say("utter_hours_of_what", choices=choices)
            return []
        hidden = offline.hidden(turn.db)
        for facility in told:
            if hidden.covers(turn.pack, "facility", facility.id):
                turn.say("utter_answer_offline")
            else:
                telling.tell(turn, hours.told(turn, facility, asked), facility)
        return followup.answered(
            turn,
            followup.HOURS,
            record=key_of(told[0]),
            asked=write_value(told[0].id, asked),
        )

    def _unnamed(self, turn: Turn) -> list[Facility]:
        before = _facility_before(turn)
        if before and followup.adds(turn):
            return [before]
        near = turn.pack.facilities.get(self._nearest(turn) or "") or before
        return [near] if near else []


def _is_about_something_else(
    turn: Turn, meant: Sequence[Sequence[Facility]], asked: Asked
) -> bool:
    """Whether what only adds to an answer (多少钱？) asks nothing about hours."""
    says_nothing = asked == Asked()
    if meant:
        return says_nothing and "asked" not in followup.before(turn)
    return says_nothing or _facility_before(turn) is None


def _before(turn: Turn) -> Asked:
    """Return what was asked before, for the place that is named now: 那永兴书房呢."""
    _, asked = read_value(followup.before(turn).get("asked", ""))
    return asked or Asked()


def _facility_before(turn: Turn) -> Facility | None:
    """Return the facility that was told of last, by itself or in an article about it alone."""
    pack = turn.pack
    record_id = (followup.before(turn).get("record") or ("", ""))[1]
    about = pack.articles[record_id].about if record_id in pack.articles else (record_id,)
    return pack.facilities.get(about[0]) if len(about) == 1 else None


def _say_what_is_open(turn: Turn, asked: Asked, after: str) -> None:
    """Say what is open, a few at a time; `after` is the last place shown before."""
    at = _about(turn, asked)
    when = telling.line(turn, "utter_hours_now") if at == turn.now else at
    hidden = offline.hidden(turn.db)
    found = [f for f in _open_at(turn, at) if not hidden.covers(turn.pack, "facility", f.id)]
    past = next((n for n, place in enumerate(found, 1) if place.id == after), 0)
    limit = SHOWN_ELDER if turn.row.elder else SHOWN
    shown, more = found[past : past + limit], found[past + limit :]
    if not shown:
        turn.say("utter_hours_nowhere", when=when)
        return
    choices = [
        Choice(_label(turn, f, at), "ask_hours", write_value(f.id, asked)) for f in shown
    ]
    if more:
        label = telling.line(turn, "utter_hours_more", count=len(more))
        choices.append(Choice(label, "ask_hours", write_value(AFTER + shown[-1].id, asked)))
    origin = telling.origin(turn, min(shown, key=lambda f: f.level != "sample"))
    turn.say("utter_hours_open_places", choices=choices, origin=origin, when=when)


def _about(turn: Turn, asked: Asked) -> datetime:
    """Return the moment a question is about: of another day without a time, its morning."""
    if asked.moment or asked.part_of_day:
        return asked.moment or (asked.part_of_day or (turn.now,))[0]
    today = turn.local.date()
    if not asked.days or today in asked.days:
        return turn.now
    return datetime.combine(asked.days[0], MORNING, turn.pack.zone)


def _open_at(turn: Turn, at: datetime) -> Iterator[Facility]:
    """Yield what is open at a moment; what never closes comes last."""
    pack = turn.pack
    places = sorted(pack.facilities.values(), key=lambda f: f.opening_hours == ALWAYS)
    return (f for f in places if not f.moved_to and opening(pack, f, at).is_open)


def _label(turn: Turn, facility: Facility, at: datetime) -> str:
    closes_at = opening(turn.pack, facility, at).closes_at
    if closes_at is None:
        return telling.line(turn, "utter_hours_label_always", name=facility.name)
    until = hours.until(turn, closes_at)
    return telling.line(turn, "utter_hours_label", name=facility.name, at=until)


def _choices(turn: Turn, facilities: Sequence[Facility], asked: Asked) -> list[Choice]:
    return [
        Choice(place.name.in_(turn.language), "ask_hours", write_value(place.id, asked))
        for place in facilities
    ]


def _common(turn: Turn) -> Iterator[Facility]:
    """Yield the places people ask about: the office first, then one of each kind with hours."""
    pack, seen = turn.pack, set[str]()
    counter = office(pack)
    for facility in [*([counter] if counter else []), *pack.facilities.values()]:
        if facility.opening_hours and facility.kind not in seen:
            seen.add(facility.kind)
            yield facility
