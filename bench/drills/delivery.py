"""Kills a worker while it brings messages to a platform.

The worker is a process of its own, killed at random moments and at named points; the platform
is a server of ours that keeps what it was sent. Last line: one JSON; `missing`, `out_of_order`
and `more_than_one_twice` (in one life of the worker) are 0 when the promises were kept.
"""

import asyncio
import json
import multiprocessing
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import func, select

from actions import conversations, leasing, outbox
from actions.db import Database
from actions.outbox import Notice, NoticeState
from actions.people.model import Words
from actions.sending import Sending, SendingState
from actions.tables import METADATA
from actions.wording import Wording
from bench import stores
from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import following
from bot.channels.platform import Letter
from bot.courier import Courier
from bot.delivery import Delivery

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
CHATS, EACH = 3, 2  # messages of one trial
LIFE = 1.5  # seconds a worker works at most before it is killed at random
TO_A_POINT = 10.0  # seconds it may take to come to a named point
STARTING = 60.0
LAST_LIFE = 120.0
# Where a worker kills itself: before and after what another may see of it.
POINTS = ("said", "taken", "before_send", "after_send", "recorded")
AT_RANDOM = ""
FAR = "telegram"
WRONG = ("missing", "out_of_order", "more_than_one_twice")


@dataclass
class Received:
    """What the platform got: chat, text, and in which life of the worker."""

    letters: list[tuple[str, str, int]] = field(default_factory=list)
    life: int = 0

    def again(self) -> Counter[int]:
        """Count of each life what it had sent, and another had to send again."""
        seen: dict[tuple[str, str], int] = {}
        again: Counter[int] = Counter()
        for chat, text, life in self.letters:
            if (before := seen.get((chat, text))) is not None:
                again[before] += 1
            seen[chat, text] = life
        return again

    def out_of_order(self) -> int:
        """Count what came first after something that was said later in the same chat."""
        last: dict[str, int] = {}
        wrong, seen = 0, set()
        for chat, text, _ in self.letters:
            if (chat, text) in seen:
                continue
            seen.add((chat, text))
            wrong += int(text) < last.get(chat, -1)
            last[chat] = max(int(text), last.get(chat, -1))
        return wrong


class Quiet(ThreadingHTTPServer):
    """A server that thinks nothing of clients who die."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


@contextmanager
def platform(received: Received) -> Iterator[str]:
    """Run the platform; yields its address."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.letters.append((body["to"], body["text"], received.life))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = Quiet(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class MovedClock:
    """The machine's clock, as far ahead as the drill has moved it."""

    ahead: Any  # seconds, shared with the worker

    def now(self) -> datetime:
        return NOON + timedelta(seconds=time.monotonic() % 10**6 + self.ahead.value)


@dataclass
class Far:
    """The platform as the worker sees it; it may die on the way there and back."""

    url: str
    dies_at: str
    name: str = FAR

    async def send(self, letter: Letter) -> str:
        _die_if(self.dies_at, "before_send")
        async with httpx.AsyncClient() as client:
            answer = await client.post(self.url, json={"to": letter.to, "text": letter.text})
        answer.raise_for_status()
        _die_if(self.dies_at, "after_send")
        return letter.key

    async def fetch(self, remote: str, most: int) -> bytes:
        raise LookupError(remote)


class Dying(Courier):
    """A courier that may die between its transactions."""

    def _take(self, channel: str) -> list[Any]:
        taken = super()._take(channel)
        if taken:
            _die_if(self.platforms[channel].dies_at, "taken")  # type: ignore[attr-defined]
        return taken

    def _sent(self, errand: Any, platform_id: str) -> None:
        super()._sent(errand, platform_id)
        _die_if(self.platforms[errand.channel].dies_at, "recorded")  # type: ignore[attr-defined]


def _die_if(dies_at: str, here: str) -> None:
    if dies_at == here:
        os.kill(os.getpid(), signal.SIGKILL)


def work(store: str, url: str, ahead: Any, dies_at: str, ready: Any) -> None:
    """Be a worker: say what is due and bring it, until killed."""
    database, clock = Database(store), MovedClock(ahead)
    delivery = Delivery(database, clock, Wording({}, ZONE), timedelta(days=1))
    courier = Dying(database, clock, {FAR: Far(url, dies_at)}, Path())

    def say() -> None:
        while True:
            if delivery.deliver_due():
                _die_if(dies_at, "said")
            else:
                time.sleep(0.02)

    ready.set()
    threading.Thread(target=say, daemon=True).start()
    asyncio.run(courier.run(threading.Event()))


