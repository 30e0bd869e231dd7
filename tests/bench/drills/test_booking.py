"""The short form of the drill: many processes, few places, on both databases."""

import pytest

from bench import stores
from bench.drills.booking import measure
from tests.conftest import missing


@pytest.mark.parametrize("store", stores.STORES)
def test_nothing_is_oversold_where_the_naive_ways_oversell(store: str) -> None:
    if store == stores.POSTGRESQL and not stores.is_there():
        missing("PostgreSQL (TEST_POSTGRES)")
    figures = measure(store, trials=4, rings=[4], seed=2)
    assert figures["violations"] == 0, figures
    assert figures["control_failed"], figures
