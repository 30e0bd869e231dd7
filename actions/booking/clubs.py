"""action_meet_neighbours: who would like to meet people is shown what people do together.

The way through a club comes first; to be introduced is a tap beside it, whose deed is another
topic's. Children meet in activities for children, and nowhere else.
"""

from collections.abc import Sequence
from typing import Any

from actions.booking import matching, showing
from actions.booking.filters import GROWN_UP, RULES, Filter, fitting
from actions.booking.listing import origin_of
from actions.booking.model import Session
from actions.booking.wishes import upcoming
from actions.dialogue import Answer, Events, Turn
from knowledge.pack import Activity
from knowledge.text import normalise

CLUB = "club"
SHOWN, SHOWN_ELDER = 3, 2  # beside the tap to be introduced


class MeetNeighbours(Answer):
    """Shows the next sessions of clubs near what was named, and the tap to be introduced."""

    def name(self) -> str:
        return "action_meet_neighbours"

    def act(self, turn: Turn) -> Events:
        if RULES["kids"].said.search(normalise(turn.text)):
            children = fitting(turn.pack, [Filter("kids")])
            shown = _next_of_each(turn, children)
            self._say(turn, "utter_meet_children", shown)
            return []
        named = [one for one in matching.named(turn.pack, turn.text) if _brings_together(one)]
        shown = _next_of_each(turn, named or _clubs(turn))
        interest = next((one.id for one in named if one.kind == CLUB), "")
        response = "utter_meet_clubs" if shown else "utter_meet_no_club"
        self._say(turn, response, shown, interest=interest)
        return []

    def _say(
        self, turn: Turn, response: str, sessions: Sequence[Session], **values: Any
    ) -> None:
        few = sessions[: SHOWN_ELDER if turn.row.elder else SHOWN]
        choices = showing.session_choices(turn, few, "book_activity")
        origin = origin_of(turn, few) if few else ""
        turn.say(response, choices=choices, origin=origin, **values)


def _brings_together(activity: Activity) -> bool:
    """Whether grown-ups who come again and again get to know one another there."""
    grown_up = activity.age.max is None or activity.age.max >= GROWN_UP
    return grown_up and activity.kind in {CLUB, "class", "public_class", "sport"}


def _clubs(turn: Turn) -> list[Activity]:
    """Return the clubs; for elders those where most are like them."""
    clubs = filter(_brings_together, fitting(turn.pack, [Filter("kind", CLUB)]))
    return [one for one in clubs if one.elder_friendly or not turn.row.elder]


def _next_of_each(turn: Turn, activities: Sequence[Activity]) -> list[Session]:
    """Return the next session of each activity, soonest first."""
    soonest = {s.activity_id: s for s in reversed(upcoming(turn, activities))}
    return sorted(soonest.values(), key=lambda session: session.starts_at)
