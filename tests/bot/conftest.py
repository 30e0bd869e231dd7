"""A bot on a real database, with an assistant of ten lines."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from actions.conversations import Choice
from actions.db import Database
from actions.wording import Said, read_wording
from bot.app import Parts, put_together
from bot.assistant import AssistantSilent
from bot.channels.webchat import Webchat
from bot.gateway import Gateway
from bot.ground import Ground
from bot.limits import Limits
from bot.settings import Settings
from knowledge.pack import NeverRequest, load_pack
from tests.conftest import StandingClock
from tests.knowledge.conftest import Letters

PACK = load_pack(Path("knowledge/data/guali"))
PATIENT = 30  # s, for every test that is not about time: a machine may stall


@dataclass
class Echo:
    """An assistant that repeats what it is told; `silent` and `slow` make it fail."""

    silent: int = 0
    slow: float = 0.0
    heard: list[tuple[str, str]] = field(default_factory=list)
    at_work: int = 0
    deed: Callable[[str], None] | None = None

    async def reply(
        self, *, tracker_id: str, turn_id: str, text: str, within: float
    ) -> list[Said]:
        self.heard.append((tracker_id, text))
        self.at_work += 1
        try:
            await asyncio.wait_for(asyncio.sleep(self.slow), max(within, 0.01))
        except TimeoutError:
            raise AssistantSilent("too slow") from None
        finally:
            self.at_work -= 1
        if self.deed:
            self.deed(turn_id)
        if self.silent:
            self.silent -= 1
            return []
        return [
            Said(f"你说：{text}", (Choice("是", "choose", "yes"), Choice("否", "choose", "no")))
        ]


class KeywordGate:
    """Knows a fire by one word."""

    def check(self, text: str) -> NeverRequest | None:
        fire = next(kind for kind in PACK.never_request if kind.id == "fire")
        return fire if "着火" in text else None


@dataclass(repr=False)  # asyncio writes it out for every test, pack and all
class Bot:
    """A bot to write to, as the page does."""

    parts: Parts
    assistant: Echo
    clock: StandingClock
    client: httpx.AsyncClient
    app: ASGIApp
    session: str = "s" * 32
    sent: int = 0

    async def post(self, text: str, **more: object) -> httpx.Response:
        self.sent += 1
        body = {"session": self.session, "message_id": f"m{self.sent}", "text": text} | more
        return await self.client.post("/api/chat", json=body)

    async def say(self, text: str, **more: object) -> list[str]:
        answer = await self.post(text, **more)
        assert answer.status_code == 200, answer.text
        return [reply["text"] for reply in answer.json()["replies"]]


@pytest.fixture
async def bot(database: Database, clock: StandingClock, tmp_path: Path) -> AsyncIterator[Bot]:
    assistant, wording = Echo(), read_wording(PACK.zone)
    ground = Ground(database, clock, wording, PACK, KeywordGate(), assistant, secret_key="key")
    ground.turn_seconds = ground.store_seconds = PATIENT
    gateway = Gateway(ground)
    channel = Webchat(
        gateway, database, clock, Limits("1000/minute"), "key", tmp_path / "uploads"
    )
    settings = Settings(state_dir=tmp_path, secret_key="key")
    parts = Parts(settings, database, wording, PACK, gateway, channel, Letters())
    app = put_together(parts, httpx.AsyncClient())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        yield Bot(parts, assistant, clock, client, app)
