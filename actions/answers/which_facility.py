"""Which facility a message is about: by name or alias, by what kind of place it is called."""

import re
from collections.abc import Iterable, Sequence

from actions.dialogue import Turn
from knowledge.pack import Facility, Pack
from knowledge.text import normalise

BRACKETS = re.compile(r"\s*[(（][^)）]*[)）]")
SHORTEST = 2  # characters a kind of place is called by, at least


def facilities_named(turn: Turn) -> list[list[Facility]]:
    """Return the facilities a message names, for each name all that it may mean.

    An alias may be shared (图书馆); otherwise a place is known by what its name ends in.
    """
    pack = turn.pack
    by_words: dict[str, list[str]] = {}
    for entity in turn.entities:
        facility = _id_of(pack, entity.kind, entity.id)
        if facility and facility not in by_words.setdefault(entity.words, []):
            by_words[entity.words].append(facility)
    named = [_standing(pack, ids) for ids in by_words.values() if ids]
    return list({tuple(f.id for f in one): one for one in named}.values()) or _called(turn)


def _id_of(pack: Pack, kind: str, record_id: str) -> str | None:
    place = pack.places.get(record_id) if kind == "place" else None
    found = record_id if kind == "facility" else place.facility if place else None
    return found if found in pack.facilities else None


def _standing(pack: Pack, ids: Sequence[str]) -> list[Facility]:
    """Return the facilities; one that has moved is only meant when nothing else is."""
    found = [pack.facilities[key] for key in ids]
    return [facility for facility in found if not facility.moved_to] or found


def _called(turn: Turn) -> list[list[Facility]]:
    """Return the facilities whose name ends in a word of the message: the longest counts."""
    pack, said = turn.pack, normalise(turn.text)
    lengths = {f.id: _longest_end(said, _names(f)) for f in pack.facilities.values()}
    longest = max(lengths.values(), default=0)
    if longest < SHORTEST:
        return []
    return [_standing(pack, [key for key, length in lengths.items() if length == longest])]


def _names(facility: Facility) -> Iterable[str]:
    for name in (facility.name.zh, facility.name.en):
        yield BRACKETS.sub("", normalise(name))


def _longest_end(said: str, names: Iterable[str]) -> int:
    return max(
        (len(end) for name in names for end in _ends(name) if _uses(said, end)), default=0
    )


def _ends(name: str) -> Iterable[str]:
    """Yield what a name ends in: characters of a Chinese name, words of an English one."""
    if name.isascii():
        words = re.findall(r"[\w'-]+", name.partition(",")[0])
        return (" ".join(words[n:]) for n in range(len(words)))
    return (name[n:] for n in range(len(name) - SHORTEST + 1))


def _uses(said: str, end: str) -> bool:
    if end.isascii():
        return re.search(rf"\b{re.escape(end)}\b", said) is not None
    return end in said
