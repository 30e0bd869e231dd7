"""Each hop between two processes fails in each way while residents converse.

Proxies stand before Rasa, before the action server and, on PostgreSQL, before the database.
The control waits for Rasa as long as it takes. Last line: one JSON with how long a truthful
word took at most, a 503 with its sentence included, and with whatever should not be.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from bench import proxy, stores
from bench.drills.running import WRONG, Drill, between, drilling_on
from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import say
from bench.proxy import Proxy
from bench.wire import Wire

HONEST_WITHIN = 6.0  # seconds from a message to some truthful word
FAULTY_FOR, WELL_FOR = 3.0, 1.0  # seconds
RESIDENTS = 4
TRUTHFUL = {200, 429, 503}
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
WIRES: Mapping[str, Callable[[Wire], None]] = {
    "cut off": Wire.cut,
    "silent": Wire.silence,
    "slow": partial(Wire.slow, seconds=0.4),  # a turn asks the database a dozen times
}


@contextmanager
def hops(store: str, seed: int = 1, **variables: str) -> Iterator[tuple[Drill, dict[str, Any]]]:
    """Run an assistant with something that can fail between each two; yields it by name."""
    with ExitStack() as stack:
        rasa, actions = (stack.enter_context(Proxy(0)) for _ in range(2))
        wire = stack.enter_context(Wire()) if store == stores.POSTGRESQL else None
        table = between(rasa, actions, wire)
        drill = stack.enter_context(
            drilling_on(store, seed=seed, table=table, variables=variables)
        )
        named = {"rasa": rasa, "actions": actions, "database": wire}
        yield drill, {name: hop for name, hop in named.items() if hop}


def fail(hop: Proxy | Wire, how: str) -> None:
    """Let a hop fail for a while, and be well again for another."""
    if isinstance(hop, Wire):
        WIRES[how](hop)
    else:
        hop.fault = FAULTS[how]
    time.sleep(FAULTY_FOR)
    if isinstance(hop, Wire):
        hop.mend()
    else:
        hop.fault = proxy.none
    time.sleep(WELL_FOR)


def ways(named: Mapping[str, Proxy | Wire]) -> list[tuple[str, str]]:
    """Return every hop with every way in which it can fail."""
    return [(name, how) for name, hop in named.items() for how in _of(hop)]


def _of(hop: Proxy | Wire) -> Mapping[str, Any]:
    return WIRES if isinstance(hop, Wire) else FAULTS


def run(store: str, trials: int, seed: int) -> dict[str, Any]:
    """Let hops fail in turn until so many messages have been tried."""
    with hops(store, seed) as (drill, named):
        failed = 0
        with drill.conversing(RESIDENTS):
            while len(drill.tried()) < trials or failed < len(ways(named)):
                name, how = ways(named)[failed % len(ways(named))]
                say(f"{name} {how}; {len(drill.tried())} messages of {trials}")
                fail(named[name], how)
                failed += 1
        return {"failed": failed, **_heard(drill), **drill.figures()}


def patient(store: str) -> dict[str, Any]:
    """Run the control: it gives Rasa a minute."""
    with hops(store, TURN_SECONDS="60") as (drill, named), drill.conversing(RESIDENTS):
        for _ in range(3):
            fail(named["rasa"], "silent")
        return _heard(drill)


def _heard(drill: Drill) -> dict[str, Any]:
    tried = drill.tried()
    late = [one for one in tried if one.seconds > HONEST_WITHIN or one.status not in TRUTHFUL]
    return {
        "tried": len(tried),
        "without_truth_in_time": len(late),
        "slowest_word_s": round(max(one.seconds for one in tried), 2),
    }


def main() -> None:
    """Drill as long as the command line says."""
    parser = arguments(__doc__)
    parser.add_argument("--trials", type=int, default=1000, help="messages")
    told = parser.parse_args()
    found = run(told.store, told.trials, told.seed)
    say("the control: a bot that waits a minute for Rasa")
    control = patient(told.store)
    held = not found["without_truth_in_time"] and not any(found[name] for name in WRONG)
    deeds = found["booked"] + found["request_filed"]
    false = found["confirmations_without_row"] + found["rows_without_confirmation"]
    figure = (
        f"{found['tried']} messages while hops failed {found['failed']} times: "
        f"a truthful word after {found['slowest_word_s']} s at most"
    )
    conclude(
        {**found, "control": control},
        P10=Verdict(held, found["tried"], figure, control["without_truth_in_time"] > 0),
        P11=Verdict(
            not false and deeds > 0,
            found["failed"],
            f"{deeds} deeds while hops failed: {false} false confirmations or silent deeds",
        ),
    )


if __name__ == "__main__":
    main()
