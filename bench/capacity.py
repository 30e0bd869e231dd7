"""What a message costs, and what a town and a province need: `make bench-capacity`.

One run of real processes: some seconds in which nobody writes, then each kind of talk by itself
on the page, then all of them on Telegram. The processor's time of each process is read before
and after, and what the store has grown by. What follows for a town and a province is printed as
the tables of `docs/capacity.md`. Last line: one JSON.
"""

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

import httpx
import psutil
from sqlalchemy import text

from actions.db import Database
from bench.bot_api import BotApi
from bench.drills.running import Drill, until
from bench.drills.sampling import MB, family, store_sizes
from bench.drills.soak import PROCESSES
from bench.drills.telegram import on_telegram
from bench.drills.verdict import arguments
from bench.everyday import KINDS, ON_TELEGRAM, PAGE, TELEGRAM, Chats, Everyday, Page
from bench.here import commit, machine
from bench.output import finish, say
from bench.peak import PROVINCE, SURGE, TOWN, Place

RATE = 5.0  # messages a second while it is measured: nobody waits for anybody
THINKS = 1.0  # seconds between an answer and the next message: talks come to their end
SETTLES = 1.5  # seconds until PostgreSQL has counted what was done
IDLE, EACH = 20.0, 30.0  # seconds without messages; of each kind of talk
STORE = "postgresql"  # its server is a process of ours, too, where it is on this machine
BUSY = 0.6  # of a core in a surge: above that answers begin to wait for one another
PAGES = 100  # open ones, while it is measured what they cost
PAGE_OPEN = 180.0  # seconds for which somebody who talks keeps the page open
YEAR = 365  # days that messages are kept (`actions/mydata/retention.py`)


@dataclass(frozen=True)
class Spent:
    """What was spent: processor seconds by process, the store's bytes and its commits.

    SQLite does not count its commits.
    """

    cpu: Mapping[str, float]
    store: int
    commits: int

    def since(self, before: "Spent") -> "Spent":
        """Return what was spent after that."""
        cpu = {name: self.cpu[name] - before.cpu[name] for name in self.cpu}
        return Spent(cpu, self.store - before.store, self.commits - before.commits)


@dataclass
class Meter:
    """Reads what the processes of a drill have spent so far."""

    drill: Drill

    @property
    def database(self) -> Database:
        return self.drill.books.database

    def read(self) -> Spent:
        """Return what was spent since all began."""
        supervisor = self.drill.assistant.supervisor
        cpu = {name: _cpu(family(supervisor.pid(name))) for name in PROCESSES}
        if self.database.engine.url.get_backend_name() != "postgresql":
            with self.database.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            return Spent(cpu, store_sizes(self.database)["database"], 0)
        pids = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        commits = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        with self.database.reading() as db:
            servers = [p for pid in db.scalars(text(pids)) for p in family(pid)]
            counted = int(db.scalar(text(commits)) or 0)
        return Spent(
            cpu | {STORE: _cpu(servers)}, store_sizes(self.database)["database"], counted
        )

    def memory(self) -> dict[str, float]:
        """Return the megabytes of each process, of what it shares its part."""
        supervisor = self.drill.assistant.supervisor
        return {
            name: round(
                sum(p.memory_full_info().pss for p in family(supervisor.pid(name))) / MB
            )
            for name in PROCESSES
        }


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(p.cpu_times().user + p.cpu_times().system for p in processes)


