"""What residents call places: by names of their own, and by those of the facility in them."""

import re
from collections.abc import Iterator

from knowledge.pack import Pack, Place
from knowledge.text import normalise

# 图书馆 says where; 麻将 or 看电影 says what is done there, unless something else says where.
_SAYS_WHERE = re.compile(
    r"(?:[站馆室房院楼厅心场池区点棚园所堂店柜桥门路村屋库亭校]|地方|窗口|空间|影城)$"
)
_LEADS = re.compile(r"(?:在|到|去|从|往|[住停放]在)$")
_FOLLOWS = re.compile(
    r"(?:的?(?:门口|旁边|边上|附近|里面|外面|对面|后面|前面|楼[上下])|[那这][里边儿块])"
)


def nicknames(pack: Pack, place: Place) -> Iterator[str]:
    """Yield all names of a place, and those of its facility that say where something is."""
    yield from (place.name.zh, place.name.en, *place.aliases)
    facility = pack.facilities.get(place.facility or "")
    for name in facility.aliases if facility else ():
        if _says_where(name):
            yield name


def is_where(words: str, text: str) -> bool:
    """Whether words of a text say where something is, and not only what it is about."""
    before, _, after = normalise(text).partition(normalise(words))
    return bool(_says_where(words) or _LEADS.search(before) or _FOLLOWS.match(after))


def _says_where(name: str) -> bool:
    return name.isascii() or _SAYS_WHERE.search(normalise(name)) is not None
