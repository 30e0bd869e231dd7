"""The whole path over HTTP, ours against stock Rasa: `make bench-chat`.

Both lead the same conversations, in turns, within one run: ours through the chat API, stock
Rasa through its REST channel with the same action server behind it. Last line: one JSON.
"""

import argparse
import asyncio
import itertools
import secrets
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx
import psutil

from bench import stock
from bench.drills.verdict import Verdict, told
from bench.output import finish, say
from setup.settings import ROOT
from setup.supervisor import Assistant

OPEN_RATE = 5.0  # messages a second
OPEN_SECONDS = 32
CLOSED_RESIDENTS = 16
CLOSED_MESSAGES = 256
HALF_MS, MOST_MS = 40.0, 100.0  # of answers in the open loop: half of them, 95 %
ROUNDS = 8  # each measurement is cut into so many, side by side: a machine's speed may change

Step = tuple[str, str | int]  # the kind of turn; what is written, or which choice is tapped

SCRIPTS: tuple[tuple[Step, ...], ...] = (
    (("small talk", "你好"), ("question", "?"), ("question", "?")),
    (("hours", "杭州书房现在开着吗"), ("departure", "瓜沥公交站下一班车几点")),
    (
        ("form", "我要报修"),
        ("form", "路灯坏了，晚上黑漆漆的"),
        ("question in a form", "杭州书房几点关门"),
        ("form", "公交综合楼门口"),
        ("deed", 1),
    ),
    (("question", "?"), ("list", "这周末有什么活动"), ("small talk", "谢谢")),
    (
        *(("form", "想请邻居帮我取个快递"), ("form", "明天下午三点")),
        *(("form", "王阿姨"), ("deed", 1)),
    ),
    (("question", "?"), ("hours", "健身房几点关门"), ("question", "?")),
)


class Side(Protocol):
    """One assistant that is talked to."""

    async def say(self, who: str, text: str | int) -> None:
        """Write something, or tap a choice of the latest answer; returns once answered."""


@dataclass
class Ours:
    """The assistant, through its chat API."""

    url: str
    client: httpx.AsyncClient
    offered: dict[str, list[str]] = field(default_factory=dict)

    async def say(self, who: str, text: str | int) -> None:
        said = _tapped(self.offered.get(who, []), text)
        body = {"session": who, "message_id": secrets.token_hex(8), "text": said}
        answer = await self.client.post(f"{self.url}/api/chat", json=body)
        answer.raise_for_status()
        replies = answer.json()["replies"]
        self.offered[who] = [c["value"] for reply in replies for c in reply["choices"]]


@dataclass
class Stock:
    """Stock Rasa, through its REST channel."""

    url: str
    client: httpx.AsyncClient
    offered: dict[str, list[str]] = field(default_factory=dict)

    async def say(self, who: str, text: str | int) -> None:
        said = _tapped(self.offered.get(who, []), text)
        body = {"sender": who, "message": said}
        answer = await self.client.post(f"{self.url}/webhooks/rest/webhook", json=body)
        answer.raise_for_status()
        buttons = [b for message in answer.json() for b in message.get("buttons") or ()]
        self.offered[who] = [button["payload"] for button in buttons]


@dataclass
class Measured:
    """What was measured of one side."""

    side: Side
    processes: Callable[[], Sequence[psutil.Process]]
    waited: list[float] = field(default_factory=list)  # seconds, of the open loop
    by_kind: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    closed_seconds: float = 0.0
    closed_messages: int = 0
    cpu_seconds: float = 0.0
    cpu_messages: int = 0
    residents: list["_Resident"] = field(init=False)  # they go on from round to round

    def __post_init__(self) -> None:
        talks = _talks()
        self.residents = [_Resident(self, talks) for _ in range(CLOSED_RESIDENTS)]

    def figures(self) -> dict[str, Any]:
        """Return the figures in the units their names say."""
        return {
            "p50_ms": _ms(statistics.median(self.waited)),
            "p95_ms": _ms(statistics.quantiles(self.waited, n=20)[-1]),
            "messages_per_second": round(self.closed_messages / self.closed_seconds, 1),
            "cpu_ms_per_message": round(1000 * self.cpu_seconds / self.cpu_messages, 1),
            "resident_mb": round(sum(p.memory_info().rss for p in self.processes()) / 2**20),
            "p50_ms_by_kind": {k: _ms(statistics.median(v)) for k, v in self.by_kind.items()},
        }


def main() -> None:
    """Run everything and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=stock.EPOCHS, help="of stock Rasa")
    epochs = parser.parse_args().epochs
    model, took = stock.trained(epochs)
    with tempfile.TemporaryDirectory(prefix="xiaoli-bench-") as folder:
        variables = {"RATE_LIMIT": "1000000/minute"}
        with (
            Assistant(Path(folder), variables=variables) as assistant,
            stock.running(assistant, model) as (stock_url, stock_process),
        ):
            ours, other = asyncio.run(_measure(assistant, stock_url, stock_process))
    learnt = {"epochs": epochs, "train_s": took}
    finish({"ours": ours, "stock": {**other, **learnt}, **verdicts(ours, other)})


def verdicts(ours: dict[str, Any], stock: dict[str, Any]) -> dict[str, Any]:
    """Say whether answers come as quickly as promised, and that stock Rasa's do not."""

    def is_quick(found: dict[str, Any]) -> bool:
        return bool(found["p50_ms"] <= HALF_MS and found["p95_ms"] <= MOST_MS)

    count = int(OPEN_RATE * OPEN_SECONDS)
    figure = (
        f"{count} messages at {OPEN_RATE:.0f} a second: half within {ours['p50_ms']} ms, 95 % "
        f"within {ours['p95_ms']} (stock Rasa {stock['p50_ms']} and {stock['p95_ms']}); "
        f"{ours['cpu_ms_per_message']} ms of a core each ({stock['cpu_ms_per_message']})"
    )
    return told(S1=Verdict(is_quick(ours), count, figure, not is_quick(stock)))


