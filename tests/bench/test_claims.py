"""The short form of the drill: fifty neighbours, one need, on both databases."""

import psycopg

from bench.claims import measure
from tests.conftest import POSTGRES, missing

TRIALS = 50


def test_one_of_fifty_wins_every_time_where_the_naive_way_has_several() -> None:
    try:
        psycopg.connect(POSTGRES, connect_timeout=2).close()
    except psycopg.OperationalError:
        missing("PostgreSQL (TEST_POSTGRES)")
    figures = measure(POSTGRES, trials=TRIALS, processes=4, seed=3)
    assert figures["databases"] == ["sqlite", "postgresql"]
    assert figures["violations"] == 0, figures
    assert figures["winners"] == 2 * TRIALS
    assert figures["told"] == 2 * TRIALS * 54  # 49 others, and five who tap twice
    assert figures["control_failed"], figures
