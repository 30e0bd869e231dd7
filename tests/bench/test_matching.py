"""A month in a small town: our score against the nearest first and chance, in the same run."""

import numpy as np
import pytest

from bench import town
from bench.matching import BETTER, OURS, over_seeds, simulated
from bench.matching_month import POLICIES, Month, gini, needs, on_top

SIZE = {"residents": 36_000, "offers": 2000, "a_day": 20, "days": 30}


@pytest.fixture(scope="module")
def month() -> dict[str, dict[str, float]]:
    return simulated(**SIZE, seed=2)


def test_the_score_asks_fewer_for_each_need_and_is_let_down_less(
    month: dict[str, dict[str, float]],
) -> None:
    """The control: chance, in the same town with the same needs, does worse in both."""
    ours, chance = month["ours"], month["random"]
    assert chance["asks_per_filled"] > 1.03 * ours["asks_per_filled"]
    assert chance["cancelled"] > ours["cancelled"]


def test_the_score_does_not_always_ask_the_same(month: dict[str, dict[str, float]]) -> None:
    """The control: who is nearest is asked again and again."""
    assert month["ours"]["gini_of_asks"] < month["nearest"]["gini_of_asks"]
    assert month["ours"]["asks_on_top_5_percent"] < month["nearest"]["asks_on_top_5_percent"]


def test_the_nearest_walk_least(month: dict[str, dict[str, float]]) -> None:
    """What the score pays for fit and fairness is told, not hidden."""
    walked = {name: one["metres_walked_mean"] for name, one in month.items()}
    assert walked["nearest"] < walked["ours"] < walked["random"]


def test_the_same_seed_gives_the_same_month() -> None:
    small = SIZE | {"residents": 3000, "offers": 150, "days": 3}
    assert simulated(**small, seed=5) == simulated(**small, seed=5)


def test_a_town_without_anybody_willing_fills_nothing() -> None:
    chance = np.random.default_rng(1)
    place = town.build(3000, chance)
    people, wanted = town.helpers(place, 10, chance), needs(place, 5, 2, chance)
    people.nature.willing[:] = -99
    came_of = Month(place, people, POLICIES["ours"], 1).live(wanted)
    assert came_of["filled"] == 0


def test_where_few_help_fewer_needs_are_filled(month: dict[str, dict[str, float]]) -> None:
    few = simulated(**SIZE | {"offers": 60}, seed=2)
    assert few["ours"]["filled"] < 0.8 * month["ours"]["filled"]


def test_several_towns_are_told_with_their_spread_and_where_the_score_loses() -> None:
    even = dict.fromkeys(BETTER, 0.5)
    towns = [{name: even | {"filled": 0.5 + 0.1 * of} for name in POLICIES} for of in range(3)]
    towns[0] = towns[0] | {OURS: even | {"filled": 0.4, "metres_walked_mean": 0.1}}
    told = over_seeds(towns)
    assert told["ours"]["filled"] == {"mean": 0.5667, "least": 0.4, "most": 0.7}
    assert told["worse_than"] == {"nearest": ["filled"], "random": ["filled"]}


def test_every_figure_of_a_month_is_better_one_way_or_the_other(
    month: dict[str, dict[str, float]],
) -> None:
    assert set(month["ours"]) == {"needs", *BETTER}


def test_inequality_is_measured() -> None:
    assert gini(np.ones(10)) == pytest.approx(0)
    assert gini(np.array([0.0] * 99 + [5.0])) == pytest.approx(0.99)
    assert on_top(np.array([1.0] * 19 + [19.0]), 0.05) == pytest.approx(0.5)