async def _measure(
    assistant: Assistant, stock_url: str, stock_process: psutil.Process
) -> tuple[dict[str, Any], dict[str, Any]]:
    supervisor = assistant.supervisor

    def ours_processes() -> list[psutil.Process]:
        names = ("bot", "worker", "rasa", "actions")
        return [psutil.Process(supervisor.pid(name)) for name in names]

    def stock_processes() -> list[psutil.Process]:
        return [stock_process, psutil.Process(supervisor.pid("actions"))]

    limits = httpx.Limits(max_connections=64)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
        sides = {
            "ours": Measured(Ours(assistant.url, client), ours_processes),
            "stock": Measured(Stock(stock_url, client), stock_processes),
        }
        for name, measured in sides.items():
            say(f"warming up {name}")
            await _closed_loop(measured, 40, counted=False)
        for number, (name, measured) in itertools.product(range(ROUNDS), sides.items()):
            say(f"{name}, round {number + 1} of {ROUNDS}: open loop")
            await _counting_cpu(measured, _open_loop(measured, OPEN_SECONDS / ROUNDS))
            say(f"{name}, round {number + 1} of {ROUNDS}: closed loop")
            share = CLOSED_MESSAGES // ROUNDS
            await _counting_cpu(measured, _closed_loop(measured, share))
        return sides["ours"].figures(), sides["stock"].figures()


async def _counting_cpu(measured: Measured, work: Any) -> None:
    before = _cpu(measured.processes())
    measured.cpu_messages += await work
    measured.cpu_seconds += _cpu(measured.processes()) - before


async def _open_loop(measured: Measured, seconds: float) -> int:
    """Begin a message every so often, whether or not those before are answered."""
    count, began, sending = int(seconds * OPEN_RATE), time.monotonic(), []
    # Each stream of messages is a resident who waits for the answer before writing again.
    for number, resident in zip(range(count), itertools.cycle(measured.residents)):
        await asyncio.sleep(max(0.0, began + number / OPEN_RATE - time.monotonic()))
        sending.append(asyncio.create_task(resident.next(timed=True)))
    await asyncio.gather(*sending)
    return count


async def _closed_loop(measured: Measured, messages: int, *, counted: bool = True) -> int:
    """Let so many residents write, each as soon as it has its answer."""
    each = messages // CLOSED_RESIDENTS

    async def talk(resident: "_Resident") -> None:
        for _ in range(each):
            await resident.next(timed=False)

    began = time.monotonic()
    await asyncio.gather(*map(talk, measured.residents))
    if counted:
        measured.closed_seconds += time.monotonic() - began
        measured.closed_messages += each * CLOSED_RESIDENTS
    return each * CLOSED_RESIDENTS


class _Resident:
    """Goes through one script after the other, as somebody new each time."""

    def __init__(self, measured: Measured, talks: Iterator[tuple[Step, ...]]) -> None:
        self._measured, self._talks = measured, talks
        self._who, self._left = "", list[Step]()
        self._one_at_a_time = asyncio.Lock()

    async def next(self, *, timed: bool) -> None:
        began = time.monotonic()
        async with self._one_at_a_time:
            if not self._left:
                self._who, self._left = secrets.token_urlsafe(24), list(next(self._talks))
            kind, text = self._left.pop(0)
            await self._measured.side.say(self._who, text)
        if timed:
            self._measured.waited.append(time.monotonic() - began)
            self._measured.by_kind[kind].append(time.monotonic() - began)


def _talks() -> Iterator[tuple[Step, ...]]:
    """Yield the scripts in turn; each question is one nobody has asked in this run before."""
    questions = _QUESTIONS
    for script in itertools.cycle(SCRIPTS):
        yield tuple((kind, next(questions) if text == "?" else text) for kind, text in script)


def never_asked() -> Iterator[str]:
    """Yield different questions: a repeated one would be answered from a cache of vectors."""
    lines = (ROOT / "tests" / "knowledge" / "questions.tsv").read_text("utf-8").splitlines()
    asked = [line.split("\t")[1] for line in lines]
    for number in itertools.count():
        again = number // len(asked)
        yield asked[number % len(asked)] + (f"（第{again + 1}遍问）" if again else "")


_QUESTIONS = never_asked()


def _tapped(offered: Sequence[str], text: str | int) -> str:
    if isinstance(text, int):
        return offered[text - 1] if len(offered) >= text else str(text)
    return text


def _cpu(processes: Sequence[psutil.Process]) -> float:
    """Return the processor seconds of these processes and their children so far."""
    family = [p for process in processes for p in (process, *process.children(recursive=True))]
    return sum(p.cpu_times().user + p.cpu_times().system for p in family)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


if __name__ == "__main__":
    main()
