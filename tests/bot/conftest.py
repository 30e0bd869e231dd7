"""A bot on a real database, with an assistant of ten lines."""

import asyncio
import io
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import httpx
import pytest
import uvicorn
from PIL import Image
from starlette.types import ASGIApp

from actions.clock import Clock
from actions.conversations import Choice
from actions.db import Database
from actions.wording import Said, read_wording
from bot.app import Parts, put_together
from bot.assistant import AssistantSilent
from bot.channels.webchat import Webchat
from bot.gateway import Gateway
from bot.ground import Ground
from bot.limits import Limits
from bot.media import Media
from bot.serving import options
from bot.settings import Settings
from knowledge.pack import NeverRequest, load_pack
from tests.conftest import StandingClock
from tests.knowledge.conftest import Letters

PACK = load_pack(Path("knowledge/data/guali"))
PATIENT = 30  # s, for every test that is not about time: a machine may stall


@cache
def photo() -> bytes:
    """A photo as a phone takes it, only smaller."""
    written = io.BytesIO()
    Image.effect_noise((64, 48), 60).convert("RGB").save(written, "JPEG")
    return written.getvalue()


@dataclass
class Echo:
    """An assistant that repeats what it is told; `silent` and `slow` make it fail."""

    silent: int = 0
    slow: float = 0.0
    heard: list[tuple[str, str]] = field(default_factory=list)
    at_work: int = 0
    deed: Callable[[str], None] | None = None

    async def reply(
        self, *, seat: str = "", tracker_id: str, turn_id: str, text: str, within: float
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

    async def upload(
        self, content: bytes, *, session: str = "", name: str = "a.jpg"
    ) -> httpx.Response:
        return await self.client.post(
            "/api/chat/uploads",
            files={"file": (name, content, "image/svg+xml")},  # which is not believed
            headers={"X-Session": session or self.session},
        )

    async def say(self, text: str, **more: object) -> list[str]:
        answer = await self.post(text, **more)
        assert answer.status_code == 200, answer.text
        return [reply["text"] for reply in answer.json()["replies"]]


def made_of(database: Database, clock: Clock, folder: Path, assistant: Echo) -> Parts:
    """A bot's parts, with an assistant that repeats what it is told."""
    wording = read_wording(PACK.zone)
    gate = KeywordGate()
    media = Media(database, clock, folder / "uploads")
    ground = Ground(database, clock, wording, PACK, gate, assistant, media, secret_key="key")
    ground.turn_seconds = ground.store_seconds = PATIENT
    gateway, limits = Gateway(ground), Limits("100000/minute")
    channel = Webchat(gateway, database, clock, limits, "key", folder / "uploads")
    settings = Settings(state_dir=folder, secret_key="key")
    return Parts(settings, database, wording, PACK, gateway, channel, Letters())


@contextmanager
def on_a_port(app: ASGIApp, **settings: str) -> Iterator[str]:
    """The app on a port of its own, as it is for everybody; yields its address."""
    config = uvicorn.Config(
        app,
        ws="none",
        **options(Settings.model_validate(settings))
        | {"log_level": "error", "timeout_graceful_shutdown": 1},
    )
    server, port = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0), backlog=512)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [port]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
async def bot(database: Database, clock: StandingClock, tmp_path: Path) -> AsyncIterator[Bot]:
    assistant = Echo()
    parts = made_of(database, clock, tmp_path, assistant)
    app = put_together(parts, httpx.AsyncClient())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        yield Bot(parts, assistant, clock, client, app)
    await parts.webchat.open_pages.close()  # as the app's own end does
