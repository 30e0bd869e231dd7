"""One resident writes a thousand messages in a minute, while others go on with their day.

The limit on how fast a session may write is off, as it is for residents of a platform. The
control answers one conversation after the other, as if all were one. Last line: one JSON with
how long the others waited for an answer, before and during the flood, and what was lost: none.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.drills.careless import careless
from bench.drills.running import Drill, drilling_on, until
from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import say
from bench.residents import Tried, Writer
from setup.programs import programs

OTHERS = 6  # residents, each with a question every so often
EVERY = 3.0  # seconds
CALM = 20.0  # seconds that are measured before the flood
OTHERS_WITHIN = 1.5  # seconds: the p95 of their answers during a flood
DRAINED_WITHIN = 600.0


@dataclass
class Flood:
    """One resident who does not stop."""

    url: str
    messages: int
    seconds: float
    session: str = "flood" * 8
    acknowledged: list[str] = field(default_factory=list)

    async def pour(self) -> None:
        """Write so many messages in so many seconds, each again until it is taken."""
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(timeout=30, limits=limits, trust_env=False) as client:
            began, sending = time.monotonic(), []
            for number in range(self.messages):
                due = began + self.seconds * number / self.messages
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                sending.append(asyncio.create_task(self._write(client, number)))
            await asyncio.gather(*sending)

    async def _write(self, client: httpx.AsyncClient, number: int) -> None:
        text = f"停车多少钱（flood-{number}）"
        body = {"session": self.session, "message_id": f"m{number}", "text": text}
        while True:
            try:
                answer = await client.post(f"{self.url}/api/chat", json=body)
                if answer.is_success:
                    self.acknowledged.append(text)
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(1)


@contextmanager
def others(drill: Drill) -> Iterator[list[Writer]]:
    """Let others ask now and then."""
    asking = [Writer(drill.assistant.url, EVERY) for _ in range(OTHERS)]
    for n, one in enumerate(asking):
        one.start()
        time.sleep(EVERY / OTHERS if n else 0)
    try:
        yield asking
    finally:
        for one in asking:
            one.over.set()
        for one in asking:
            one.join()


def run(store: str, messages: int, seconds: float, way: str = "") -> dict[str, Any]:
    """Flood an assistant; with a `way` of `careless` the control is flooded."""
    table = careless(way, programs) if way else programs
    with drilling_on(store, table=table) as drill:
        flood = Flood(drill.assistant.url, messages, seconds)
        with others(drill) as asking:
            time.sleep(CALM)
            began = time.monotonic()
            asyncio.run(flood.pour())
            ended = time.monotonic()
        until(lambda: drill.books.unfinished() == 0, DRAINED_WITHIN)
        tried = [one for writer in asking for one in writer.tried]
        words = [*flood.acknowledged, *(t for one in asking for t in one.acknowledged)]
        return {
            "messages": messages,
            "poured_in_s": round(ended - began, 1),
            "drained_in_s": round(time.monotonic() - began, 1),
            "before": _spread([one for one in tried if one.began < began]),
            "during": _spread([one for one in tried if began <= one.began <= ended]),
            "acknowledged": len(words),
            "lost": drill.books.missing(words),
        }


def _spread(tried: list[Tried]) -> dict[str, float]:
    cuts = statistics.quantiles([one.seconds for one in tried], n=20, method="inclusive")
    return {"asked": len(tried), "p50_s": round(cuts[9], 2), "p95_s": round(cuts[18], 2)}


def main() -> None:
    """Drill as long as the command line says."""
    parser = arguments(__doc__)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60)
    told = parser.parse_args()
    found = run(told.store, told.messages, told.seconds)
    say(f"{found}; the control: one conversation after the other")
    naive = run(told.store, told.messages, told.seconds, "one_at_a_time")
    p95, slower = found["during"]["p95_s"], naive["during"]["p95_s"]
    figure = (
        f"{told.messages} messages of one in {told.seconds:.0f} s: others' p95 {p95} s "
        f"({found['before']['p95_s']} s before; {slower} s where one waits for another), "
        f"{found['lost']} lost"
    )
    verdict = Verdict(
        p95 <= OTHERS_WITHIN and found["lost"] == 0,
        told.messages,
        figure,
        control_failed=slower > OTHERS_WITHIN,
    )
    conclude({**found, "control": naive}, P6=verdict)


if __name__ == "__main__":
    main()
