"""Each hop fails in each way while residents converse: nobody is left without the truth."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import stores
from bench.drills.partitions import HONEST_WITHIN, fail, hops, ways
from bench.drills.running import WRONG, Drill
from tests.journeys.conftest import missing


@pytest.fixture(scope="module")
def drill_and_hops() -> Iterator[tuple[Drill, dict[str, Any]]]:
    if not Path(".venv-rasa/bin/rasa").exists():
        missing("the Rasa environment (make setup)")
    with hops(stores.SQLITE) as running:
        yield running


def test_whatever_fails_residents_hear_the_truth_in_time_and_nothing_is_done_in_silence(
    drill_and_hops: tuple[Drill, dict[str, Any]],
) -> None:
    drill, named = drill_and_hops
    with drill.conversing(4):
        for name, how in ways(named):
            fail(named[name], how)
    figures = drill.figures()
    assert figures["booked"] + figures["request_filed"] > 0, figures
    assert figures["slowest_reply_s"] <= HONEST_WITHIN, figures
    assert {name: figures[name] for name in WRONG} == dict.fromkeys(WRONG, 0), figures
