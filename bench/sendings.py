"""How long a courier looks for what to bring, and how much it brings: `make bench-delivery`.

With nothing, a thousand and many messages waiting, on SQLite and (TEST_POSTGRES) PostgreSQL.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert

from actions import leasing
from actions.clock import SystemClock
from actions.conversations import Author, Conversation, Message, Status
from actions.db import Database
from actions.people.model import Address, Resident, Words
from actions.sending import Priority, Sending, SendingState
from actions.tables import METADATA
from bench import stores
from bench.output import finish, say
from bot.channels.platform import Letter
from bot.courier import Courier

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
AT_ONCE = 5000  # rows in one statement
LOOKS = 30
RESIDENT = "r" * 32


@dataclass
class Instant:
    """A platform that has everything the moment it is sent."""

    name: str = "dingtalk"
    brought: list[str] = field(default_factory=list)

    async def send(self, letter: Letter) -> str:
        self.brought.append(letter.key)
        return letter.key

    async def fetch(self, remote: str, most: int) -> bytes:
        raise LookupError(remote)


def write(database: Database, channel: str, how_many: int, first: int = 0) -> None:
    """Let a message wait in each of so many chats."""
    for begin in range(first, first + how_many, AT_ONCE):
        numbers = range(begin, min(begin + AT_ONCE, first + how_many))
        with database.engine.begin() as connection:
            for table, rows in _rows(channel, numbers):
                connection.execute(insert(table), rows)


def _rows(channel: str, numbers: range) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    if not numbers.start:
        there = {"id": RESIDENT, "language": "zh", "elder": False, "reminders": "all"}
        yield Resident, [there | {"created_at": NOW}]
        yield Words, [{"id": 1, "resident_id": RESIDENT, "text": "明天停水", "created_at": NOW}]
    ids = [number + 1 for number in numbers]
    yield (
        Address,
        [
            {
                "id": one,
                "resident_id": RESIDENT,
                "channel": channel,
                "address": str(one),
                "is_group": False,
                "writes_left": 0,
                "created_at": NOW,
            }
            for one in ids
        ],
    )
    yield (
        Conversation,
        [
            {
                "id": f"{one:032}",
                "resident_id": RESIDENT,
                "address_id": one,
                "status": Status.PENDING,
                "epoch": 0,
                "created_at": NOW,
            }
            for one in ids
        ],
    )
    yield (
        Message,
        [
            {
                "id": one,
                "conversation_id": f"{one:032}",
                "author": Author.ASSISTANT,
                "words_id": 1,
                "choices": [],
                "attachments": [],
                "for_neighbour": False,
                "created_at": NOW,
            }
            for one in ids
        ],
    )
    yield (
        Sending,
        [
            {
                "id": one,
                "message_id": one,
                "address_id": one,
                "channel": channel,
                "priority": Priority.BROADCAST,
                "state": SendingState.WAITING,
                "due_at": NOW,
                "tries": 0,
                "parts_sent": 0,
                "is_copy": False,
                "platform_id": "",
                "trouble": "",
            }
            for one in ids
        ],
    )


def looks(database: Database, channel: str) -> dict[str, float]:
    """Return how long it takes to ask whether anything is due, and to lease it, in ms."""
    asks, leases, worked = [], [], time.process_time()
    for number in range(LOOKS):
        now = NOW + timedelta(seconds=number)
        asks.append(_timed(partial(_ask, database, channel, now)))
        leases.append(_timed(partial(_lease, database, channel, now)))
    return {
        "ask_ms_p50": round(statistics.median(asks), 2),
        "lease_ms_p50": round(statistics.median(leases), 2),
        "lease_ms_max": round(max(leases), 2),
        "both_cpu_ms": round((time.process_time() - worked) * 1000 / LOOKS, 2),
    }


def _ask(database: Database, channel: str, now: datetime) -> None:
    with database.reading() as db:
        leasing.is_any_due(db, [channel], now=now)


def _lease(database: Database, channel: str, now: datetime) -> None:
    with database.transaction() as db:
        leasing.lease_due(db, [channel], now=now)


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def throughput(database: Database, how_many: int, folder: Path) -> dict[str, float]:
    """Return how many messages a second a courier brings to a platform without limits."""
    platform = Instant()
    courier = Courier(database, SystemClock(), {platform.name: platform}, folder)

    async def bring() -> None:
        while len(platform.brought) < how_many:
            await courier.bring_due()

    began = time.perf_counter()
    asyncio.run(bring())
    return {"messages_per_s": round(how_many / (time.perf_counter() - began), 1)}


def measure(url: str, folder: Path, sizes: list[int], brought: int) -> dict[str, Any]:
    """Return the figures of one store."""
    database, figures, there = Database(url), {}, 0
    METADATA.create_all(database.engine)
    try:
        for size in sizes:
            write(database, "telegram", size - there, there)
            _know_sizes(database.engine)
            there = size
            figures[f"waiting_{size}"] = looks(database, "telegram")
            say(f"{database.engine.dialect.name} {size}: {figures[f'waiting_{size}']}")
        write(database, "dingtalk", brought, there or 1)
        figures["courier"] = throughput(database, brought, folder)
    finally:
        database.close()
    return figures


def _know_sizes(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="0,1000,200000")
    parser.add_argument("--brought", type=int, default=500)
    asked = parser.parse_args()
    sizes = [int(one) for one in asked.sizes.split(",")]
    figures = {}
    for store in stores.STORES if os.getenv("TEST_POSTGRES") else (stores.SQLITE,):
        with tempfile.TemporaryDirectory() as place, stores.empty(store) as url:
            figures[store] = measure(url, Path(place), sizes, asked.brought)
    finish(figures)


if __name__ == "__main__":
    main()
