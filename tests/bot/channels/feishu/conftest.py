"""An app of Feishu's on a real database, and Feishu's server over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from actions.conversations import Author, Message
from actions.db import Database
from actions.people.model import Address
from actions.sending import Sending
from actions.turns import InboxEntry
from bot import doors
from bot.app import Parts, put_together
from bot.channels.feishu.sending import Feishu
from bot.courier import Courier
from bot.media import Media
from bot.settings import Settings
from tests.bot.channels.conftest import Stage
from tests.bot.channels.feishu.open_feishu import (
    APP_ID,
    KEY,
    SECRET,
    TOKEN,
    WHO,
    Caller,
    OpenFeishu,
)
from tests.bot.conftest import Echo, made_of
from tests.conftest import StandingClock


@pytest.fixture
def feishu(stage: Stage, clock: StandingClock) -> OpenFeishu:
    feishu = OpenFeishu(clock)
    stage.app = feishu.app()
    return feishu


def settings_of(folder: Path, url: str, **other: str) -> Settings:
    return Settings(
        state_dir=folder,
        secret_key="key",
        **{
            "feishu_app_id": APP_ID,
            "feishu_app_secret": SECRET,
            "feishu_encrypt_key": KEY,
            "feishu_verification_token": TOKEN,
            "feishu_api_url": url,
            **other,
        },  # type: ignore[arg-type]
    )


@dataclass(repr=False)
class Office:
    """The app, who calls it, and Feishu's server."""

    parts: Parts
    courier: Courier
    platform: Feishu
    assistant: Echo
    caller: Caller
    feishu: OpenFeishu
    clock: StandingClock

    @property
    def database(self) -> Database:
        return self.parts.database

    async def say(self, text: str, who: str = "", **where: Any) -> list[str]:
        """Somebody writes; returns what was said there since."""
        return await self.send(self.caller.words(text, who or WHO, **where))

    async def send(self, made: Any) -> list[str]:
        before = len(self.feishu.sent)
        assert (await self.caller.call(made)).status_code == 200
        await self.hear()
        return [one.text for one in self.feishu.sent[before:]]

    async def settle(self) -> None:
        """Wait for everything that was begun in the background."""
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)

    async def hear(self, times: int = 40, apart: float = 1) -> None:
        """The courier brings what there is, as quickly as it may."""
        await self.settle()
        for _ in range(times):
            busy = await self.courier.bring_due()
            if not busy and not any(one.state == "waiting" for one in self.sendings()):
                return
            self.clock.pass_by(timedelta(seconds=apart))

    def sendings(self) -> list[Sending]:
        with self.database.reading() as db:
            return list(db.scalars(select(Sending).order_by(Sending.id)))

    def entries(self) -> list[InboxEntry]:
        with self.database.reading() as db:
            return list(db.scalars(select(InboxEntry).order_by(InboxEntry.id)))

    def addresses(self) -> list[Address]:
        with self.database.reading() as db:
            return list(db.scalars(select(Address).order_by(Address.id)))

    def theirs(self) -> list[Message]:
        """What was said to us."""
        with self.database.reading() as db:
            heard = select(Message).where(Message.author != Author.ASSISTANT)
            return list(db.scalars(heard.order_by(Message.id)))

    def render(self, response: str, **values: Any) -> str:
        return self.parts.wording.render(response, values=values).text


@pytest.fixture
async def office(
    database: Database, clock: StandingClock, tmp_path: Path, feishu: OpenFeishu, stage: Stage
) -> AsyncIterator[Office]:
    assistant = Echo()
    settings = settings_of(tmp_path, stage.address)
    platforms = doors.open_all(settings)
    made = made_of(database, clock, tmp_path, assistant)
    uploads = made.webchat.uploads
    made.gateway.ground.media = Media(database, clock, uploads, platforms)
    parts = replace(made, settings=settings, platforms=platforms)
    app = put_together(parts, httpx.AsyncClient())
    platform = platforms["feishu"]
    assert isinstance(platform, Feishu)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://bot") as client,
        platform.client,
    ):
        courier = Courier(database, clock, platforms, uploads)
        caller = Caller(client, clock)
        yield Office(parts, courier, platform, assistant, caller, feishu, clock)
