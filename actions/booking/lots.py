"""How a draw comes out: arithmetic alone, on what is published, so that anybody can redo it.

The commitment is SHA-256 of the seed, and published before anybody enters. Groups go in their
order, 0 first; within a group, tickets go by SHA-256 of `seed:digest:ticket`, where the digest
is SHA-256 of all tickets, sorted and joined by commas. From the first on, every party gets its
places that fits into what is left. All hashes are of UTF-8 text, and written in hex.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

FORMAT = "xiaoli-draw/1"
HOW = (
    "The commitment is SHA-256 of the seed. Order: by group, then by SHA-256 of "
    "seed:digest:ticket, where the digest is SHA-256 of all tickets, sorted and joined by "
    "commas. From the first on every party that fits into the places that are left wins. "
    "To recompute: python -m actions draw verify FILE_OR_URL"
)
CHECKSUM = "checksum"  # shows that a file was damaged; whoever forges one can write it anew


@dataclass(frozen=True)
class Lot:
    """What is published of somebody who entered: a ticket, the group, for how many places."""

    ticket: str
    group: int
    places: int


def commitment_of(seed: str) -> str:
    """Return what is published of a seed before the draw."""
    return _hash(seed)


def in_order(seed: str, lots: Iterable[Lot]) -> list[Lot]:
    """Return the lots as they are drawn; whoever entered first or last makes no difference."""
    everybody = list(lots)
    digest = _hash(",".join(sorted(lot.ticket for lot in everybody)))
    return sorted(
        everybody, key=lambda lot: (lot.group, _hash(f"{seed}:{digest}:{lot.ticket}"))
    )


def winners(ordered: Iterable[Lot], places: int) -> set[str]:
    """Return the tickets that win so many places; a party that does not fit is passed over."""
    won: set[str] = set()
    for lot in ordered:
        if lot.places <= places:
            won.add(lot.ticket)
            places -= lot.places
    return won


def result(seed: str, lots: Iterable[Lot], places: int) -> list[dict[str, Any]]:
    """Return the order as it is published, the winners marked."""
    ordered = in_order(seed, lots)
    won = winners(ordered, places)
    return [
        {"rank": rank, "ticket": lot.ticket, "won": lot.ticket in won}
        for rank, lot in enumerate(ordered, 1)
    ]


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is published, with its checksum."""
    return {**content, CHECKSUM: _checksum(content)}


def is_drawn(content: Mapping[str, Any]) -> bool:
    """Whether a published file tells a result."""
    return bool(content.get("drawn_at"))


def differences(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield, in a sentence each, where a published file is not what follows from itself.

    The file of a draw that is still to come has no result: only its checksum is looked at.
    """
    if content.get("format") != FORMAT:
        yield f"format is {content.get('format')!r}; this program reads {FORMAT!r}"
        return
    try:
        if is_drawn(content):
            yield from _drawn_otherwise(content)
    except (KeyError, TypeError, ValueError, AttributeError) as broken:
        yield f"a field is missing or not of its kind: {broken}"
    if content.get(CHECKSUM) != (expected := _checksum(content)):
        yield (
            f"{CHECKSUM} is {content.get(CHECKSUM)}, recomputed {expected}: something else in "
            "the file was changed (session, activity, times or kept places)"
        )


def _drawn_otherwise(content: Mapping[str, Any]) -> Iterator[str]:
    seed, lots = str(content["seed"]), [Lot(**each) for each in content["tickets"]]
    if content["commitment"] != commitment_of(seed):
        yield f"commitment is {content['commitment']}, recomputed {commitment_of(seed)}"
    if content["entries"] != len({lot.ticket for lot in lots}) or len(lots) != len(set(lots)):
        yield f"entries is {content['entries']}, but {len(lots)} tickets are listed"
    order, expected = content["order"], result(seed, lots, int(content["places"]))
    for published, recomputed in zip(order, expected, strict=False):
        if published != recomputed:
            yield f"order: published {_told(published)}, recomputed {_told(recomputed)}"
            return
    if len(order) != len(expected):
        yield f"order has {len(order)} lines, recomputed {len(expected)}"


def _told(line: Mapping[str, Any]) -> str:
    won = "won" if line.get("won") else "not won"
    return f"{line.get('rank')} {line.get('ticket')} ({won})"


def _checksum(content: Mapping[str, Any]) -> str:
    without = {key: value for key, value in content.items() if key != CHECKSUM}
    return _hash(json.dumps(without, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
