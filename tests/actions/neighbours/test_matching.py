"""The score: bounded, monotone in each part, the same every time, and it says why."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.neighbours import matching
from actions.neighbours.matching import PARTS, Facts

SHARE = st.floats(0, 1)
COUNT = st.integers(0, 50)
KNOWN = st.fixed_dictionaries(
    {
        "named": st.sampled_from([0.0, 1.0]),
        "time": SHARE,
        "metres": st.floats(0, 20_000),
        "alike": st.one_of(st.just(float("nan")), st.floats(-1, 1)),
        "speaks": st.one_of(st.just(float("nan")), SHARE),
        "kept": COUNT,
        "broken": COUNT,
        "unanswered": COUNT,
        "asked": COUNT,
        "helped": COUNT,
        "pairs": COUNT,
    }
)
# What makes a neighbour fit better when there is more of it, and what makes them fit less.
MORE, LESS = (
    ("named", "time", "alike", "speaks", "kept", "pairs"),
    ("metres", "broken", "unanswered", "asked", "helped"),
)


def scored(known: dict[str, float]) -> float:
    return float(matching.score(matching.facts(1, **known))[0])


def test_the_weights_sum_to_one() -> None:
    assert sum(part.weight for part in PARTS.values()) == pytest.approx(1)


@given(KNOWN)
def test_each_part_and_the_score_lie_between_nothing_and_one(known: dict[str, float]) -> None:
    facts = matching.facts(1, **known)
    for part in PARTS.values():
        assert 0 <= part.made(facts)[0] <= 1
    assert 0 <= matching.score(facts)[0] <= 1 + 1e-9


@pytest.mark.parametrize("fact", [*MORE, *LESS])
@given(known=KNOWN, more=st.floats(0, 10))
def test_more_of_a_good_thing_never_lowers_the_score(
    fact: str, known: dict[str, float], more: float
) -> None:
    if np.isnan(known[fact]):
        known = known | {fact: 0.5}
    raised = known | {
        fact: min(known[fact] + more, 1.0) if fact in SHARES else known[fact] + more
    }
    first, second = scored(known), scored(raised)
    assert second >= first - 1e-9 if fact in MORE else second <= first + 1e-9


SHARES = {"named", "time", "speaks", "alike"}


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"metres": 900.0}, {"metres": 60.0}),
        ({"named": 0.0}, {"named": 1.0}),
        ({"time": 0.5}, {"time": 1.0}),
        ({"alike": 0.82}, {"alike": 0.91}),
        ({"broken": 3.0}, {"kept": 3.0}),
        ({"asked": 4.0, "helped": 2.0}, {}),
        ({}, {"pairs": 2.0}),
        ({"speaks": 0.0}, {"speaks": 1.0}),
    ],
)
def test_every_part_decides_between_those_who_are_equal_in_the_others(
    worse: dict[str, float], better: dict[str, float]
) -> None:
    same = {"time": 1.0, "metres": 300.0}
    assert scored(same | better) > scored(same | worse) + 0.005


def test_a_newcomer_is_trusted_like_most_and_more_than_who_breaks_promises() -> None:
    newcomer = scored({})
    assert newcomer > scored({"kept": 2.0, "broken": 2.0})
    assert newcomer > scored({"unanswered": 8.0})
    assert newcomer < scored({"kept": 10.0})


def test_who_is_asked_all_the_time_comes_after_a_neighbour_a_little_farther_away() -> None:
    near_but_busy = {"metres": 100.0, "helped": 2.0, "asked": 4.0}
    assert scored({"metres": 250.0}) > scored(near_but_busy)


def test_reasons_name_what_speaks_for_somebody_the_weightiest_first() -> None:
    known = matching.facts(2, time=[1, 0.2], metres=[40, 4000], named=[1, 0], helped=[0, 9])
    first, second = matching.reasons(known)
    assert first[:2] == ("distance", "time")
    assert {"kind", "fairness"} <= set(first)
    assert second == ()


def test_reasons_are_names_of_parts() -> None:
    (why,) = matching.reasons(matching.facts(1, metres=0, speaks=1, pairs=9, kept=90, alike=1))
    assert set(why) <= set(PARTS)
    assert {"past", "language", "reliability", "skill"} <= set(why)


@given(st.permutations(range(1, 9)))
def test_equals_are_in_the_same_order_whatever_order_they_come_in(ids: list[int]) -> None:
    rows = matching.in_order(7, np.array(ids), np.full(8, 0.5), 8)
    again = matching.in_order(7, np.arange(1, 9), np.full(8, 0.5), 8)
    assert [ids[row] for row in rows] == [int(row) + 1 for row in again]


def test_equals_are_not_always_asked_in_the_order_of_their_ids() -> None:
    """The control: ordered by id, the first would come first for every need."""
    ids = np.arange(1, 11)
    first = [
        int(ids[matching.in_order(need, ids, np.zeros(10), 1)[0]]) for need in range(1, 201)
    ]
    assert len(set(first)) == 10
    assert max(first.count(one) for one in set(first)) < 60
    by_id = [int(ids[np.argsort(ids, kind="stable")[0]]) for _ in range(200)]
    assert set(by_id) == {1}


def test_what_rounding_alone_tells_apart_is_equal() -> None:
    ids = np.array([3, 4])
    near = matching.in_order(1, ids, np.array([0.5, 0.5 + 1e-9]), 2).tolist()
    assert near == matching.in_order(1, ids, np.array([0.5, 0.5]), 2).tolist()


def test_the_near_are_looked_at_first() -> None:
    near = np.array([False, True, False, True])
    turns = matching.in_turn(5, np.array([1, 2, 3, 4]), near)
    assert set(turns[:2].tolist()) == {1, 3}


def test_facts_of_some_are_theirs() -> None:
    known: Facts = matching.facts(3, metres=[1, 2, 3])
    assert known.of(np.array([2, 0])).metres.tolist() == [3, 1]
    assert len(replace(known)) == 3
