"""我也遇到 in the report form: what others have reported is shown before anything is filed."""

from collections.abc import Mapping
from typing import Any

from actions.conversations import Choice
from actions.dialogue import Turn
from actions.governance import draft, similar
from actions.governance.similar import Similar

NONE = "none"  # of those shown tells of the same
SAME = "same:"  # begins the value of the choice that joins a request
SHOWN, SHOWN_ELDER = 3, 2


def found(turn: Turn, slots: Mapping[str, Any]) -> list[Similar]:
    """Return what tells of the same as the report so far."""
    ground = turn.ground
    return similar.find(
        turn.db,
        turn.pack,
        ground.sorter,
        draft.category_of(ground, slots),
        similar.Report(draft.what_of(slots), draft.where_of(slots)),
        resident_id=draft.whose(turn, slots),
        now=turn.now,
        limit=SHOWN_ELDER if turn.row.elder else SHOWN,
    )


def ask(turn: Turn) -> None:
    """Show what others have reported: what it is, where, since when, how it stands."""
    choices = [_choice(turn, one) for one in found(turn, turn.slots)]
    category = draft.category_of(turn.ground, turn.slots).name
    turn.say("utter_ask_problem_same", choices=choices, category=category)


def read(turn: Turn) -> str | None:
    """Take the request that is joined, or that it is none of them."""
    choice = turn.choice or ""
    if choice == NONE or (turn.choice is None and turn.intent == "deny"):
        return NONE
    if choice.startswith(SAME):
        return choice
    shown = found(turn, turn.slots)
    agreed = turn.choice is None and turn.intent == "affirm"
    return f"{SAME}{shown[0].id}" if agreed and len(shown) == 1 else None


def joins(slots: Mapping[str, Any]) -> bool:
    """Whether a request of others was joined: nothing more is asked."""
    return joined(slots) is not None


def joined(slots: Mapping[str, Any]) -> str | None:
    """Return the id of the request that was joined."""
    value = str(slots.get("problem_same") or "")
    return value.removeprefix(SAME) if value.startswith(SAME) else None


def _choice(turn: Turn, one: Similar) -> Choice:
    place = turn.pack.places.get(one.place_id or "")
    response = "utter_similar_choice" if place else "utter_similar_choice_somewhere"
    state = _line(turn, f"utter_state_{one.status}")
    label = _line(
        turn,
        "utter_similar_choice_own" if one.own else response,
        place=place.name if place else "",
        reference=one.reference,
        filed=one.filed_at.astimezone(turn.pack.zone).date(),
        households=one.households,
        state=state,
    )
    return Choice(label, "choose", f"{SAME}{one.id}")


def _line(turn: Turn, response: str, **values: Any) -> str:
    said = turn.wording.render(
        response, language=turn.language, elder=turn.elder, values=values
    )
    return said.text
