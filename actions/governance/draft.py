"""What somebody has said of a problem so far: the report form's slots, read."""

from collections.abc import Mapping
from typing import Any

from actions import behalf
from actions.dialogue import Ground, Turn
from actions.governance import categories
from actions.governance.service import Where
from actions.people import kin
from knowledge.pack import Category

OBJECTED = "objected"  # to the category we guessed: the resident chooses it
ALTERNATIVES = 3  # categories to choose from, beside that for other things


ACTING = "problem_acting"  # never asked for: by what it is reported for another, and whom


def acting_of(slots: Mapping[str, Any]) -> tuple[int | None, str]:
    """Return by what it is reported for another, and in which words; none when for oneself."""
    kept = slots.get(ACTING) or {}
    return kept.get("acting"), str(kept.get("whom") or "")


def whose(turn: Turn, slots: Mapping[str, Any]) -> str:
    """Return whose the report is going to be, as things are."""
    acting_id, _ = acting_of(slots)
    acting = behalf.by_id(turn.db, turn.resident_id, acting_id) if acting_id else None
    return acting.principal_id if acting else turn.resident_id


def for_whom(turn: Turn) -> dict[str, Any]:
    """Return the slot of for whom a message says it reports; empty when it does not say."""
    if turn.choice is not None:
        return {}
    words = behalf.read_for(turn.text)
    if acting := behalf.meant(turn.db, turn.resident_id, words):
        return {ACTING: {"acting": acting.id, "whom": words}}
    return {ACTING: None} if kin.read_whom(turn.text) == "" else {}


def what_of(slots: Mapping[str, Any]) -> str:
    """Return the problem in the resident's words."""
    return str(slots.get("problem_what") or "")


def where_of(slots: Mapping[str, Any]) -> Where:
    """Return where the problem is."""
    return Where(**(slots.get("problem_where") or {}))


def category_of(ground: Ground, slots: Mapping[str, Any]) -> Category:
    """Return the category that was chosen, else the one the words fit best."""
    pack, what = ground.pack, what_of(slots)
    chosen = pack.categories.get(str(slots.get("problem_category")))
    guessed = categories.guess(pack, what, ground.sorter)
    return chosen or guessed or categories.alternatives(pack, what, 2, ground.sorter)[0]


def alternatives(turn: Turn) -> list[Category]:
    """Return the categories to choose from; what was objected to is none of them."""
    pack, what, sorter = turn.pack, what_of(turn.slots), turn.ground.sorter
    likely = categories.alternatives(pack, what, ALTERNATIVES + 2, sorter)
    objected = turn.slots.get("problem_confirm") == OBJECTED
    refused = categories.guess(pack, what, sorter) if objected else None
    *fitting, last = [one for one in likely if one != refused or one == likely[-1]]
    return [*fitting[:ALTERNATIVES], last]
