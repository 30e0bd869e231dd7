"""How quick the desk is with very many requests, and with many desks open: `make bench-desk`.

Everything is measured as it is served, sign-in, scope and audit included, on SQLite and on
PostgreSQL. Last line: one JSON, times in milliseconds.
"""

import argparse
import asyncio
import json
import os
import random
import secrets
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy import insert, select
from starlette.applications import Starlette
from starlette.routing import Mount

from actions.changeover import follow
from actions.clock import open_clock
from actions.content.editions import Home, Shelf
from actions.conversations import Conversation
from actions.db import Database
from actions.governance.model import Follower, Kind, ServiceRequest, Status, Update
from actions.governance.sla import due_at
from actions.people import staff
from actions.people.model import Address, Area, Resident, Role, Staff, Words
from actions.people.staff import Guess
from actions.tables import METADATA
from actions.wording import read_wording
from bench.output import finish, say
from bench.stores import SERVER, databases
from bot.app import Guarded
from bot.desk.pages import build
from bot.desk.visit import COOKIE, ROOT, Desk
from bot.operating.overview import overlook
from bot.settings import Settings
from knowledge.embedder import OnnxEmbedder
from knowledge.pack import Pack, load_pack

AREA = "guali/"
KEY = "bench"
DAYS = 180  # in which the requests came
OVER = (Status.RESOLVED, Status.UNCONFIRMED, Status.DECLINED, Status.REPLIED)
OPEN = (Status.RECEIVED, Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.REOPENED)
STILL_OPEN = 0.12
SAID = ("路灯坏了，晚上黑漆漆的", "垃圾三天没人收", "车停在消防通道上", "井盖松了，车过就响")
WHERE = ("公交综合楼门口", "三号楼东边", "菜场后面", "学校对面")
RARE = "金丝雀"  # what one request in a thousand tells of
CHATTER = 4  # other words in the table for each request's own
TIMES = 40  # every page is asked for so often
DESKS = 100
CHANGES = 10

# what somebody asks for, by the name it is told under
PAGES = {
    "inbox": "/",
    "list": "/requests",
    "list_late": "/requests?view=late",
    "list_households": "/requests?order=households",
    "list_all": "/requests?view=all",
    "search_common": "/requests?view=all&words=路灯",
    "search_rare": f"/requests?view=all&words={RARE}",
    "search_open": f"/requests?words={RARE}",
    "search_two": "/requests?view=all&words=垃圾 学校",
    "reference": "/requests?words=GQ-260601-0001",
    "map": "/requests/map",
}