@dataclass
class Drill:
    """A store, the platform, and workers one after the other."""

    database: Database
    store: str
    url: str
    received: Received
    chance: random.Random
    context: Any = field(default_factory=lambda: multiprocessing.get_context("forkserver"))
    owed: int = 0

    def __post_init__(self) -> None:
        self.context.set_forkserver_preload(
            ["actions.migrate", "bot.courier", "bot.delivery", "httpx"]
        )
        self.ahead = self.context.Value("d", 0.0)

    def owe(self) -> None:
        """Owe some residents some messages."""
        now = MovedClock(self.ahead).now()
        with self.database.transaction() as db:
            for _ in range(CHATS * EACH):
                chat = str(self.owed // EACH)
                talk = conversations.at_address(db, channel=FAR, address=chat, now=now)
                words = Words(resident_id=talk.resident_id, text=str(self.owed), created_at=now)
                db.add(words)
                db.flush()
                outbox.put(
                    db, conversation_id=talk.id, response="", due_at=now, words_id=words.id
                )
                self.owed += 1

    def live(self, dies_at: str, seconds: float) -> None:
        """Let a worker live, and die at a point or in its time; what it held comes free."""
        self.received.life += 1
        ready = self.context.Event()
        worker: BaseProcess = self.context.Process(
            target=work, args=(self.store, self.url, self.ahead, dies_at, ready), daemon=True
        )
        worker.start()
        ready.wait(STARTING)
        until = time.monotonic() + seconds
        while worker.is_alive() and time.monotonic() < until and self.unfinished():
            time.sleep(0.02)
        worker.kill()
        worker.join()
        self.ahead.value += leasing.LEASE.total_seconds() + 1

    def unfinished(self) -> int:
        """Return how much is still owed."""
        with self.database.reading() as db:
            notices = select(func.count(Notice.id)).where(Notice.state == NoticeState.WAITING)
            sendings = select(func.count(Sending.id)).where(
                Sending.state == SendingState.WAITING
            )
            return (db.scalar(notices) or 0) + (db.scalar(sendings) or 0)

    def figures(self, kills: int) -> dict[str, Any]:
        """Return what was sent, and what should not have been."""
        sent = {text for _, text, _ in self.received.letters}
        again = self.received.again()
        return {
            "kills": kills,
            "owed": self.owed,
            "sent": len(self.received.letters),
            "missing": self.owed - len(sent),
            "out_of_order": self.received.out_of_order(),
            "twice": sum(again.values()),
            "lives_with_one_twice": sum(count == 1 for count in again.values()),
            "more_than_one_twice": sum(count > 1 for count in again.values()),
        }


def drill(trials: int, store: str = stores.SQLITE, seed: int = 1) -> dict[str, Any]:
    """Kill so many workers, then look at the books."""
    chance, received = random.Random(seed), Received()
    with stores.empty(store) as address, platform(received) as url:
        database = Database(address)
        METADATA.create_all(database.engine)
        one = Drill(database, address, url, received, chance)
        try:
            for number in following(range(trials), "killed"):
                one.owe()
                if number % 2:
                    one.live(AT_RANDOM, chance.uniform(0.05, LIFE))
                else:
                    one.live(POINTS[number // 2 % len(POINTS)], TO_A_POINT)
            one.live(AT_RANDOM, LAST_LIFE)
            return one.figures(trials)
        finally:
            database.close()


def main() -> None:
    """Drill and report."""
    parser = arguments(__doc__)
    parser.add_argument("--trials", type=int, default=200)
    asked = parser.parse_args()
    found = drill(asked.trials, asked.store, asked.seed)
    figure = (
        f"{found['kills']} kills, {found['owed']} owed: {found['missing']} missing, "
        f"{found['twice']} twice, {found['out_of_order']} out of order"
    )
    conclude(found, P9=Verdict(not any(found[name] for name in WRONG), found["kills"], figure))


if __name__ == "__main__":
    main()
