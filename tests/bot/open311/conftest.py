"""A partner with a key, who reads and files over HTTP."""

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from sqlalchemy import func, select

from actions import conversations
from actions.governance import service
from actions.governance.model import ServiceRequest
from actions.governance.service import Report, Where
from actions.people import keys
from actions.people.model import Area, Words
from tests.bot.conftest import PACK, Bot

ROOT = "/open311/v2"
ENGLISH = {"Accept-Language": "en"}
HERE = {"lat": "30.1709", "long": "120.4602"}  # the place gz-complex
CANARY = "金丝雀住在三单元"


@dataclass(repr=False)
class Partner:
    """Somebody else's system, with a key of ours."""

    bot: Bot
    secret: str

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.bot.client.get(ROOT + path, **more)

    async def post(self, path: str = "/requests.json", **more: Any) -> httpx.Response:
        headers = {"Idempotency-Key": more.pop("repeat")} if "repeat" in more else {}
        headers |= more.pop("headers", {})
        fields = {"api_key": self.secret, "service_code": "road-light"} | HERE | more
        sent = {name: value for name, value in fields.items() if value is not None}
        return await self.bot.client.post(ROOT + path, data=sent, headers=headers)

    async def file(self, **more: Any) -> str:
        """File a request; returns its id."""
        answer = await self.post(**more)
        assert answer.status_code == 200, answer.text
        (filed,) = answer.json()
        return str(filed["service_request_id"])

    async def one(self, reference: str, **more: Any) -> dict[str, Any]:
        (found,) = (await self.get(f"/requests/{reference}.json", **more)).json()
        return dict(found)

    def stored(self) -> int:
        """How many requests there are."""
        with self.bot.parts.database.reading() as db:
            return db.scalar(select(func.count(ServiceRequest.id))) or 0

    def written(self) -> list[str]:
        """Every word that is kept of anybody."""
        with self.bot.parts.database.reading() as db:
            return list(db.scalars(select(Words.text)))

    def reported(self, category: str, where: Where | None = None) -> str:
        """A resident reports something in the chat; returns its reference."""
        with self.bot.parts.database.transaction() as db:
            talk = conversations.at_address(
                db, channel="webchat", address="a", now=self.bot.clock.now()
            )
            return service.file(
                db,
                pack=PACK,
                report=Report(category, CANARY, where or Where("gz-complex", CANARY)),
                conversation=talk,
                now=self.bot.clock.now(),
            ).reference


@pytest.fixture
def partner(bot: Bot) -> Partner:
    with bot.parts.database.transaction() as db:
        for area in PACK.areas.values():
            db.add(Area(id=area.id, tier=area.tier))
            db.flush()
        made = keys.add(db, "city-app", "guali/qicai/", now=bot.clock.now())
    return Partner(bot, made.secret)


def xml(answer: httpx.Response) -> ElementTree.Element:
    """Read an answer as XML, as the specification wants it sent."""
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    return ElementTree.fromstring(answer.content)  # noqa: S314 - our own