@dataclass(frozen=True)
class Filler:
    """Fills a database with the requests of half a year."""

    database: Database
    pack: Pack
    now: datetime

    def fill(self, count: int) -> None:
        """Write so many requests, with what happened to them."""
        luck = random.Random(1)
        with self.database.transaction() as db:
            for area in self.pack.areas.values():
                db.add(Area(id=area.id, tier=area.tier))
            db.flush()
            residents = max(count // 4, 1)
            db.execute(insert(Resident), [self._resident(n) for n in range(residents)])
            db.execute(insert(Address), [self._address(n) for n in range(residents)])
            db.execute(insert(Conversation), [self._talk(n) for n in range(residents)])
            member = Staff(
                username="bench",
                password_hash=staff.HASHER.hash("correct horse"),
                role=Role.STAFF,
                area_id=AREA,
                created_at=self.now,
            )
            db.add(member)
        for start in range(0, count, 5000):
            numbers = range(start, min(start + 5000, count))
            with self.database.transaction() as db:
                words, requests, updates = self._rows(numbers, residents, luck)
                db.execute(insert(Words), words)
                db.execute(insert(ServiceRequest), requests)
                db.execute(insert(Update), updates)
                followed = [n for n in numbers if n % 10 == 0]
                db.execute(insert(Follower), [self._follower(n, residents) for n in followed])
        if self.database.engine.dialect.name == "postgresql":
            with self.database.engine.begin() as connection:
                connection.exec_driver_sql("ANALYZE")

    def _resident(self, number: int) -> dict[str, Any]:
        return {
            "id": f"{number:032x}",
            "language": "zh",
            "elder": False,
            "reminders": "all",
            "area_id": None,
            "household_id": None,
            "created_at": self.now,
        }

    def _address(self, number: int) -> dict[str, Any]:
        return {
            "id": number + 1,
            "resident_id": f"{number:032x}",
            "channel": "webchat",
            "address": f"a{number}",
            "created_at": self.now,
        }

    def _talk(self, number: int) -> dict[str, Any]:
        return {
            "id": f"{number:032x}",
            "resident_id": f"{number:032x}",
            "address_id": number + 1,
            "status": "pending",
            "epoch": 0,
            "created_at": self.now,
            "area_id": AREA,
        }

    def _rows(self, numbers: range, residents: int, luck: random.Random) -> tuple[Any, ...]:
        words, requests, updates = [], [], []
        areas = [area for area in self.pack.areas if area.startswith(AREA)]
        places = [place for place in self.pack.places.values() if place.lat]
        categories = list(self.pack.categories.values())
        for number in numbers:
            first = number * (CHATTER + 2) + 1  # ids of its words
            resident = f"{number % residents:032x}"
            created = self.now - timedelta(days=DAYS) * luck.random()
            open_now = luck.random() < STILL_OPEN
            if open_now:
                created = self.now - timedelta(days=8) * luck.random()
            what = luck.choice(SAID) + (RARE if number % 1000 == 7 else f"，第{number}次")
            texts = [what, luck.choice(WHERE), *("您好，想问一下" for _ in range(CHATTER))]
            words += [
                {"id": first + n, "resident_id": resident, "text": text, "created_at": created}
                for n, text in enumerate(texts)
            ]
            category, place = luck.choice(categories), luck.choice(places)
            status = luck.choice(OPEN if open_now else OVER)
            request = {
                "id": number + 1,
                "reference": f"GQ-26{number // 9999:04d}-{number % 9999:04d}",
                "category_id": category.service_code,
                "status": status,
                "team_id": category.team,
                "tier": category.tier,
                "flagged": False,
                "due_at": due_at(self.pack, category, created)
                if open_now
                else created + timedelta(days=2),
                "area_id": luck.choice(areas),
                "place_id": place.id,
                "lat": place.lat,
                "lon": place.lon,
                "what_words_id": first,
                "where_words_id": first + 1,
                "resident_id": resident,
                "conversation_id": resident,
                "visibility": "public",
                "anonymous": False,
                "attachments": [],
                "created_at": created,
            }
            requests.append(request)
            updates += [
                {
                    "request_id": number + 1,
                    "kind": Kind.MOVED,
                    "status": status,
                    "team_id": category.team,
                    "tier": category.tier,
                    "attachments": [],
                    "happened_at": created + timedelta(hours=step),
                }
                for step in range(3)
            ]
        return words, requests, updates

    def _follower(self, number: int, residents: int) -> dict[str, Any]:
        resident = f"{(number + 1) % residents:032x}"
        return {
            "request_id": number + 1,
            "resident_id": resident,
            "conversation_id": resident,
            "followed_at": self.now,
        }


def cookie(database: Database, now: datetime) -> dict[str, str]:
    """Sign somebody in; returns the header that says so."""
    with database.transaction() as db:
        who = staff.to_sign_in(db, "bench")
        assert who
        number = staff.count_guess(db, Guess("bench", "bench"), key=KEY, now=now)
        opened = staff.open_session(db, who, number or 0, now=now)
        assert opened
    return {"Cookie": f"{COOKIE}={opened.secret}"}


async def nothing(_conversation_id: str) -> None:
    """Answer nobody: no conversation is measured here."""


def serve(url: str, port: int) -> None:
    """Serve the desk alone; run in a process of its own."""
    settings = Settings()
    pack = load_pack(settings.community_dir)
    database, clock = Database(url), open_clock(None)
    desk = Desk(
        database=database,
        clock=clock,
        wording=read_wording(pack.zone),
        pack=pack,
        home=Home(Shelf(pack, settings.content_dir), settings.index_dir, follow),
        secret_key=KEY,
        uploads=settings.state_dir / "uploads",
        embedder=OnnxEmbedder(settings.encoder_dir),
        font_dir=settings.font_dir,
        drain=nothing,
        overview=overlook(settings, database, clock, httpx.AsyncClient(), {}),
    )
    app = Guarded(Starlette(routes=[Mount(ROOT, build(desk))]), desk.wording)
    uvicorn.run(app, port=port, log_level="error")


@contextmanager
def served(url: str) -> Iterator[tuple[str, int]]:
    """Have the desk served; gives its address, and the number of its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [sys.executable, "-m", "bench.desk", "--serve", url, "--port", str(port)]
    process = subprocess.Popen(program)
    address = f"http://127.0.0.1:{port}{ROOT}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{address}/sign-in", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(10)


def spread(times: list[float]) -> dict[str, float]:
    """Return the figures of some durations in seconds, as milliseconds."""
    ordered = sorted(times)
    return {
        "median": round(statistics.median(ordered) * 1000, 1),
        "p95": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
        "worst": round(ordered[-1] * 1000, 1),
    }


def worked(process: int) -> float:
    """Return how many seconds a process has had of a core so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def of_pages(address: str, process: int, headers: dict[str, str]) -> dict[str, Any]:
    """Ask for every page one after another; how long each took to come.

    `work` is what the desk's own process had of a core for it: on a machine that does other
    things too, the rest is waiting.
    """
    figures = {}
    with httpx.Client(timeout=60, headers=headers) as client:
        for name, path in PAGES.items():
            times, before = [], worked(process)
            for _ in range(TIMES):
                began = time.perf_counter()
                answer = client.get(address + path)
                times.append(time.perf_counter() - began)
                assert answer.status_code == 200, answer.status_code
            work = round((worked(process) - before) / TIMES * 1000, 1)
            figures[name] = spread(times[1:]) | {"work": work}  # the first reads templates
    return figures


async def of_desks(  # noqa: C901 - those who listen, and what they are to hear
    address: str, headers: dict[str, str], change: Callable[[], int]
) -> Any:
    """Keep many desks open; how long until each hears of a change, and what asking costs."""
    heard: list[float] = []
    made: dict[int, float] = {}
    ready = 0
    limits = httpx.Limits(max_connections=DESKS + 10)
    async with httpx.AsyncClient(timeout=60, headers=headers, limits=limits) as client:

        async def listen() -> None:
            nonlocal ready
            async with client.stream("GET", f"{address}/events") as stream:
                assert stream.status_code == 200
                async for line in stream.aiter_lines():
                    if line.startswith("retry:"):
                        ready += 1
                    if line.startswith("data:"):
                        news = json.loads(line.removeprefix("data:")).get("requests", {})
                        for number in made.keys() & map(int, news):
                            heard.append(time.perf_counter() - made[number])

        desks = [asyncio.create_task(listen()) for _ in range(DESKS)]
        while ready < DESKS:
            await asyncio.sleep(0.1)
        times = []
        for _ in range(CHANGES):
            number = await asyncio.to_thread(change)
            made[number] = time.perf_counter()
            began = time.perf_counter()
            await client.get(f"{address}/requests")
            times.append(time.perf_counter() - began)
            await asyncio.sleep(2)
        for desk in desks:
            desk.cancel()
    return {
        "desks": DESKS,
        "changes": CHANGES,
        "missed": DESKS * CHANGES - len(heard),
        "heard_after": spread(heard),
        "list_meanwhile": spread(times),
    }


def measure(url: str, count: int) -> dict[str, Any]:
    """Return the figures of one database."""
    database = Database(url, busy_seconds=60)
    METADATA.create_all(database.engine)
    pack, now = load_pack(Settings().community_dir), open_clock(None).now()
    began = time.perf_counter()
    Filler(database, pack, now).fill(count)
    say(f"{count} requests in {time.perf_counter() - began:.0f} s")
    headers = cookie(database, now)

    def change() -> int:
        """Something happens to a request; returns its number."""
        number = secrets.randbelow(count) + 1
        with database.transaction() as db:
            request = db.scalars(
                select(ServiceRequest).where(ServiceRequest.id == number)
            ).one()
            db.add(
                Update(
                    request_id=number,
                    kind=Kind.NUDGED,
                    status=request.status,
                    team_id=request.team_id,
                    tier=request.tier,
                    happened_at=now,
                )
            )
        return number

    with served(url) as (address, process):
        figures = of_pages(address, process, headers)
        for name, found in figures.items():
            say(f"{name:16} {found}")
        events = asyncio.run(of_desks(address, headers, change))
        say(f"{'events':16} {events}")
    database.close()
    return {"pages": figures, "events": events}


def main() -> None:
    """Measure, or be the desk that is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--serve")
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.port)
        return
    figures: dict[str, Any] = {"requests": options.requests}
    with databases(SERVER) as urls:
        for name, url in urls.items():
            say(f"{name}:")
            figures[name] = measure(url, options.requests)
    finish(figures)


if __name__ == "__main__":
    main()
