"""What in a report's words tells its problem from another of the same kind close by.

第三根灯杆 is not 第八根, 2单元 not 5单元, a swing no bench, 菜场门口 not 幼儿园门口. Only where
both reports name something of one sort, and nothing in common, do their problems differ.
"""

import re
from collections.abc import Mapping

from actions.governance import categories, places
from knowledge.dates.chinese_words import HAN, number
from knowledge.pack import Category, Pack
from knowledge.text import normalise

Marks = Mapping[str, frozenset[str]]

N = rf"(\d{{1,4}}|[{HAN}]{{1,3}})"
THING, LANDMARK = "thing", "landmark"
# sort of figure → how it is written; “好几天” and “等了五分钟” are none
FIGURES: dict[str, re.Pattern[str]] = {
    "building": re.compile(rf"{N}\s*(?:号楼|幢|栋|座(?!椅))|\b(?:building|block) (\d+)"),
    "unit": re.compile(rf"{N}\s*单元|\b(?:unit|entrance) (\d+)"),
    "floor": re.compile(
        rf"(?<!号){N}\s*[楼层](?![道梯])|\bfloor (\d+)|\b(\d+)(?:st|nd|rd|th) floor"
    ),
    "flat": re.compile(
        rf"{N}\s*[室户](?!外)|(?<!\d)(\d{{3,4}})(?![\d路线])|\b(?:flat|room) (\d+)"
    ),
    "which": re.compile(
        rf"第{N}\s*[根盏个棵只张排级段块]|{N}\s*号?(?:灯杆|电杆|电线杆|车位)|"
        r"\b(?:pole|lamp|space) (\d+)"
    ),
    "line": re.compile(rf"{N}\s*路(?!口)|\b(?:line|bus) (\d+)"),
}


def marks(pack: Pack, category: Category, text: str) -> Marks:
    """Return what a text names: by sort, the figures, things and landmarks in it."""
    said = normalise(text)
    found = {sort: _figures(pattern, said) for sort, pattern in FIGURES.items()}
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


def _figures(pattern: re.Pattern[str], said: str) -> frozenset[str]:
    hits = (next(filter(None, hit.groups())) for hit in pattern.finditer(said))
    return frozenset(str(number(hit)) for hit in hits)
