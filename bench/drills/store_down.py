"""Takes the database away while residents write, and gives it back.

SQLite's file is held by another process; PostgreSQL stands behind a wire that is cut or falls
silent. The control says yes before it has kept anything. Last line: one JSON with how long a
refusal took at most, and what was acknowledged meanwhile or is lost: none.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from bench import stores
from bench.drills.careless import careless
from bench.drills.running import WRONG, Drill, drilling_on, through
from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import say
from bench.residents import Tried
from bench.wire import Wire
from setup.processes import Program
from setup.programs import programs
from setup.settings import Settings
from setup.supervisor import Table

AWAY, THERE = 6.0, 4.0  # seconds
REFUSED_WITHIN = 2.0  # seconds
RESIDENTS, WRITERS = 2, 4
UNAVAILABLE = 503

Outage = Callable[[], Any]  # a context: within it the store is away


def outages(drill: Drill, wire: Wire) -> Mapping[str, Outage]:
    """Return the ways in which this drill's store can be away."""
    if (file := drill.books.database.engine.url).get_backend_name() == "sqlite":
        return {"held": lambda: _held(str(file.database))}
    return {
        "cut": lambda: _broken(wire, wire.cut),
        "silent": lambda: _broken(wire, wire.silence),
    }


@contextmanager
def _held(file: str) -> Iterator[None]:
    holder = sqlite3.connect(file, isolation_level=None, timeout=60)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


@contextmanager
def _broken(wire: Wire, how: Callable[[], None]) -> Iterator[None]:
    how()
    try:
        yield
    finally:
        wire.mend()


def run(store: str, times: int, seed: int, way: str = "") -> dict[str, Any]:
    """Take the store away so often; with a `way` of `careless` the control is run."""
    refused: list[Tried] = []
    recovered: list[float] = []
    meanwhile = 0
    with ExitStack() as stack:
        wire = stack.enter_context(Wire())
        table = _table(wire, store, way)
        drill = stack.enter_context(drilling_on(store, seed=seed, table=table))
        ways = list(outages(drill, wire).values())
        with drill.conversing(0 if way else RESIDENTS), drill.writing(WRITERS):
            for number in range(times):
                time.sleep(drill.chance.uniform(0, THERE))
                with ways[number % len(ways)]():
                    began = time.monotonic()
                    time.sleep(AWAY)
                    ended = time.monotonic()
                recovered.append(drill.taken_again(ended))
                within = [
                    one for one in drill.tried() if began < one.began and one.ended < ended
                ]
                refused += [one for one in within if one.status == UNAVAILABLE]
                meanwhile += sum(one.status not in (UNAVAILABLE, 429) for one in within)
                say(f"away {number + 1} of {times}, {len(refused)} refused")
        return {
            "outages": times,
            "refused": len(refused),
            "slowest_refusal_s": round(max((one.seconds for one in refused), default=0.0), 2),
            "refused_late": sum(one.seconds > REFUSED_WITHIN for one in refused),
            "not_refused": meanwhile,
            "slowest_recovery_s": max(recovered),
            **drill.figures(),
        }


def _table(wire: Wire, store: str, way: str) -> Table:
    def table(settings: Settings) -> list[Program]:
        there = list(careless(way)(settings) if way else programs(settings))
        return through(wire, there) if store == stores.POSTGRESQL else there

    return table


def main() -> None:
    """Drill as long as the command line says."""
    parser = arguments(__doc__)
    parser.add_argument("--times", type=int, default=40, help="the store is taken away")
    told = parser.parse_args()
    found = run(told.store, told.times, told.seed)
    say("the control: a bot that acknowledges first")
    careless_one = run(told.store, 1, told.seed, "acknowledge_first")
    names = ("refused_late", "not_refused", "lost_words", *WRONG)
    held = found["refused"] > 0 and not any(found[name] for name in names)
    figure = (
        f"away {found['outages']} times: {found['refused']} refused within "
        f"{found['slowest_refusal_s']} s, {found['lost_words']} of "
        f"{found['acknowledged']} lost, back after {found['slowest_recovery_s']} s"
    )
    verdict = Verdict(held, found["outages"], figure, careless_one["lost_words"] > 0)
    conclude({**found, "control": careless_one}, P4=verdict)


if __name__ == "__main__":
    main()
