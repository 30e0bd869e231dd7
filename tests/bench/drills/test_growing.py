"""What several of each did is judged; throughput only where there are cores to show it."""

from typing import Any

import pytest

from bench.drills import careless
from bench.drills.growing import APART_THEY, CORES, WRONG, verdicts
from bench.drills.running import WRONG as WRONG_OF_DRILL
from setup.processes import Program
from setup.settings import Settings, of

BURST = {"lost": 0, "messages": 200}
FOUND: dict[str, Any] = {
    **dict.fromkeys((*WRONG, *WRONG_OF_DRILL), 0),
    **{"many": 2, "one_of_each": BURST, "several_of_each": BURST, "messages": 40},
    **{"restarted": ["bot"], "kills": {"bot-2": 1}, "times_as_many": 1.9},
    "gateways_apart": dict.fromkeys(APART_THEY, 0) | {"two_turns_at_once": 3},
    "without_more_rasas": 1.1,
}


@pytest.mark.parametrize(
    ("wrong", "held", "failed"),
    [
        ({}, True, True),
        ({"two_turns_at_once": 1}, False, True),
        ({"answered_twice": 1}, False, True),
        ({"several_of_each": BURST | {"lost": 1}}, False, True),
        ({"gateways_apart": dict.fromkeys(APART_THEY, 0)}, True, False),
    ],
)
def test_in_order_none_lost_none_doubled_and_gateways_apart_do_worse(
    wrong: dict[str, Any], held: bool, failed: bool
) -> None:
    said = verdicts(FOUND | wrong, cores=2)["P29"]
    assert (said.held, said.control_failed) == (held, failed)


@pytest.mark.parametrize(
    ("times", "without", "held", "failed"),
    [(1.9, 1.1, True, True), (1.7, 1.1, False, True), (1.9, 1.85, True, False)],
)
def test_throughput_is_judged_where_no_process_waits_for_another(
    times: float, without: float, held: bool, failed: bool
) -> None:
    found = FOUND | {"times_as_many": times, "without_more_rasas": without}
    said = verdicts(found, cores=2 * CORES)["S4"]
    assert (said.held, said.control_failed, said.not_run) == (held, failed, "")


def test_on_two_cores_throughput_is_said_not_to_be_shown() -> None:
    without = {name: value for name, value in FOUND.items() if name != "without_more_rasas"}
    said = verdicts(without, cores=2)["S4"]
    assert (said.held, said.control_failed) == (None, None)
    assert said.not_run == "throughput: 8 cores show it, here are 2"


def test_every_gateway_is_made_careless_and_nobody_else() -> None:
    def table(_settings: Settings) -> list[Program]:
        names = ("rasa", "bot", "bot-2", "worker")
        return [Program(name, ("python", "-m", "bot", "serve"), {}) for name in names]

    changed = careless.careless("each_by_itself", table)(of({}))
    ours = {one.name for one in changed if "each_by_itself" in one.command}
    assert ours == {"bot", "bot-2"}
