"""Measures whom neighbours' needs go to, and how quickly they are found: `make bench-matching`.

A simulated month, with our score, with the nearest first and at random, in several seeded towns
where plenty offer help and in as many where few do (`bench/matching_month.py` says how people
behave, which is no formula of ours). For each figure the mean of the towns, and between the
least and the most of them; `worse_than` names those in which our score is the worse one. Then
the milliseconds of `candidates.best` on SQLite and PostgreSQL. Last line: one JSON.
"""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from actions.db import Database
from actions.square import Square
from actions.wording import read_wording
from bench import matching_store, town
from bench.matching_month import POLICIES, Month, needs
from bench.output import finish, say
from bench.stores import SERVER, databases
from knowledge.pack import load_pack
from knowledge.settings import Settings

Figures = Mapping[str, float]
SEEDS = 5  # towns of each size
SCARCE = 5  # one in so many offers help where few do
OURS, *OTHERS = POLICIES
# Whether more of a figure is better (1) or less (-1).
BETTER = {
    "filled": 1,
    "minutes_to_fill_p50": -1,
    "asks_per_filled": -1,
    "metres_walked_mean": -1,
    "cancelled": -1,
    "gini_of_asks": -1,
    "asks_on_top_5_percent": -1,
    "wanted_no_more": -1,
}


def simulated(
    residents: int, offers: int, a_day: int, days: int, seed: int
) -> dict[str, dict[str, float]]:
    """Let the same days happen with each policy; returns what came of them."""
    chance = np.random.default_rng(seed)
    place = town.build(residents, chance)
    people = town.helpers(place, offers, chance)
    wanted = needs(place, a_day, days, chance)
    came_of: dict[str, dict[str, float]] = {}
    for name, policy in POLICIES.items():
        say(f"{len(wanted)} needs in {days} days, {offers} offers, seed {seed}: {name}")
        came_of[name] = Month(place, people, policy, seed).live(wanted)
    return came_of


def over_seeds(months: Sequence[Mapping[str, Figures]]) -> dict[str, Any]:
    """Sum months of several towns up: each policy's figures, and where our score is worse."""
    by_policy = {name: [month[name] for month in months] for name in POLICIES}
    told: dict[str, Any] = {name: _spread(each) for name, each in by_policy.items()}
    told["worse_than"] = {name: _lost(told[OURS], told[name]) for name in OTHERS}
    return told


def _spread(each: Sequence[Figures]) -> dict[str, dict[str, float]]:
    found = {name: [one[name] for one in each] for name in each[0]}
    return {
        name: {
            "mean": round(float(np.mean(values)), 4),
            "least": min(values),
            "most": max(values),
        }
        for name, values in found.items()
    }


def _lost(ours: Mapping[str, Figures], theirs: Mapping[str, Figures]) -> list[str]:
    return [
        name
        for name, sign in BETTER.items()
        if sign * ours[name]["mean"] < sign * theirs[name]["mean"]
    ]


def timed(server: str, residents: int, offers: int) -> dict[str, Any]:
    """Return the milliseconds on an empty database of each kind."""
    pack = load_pack(Settings().community_dir)
    square = Square(pack, read_wording(pack.zone))
    chance = np.random.default_rng(1)
    place = town.build(residents, chance)
    people = town.helpers(place, offers, chance)
    found: dict[str, Any] = {}
    with databases(server) as urls:
        for dialect, url in urls.items():
            database = Database(url, busy_seconds=60)
            found[dialect] = matching_store.measure(database, square, place, people)
            database.close()
    return found


def main() -> None:
    """Measure as much as the command line says."""
    parser = argparse.ArgumentParser(prog="make bench-matching")
    parser.add_argument("--residents", type=int, default=180_000)
    parser.add_argument("--offers", type=int, default=10_000, help="where plenty do")
    parser.add_argument("--needs-a-day", type=int, default=200)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="towns of each size")
    parser.add_argument("--postgres", default=SERVER, help="a server to make a database on")
    given = parser.parse_args()
    finish(
        {
            "residents": given.residents,
            "days": given.days,
            "seeds": given.seeds,
            "month": {
                "plenty": _months(given, given.offers),
                "scarce": _months(given, given.offers // SCARCE),
            },
            "one_match": timed(given.postgres, given.residents, given.offers),
        }
    )


def _months(given: argparse.Namespace, offers: int) -> dict[str, Any]:
    size = given.residents, offers, given.needs_a_day, given.days
    towns = [simulated(*size, seed) for seed in range(1, given.seeds + 1)]
    return {"offers": offers, **over_seeds(towns)}


if __name__ == "__main__":
    main()