@dataclass
class Bench:
    """Lets a town talk of one kind of thing after the other, and says what each costs."""

    meter: Meter
    api: BotApi
    idle: Spent | None = None
    idle_seconds: float = IDLE

    async def run(self) -> dict[str, Any]:
        """Return what it costs when nobody writes, what each kind of talk costs, and memory."""
        drill = self.meter.drill
        wait = drill.books.still_working
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(timeout=30, limits=limits, trust_env=False) as client:
            page, chats = Page(client, drill.assistant.url, wait), Chats(self.api, wait)
            listening = asyncio.create_task(chats.listen())
            on_page = ((1.0, PAGE, page.somebody),)
            await Everyday(RATE, on_page, thinks=THINKS).go_on(EACH)  # warming up
            self.idle = (await self._spent(asyncio.sleep(IDLE)))[0]
            opened = await self._open_pages(page)
            found = {}
            for name, kind in KINDS.items():
                say(f"{name}, by itself")
                found[name] = await self._cost(Everyday(RATE, on_page, {name: kind}, THINKS))
            say("all of them, on Telegram")
            on_telegram = ((1.0, TELEGRAM, chats.somebody),)
            told = await self._cost(Everyday(RATE, on_telegram, thinks=THINKS))
            listening.cancel()
        return {
            "idle_cpu_ms_a_second": _each(self.idle.cpu, 1000 / self.idle_seconds),
            "open_page_cpu_ms_a_second": opened,
            "by_kind": found,
            "on_telegram": told,
            "memory_mb": self.meter.memory(),
        }

    async def _open_pages(self, page: Page) -> dict[str, float]:
        """Return what an open page costs on which nobody writes, in milliseconds a second."""
        say(f"{PAGES} open pages")
        assert self.idle
        for _ in range(PAGES):
            await page.visitor().say("你好")  # a page whose resident has written
        spent, seconds = await self._spent(asyncio.sleep(IDLE))
        await page.close()
        share = seconds / self.idle_seconds
        more = {name: spent.cpu[name] - share * self.idle.cpu[name] for name in spent.cpu}
        return _each(more, 1000 / seconds / PAGES)

    async def _cost(self, town: Everyday) -> dict[str, Any]:
        """Return what a message of a town's talk costs beyond what is spent anyhow."""
        before = self.meter.drill.books.done()
        spent, seconds = await self._spent(town.go_on(EACH))
        deeds = self.meter.drill.books.done()
        assert self.idle
        sent, share = town.counted["sent"], seconds / self.idle_seconds
        cpu = {name: spent.cpu[name] - share * self.idle.cpu[name] for name in spent.cpu}
        return {
            "messages": sent,
            "messages_a_talk": round(town.counted["ended"] / town.counted["talks"], 2),
            "cpu_ms": _each(cpu, 1000 / sent),
            "bytes": round(spent.store / sent),
            **(
                {"commits": round((spent.commits - share * self.idle.commits) / sent, 1)}
                if STORE in cpu
                else {}
            ),
            **{
                name: deeds[name] - before[name] for name in deeds if deeds[name] > before[name]
            },
        }

    async def _spent(self, work: Coroutine[Any, Any, None]) -> tuple[Spent, float]:
        """Return what was spent while something was done, and the seconds it took."""
        before, began = await self._read(), time.monotonic()
        await work
        await asyncio.to_thread(until, lambda: self.meter.drill.books.unfinished() == 0)
        after = await self._read()
        return after.since(before), time.monotonic() - began

    async def _read(self) -> Spent:
        await asyncio.sleep(SETTLES)
        return await asyncio.to_thread(self.meter.read)


def _each(values: Mapping[str, float], times: float) -> dict[str, float]:
    return {name: round(max(0.0, value) * times, 2) for name, value in values.items()}


