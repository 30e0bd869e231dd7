"""How well a willing neighbour fits a need: parts from 0 to 1, weighed by one table.

Pure and explainable: no part knows of another, more of a good thing never lowers the score, and
each part can be named to staff as a reason. What forbids somebody to be asked is no part of it:
`candidates` leaves them out first. All neighbours of a need are scored at once, in arrays.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEAR = 500.0  # metres at which a way is worth 1/e: 50 m .90, 200 m .67, 1 km .14, 2 km .02
# How far somebody may live of whom only the area is known, by what the two share.
ASSUMED = {"building": 60.0, "village": 700.0, "town": 3000.0}
# Words of any two requests are this alike (nothing in common), and these are the same thing.
UNLIKE, ALIKE = 0.80, 0.92
# A newcomer counts as somebody who kept 4 of 5 promises; what is known weighs more with time.
PRIOR_KEPT, PRIOR_BROKEN = 4.0, 1.0
NO_ANSWER = 0.25  # of a promise broken: they may not have seen it
ASKED_LATELY = 0.5  # how tiring it is to be asked, compared with having helped
WILLING_FOR_ALL = 0.6  # who offers anything, compared with who named this kind
SILENT = 0.2  # who does not speak what was asked for, as far as we know


@dataclass(frozen=True)
class Facts:
    """What is known of the neighbours for one need; arrays with an element for each.

    `named`: they named this kind. `time`: the share of the time it takes that is theirs.
    `metres` between the two. `alike`: the cosine of need and skills, NaN where one of them has
    no words. `speaks`: the share of what is to be spoken that they speak, NaN when nothing is.
    The rest counts matches: `kept`, `broken` and `unanswered`; `asked` and `helped` lately;
    `pairs` of these very two with which both were content.
    """

    named: Floats
    time: Floats
    metres: Floats
    alike: Floats
    speaks: Floats
    kept: Floats
    broken: Floats
    unanswered: Floats
    asked: Floats
    helped: Floats
    pairs: Floats

    def __len__(self) -> int:
        return len(self.named)

    def of(self, rows: NDArray[np.intp]) -> "Facts":
        """Return what is known of some of them."""
        return Facts(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def facts(count: int, **known: Any) -> Facts:
    """Make the facts of so many neighbours; what is not given is what nobody knows."""
    unknown = {"time": 1.0, "metres": ASSUMED["town"], "alike": np.nan, "speaks": np.nan}
    return Facts(
        **{
            field.name: np.broadcast_to(
                np.asarray(known.get(field.name, unknown.get(field.name, 0.0)), np.float64),
                (count,),
            )
            for field in fields(Facts)
        }
    )


@dataclass(frozen=True)
class Part:
    """A part of the score: its weight, how it is made of the facts, and from where it tells.

    At `telling` and above it is a reason to name.
    """

    weight: float
    made: Callable[[Facts], Floats]
    telling: float


def _kind(known: Facts) -> Floats:
    return np.where(known.named > 0, 1.0, WILLING_FOR_ALL)


def _skill(known: Facts) -> Floats:
    likeness = np.clip((known.alike - UNLIKE) / (ALIKE - UNLIKE), 0.0, 1.0)
    return np.where(np.isnan(known.alike), 0.5, likeness)


def _time(known: Facts) -> Floats:
    return np.clip(known.time, 0.0, 1.0)


def _distance(known: Facts) -> Floats:
    near: Floats = np.exp(-np.maximum(known.metres, 0.0) / NEAR)
    return near


def _language(known: Facts) -> Floats:
    return np.where(np.isnan(known.speaks), 0.5, SILENT + (1 - SILENT) * known.speaks)


def _reliability(known: Facts) -> Floats:
    kept = known.kept + PRIOR_KEPT
    return kept / (kept + known.broken + NO_ANSWER * known.unanswered + PRIOR_BROKEN)


def _fairness(known: Facts) -> Floats:
    return 1.0 / (1.0 + known.helped + ASKED_LATELY * known.asked)


def _past(known: Facts) -> Floats:
    return 1.0 - np.exp2(-known.pairs)


# Time and way decide whether somebody can come at all; then who is meant for it, and whose turn
# it is. Past pairs and languages tip the scale between equals. The weights sum to 1.
PARTS: Mapping[str, Part] = MappingProxyType(
    {
        "time": Part(0.18, _time, 0.99),
        "distance": Part(0.22, _distance, 0.6),
        "kind": Part(0.12, _kind, 1.0),
        "skill": Part(0.12, _skill, 0.6),
        "reliability": Part(0.12, _reliability, 0.85),
        "fairness": Part(0.14, _fairness, 0.9),
        "past": Part(0.05, _past, 0.5),
        "language": Part(0.05, _language, 0.9),
    }
)


def score(known: Facts) -> Floats:
    """Return how well each fits, 0 to 1."""
    total = np.zeros(len(known))
    for part in PARTS.values():
        total = total + part.weight * part.made(known)
    return total


def reasons(known: Facts) -> list[tuple[str, ...]]:
    """Return for each the names of the parts that speak for them, the weightiest first."""
    values = {name: part.made(known) for name, part in PARTS.items()}
    weighed = {name: PARTS[name].weight * values[name] for name in PARTS}
    return [
        tuple(
            sorted(
                (name for name in PARTS if values[name][row] >= PARTS[name].telling),
                key=lambda name: -float(weighed[name][row]),
            )
        )
        for row in range(len(known))
    ]


def lots(request_id: int, ids: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return what decides between those who fit equally: by chance, but always the same.

    Not the order of ids: the same neighbours would come first for every need. (splitmix64)
    """
    with np.errstate(over="ignore"):
        mixed = np.asarray(ids).astype(np.uint64) + np.uint64(request_id) * np.uint64(
            0x9E3779B97F4A7C15
        )
        for shift, times in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(times)
        result: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return result


def in_turn(
    request_id: int, ids: NDArray[np.int64], near: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return the rows in the order they are looked at: who is near first, the others by lot."""
    return np.lexsort((lots(request_id, ids), ~near))


def in_order(
    request_id: int, ids: NDArray[np.int64], scores: Floats, limit: int
) -> NDArray[np.intp]:
    """Return the rows of the best, the best first; what rounding alone tells apart is equal."""
    order = np.lexsort((lots(request_id, ids), -np.round(scores, 6)))
    return order[:limit]
