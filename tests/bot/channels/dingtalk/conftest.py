"""An office on DingTalk: a bot on a real database, DingTalk over real HTTP and WebSocket."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from actions import conversations
from actions.db import Database
from actions.governance import service
from actions.governance.model import ServiceRequest
from actions.governance.service import Report, Where
from actions.people import links
from actions.people.links import Place
from actions.people.model import Area, Role, Staff
from actions.sending import Sending
from actions.turns import EntryState, InboxEntry
from bot import doors
from bot.app import Parts
from bot.channels.dingtalk.sending import DingTalk
from bot.channels.dingtalk.stream import Stream
from bot.courier import Courier
from bot.delivery import Delivery
from bot.media import Media
from bot.settings import Settings
from tests.bot.channels.conftest import Stage
from tests.bot.channels.dingtalk.ding import (
    CLIENT_ID,
    ROBOT,
    SECRET,
    Ding,
    Pushing,
    until,
)
from tests.bot.conftest import PACK, Echo, made_of
from tests.conftest import StandingClock

MESSAGES = Path(__file__).parent / "messages"
GROUP, WANG = "cidQ2xTb0dVYVh3Zz09RkFLRQ==", "0123456789"


@pytest.fixture
def ding(stage: Stage, clock: StandingClock) -> Ding:
    ding = Ding(clock, members={WANG}, groups={GROUP})
    ding.store = f"{stage.address}/store"
    stage.app = ding.app()
    return ding


@pytest.fixture
async def pushing(ding: Ding) -> AsyncIterator[Pushing]:
    async with Pushing(ding).standing() as pushing:
        yield pushing


def settings_of(folder: Path, url: str) -> Settings:
    return Settings(
        state_dir=folder,
        secret_key="key",
        dingtalk_client_id=CLIENT_ID,
        dingtalk_client_secret=SECRET,
        dingtalk_robot_code=ROBOT,
        dingtalk_api_url=url,
        dingtalk_media_url=url,
    )


@pytest.fixture
async def dingtalk(stage: Stage, ding: Ding, tmp_path: Path) -> AsyncIterator[DingTalk]:
    (opened,) = doors.open_all(settings_of(tmp_path, stage.address)).values()
    assert isinstance(opened, DingTalk)
    yield opened
    await opened.close()


@dataclass(repr=False)
class Office:
    """People who write to our robot, alone or in a group, and what they read."""

    parts: Parts
    clock: StandingClock
    ding: Ding
    pushing: Pushing
    dingtalk: DingTalk
    courier: Courier
    rested: list[float] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10_000, 99_999)))
    _listening: asyncio.Task[None] | None = None

    # The bot lives, and dies.

    async def start(self) -> None:
        """A process that listens."""
        stream = Stream(self.dingtalk, self.parts.gateway, self._rest)
        before = len(self.ding.opened)
        self._listening = asyncio.create_task(stream.listen())
        await until(lambda: len(self.ding.opened) > before and self.pushing.connections)

    async def kill(self) -> None:
        """It is gone, whatever it was about to do."""
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
            await until(lambda: not self.pushing.connections)
            self._listening = None

    async def _rest(self, seconds: float) -> None:
        self.rested.append(seconds)
        await asyncio.sleep(0.01)

    # What people do.

    def payload(self, name: str = "", *, who: str = WANG, group: str = "", **said: Any) -> Any:
        """A message as DingTalk brings it."""
        name = name or ("text_in_group" if group else "text_alone")
        told = json.loads((MESSAGES / f"{name}.json").read_text("utf-8"))
        told |= {"msgId": f"msg{next(self.numbers)}==", "senderStaffId": who}
        told["createAt"] = int(self.clock.now().timestamp() * 1000)
        if group:
            told["conversationId"] = group
        return told | said

    async def bring(self, told: Any) -> None:
        """DingTalk brings a message, and everything that comes of it has come."""
        await self.pushing.bring(told)
        await until(lambda: not self.pushing.unacknowledged)
        await self.hear()

    async def say(self, text: str, *, who: str = WANG, group: str = "", **more: Any) -> str:
        """Somebody writes; returns what is answered there."""
        heard = len(self.ding.texts(group or who))
        said = {"text": {"content": f" {text}"} | more.pop("quoting", {})}
        await self.bring(self.payload(who=who, group=group, **said, **more))
        return "\n".join(self.ding.texts(group or who)[heard:])

    async def hear(self, times: int = 40) -> None:
        """The courier brings what there is, as quickly as it may."""
        waiting = EntryState.WAITING
        await until(lambda: all(one.state != waiting for one in self.entries()))
        for _ in range(times):
            tried = await self.courier.bring_due()
            if not tried and all(one.state != "waiting" for one in self.sendings()):
                return
            self.clock.pass_by(timedelta(seconds=1))

    # What there is.

    def entries(self) -> list[InboxEntry]:
        with self.parts.database.reading() as db:
            return list(db.scalars(select(InboxEntry).order_by(InboxEntry.id)))

    def sendings(self) -> list[Sending]:
        with self.parts.database.reading() as db:
            return list(db.scalars(select(Sending).order_by(Sending.id)))

    def render(self, response: str, **values: Any) -> str:
        return self.parts.wording.render(response, values=values).text

    def code(self, username: str = "") -> str:
        """A code for a member of staff, or for the group of the roads' team."""
        key, now = self.parts.gateway.ground.secret_key, self.clock.now()
        with self.parts.database.transaction() as db:
            if not username:
                return links.code_for_chat(db, Place("guali/", "road-team"), key=key, now=now)
            member = db.query(Staff).filter_by(username=username).one()
            return links.code_for_staff(db, member, key=key, now=now)

    async def move_in(self) -> None:
        """Staff link themselves and their group."""
        await self.say(f"绑定 {self.code('wang')}")
        await self.say(f"绑定群 {self.code()}", group=GROUP)

    def file(self, category: str = "road-light", who: str = "r") -> str:
        """A resident reports something; returns its reference."""
        now = self.clock.now()
        with self.parts.database.transaction() as db:
            talk = conversations.at_address(db, channel="webchat", address=who, now=now)
            report = Report(category, "金丝雀在第七号楼", Where("gz-youyi"))
            request = service.file(db, pack=PACK, report=report, conversation=talk, now=now)
            request.area_id = "guali/qicai/"
            return request.reference

    async def deliver(self) -> None:
        """Have everything told that is due."""
        within = timedelta(minutes=30)
        delivery = Delivery(self.parts.database, self.clock, self.parts.wording, within)
        while delivery.deliver_due():
            pass
        await self.hear()

    def request(self, reference: str) -> ServiceRequest:
        with self.parts.database.reading() as db:
            return db.query(ServiceRequest).filter_by(reference=reference).one()


@pytest.fixture
async def office(
    database: Database,
    clock: StandingClock,
    tmp_path: Path,
    ding: Ding,
    pushing: Pushing,
    dingtalk: DingTalk,
) -> AsyncIterator[Office]:
    platforms = {"dingtalk": dingtalk}
    made = made_of(database, clock, tmp_path, Echo())
    uploads = made.webchat.uploads
    made.gateway.ground.media = Media(database, clock, uploads, platforms)
    with database.transaction() as db:
        for area, tier in (("guali/", "town"), ("guali/qicai/", "village")):
            db.add(Area(id=area, tier=tier))
        db.flush()
        db.add(
            Staff(
                username="wang",
                role=Role.ADMIN,
                area_id="guali/",
                team_id="road-team",
                password_hash="-",
                created_at=clock.now(),
            )
        )
    courier = Courier(database, clock, platforms, uploads)
    office = Office(replace(made, platforms=platforms), clock, ding, pushing, dingtalk, courier)
    await office.start()
    yield office
    await office.kill()
