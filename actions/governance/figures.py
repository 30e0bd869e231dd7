"""Figures that say which one: building, unit, floor, flat; in Arabic or Chinese numerals."""

import re

from knowledge.dates.chinese_words import HAN, number

N = rf"(\d{{1,4}}|[{HAN}]{{1,3}})"
# sort of figure → how it is written; “好几天” and “等了五分钟” are none
SORTS: dict[str, re.Pattern[str]] = {
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


def read(sort: str, said: str) -> frozenset[str]:
    """Return the figures of a sort in a text, in the form messages are brought to."""
    found = (next(filter(None, hit.groups())) for hit in SORTS[sort].finditer(said))
    return frozenset(str(number(figure)) for figure in found)
