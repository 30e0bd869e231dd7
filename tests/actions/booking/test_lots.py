"""The arithmetic of a draw: the same for everybody who does it, and nothing can be altered."""

import copy
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.booking import lots
from actions.booking.lots import Lot

SEEDS = st.text("0123456789abcdef", min_size=64, max_size=64)
TICKETS = st.from_regex(r"Q[2-9]{6}", fullmatch=True)
LOTS = st.lists(
    st.builds(Lot, TICKETS, st.integers(0, 2), st.integers(1, 10)),
    max_size=30,
    unique_by=lambda lot: lot.ticket,
)


def published(seed: str, everybody: list[Lot], places: int) -> dict[str, Any]:
    """What is published of a draw."""
    return lots.sealed(
        {
            "format": lots.FORMAT,
            "session": 12,
            "activity": {"id": "class-swim-learn", "zh": "学游泳", "en": "Learn to swim"},
            "starts_at": "2026-11-28T02:30:00+00:00",
            "opens_at": "2026-11-21T04:00:00+00:00",
            "closes_at": "2026-11-26T04:00:00+00:00",
            "places": places,
            "kept": 2,
            "entries": len(everybody),
            "commitment": lots.commitment_of(seed),
            "drawn_at": "2026-11-26T04:00:01+00:00",
            "seed": seed,
            "tickets": [vars(lot) for lot in everybody],
            "order": lots.result(seed, everybody, places),
        }
    )


FEW = [Lot("Q222222", 1, 1), Lot("Q333333", 0, 3), Lot("Q444444", 0, 1), Lot("Q555555", 2, 1)]
DRAWN = published("5e" * 32, FEW, 4)


def test_the_order_is_what_a_few_lines_by_hand_give() -> None:
    seed = "5e" * 32
    digest = sha256(b"Q222222,Q333333,Q444444,Q555555").hexdigest()

    def by_hand(ticket: str) -> str:
        return sha256(f"{seed}:{digest}:{ticket}".encode()).hexdigest()

    first_timers = sorted(["Q333333", "Q444444"], key=by_hand)
    assert [lot.ticket for lot in lots.in_order(seed, FEW)] == [
        *first_timers,
        *("Q222222", "Q555555"),
    ]
    assert lots.commitment_of(seed) == sha256(seed.encode()).hexdigest()


def test_another_seed_or_another_ticket_may_change_the_order() -> None:
    alike = [Lot(f"Q22222{n}", 0, 1) for n in range(2, 10)]
    one = lots.in_order("a" * 64, alike)
    assert one != lots.in_order("b" * 64, alike)
    assert one != [lot for lot in lots.in_order("a" * 64, [*alike, FEW[1]]) if lot != FEW[1]]


@given(SEEDS, LOTS, st.randoms())
def test_the_order_of_entering_makes_no_difference(
    seed: str, everybody: list[Lot], random: Any
) -> None:
    shuffled = list(everybody)
    random.shuffle(shuffled)
    assert lots.in_order(seed, shuffled) == lots.in_order(seed, everybody)


@given(SEEDS, LOTS)
def test_everybody_is_drawn_once_and_earlier_groups_go_first(
    seed: str, everybody: list[Lot]
) -> None:
    ordered = lots.in_order(seed, everybody)
    assert sorted(map(vars, ordered), key=str) == sorted(map(vars, everybody), key=str)
    assert [lot.group for lot in ordered] == sorted(lot.group for lot in everybody)


@given(SEEDS, LOTS, st.integers(0, 40))
def test_no_more_is_won_than_there_is_and_nobody_who_fits_is_passed_over(
    seed: str, everybody: list[Lot], places: int
) -> None:
    ordered = lots.in_order(seed, everybody)
    won = lots.winners(ordered, places)
    free = places
    for lot in ordered:
        assert (lot.ticket in won) == (lot.places <= free)
        free -= lot.places if lot.ticket in won else 0
    assert free >= 0


@given(SEEDS, LOTS, st.integers(0, 40))
def test_what_is_published_follows_from_itself(
    seed: str, everybody: list[Lot], places: int
) -> None:
    assert list(lots.differences(published(seed, everybody, places))) == []


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every single value in a file."""
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves(value[key], (*path, key))]
    if isinstance(value, list):
        return [leaf for n, each in enumerate(value) for leaf in leaves(each, (*path, n))]
    return [path]


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return value[:-1] + ("0" if value[-1] != "0" else "1")


@pytest.mark.parametrize("path", leaves(DRAWN), ids=lambda path: ".".join(map(str, path)))
def test_any_one_value_that_was_changed_is_found(path: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(DRAWN)
    *way, last = path
    inside: Any = changed
    for step in way:
        inside = inside[step]
    inside[last] = other(inside[last])
    assert list(lots.differences(changed))


@pytest.mark.parametrize("field", list(DRAWN))
def test_a_field_that_was_taken_away_is_found(field: str) -> None:
    assert list(lots.differences({key: DRAWN[key] for key in DRAWN if key != field}))


@pytest.mark.parametrize(
    ("field", "forged", "said"),
    [
        ("seed", "00" * 32, "commitment is"),
        ("commitment", "00" * 32, "commitment is"),
        ("order", DRAWN["order"][::-1], "order: published 4"),
        ("order", DRAWN["order"][:3], "order has 3 lines"),
        ("places", 1, "order: published"),
        ("entries", 9, "entries is 9"),
        ("tickets", DRAWN["tickets"][:3], "entries is 4"),
        ("tickets", [*DRAWN["tickets"], DRAWN["tickets"][0]], "5 tickets are listed"),
        ("order", 7, "not of its kind"),
    ],
)
def test_a_forged_result_is_found_though_its_checksum_was_written_anew(
    field: str, forged: Any, said: str
) -> None:
    first, *_ = lots.differences(lots.sealed(DRAWN | {field: forged}))
    assert said in first


def test_a_file_of_another_kind_is_said_to_be_one() -> None:
    assert list(lots.differences({"format": "csv"})) == [
        "format is 'csv'; this program reads 'xiaoli-draw/1'"
    ]
