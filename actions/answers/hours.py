"""action_answer_hours: open now, until when, when next; on another day when one is named."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from actions.answers import telling
from actions.answers.opening import on_days, right_now
from actions.content import offline
from actions.conversations import Choice
from actions.dialogue import Answer, Events, Ground, Turn
from actions.people.office import office
from knowledge.dates import When, read_when
from knowledge.pack import Facility

MOST_DAYS = 3  # of a span such as a weekend, each is told
OFFERED = 4  # places to choose from when none is named

Nearest = Callable[[Turn], str | None]  # the facility a question is about, by meaning


class AnswerHours(Answer):
    """Says when a facility is open; asks which one when the message names none."""

    def __init__(self, ground: Ground, nearest: Nearest) -> None:
        super().__init__(ground)
        self._nearest = nearest

    def name(self) -> str:
        return "action_answer_hours"

    def act(self, turn: Turn) -> Events:
        facility = self._asked_for(turn)
        if facility is None:
            turn.say("utter_hours_of_what", choices=_offer(turn))
            return []
        if offline.hidden(turn.db).covers(turn.pack, "facility", facility.id):
            turn.say("utter_answer_offline")
            return []
        when = read_when(turn.text, turn.local)
        days = _days(when, turn.local.date()) if isinstance(when, When) else []
        lines = on_days(turn, facility, days) if days else right_now(turn, facility)
        telling.tell(turn, lines, facility)
        return []

    def _asked_for(self, turn: Turn) -> Facility | None:
        pack = turn.ground.pack
        place = pack.places.get(turn.entity("place") or "")
        named = turn.choice or turn.entity("facility") or (place.facility if place else None)
        return pack.facilities.get(named or self._nearest(turn) or "")


def _days(when: When, today: date) -> list[date]:
    """Return the days a message asks about; today's own hours are told as of now."""
    first, end = when.start.date(), when.end
    days = [first + timedelta(days=n) for n in range(MOST_DAYS)]
    asked = [day for day in days if day == first or _begins_before(day, end)]
    return [] if asked == [today] else asked


def _begins_before(day: date, end: datetime) -> bool:
    return datetime.combine(day, datetime.min.time(), end.tzinfo) < end


def _offer(turn: Turn) -> list[Choice]:
    return [
        Choice(place.name.in_(turn.language), "ask_hours", place.id) for place in _common(turn)
    ][:OFFERED]


def _common(turn: Turn) -> Iterator[Facility]:
    """Yield the places people ask about: the office first, then one of each kind with hours."""
    pack, seen = turn.ground.pack, set[str]()
    counter = office(pack)
    for facility in [*([counter] if counter else []), *pack.facilities.values()]:
        if facility.opening_hours and facility.kind not in seen:
            seen.add(facility.kind)
            yield facility
