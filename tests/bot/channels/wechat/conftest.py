"""An account of WeChat on a real database, and WeChat's server over real HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from starlette.types import ASGIApp

from actions.conversations import Author, Message
from actions.db import Database
from actions.people.model import Address
from actions.sending import Sending
from bot import doors
from bot.app import put_together
from bot.channels.tencent.sealed import Seal, make_seal
from bot.channels.wechat.account import Account
from bot.courier import Courier
from bot.gateway import Gateway
from bot.media import Media
from bot.settings import Settings
from tests.bot.channels.conftest import Stage
from tests.bot.channels.wechat.weixin import AES_KEY, APP_ID, SECRET, TOKEN, Caller, Weixin
from tests.bot.conftest import Echo, made_of
from tests.conftest import StandingClock


@pytest.fixture
def weixin(stage: Stage, clock: StandingClock) -> Weixin:
    weixin = Weixin(clock)
    stage.app = weixin.app()
    return weixin


def seal() -> Seal:
    return make_seal(token=TOKEN, aes_key=AES_KEY, receiver=APP_ID, prefix="WECHAT")


def settings_of(folder: Path, url: str) -> Settings:
    return Settings(
        state_dir=folder,
        secret_key="key",
        wechat_app_id=APP_ID,
        wechat_app_secret=SECRET,
        wechat_token=TOKEN,
        wechat_aes_key=AES_KEY,
        wechat_api_url=url,
    )


@dataclass(repr=False)
class Chat:
    """The account, who calls it, and WeChat's server."""

    gateway: Gateway
    courier: Courier
    account: Account
    assistant: Echo
    caller: Caller
    weixin: Weixin
    clock: StandingClock
    app: ASGIApp

    @property
    def database(self) -> Database:
        return self.courier.database

    async def bring(self, times: int = 3, apart: float = 2) -> None:
        for _ in range(times):
            await self.courier.bring_due()
            self.clock.pass_by(timedelta(seconds=apart))

    def said(self) -> list[str]:
        """Everything we said, whether it has arrived or not."""
        with self.database.reading() as db:
            ours = select(Message).where(Message.author != Author.RESIDENT)
            return [one.text for one in db.scalars(ours.order_by(Message.id))]

    def heard(self) -> list[Message]:
        with self.database.reading() as db:
            theirs = select(Message).where(Message.author == Author.RESIDENT)
            return list(db.scalars(theirs.order_by(Message.id)))

    def sendings(self) -> list[Sending]:
        with self.database.reading() as db:
            return list(db.scalars(select(Sending).order_by(Sending.id)))

    def addresses(self) -> list[Address]:
        with self.database.reading() as db:
            return list(db.scalars(select(Address)))


@pytest.fixture
async def chat(
    database: Database, clock: StandingClock, tmp_path: Path, weixin: Weixin, stage: Stage
) -> AsyncIterator[Chat]:
    assistant = Echo()
    settings = settings_of(tmp_path, stage.address)
    platforms = doors.open_all(settings)
    made = made_of(database, clock, tmp_path, assistant)
    made.gateway.ground.media = Media(database, clock, tmp_path / "uploads", platforms)
    app = put_together(
        replace(made, settings=settings, platforms=platforms), httpx.AsyncClient()
    )
    courier = Courier(database, clock, platforms, tmp_path / "uploads")
    account = platforms["wechat"]
    assert isinstance(account, Account)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://bot") as client,
        account.api.client,
    ):
        caller = Caller(client, clock, seal(), weixin)
        yield Chat(made.gateway, courier, account, assistant, caller, weixin, clock, app)
