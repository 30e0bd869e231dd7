"""Sign-up opens and very many want a hundred places: `make bench-booking`.

At service level all come at once, to as many processes and connections as the assistant has;
over the chat API they arrive within a minute, and tap a button or type. Last line: one JSON,
times in milliseconds; `sold` is 100 when nothing was oversold and nothing left over.
"""

import argparse
import asyncio
import hashlib
import hmac
import multiprocessing
import os
import secrets
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import insert, select, update
from sqlalchemy.exc import OperationalError, TimeoutError

from actions import conversations
from actions.booking import service
from actions.booking.bookings import Order
from actions.booking.model import Booking, BookingStatus, Session
from actions.booking.programme import Programme
from actions.conversations import Author, Choice, Conversation
from actions.db import Database
from actions.errors import Refusal
from actions.people.model import Address, Resident
from actions.tables import METADATA
from actions.wording import Wording, read_wording
from bench.drills.verdict import Verdict, told
from bench.output import finish, say
from bench.stores import SERVER, databases
from bot.settings import Settings
from knowledge.pack import load_pack
from setup.supervisor import Assistant

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=ZONE)
ACTIVITY = "club-calligraphy"
WISH = "我想约周六的书法社"
PLACES = 100
P99_MS = 5000.0  # of a booking on PostgreSQL, at most
PROCESSES, THREADS = 2, 16  # that speak to the database: bot and action server
ARRIVING = 60.0  # seconds in which all arrive at the chat API
PATIENCE = 180.0  # seconds until somebody who waits for an answer gives up
KEY = secrets.token_hex(16)


@dataclass(frozen=True)
class Waited:
    """How long somebody had their deed done, and since sign-up opened; seconds."""

    deed: float
    in_all: float
    outcome: str


def at_service_level(url: str, contenders: int) -> dict[str, Any]:
    """Let all book at once and return the figures."""
    programme = _programme()
    database = Database(url, busy_seconds=60)
    METADATA.create_all(database.engine)
    conversation_ids = _crowd(database, [f"r{n}" for n in range(contenders)])
    session_id = _session(database)
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(PROCESSES)
    with spawn.Pool(PROCESSES, _open, (url, programme, start)) as pool:
        shares = [conversation_ids[n::PROCESSES] for n in range(PROCESSES)]
        jobs = [pool.apply_async(_book_all, (share, session_id)) for share in shares]
        waited = [one for job in jobs for one in job.get()]
    figures = {
        "contenders": contenders,
        "deed": _spread([one.deed for one in waited]),
        "since_opening": _spread([one.in_all for one in waited]),
        "per_second": round(contenders / max(one.in_all for one in waited)),
        "outcomes": dict(Counter(one.outcome for one in waited)),
        **_sold(database, session_id),
    }
    database.close()
    return figures


_HERE: dict[str, Any] = {}  # what a process of the pool stands on


def _open(url: str, programme: Programme, start: Any) -> None:
    _HERE.update(database=Database(url), programme=programme, start=start)


def _book_all(conversation_ids: Sequence[str], session_id: int) -> list[Waited]:
    _HERE["start"].wait()
    opened = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda one: _book(one, session_id, opened), conversation_ids))


def _book(conversation_id: str, session_id: int, opened: float) -> Waited:
    """Book as the gateway does: again, while the store is busy."""
    began, outcome = time.monotonic(), ""
    while not outcome:
        try:
            with _HERE["database"].transaction() as db:
                service.book(
                    db,
                    _HERE["programme"],
                    order=Order(session_id),
                    conversation=db.get_one(Conversation, conversation_id),
                    now=NOW,
                )
            outcome = "booked"
        except Refusal as refusal:
            outcome = refusal.response
        except (OperationalError, TimeoutError):
            continue
    ended = time.monotonic()
    return Waited(ended - began, ended - opened, outcome)


