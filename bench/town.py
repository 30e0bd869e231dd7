"""A seeded town for measuring: where households are, who offers help, what they are like.

What they are like (`Nature`) is seen by nobody but the town itself: no policy reads it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PER_HOUSEHOLD = 3
VILLAGES_ACROSS, VILLAGES_DOWN, GRIDS = 5, 4, 8  # grids of each village
VILLAGE_APART, GRID_APART, SPREAD = 1500.0, 350.0, 60.0  # metres
DEGREE = 111_195.0  # metres of latitude
LAT, LON = 30.15, 120.45
KINDS = 14
HOURS: tuple[tuple[str, ...], ...] = (
    (),
    ("6 00:00-24:00", "7 00:00-24:00"),
    tuple(f"{day} 18:00-22:00" for day in range(1, 6)),
    ("2 12:00-18:00", "4 12:00-18:00"),
    tuple(f"{day} 08:00-12:00" for day in range(1, 8)),
    tuple(f"{day} 12:00-18:00" for day in range(1, 8)),
)
HOW_MANY_HOURS = (0.35, 0.2, 0.15, 0.08, 0.12, 0.1)


@dataclass(frozen=True)
class Town:
    """Households with their grid and place in metres; grids belong to villages in turn."""

    grid: Ints
    x: Floats
    y: Floats

    @property
    def village(self) -> Ints:
        """The village of each household."""
        return self.grid // GRIDS

    def area(self, household: int) -> str:
        """Return the path of a household's grid."""
        grid = int(self.grid[household])
        return f"guali/v{grid // GRIDS}/g{grid % GRIDS}/"

    def point(self, household: int) -> tuple[float, float]:
        """Return a household's place in degrees."""
        across = DEGREE * np.cos(np.radians(LAT))
        return (
            LAT + float(self.y[household]) / DEGREE,
            LON + float(self.x[household]) / float(across),
        )


@dataclass(frozen=True)
class Nature:
    """What neighbours are really like: `able` at each kind, 0 to 1, and as people."""

    able: Floats
    willing: Floats  # how readily they say yes, as a logit
    far: Floats  # metres that halve their readiness
    answers: Floats  # how often they see that they are asked
    keeps: Floats  # how often they come once they have said so


@dataclass(frozen=True)
class Helpers:
    """Who offers help: their households and what they told us; `named` kinds, none: all."""

    household: Ints
    named: Bools
    hours: Ints  # a row of HOURS
    per_week: Ints
    reach: Ints  # 0 building, 1 village, 2 town
    told: Floats  # what a kind's words have to do with their skills: noisy, NaN without words
    nature: Nature


def build(residents: int, chance: np.random.Generator) -> Town:
    """Make the households of so many residents, as many in each grid."""
    households = max(1, residents // PER_HOUSEHOLD)
    villages = VILLAGES_ACROSS * VILLAGES_DOWN
    grid = np.sort(chance.integers(0, villages * GRIDS, households))
    village = grid // GRIDS
    turn = 2 * np.pi * (grid % GRIDS) / GRIDS
    x = (village % VILLAGES_ACROSS) * VILLAGE_APART + GRID_APART * np.cos(turn)
    y = (village // VILLAGES_ACROSS) * VILLAGE_APART + GRID_APART * np.sin(turn)
    return Town(
        grid,
        x + chance.normal(0, SPREAD, households),
        y + chance.normal(0, SPREAD, households),
    )


def helpers(town: Town, count: int, chance: np.random.Generator) -> Helpers:
    """Make so many willing neighbours; what they tell follows from what they are."""
    able = chance.beta(1.2, 2.5, (count, KINDS))
    # They name what they believe they can do, and three in ten anything.
    believed = able + chance.normal(0, 0.2, (count, KINDS))
    named = believed > np.quantile(believed, 0.8, axis=1, keepdims=True)
    named[chance.random(count) < 0.3] = False
    told = 0.80 + 0.10 * able + chance.normal(0, 0.015, (count, KINDS))
    told[chance.random(count) < 0.5] = np.nan  # half write nothing of their skills
    return Helpers(
        household=chance.integers(0, len(town.grid), count),
        named=named,
        hours=chance.choice(len(HOURS), count, p=HOW_MANY_HOURS),
        per_week=chance.choice([1, 2, 3, 5], count, p=(0.2, 0.5, 0.2, 0.1)),
        reach=chance.choice(3, count, p=(0.15, 0.45, 0.4)),
        told=told,
        nature=Nature(
            able=able,
            willing=chance.normal(0.3, 0.8, count),
            far=chance.lognormal(np.log(600), 0.5, count),
            answers=chance.beta(4, 2, count),
            keeps=chance.beta(9, 1.2, count),
        ),
    )
