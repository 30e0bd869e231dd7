"""The short form of the drill: fifty neighbours, one need, on both databases."""

import pytest

from bench import stores
from bench.drills.claims import measure
from tests.conftest import missing

TRIALS = 50


@pytest.mark.parametrize("store", stores.STORES)
def test_one_of_fifty_wins_every_time_where_the_naive_way_has_several(store: str) -> None:
    if store == stores.POSTGRESQL and not stores.is_there():
        missing("PostgreSQL (TEST_POSTGRES)")
    figures = measure(store, trials=TRIALS, processes=4, seed=3)
    assert figures["violations"] == 0, figures
    assert figures["winners"] == TRIALS
    assert figures["told"] == TRIALS * 54  # 49 others, and five who tap twice
    assert figures["control_failed"], figures
