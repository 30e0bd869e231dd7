"""Each hop fails in each way while residents converse: nobody is left without the truth."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench import proxy
from bench.drill import WRONG, Drill, between, drilling
from bench.proxy import Proxy
from tests.journeys.conftest import missing

HONEST_WITHIN = 6.0  # seconds from a message to some truthful reply
FAULTS = {
    "cut off": proxy.cut,
    "silent": proxy.silent,
    "slow": proxy.slow(3.5),
    "a little slow": proxy.slow(1.2),
    "answering an error": proxy.failing,
    "answering []": proxy.empty,
    "answering rubbish": proxy.garbled,
    "answering into nothing": proxy.lost,  # what it does is done, and nobody hears of it
}
FAULTY_FOR, WELL_FOR = 3.0, 1.0  # seconds


@pytest.fixture(scope="module")
def drill_and_hops(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Drill, dict[str, Proxy]]]:
    if not Path(".venv-rasa/bin/rasa").exists():
        missing("the Rasa environment (make setup)")
    with ExitStack() as stack:
        hops = {name: stack.enter_context(Proxy(0)) for name in ("rasa", "actions")}
        table = between(hops["rasa"], hops["actions"])
        folder = tmp_path_factory.mktemp("faults")
        yield stack.enter_context(drilling(folder, table=table)), hops


def test_whatever_fails_residents_hear_the_truth_in_time_and_nothing_is_done_in_silence(
    drill_and_hops: tuple[Drill, dict[str, Proxy]],
) -> None:
    drill, hops = drill_and_hops
    with drill.conversing(4):
        for hop in hops.values():
            for fault in FAULTS.values():
                hop.fault = fault
                time.sleep(FAULTY_FOR)
                hop.fault = proxy.none
                time.sleep(WELL_FOR)
    figures = drill.figures()
    assert figures["booked"] + figures["request_filed"] > 0, figures
    assert figures["slowest_reply_s"] <= HONEST_WITHIN, figures
    assert {name: figures[name] for name in WRONG} == dict.fromkeys(WRONG, 0), figures