def of_the_mix(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a message costs as a town talks: kinds and channels by their share."""
    kinds, told = found["by_kind"], found["on_telegram"]
    weights: dict[str, float] = {
        name: KINDS[name].share * kinds[name]["messages_a_talk"] for name in kinds
    }
    whole: float = sum(weights.values())

    def mean(what: Callable[[Mapping[str, Any]], float]) -> float:
        on_page = sum(weights[name] * what(kinds[name]) for name in kinds) / whole
        return (1 - ON_TELEGRAM) * on_page + ON_TELEGRAM * what(told)

    return {
        "cpu_ms": {
            process: round(mean(partial(_cpu_ms, process)), 2)
            for process in found["idle_cpu_ms_a_second"]
        },
        **{
            what: round(mean(itemgetter(what)), 1)
            for what in ("bytes", "commits")
            if what in told
        },
        "messages_a_talk": round(whole, 2),
    }


def _cpu_ms(process: str, kind: Mapping[str, Any]) -> float:
    return float(kind["cpu_ms"][process])


def needs(place: Place, found: Mapping[str, Any]) -> dict[str, float]:
    """Return what a place needs at `SURGE` times its peak, of what one run has shown."""
    mix, memory = found["mix"], found["memory_mb"]
    surge = SURGE * place.peak
    pages = surge * (1 - ON_TELEGRAM) / mix["messages_a_talk"] * PAGE_OPEN
    opened = found["open_page_cpu_ms_a_second"]
    cores = {
        name: (surge * ms + pages * opened[name]) / 1000 for name, ms in mix["cpu_ms"].items()
    }
    many = {name: math.ceil(cores[name] / BUSY) for name in PROCESSES}
    return {
        "people": place.people,
        "messages a day": round(place.messages_a_day),
        "messages a second in the busiest hour": round(place.peak, 1),
        f"… and in a surge, {SURGE} times as many": round(surge, 1),
        "pages open then": round(pages),
        **{f"processes: {name}": many[name] for name in PROCESSES},
        "cores, with the store's": math.ceil(sum(cores.values()) / BUSY),
        "memory of the processes, GB": round(
            sum(many[name] * memory[name] for name in PROCESSES) / 1024, 1
        ),
        **(
            {"commits a second in the store": round(surge * mix["commits"])}
            if "commits" in mix
            else {}
        ),
        "GB in the store after a year": round(place.messages_a_day * YEAR * mix["bytes"] / 1e9),
    }


def tables(found: Mapping[str, Any]) -> str:
    """Return what was found as Markdown: a message by its kind, then what places need."""
    idle, memory, mix = (found[n] for n in ("idle_cpu_ms_a_second", "memory_mb", "mix"))
    kinds = {**found["by_kind"], "all, on Telegram": found["on_telegram"], "the mix": mix}
    bears = (f"{BUSY * 1000 / mix['cpu_ms'][p]:.0f}" if p in PROCESSES else "" for p in idle)
    costs = [
        *(
            [name, *_row(one["cpu_ms"]), f"{one['bytes']:,.0f}", f"{one.get('commits', '')}"]
            for name, one in kinds.items()
        ),
        ["nobody (ms a second)", *_row(idle), "", ""],
        ["an open page (ms a second)", *_row(found["open_page_cpu_ms_a_second"]), "", ""],
        ["one bears (messages a second)", *bears, "", "", ""],
        ["memory (MB)", *(f"{memory.get(process, '')}" for process in idle), "", "", ""],
    ]
    places = found["places"]
    wants = [
        [what, *(f"{one[what]:,}" for one in places.values())]
        for what in next(iter(places.values()))
    ]
    head = ["a message of", *idle, "together, ms", "bytes", "commits"]
    return _table(head, costs) + "\n\n" + _table(["", *places], wants)


def _row(values: Mapping[str, float]) -> list[str]:
    return [*(f"{value:.1f}" for value in values.values()), f"{sum(values.values()):.1f}"]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Measure once, and say what follows."""
    told = arguments(__doc__).parse_args()
    with on_telegram(told.store, seed=told.seed) as town:
        found = asyncio.run(Bench(Meter(town.drill), town.api).run())
    found["mix"] = of_the_mix(found)
    found["places"] = {place.name: needs(place, found) for place in (TOWN, PROVINCE)}
    say(tables(found))
    about = {"machine": machine(), "commit": commit(), "store": told.store}
    finish({**about, **found})


if __name__ == "__main__":
    main()