@dataclass
class Contender:
    """Somebody at the chat API: taps a button they have, or types and confirms."""

    client: httpx.AsyncClient
    session: str
    tap: str = ""  # the button's id; who has none types
    first: float = 0.0  # seconds until the first word
    last: float = 0.0  # seconds until it was settled
    sent: int = 0
    tries: int = 0
    texts: list[str] = field(default_factory=list)

    async def want(self, still_working: str) -> None:
        """Say what is wanted until it is settled."""
        began = time.monotonic()
        answer = await self._say(self.tap or WISH, still_working)
        self.first = self.first or time.monotonic() - began
        if not self.tap and answer["replies"] and answer["replies"][-1]["choices"]:
            await self._say("1", still_working)
        self.last = time.monotonic() - began

    async def _say(self, text: str, still_working: str) -> dict[str, Any]:
        """Send, again until it is taken and answered for good, as any channel does."""
        self.sent += 1
        body = {"session": self.session, "message_id": f"m{self.sent}", "text": text}
        until, began = time.monotonic() + PATIENCE, time.monotonic()
        while time.monotonic() < until:
            self.tries += 1
            try:
                answer = await self.client.post("/api/chat", json=body)
            except httpx.HTTPError:
                await asyncio.sleep(1)
                continue
            if answer.is_success:
                said = dict(answer.json())
                self.first = self.first or time.monotonic() - began
                if said["replies"] and said["replies"][-1]["text"] != still_working:
                    self.texts.append(said["replies"][-1]["text"])
                    return said
            await asyncio.sleep(1)
        return {"replies": []}


def over_chat(url: str, contenders: int, typing: float) -> dict[str, Any]:
    """Let all arrive within a minute at a running assistant; a share of them types."""
    variables = {"RATE_LIMIT": "1000000/minute", "SECRET_KEY": KEY}
    with (
        tempfile.TemporaryDirectory(prefix="xiaoli-bench-") as folder,
        Assistant(Path(folder), clock=NOW, variables=variables, database_url=url) as assistant,
    ):
        told = assistant.settings
        store = Settings(state_dir=told.state_dir, database_url=told.database_url).database
        database = Database(store, busy_seconds=60)
        with database.transaction() as db:
            wanted = select(Session.id).where(Session.activity_id == ACTIVITY)
            session_id = db.scalars(wanted.order_by(Session.starts_at).limit(1)).one()
            db.execute(update(Session).where(Session.id == session_id).values(places=PLACES))
        crowd = [secrets.token_urlsafe(24) for _ in range(contenders)]
        typists = int(contenders * typing)
        taps = _buttons(database, crowd[typists:], session_id)
        wording = read_wording(ZONE)
        say(f"{contenders} arrive at {assistant.url}")
        came = asyncio.run(_arrive(assistant.url, crowd, taps, wording))
        return {
            "contenders": contenders,
            "typing": typists,
            **{
                kind: {
                    "first_word": _spread([one.first for one in some]),
                    "settled": _spread([one.last for one in some]),
                }
                for kind, some in (
                    ("tapped", [one for one in came if one.tap]),
                    ("typed", [one for one in came if not one.tap]),
                )
                if some
            },
            "sent_again": sum(one.tries - one.sent for one in came),
            "unanswered": sum(len(one.texts) < one.sent for one in came),
            **_sold(database, session_id),
        }


async def _arrive(
    url: str, crowd: Sequence[str], taps: dict[str, str], wording: Wording
) -> list[Contender]:
    still_working = wording.render("utter_still_working").text
    limits = httpx.Limits(max_connections=500)
    async with httpx.AsyncClient(
        base_url=url, timeout=30, limits=limits, trust_env=False
    ) as client:
        came = [Contender(client, session, taps.get(session, "")) for session in crowd]
        in_some_order = sorted(came, key=lambda one: one.session)
        began, wanting = time.monotonic(), []
        for number, one in enumerate(in_some_order):
            due = began + ARRIVING * number / len(crowd)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            wanting.append(asyncio.create_task(one.want(still_working)))
        await asyncio.gather(*wanting)
    return came


def _buttons(database: Database, crowd: Sequence[str], session_id: int) -> dict[str, str]:
    """Give everybody a button to claim a place, or to join the line; its id by session."""
    addresses = [
        hmac.new(KEY.encode(), one.encode(), hashlib.sha256).hexdigest() for one in crowd
    ]
    ids = _crowd(database, addresses)
    taps = {}
    for begin in range(0, len(ids), 500):
        with database.transaction() as db:
            for number in range(begin, min(begin + 500, len(ids))):
                conversation = db.get_one(Conversation, ids[number])
                intent = "join_waitlist" if number % 2 else "claim"
                button = Choice("要", intent, str(session_id))
                said = conversations.say(
                    db, conversation, "…", author=Author.ASSISTANT, now=NOW, choices=[button]
                )
                taps[crowd[number]] = said.offered[0].id
    return taps


