"""How long `candidates.best` takes in a full store, by step; filled with the simulated town."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert

from actions.conversations import Conversation
from actions.db import Base, Database, Db
from actions.neighbours import candidates
from actions.neighbours.model import HelpOffer, HelpRequest, Match, OfferedKind
from actions.people.consents import PURPOSES
from actions.people.model import Address, Area, Consent, Household, Resident
from actions.square import Square
from actions.tables import METADATA
from bench.output import say
from bench.town import GRIDS, HOURS, PER_HOUSEHOLD, Helpers, Ints, Town

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
ROWS = 5000  # written at once
ASKED, WARMING = 150, 10  # needs asked about at each step, and those before the clock counts
MATCHES = 60_000  # in the last hundred days
DIMENSIONS = 384  # of a meaning
REACHES = ("building", "village", "town")
Rows = Iterable[dict[str, Any]]


def measure(database: Database, square: Square, town: Town, people: Helpers) -> dict[str, Any]:
    """Fill an empty database and ask for candidates again and again; milliseconds."""
    METADATA.create_all(database.engine)
    dialect = database.engine.dialect.name
    say(f"{dialect}: writing {len(town.grid)} households, {len(people.household)} offers")
    with database.transaction() as db:
        Filling(db, square, town, people, np.random.default_rng(1)).write()
    with database.transaction() as db:
        db.connection().exec_driver_sql("ANALYZE")
    say(f"{dialect}: asking for candidates")
    spent = {step: [_ask(database, square, n, step) for n in range(ASKED)] for step in REACHES}
    warm = {step: milliseconds[WARMING:] for step, milliseconds in spent.items()}
    return {step: _quantiles(each) for step, each in warm.items()} | {
        "all": _quantiles([one for each in warm.values() for one in each])
    }


def _ask(database: Database, square: Square, number: int, step: str) -> float:
    with database.reading() as db:
        request = db.get_one(HelpRequest, number + 1)
        began = time.perf_counter()
        candidates.best(db, square, request, step=step, now=NOW, limit=5)
        return (time.perf_counter() - began) * 1000


def _quantiles(milliseconds: list[float]) -> dict[str, float]:
    p50, p95 = np.quantile(milliseconds, [0.5, 0.95])
    return {"ms_p50": round(float(p50), 1), "ms_p95": round(float(p95), 1)}


class Filling:
    """Writes a town into a store: residents, offers, the needs to ask about, old matches."""

    def __init__(
        self,
        db: Db,
        square: Square,
        town: Town,
        people: Helpers,
        chance: np.random.Generator,
    ) -> None:
        self.db, self.square, self.town, self.people, self.chance = (
            db,
            square,
            town,
            people,
            chance,
        )
        self.kinds = [
            kind.id
            for kind in square.pack.help_kinds.values()
            if candidates.who_may_help(kind) is not candidates.Who.NOBODY
        ]
        self.areas = [town.area(home) for home in range(len(town.grid))]

    def write(self) -> None:
        """Write everything; each helper is the first resident of a household of their own."""
        homes, offers = len(self.town.grid), len(self.people.household)
        lives = self.chance.permutation(homes)[: offers + ASKED]
        helpers, askers = lives[:offers], lives[offers:]
        self._areas()
        self._residents(homes)
        self._talks(lives)
        self._offers(helpers)
        self._needs(askers)
        self._matches(len(helpers), helpers)

    def _put(self, table: type[Base], rows: Rows) -> None:
        every = list(rows)
        for start in range(0, len(every), ROWS):
            self.db.execute(insert(table), every[start : start + ROWS])

    def _areas(self) -> None:
        villages = sorted({int(one) for one in self.town.village})
        for ids in (
            ["guali/"],
            [f"guali/v{one}/" for one in villages],
            [f"guali/v{one}/g{grid}/" for one in villages for grid in range(GRIDS)],
        ):
            self._put(
                Area,
                (
                    {
                        "id": one,
                        "parent_id": one[:-1].rpartition("/")[0] + "/"
                        if one != "guali/"
                        else None,
                        "tier": "grid",
                    }
                    for one in ids
                ),
            )

    def _residents(self, homes: int) -> None:
        points = [self.town.point(home) for home in range(homes)]
        self._put(
            Household,
            (
                {
                    "id": n + 1,
                    "area_id": self.areas[n],
                    "lat": lat,
                    "lon": lon,
                    "created_at": NOW,
                }
                for n, (lat, lon) in enumerate(points)
            ),
        )
        self._put(
            Resident,
            (
                {
                    "id": f"r{n}",
                    "household_id": n % homes + 1,
                    "area_id": self.areas[n % homes],
                    "created_at": NOW,
                }
                for n in range(homes * PER_HOUSEHOLD)
            ),
        )

    def _talks(self, lives: Ints) -> None:
        told = {"channel": "webchat", "created_at": NOW}
        self._put(
            Address,
            (
                {"id": n + 1, "resident_id": f"r{n}", "address": f"a{n}", **told}
                for n in map(int, lives)
            ),
        )
        self._put(
            Conversation,
            (
                {"id": f"c{n}", "resident_id": f"r{n}", "address_id": n + 1, "created_at": NOW}
                for n in map(int, lives)
            ),
        )

    def _meaning(self) -> bytes:
        return self.chance.normal(size=DIMENSIONS).astype(np.float16).tobytes()

    def _offers(self, helpers: Ints) -> None:
        people = self.people
        self._put(
            HelpOffer,
            (
                {
                    "id": row + 1,
                    "resident_id": f"r{n}",
                    "conversation_id": f"c{n}",
                    "area_id": self.areas[n],
                    "hours": list(HOURS[people.hours[row]]),
                    "reach": REACHES[people.reach[row]],
                    "languages": [],
                    "per_week": int(people.per_week[row]),
                    "meaning": self._meaning() if row % 2 else None,
                    "created_at": NOW,
                    "verified_at": NOW if row % 3 else None,
                }
                for row, n in enumerate(map(int, helpers))
            ),
        )
        self._put(
            OfferedKind,
            (
                {"offer_id": row + 1, "kind_id": kind, "never": False}
                for row, named in enumerate(people.named)
                for kind, gives in zip(self.kinds, named, strict=False)
                if gives
            ),
        )
        told = {"purpose": "help", "version": PURPOSES["help"], "channel": "webchat"}
        self._put(
            Consent,
            ({"resident_id": f"r{n}", "given_at": NOW, **told} for n in map(int, helpers)),
        )

    def _needs(self, askers: Ints) -> None:
        def need(number: int, home: int, age: int) -> dict[str, Any]:
            at = NOW - timedelta(days=age)
            return {
                "id": number + 1,
                "kind_id": self.kinds[number % len(self.kinds)],
                "status": "done" if age else "open",
                "area_id": self.areas[home],
                "wanted_from": at + timedelta(hours=number % 40),
                "wanted_until": at + timedelta(hours=number % 40 + 2),
                "resident_id": f"r{home}",
                "conversation_id": f"c{home}",
                "meaning": None if age else self._meaning(),
                "special": [],
                "review": [],
                "created_at": at,
                "opened_at": at,
                "expires_at": at + timedelta(days=2),
            }

        homes = [int(home) for home in askers]
        self._put(HelpRequest, (need(n, home, 0) for n, home in enumerate(homes)))
        old = range(ASKED, ASKED + MATCHES // 6)
        self._put(HelpRequest, (need(n, homes[n % ASKED], 1 + n % 100) for n in old))

    def _matches(self, offers: int, helpers: Ints) -> None:
        """Six were asked for each old need; the first of them did it."""

        def match(need: int, turn: int, helper: int) -> dict[str, Any]:
            at, status = NOW - timedelta(days=1 + need % 100), "done" if turn == 0 else "lapsed"
            home = int(helpers[helper])
            return {
                "request_id": need + 1,
                "helper_id": f"r{home}",
                "conversation_id": f"c{home}",
                "status": status,
                "step": "town",
                "asked_at": at,
                "answered_at": at if turn < 3 else None,
                "thanked_at": at if turn == 0 else None,
            }

        self._put(
            Match,
            (
                match(need, turn, int(helper))
                for need in range(ASKED, ASKED + MATCHES // 6)
                for turn, helper in enumerate(self.chance.choice(offers, 6, replace=False))
            ),
        )
