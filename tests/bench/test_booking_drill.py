"""The short form of the drill: many processes, few places, on both databases."""

import psycopg

from bench.booking_drill import measure
from tests.conftest import POSTGRES, missing


def test_nothing_is_oversold_where_the_naive_ways_oversell() -> None:
    try:
        psycopg.connect(POSTGRES, connect_timeout=2).close()
    except psycopg.OperationalError:
        missing("PostgreSQL (TEST_POSTGRES)")
    figures = measure(POSTGRES, trials=4, rings=[4], seed=2)
    assert figures["databases"] == ["sqlite", "postgresql"]
    assert figures["violations"] == 0, figures
    assert figures["controls_failed"], figures
