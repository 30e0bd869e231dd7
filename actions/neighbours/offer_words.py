"""Reads from a neighbour's words what they offer: kinds, how far, how often, languages."""

import re
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from actions.neighbours import kinds
from actions.neighbours.candidates import Who, who_may_help
from knowledge.pack import Pack
from knowledge.sorting import Sorter
from knowledge.text import normalise

EVERYTHING = "all"  # 什么都行

ALL_KINDS = re.compile(
    r"[什啥]么?(?:事|忙|活)?(?:情|儿)?(?:都|也)(?:行|可以|能|会|愿意)|都(?:行|可以|能帮)|随便什么|不限"
    r"|\b(?:anything|everything|whatever|all of (?:it|them)|any kind)\b"
)
PARTS = re.compile(r"[，,。;；、！!\n]|和|还有|或者?|以及|也能|也可以|\b(?:and|or|also)\b")
# What only says that somebody is willing: nothing of this kind is a skill.
WILLING = (
    *("我想帮忙", "我愿意帮忙", "有谁需要帮忙", "我可以帮邻居", "我有空，可以帮帮别人"),
    *("想做点好事", "我来帮", "算我一个", "我要当帮手", "志愿帮邻居", "看看求助"),
    *("I want to help", "who needs help", "I can help a neighbour", "count me in as a helper"),
    *("I have some free time", "show me what neighbours need", "any requests I could take"),
)
# Chosen on the examples the language model learns from, never on those held back.
LIKE, AHEAD = 0.42, 0.08

REACHES: Mapping[str, re.Pattern[str]] = {
    "building": re.compile(
        r"本楼|同楼|同一栋|我们这?[栋幢楼]|这[栋幢]楼|楼里|本单元|楼上楼下"
        r"|\b(?:my|this|same|our) building\b"
    ),
    "village": re.compile(
        r"本村|本社区|小区里?|村里|附近|同村|近一?点"
        r"|\b(?:my|this|our) (?:village|community)\b|\bnear(?:by)?\b"
    ),
    "town": re.compile(
        r"全镇|整个镇|镇上|镇里|远近都|多远都|哪里都|\b(?:whole )?town\b|\banywhere\b"
    ),
}
SPOKEN: Mapping[str, re.Pattern[str]] = {
    "dialect": re.compile(
        r"萧山话|萧山闲话|本地话|方言|土话|土白|绍兴话|\bdialect\b|\bxiaoshan(?:ese)?\b"
    ),
    "en": re.compile(r"英语|英文|\benglish\b"),
    "sign": re.compile(r"手语|\bsign language\b"),
}
_NUMBERS = {han: n for n, han in enumerate("零一二三四五六七八九")} | {"两": 2}
OFTEN = re.compile(
    r"(?:每|一|1)个?(?:周|星期|礼拜)(?:最多|顶多|只能|可以)?帮?(?P<n>\d{1,2}|[一两二三四五六七八九])[次回趟]"
    r"|(?:最多|顶多)(?:每|一)个?(?:周|星期|礼拜)?(?P<m>\d{1,2}|[一两二三四五六七八九])[次回趟]"
    r"|\b(?P<en>once|twice|(?:\d{1,2}|one|two|three) times?)\s+(?:a|per|each|every) week\b"
)
ENGLISH_TIMES = {"once": 1, "one": 1, "twice": 2, "two": 2, "three": 3}
SKILL = re.compile(
    r"[会懂能]|擅长|有.{0,4}(?:车|梯|工具|经验)|\b(?:can|know|able|have|am|teach)\b"
)
# What a nickname is not: a number, an address, a contact.


def kinds_in(pack: Pack, text: str, sorter: Sorter | None = None) -> list[str] | None:
    """Return the kinds words offer, [EVERYTHING], or None; what is for staff alone is none."""
    said = normalise(text)
    pieces = [piece for piece in PARTS.split(said) if piece.strip()]
    named = {found.id for piece in pieces if (found := kinds.kind_of(pack, piece))}
    whole = kinds.kind_of(pack, text)
    named |= {whole.id} if whole else set()
    if not named and sorter is not None:
        named = {one for piece in pieces if (one := _by_meaning(pack, piece, sorter))}
    offered = [one for one in pack.help_kinds if one in named and may_be_offered(pack, one)]
    if offered:
        return offered
    return [EVERYTHING] if ALL_KINDS.search(said) else None


def may_be_offered(pack: Pack, kind_id: str) -> bool:
    """Whether neighbours are asked for a kind at all, and not by staff alone."""
    kind = pack.help_kinds.get(kind_id)
    return kind is not None and who_may_help(kind) is not Who.NOBODY


def reach_in(text: str) -> str | None:
    """Return how far words say somebody goes: building, village, town; the farthest named."""
    said = normalise(text)
    named = [step for step, pattern in REACHES.items() if pattern.search(said)]
    return named[-1] if named else None


def languages_in(text: str) -> list[str]:
    """Return the languages words name."""
    said = normalise(text)
    return [language for language, pattern in SPOKEN.items() if pattern.search(said)]


def per_week_in(text: str) -> int | None:
    """Return how often a week somebody helps at most; None when words do not say."""
    found = OFTEN.search(normalise(text))
    if found is None:
        return None
    told = found["n"] or found["m"] or found["en"].split()[0]
    number = (
        ENGLISH_TIMES.get(told) or _NUMBERS.get(told) or (int(told) if told.isdigit() else 0)
    )
    return min(number, 14) or None


def _by_meaning(pack: Pack, text: str, sorter: Sorter) -> str | None:
    """Return the kind whose words mean nearly the same, if it is clearly one."""
    owners, vectors, centre = _meanings(tuple(_words_of(pack)), sorter)
    away = sorter.embed(text) - centre
    near = vectors @ (away / max(float(np.linalg.norm(away)), 1e-9))
    best: dict[str, float] = {}
    for owner, score in zip(owners, near.tolist(), strict=True):
        best[owner] = max(score, best.get(owner, -1.0))
    first, second, *_ = sorted(best.items(), key=lambda one: -one[1])
    clear = first[1] >= LIKE and first[1] - second[1] >= AHEAD
    return first[0] or None if clear else None


def _words_of(pack: Pack) -> list[tuple[str, str]]:
    told = [
        (kind.id, normalise(text))
        for kind in pack.help_kinds.values()
        for text in (kind.name.zh, kind.name.en, *kind.keywords)
    ]
    return told + [("", normalise(text)) for text in WILLING]


@lru_cache(maxsize=2)
def _meanings(
    told: tuple[tuple[str, str], ...], sorter: Sorter
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Embed what each kind is called, once for a pack."""
    vectors = np.array([sorter.embed(text) for _, text in told])
    centre = vectors.mean(axis=0)
    away = vectors - centre
    units = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    return [owner for owner, _ in told], units, centre
