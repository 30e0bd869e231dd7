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
# What asks about a place, and does not answer where: 药房几点关门, 图书馆开着不.
_ASKS = re.compile(
    r"(?:几点钟?|啥时候|什么时候|啥辰光|几时)(?:就|才|会|能|可以)?(?:开|关|上班|下班|结束|打烊|营业|休)"
    r"|(?:开|关|营业|上班|休息|放假)(?:着|门|了)*(?:不|没|没有|吗|么|嘛|没开)[?？]?$"
    r"|(?:开不开|开没开|关没关|有没有人|还有人[吗不])|(?:开门|开放|营业|上班)的?时间"
    r"|(?:电话|号码)(?:是|多少|几)|怎么(?:走|去|坐车)|要钱[吗不]|多少钱|收费[吗不]"
    r"|(?:^|[,.] ?)(?:is|are|does|do|when|what time)\b.{1,40}"
    r"\b(?:open|close[sd]?|shut|closing|opening)\b"
    r"|\bhow (?:do|can) i get\b|\bopening hours\b",
    re.IGNORECASE,
)


def asks_about(text: str) -> bool:
    """Whether a text asks about a place: when it is open, how to get there, what it costs."""
    return _ASKS.search(normalise(text).rstrip(" .。!！~")) is not None


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