def _crowd(database: Database, addresses: Sequence[str]) -> list[str]:
    """Write residents with a conversation each; returns the conversations' ids."""
    ids = [secrets.token_hex(16) for _ in addresses]
    with database.transaction() as db:
        common = {"created_at": NOW}
        db.execute(
            insert(Resident),
            [{"id": one, "language": "zh", "elder": False, **common} for one in ids],
        )
        doors = [
            {"resident_id": one, "channel": "webchat", "address": address, **common}
            for one, address in zip(ids, addresses, strict=True)
        ]
        db.execute(insert(Address), doors)
        door_of = {
            resident: door
            for resident, door in db.execute(select(Address.resident_id, Address.id))
        }
        rows = [
            {
                "id": one,
                "resident_id": one,
                "address_id": door_of[one],
                "status": "pending",
                "epoch": 0,
                "introduced_at": NOW,
                **common,
            }
            for one in ids
        ]
        db.execute(insert(Conversation), rows)
    return ids


def _session(database: Database) -> int:
    starts = NOW + timedelta(days=4, hours=4)
    with database.transaction() as db:
        session = Session(
            activity_id=ACTIVITY,
            planned_at=starts,
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            places=PLACES,
            taken=0,
            waitlist_next=0,
        )
        db.add(session)
        db.flush()
        return session.id


def _sold(database: Database, session_id: int) -> dict[str, int]:
    with database.reading() as db:
        booked = select(Booking.places).where(
            Booking.session_id == session_id, Booking.status == BookingStatus.BOOKED
        )
        return {
            "sold": sum(db.scalars(booked)),
            "taken": db.get_one(Session, session_id).taken,
        }


def _programme() -> Programme:
    pack = load_pack(Path("knowledge/data/guali"))
    small = pack.model_copy(update={"activities": {ACTIVITY: pack.activities[ACTIVITY]}})
    return Programme(small, read_wording(ZONE))


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    ms = {"p50_ms": cuts[49], "p99_ms": cuts[98], "max_ms": max(seconds)}
    return {name: round(1000 * value, 1) for name, value in ms.items()}


def verdicts(at_service: dict[str, Any]) -> dict[str, Any]:
    """Say whether all places were sold, and a booking took no longer than promised."""
    p99 = {name: found["deed"]["p99_ms"] for name, found in at_service.items()}
    contenders = at_service["postgresql"]["contenders"]
    held = p99["postgresql"] < P99_MS and all(
        found["sold"] == found["taken"] == PLACES for found in at_service.values()
    )
    sold = " and ".join(f"{found['sold']} on {name}" for name, found in at_service.items())
    figure = (
        f"{contenders} at once for {PLACES} places: sold {sold}; a booking takes "
        f"{p99['postgresql']:.0f} ms (p99, PostgreSQL), {p99['sqlite']:.0f} on SQLite"
    )
    return told(P17=Verdict(held, contenders, figure))


def main() -> None:
    """Measure what the command line says."""
    parser = argparse.ArgumentParser(prog="make bench-booking")
    parser.add_argument("--contenders", type=int, default=10_000, help="at service level")
    parser.add_argument("--chatting", type=int, default=0, help="over the chat API; 0: as many")
    parser.add_argument("--typing", type=float, default=0.05, help="which share of them types")
    parser.add_argument("--only", choices=("service", "chat"), help="one of both")
    parser.add_argument("--postgres", default=SERVER, help="a server to make a database on")
    asked = parser.parse_args()
    figures: dict[str, Any] = {"load_average_before": os.getloadavg()[0]}
    if asked.only != "chat":
        with databases(asked.postgres) as urls:
            figures["service"] = {
                name: at_service_level(url, asked.contenders) for name, url in urls.items()
            }
    if asked.only != "service":
        chatting = asked.chatting or asked.contenders
        figures["chat"] = {"sqlite": over_chat("", chatting, asked.typing)}
        with databases(asked.postgres) as urls:
            url = urls["postgresql"]
            figures["chat"]["postgresql"] = over_chat(url, chatting, asked.typing)
    figures["load_average_after"] = os.getloadavg()[0]
    finish({**figures, **(verdicts(figures["service"]) if "service" in figures else {})})


if __name__ == "__main__":
    main()
