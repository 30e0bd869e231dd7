"""What somebody has said of a problem so far: the report form's slots, read."""

from collections.abc import Mapping
from typing import Any

from actions.dialogue import Ground, Turn
from actions.governance import categories
from actions.governance.service import Where
from knowledge.pack import Category

OBJECTED = "objected"  # to the category we guessed: the resident chooses it
ALTERNATIVES = 3  # categories to choose from, beside that for other things


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
