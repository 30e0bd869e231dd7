"""Residents on Telegram: a bot on a real database, in front of a strict fake of the Bot API."""

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from starlette.types import ASGIApp

from actions.db import Database
from actions.sending import Sending
from actions.turns import InboxEntry
from bot.app import Parts, put_together
from bot.channels.telegram.account import HOOK, Account
from bot.channels.telegram.sending import Telegram
from bot.courier import Courier
from bot.media import Media
from tests.bot.channels.telegram.fake_api import TOKEN, FakeApi, Sent, Stand, app
from tests.bot.conftest import Echo, made_of, on_a_port
from tests.conftest import StandingClock

SECRET = "hook-canary_secret-0123456789"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
UPDATES = Path(__file__).parent / "updates"
WHO = 7001


@pytest.fixture(scope="session")
def stand() -> Stand:
    return Stand()


@pytest.fixture(scope="session")
def api_url(stand: Stand) -> Iterator[str]:
    with on_a_port(app(stand)) as url:
        yield url


@pytest.fixture
def api(stand: Stand, clock: StandingClock) -> FakeApi:
    stand.api = FakeApi(clock)
    return stand.api


@pytest.fixture
async def telegram(api_url: str, api: FakeApi, parts: Parts) -> AsyncIterator[Telegram]:
    account = Account(TOKEN, SECRET, api_url, "https://xiaoli.example.org/telegram/webhook")

    async def rest(seconds: float) -> None:
        api.clock.pass_by(timedelta(seconds=seconds))

    opened = Telegram(account, parts.wording, rest)
    yield opened
    await opened.close()


@pytest.fixture
def parts(database: Database, clock: StandingClock, tmp_path: Path) -> Parts:
    return made_of(database, clock, tmp_path, Echo())


@dataclass(repr=False)
class Town:
    """People who write to us on Telegram."""

    parts: Parts
    clock: StandingClock
    api: FakeApi
    telegram: Telegram
    courier: Courier
    app: ASGIApp
    client: httpx.AsyncClient
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10_000, 99_999)))

    @property
    def assistant(self) -> Echo:
        assistant = self.parts.gateway.ground.assistant
        assert isinstance(assistant, Echo)
        return assistant

    def update(self, name: str = "text", who: int = WHO, **said: Any) -> dict[str, Any]:
        """A payload of the kind, from somebody, with some of it said otherwise."""
        update: dict[str, Any] = json.loads((UPDATES / f"{name}.json").read_text("utf-8"))
        update["update_id"] = next(self.numbers)
        message = next((part for part in update.values() if isinstance(part, dict)), {})
        message["from"]["id"] = who
        chat = message.get("message", message)["chat"]
        if chat["type"] == "private":
            chat["id"] = who
        message.update(copy.deepcopy(said))
        return update

    async def hook(self, update: object, secret: str = SECRET) -> int:
        """Telegram calls us; returns the status it is answered with."""
        content = update if isinstance(update, bytes) else json.dumps(update).encode()
        answer = await self.client.post(HOOK, content=content, headers={SECRET_HEADER: secret})
        return answer.status_code

    async def say(self, text: str, who: int = WHO) -> None:
        """Somebody writes, and hears all there is to hear."""
        assert await self.hook(self.update(who=who, text=text)) == 200
        await self.hear()

    async def send(self, name: str, **said: Any) -> None:
        assert await self.hook(self.update(name, **said)) == 200
        await self.hear()

    async def tap(self, on: Sent, number: int, who: int = WHO, name: str = "tap") -> None:
        """Somebody taps a button, and hears all there is to hear."""
        update = self.tapped(on, number, who, name)
        assert await self.hook(update) == 200
        await self.hear()

    def tapped(self, on: Sent, number: int, who: int = WHO, name: str = "tap") -> Any:
        update = self.update(name, who, data=on.buttons[number - 1]["callback_data"])
        query = update["callback_query"]
        query["message"]["message_id"] = on.id
        query["id"] = f"q{update['update_id']}"
        self.api.taps.add(query["id"])
        return update

    async def settle(self) -> None:
        """Wait for everything that was begun in the background."""
        await self.settle_but(asyncio.current_task())

    async def settle_but(self, *tasks: asyncio.Task[object] | None) -> None:
        """Wait for everything but these tasks."""
        while others := asyncio.all_tasks() - set(tasks):
            await asyncio.wait(others)

    async def hear(self, times: int = 40) -> None:
        """The courier brings what there is, as quickly as it may."""
        await self.settle()
        for _ in range(times):
            if not await self.courier.bring_due() and not self._waits():
                return
            self.clock.pass_by(timedelta(seconds=1))

    def _waits(self) -> bool:
        return any(one.state == "waiting" for one in self.sendings())

    def sendings(self) -> list[Sending]:
        with self.parts.database.reading() as db:
            return list(db.scalars(select(Sending).order_by(Sending.id)))

    def entries(self) -> list[InboxEntry]:
        with self.parts.database.reading() as db:
            return list(db.scalars(select(InboxEntry).order_by(InboxEntry.id)))

    def said(self, response: str, language: str = "zh", **values: Any) -> str:
        return self.parts.wording.render(response, language=language, values=values).text

    def heard(self, who: int = WHO) -> list[str]:
        return self.api.texts(str(who))


@pytest.fixture
async def town(
    parts: Parts, clock: StandingClock, api: FakeApi, telegram: Telegram
) -> AsyncIterator[Town]:
    platforms = {"telegram": telegram}
    uploads = parts.webchat.uploads
    parts.gateway.ground.media = Media(parts.database, clock, uploads, platforms)
    ready = replace(parts, platforms=platforms)
    courier = Courier(parts.database, clock, platforms, uploads)
    served = put_together(ready, httpx.AsyncClient())
    transport = httpx.ASGITransport(app=served)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        yield Town(ready, clock, api, telegram, courier, served, client)
