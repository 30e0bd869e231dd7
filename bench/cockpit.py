"""Measures the cockpit's pages over many requests, on a store made for it and thrown away."""

import asyncio
import random
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import numpy as np
import psycopg
import typer
from sqlalchemy import insert

from actions import migrate
from actions.changeover import follow
from actions.content.editions import Home, Shelf
from actions.conversations import at_address
from actions.db import Database
from actions.governance.model import Kind, Rating, ServiceRequest, Status, Update
from actions.people import staff
from actions.people.model import Role, Staff, Words
from actions.people.staff import Guess
from actions.tables import METADATA
from actions.wording import read_wording
from bench.output import finish, following
from bot.desk import pages
from bot.desk.visit import COOKIE, Desk
from bot.operating.overview import overlook
from bot.settings import Settings
from knowledge.embedder import OnnxEmbedder, Remembering
from knowledge.pack import Pack, load_pack

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
PATHS = (
    "/cockpit",
    "/cockpit/village-operation",
    "/cockpit/village-operation?days=90",
    "/cockpit/safe-village?days=90",
    "/cockpit/unknown",
)
# How far a request has come, and how many of a hundred stand there.
LIVES: dict[tuple[Status, ...], int] = {
    (): 2,
    (Status.ACKNOWLEDGED,): 3,
    (Status.ACKNOWLEDGED, Status.REPLIED): 5,
    (Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.REPLIED, Status.RESOLVED): 60,
    (Status.ACKNOWLEDGED, Status.REPLIED, Status.UNCONFIRMED): 20,
    (Status.ACKNOWLEDGED, Status.REPLIED, Status.REOPENED, Status.REPLIED, Status.RESOLVED): 8,
    (Status.DECLINED,): 2,
}


async def nothing(_conversation_id: str) -> None:
    """Answer nothing: nobody writes here."""


class Standing:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW


@contextmanager
def store(postgres: str) -> Iterator[Database]:
    """Make an empty store with every table: a database of that server, or a file."""
    if not postgres:
        with tempfile.TemporaryDirectory() as folder:
            yield _made(f"sqlite:///{folder}/x.db")
        return
    name = f"bench_{secrets.token_hex(4)}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield _made(postgres.rsplit("/", 1)[0] + f"/{name}")
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _made(url: str) -> Database:
    database = Database(url)
    METADATA.create_all(database.engine)
    return database


def fill(database: Database, pack: Pack, many: int, days: int) -> None:
    """Write requests with their history, evenly over some days."""
    dice = random.Random(1)
    with database.transaction() as db:
        migrate.write_areas(db, pack)
        talk = at_address(db, channel="webchat", address="bench", now=NOW)
        words = Words(resident_id=talk.resident_id, text="路灯坏了", created_at=NOW)
        db.add(words)
        db.flush()
        who, told = {"resident_id": talk.resident_id, "conversation_id": talk.id}, words.id
    requests, updates, ratings = [], [], []
    areas, categories = list(pack.areas), list(pack.categories.values())
    for number in following(range(1, many + 1), "requests"):
        category = dice.choice(categories)
        at = NOW - timedelta(days=days) * (1 - number / many)
        (life,) = dice.choices(list(LIVES), list(LIVES.values()))
        status, tier, team = Status.RECEIVED, category.tier, category.team
        due = at + timedelta(hours=category.promise.hours)
        same = {"request_id": number, "team_id": team, "tier": tier, "attachments": []}
        updates.append(same | {"kind": Kind.MOVED, "status": status, "happened_at": at})
        if dice.random() < 0.03:
            updates.append(same | {"kind": Kind.RETURNED, "status": status, "happened_at": at})
        moment = at
        for status in life:
            moment += timedelta(hours=dice.expovariate(1 / 12))
            updates.append(same | {"kind": Kind.MOVED, "status": status, "happened_at": moment})
        if status == Status.RESOLVED and dice.random() < 0.5:
            given = {"rating": dice.choice((1, 2, 3, 3)), "given_at": moment}
            ratings.append(given | {"request_id": number, "resident_id": who["resident_id"]})
        requests.append(
            who
            | {
                "reference": f"GQ-{number:06}",
                "category_id": category.service_code,
                "status": status,
                "team_id": team,
                "tier": tier,
                "flagged": False,
                "due_at": due,
                "area_id": dice.choice(areas),
                "what_words_id": told,
                "visibility": category.visibility,
                "anonymous": False,
                "attachments": [],
                "created_at": at,
            }
        )
    with database.transaction() as db:
        for table, rows in ((ServiceRequest, requests), (Update, updates), (Rating, ratings)):
            for start in range(0, len(rows), 5000):
                db.execute(insert(table), rows[start : start + 5000])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as open_one:
        open_one.exec_driver_sql("ANALYZE")


def signed_in(database: Database) -> str:
    """Return the secret of somebody of the town who is signed in."""
    with database.transaction() as db:
        somebody = Staff(
            username="bench",
            password_hash="-",  # noqa: S106 - nobody signs in with it
            role=Role.ADMIN,
            area_id="guali/",
            created_at=NOW,
        )
        db.add(somebody)
        db.flush()
        number = staff.count_guess(db, Guess("bench", "1.1.1.1"), key="key", now=NOW)
        opened = staff.open_session(db, somebody, number or 0, now=NOW)
        assert opened
        return opened.secret


async def measure(desk: Desk, secret: str, times: int) -> dict[str, Any]:
    """Get each page so often; milliseconds, the first time left out."""
    transport = httpx.ASGITransport(app=pages.build(desk))
    figures = {}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://bench", headers={"Cookie": f"{COOKIE}={secret}"}
    ) as client:
        for path in PATHS:
            took, spent = [], []
            for _ in following(range(times + 1), path):
                began, cpu = time.perf_counter(), time.process_time()
                answer = await client.get(path)
                took.append(1000 * (time.perf_counter() - began))
                spent.append(1000 * (time.process_time() - cpu))
                assert answer.status_code == 200, answer.status_code
            p50, p95 = np.quantile(took[1:], [0.5, 0.95])
            figures[path] = {
                "p50_ms": round(float(p50)),
                "p95_ms": round(float(p95)),
                "cpu_ms": round(float(np.median(spent[1:]))),  # ours, not the server's
            }
    return figures


def main(
    postgres: Annotated[str, typer.Option(help="of a server; else SQLite")] = "",
    many: int = 50_000,
    days: Annotated[int, typer.Option(help="over which they came in")] = 365,
    times: int = 40,
    encoder: Path = Path(".build/encoder"),
) -> None:
    """Fill a store, and get the cockpit's pages."""
    pack = load_pack(Path("knowledge/data/guali"))
    with store(postgres) as database, tempfile.TemporaryDirectory() as folder:
        fill(database, pack, many, days)
        shelf = Shelf(pack, Path(folder))
        desk = Desk(
            database=database,
            clock=Standing(),
            wording=read_wording(pack.zone),
            pack=pack,
            home=Home(shelf, Path(folder), follow),
            secret_key="key",  # noqa: S106 - of a store thrown away
            drain=nothing,
            uploads=Path(folder),
            embedder=Remembering(OnnxEmbedder(encoder)),
            font_dir=Path(folder),
            overview=overlook(Settings(), database, Standing(), httpx.AsyncClient(), {}),
        )
        secret = signed_in(database)
        figures = asyncio.run(measure(desk, secret, times))
        database.close()
    finish(
        {"requests": many, "days": days, "on": "postgresql" if postgres else "sqlite"} | figures
    )


if __name__ == "__main__":
    typer.run(main)
