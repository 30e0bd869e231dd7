"""An assistant's parts as others see them: each can be away, slow, or not ready."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from actions.db import Database
from actions.vitals import Vitals
from bot.operating.overview import Overview, overlook
from bot.settings import Settings
from tests.conftest import StandingClock

RASA, ACTIONS = "http://rasa", "http://actions"


@dataclass
class Servers:
    """Rasa and the action servers, as they answer now: a status, or None for no answer."""

    status: dict[str, int | None] = field(default_factory=lambda: {RASA: 200, ACTIONS: 200})
    asked: list[str] = field(default_factory=list)
    seconds: float = 0.0

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        await asyncio.sleep(self.seconds)
        status = self.status[f"http://{request.url.host}"]
        if status is None:
            raise httpx.ConnectError("refused")
        return httpx.Response(status)


@dataclass
class Watched:
    """An overview of parts that do as they are told."""

    overview: Overview
    database: Database
    clock: StandingClock
    servers: Servers
    state_dir: Path
    hearing: dict[str, bool]
    vitals: Vitals

    def go_round(self, *parts: str) -> None:
        for part in parts:
            self.vitals.beat(part)
        self.vitals.write()

    async def found(self) -> dict[str, tuple[str, str]]:
        """What a new look finds of each part: its state, and why."""
        self.overview.reader.kept_for = 0
        parts = await self.overview.health.look(fresh=-1)
        return {name: (part.state.value, part.why) for name, part in parts.items()}


Watching = Callable[..., Watched]


@pytest.fixture
def watching(database: Database, clock: StandingClock, tmp_path: Path) -> Watching:
    """Makes an overview, with the platforms that are named."""

    def watch(*platforms: str) -> Watched:
        servers, hearing = Servers(), dict.fromkeys(platforms, True)
        client = httpx.AsyncClient(transport=httpx.MockTransport(servers.answer))
        hears = {name: lambda name=name: hearing[name] for name in platforms}
        settings = Settings(state_dir=tmp_path, rasa_url=RASA, actions_host="actions")
        overview = overlook(settings, database, clock, client, hears)
        return Watched(
            *(overview, database, clock, servers, tmp_path, hearing),
            Vitals(database, clock),
        )

    return watch


@pytest.fixture
def watched(watching: Watching) -> Watched:
    return watching()
