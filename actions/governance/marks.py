"""What in a report's words tells its problem from another of the same kind close by.

第三根灯杆 is not 第八根, 2单元 not 5单元, a swing no bench, 菜场门口 not 幼儿园门口. Only where
both reports name something of one sort, and nothing in common, do their problems differ.
"""

from collections.abc import Mapping

from actions.governance import categories, figures, places
from knowledge.pack import Category, Pack
from knowledge.text import normalise

Marks = Mapping[str, frozenset[str]]

THING, LANDMARK = "thing", "landmark"


def marks(pack: Pack, category: Category, text: str) -> Marks:
    """Return what a text names: by sort, the figures, things and landmarks in it."""
    said = normalise(text)
    found = {sort: figures.read(sort, said) for sort in figures.SORTS}
    found[THING] = frozenset(
        str(n)
        for n, words in enumerate(category.things)
        if any(categories.uses(said, word) for word in words)
    )
    found[LANDMARK] = frozenset(
        place.id for place in places.in_text(pack, text) if place.kind not in places.STRETCHES
    )
    return {sort: values for sort, values in found.items() if values}


def differ(one: Marks, other: Marks) -> bool:
    """Whether both name something of one sort, and nothing in common."""
    return any(one[sort].isdisjoint(other[sort]) for sort in one.keys() & other.keys())


def share(one: Marks, other: Marks) -> bool:
    """Whether both name the same landmark, or the same figure of one sort."""
    sorts = (one.keys() & other.keys()) - {THING}
    return any(one[sort] & other[sort] for sort in sorts)
