"""WeCom calls, and we ask for what is new: kept before the call is answered, and once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from actions import cursors
from actions.conversations import Author, Message
from actions.db import Database
from actions.errors import SettingInvalid
from bot import doors
from bot.app import put_together
from bot.channels.tencent.sealed import Seal, make_seal
from bot.channels.wecom import ear as listening
from bot.channels.wecom.account import KfAccount
from bot.channels.wecom.ear import KfEar, open_ear
from bot.channels.wecom.reading import Entered
from bot.courier import Courier
from bot.media import Media
from bot.settings import Settings
from tests.bot.channels.conftest import Stage
from tests.bot.channels.wecom.kf import (
    ACCOUNT,
    AES_KEY,
    CALL_TOKEN,
    CORP_ID,
    PERSON,
    SECRET,
    TOKEN,
    Kf,
)
from tests.bot.conftest import Echo, made_of
from tests.conftest import StandingClock

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CALL = (Path(__file__).parent / "payloads" / "call.xml").read_text("utf-8")


@dataclass(repr=False)
class Service:
    """A company's customer service, and WeCom's server."""

    kf: Kf
    ear: KfEar
    courier: Courier
    assistant: Echo
    client: httpx.AsyncClient
    clock: StandingClock
    seal: Seal
    settings: Settings
    calls: int = 0

    async def call(self, xml: str = CALL, **stamp: str) -> int:
        """WeCom calls; returns the status of our answer."""
        self.calls += 1
        sealed, nonce = self.seal.close(xml.encode()), f"n{self.calls}"
        at = str(int(self.clock.now().timestamp()))
        signature = stamp.get("signature") or self.seal.signature(at, nonce, sealed)
        params = {"msg_signature": signature, "timestamp": at, "nonce": nonce}
        body = f"<xml><ToUserName>{CORP_ID}</ToUserName><Encrypt>{sealed}</Encrypt></xml>"
        return (await self.client.post("/wecom", params=params, content=body)).status_code

    async def settle(self, times: int = 4) -> None:
        """Everything said is answered, and what we say is brought."""
        await asyncio.gather(*self.ear.gateway._background)
        for _ in range(times):
            await self.courier.bring_due()
            self.clock.pass_by(timedelta(seconds=3))

    def heard(self) -> list[Message]:
        with self.courier.database.reading() as db:
            theirs = select(Message).where(Message.author == Author.RESIDENT)
            return list(db.scalars(theirs.order_by(Message.id)))

    @property
    def words(self) -> list[str]:
        return [message.text for message in self.heard()]


@pytest.fixture
async def service(
    database: Database, clock: StandingClock, tmp_path: Path, stage: Stage
) -> AsyncIterator[Service]:
    kf, assistant = Kf(clock), Echo()
    stage.app = kf.app()
    settings = Settings(
        state_dir=tmp_path,
        secret_key="key",
        wecom_corp_id=CORP_ID,
        wecom_secret=SECRET,
        wecom_token=TOKEN,
        wecom_aes_key=AES_KEY,
        wecom_api_url=stage.address,
    )
    platforms = doors.open_all(settings)
    made = made_of(database, clock, tmp_path, assistant)
    made.gateway.ground.media = Media(database, clock, tmp_path / "uploads", platforms)
    app = put_together(
        replace(made, settings=settings, platforms=platforms), httpx.AsyncClient()
    )
    account = platforms["wecom"]
    assert isinstance(account, KfAccount)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    seal = make_seal(token=TOKEN, aes_key=AES_KEY, receiver=CORP_ID, prefix="WECOM")
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://bot") as client,
        account.api.client,
    ):
        ear = open_ear(settings, account, made.gateway)
        courier = Courier(database, clock, platforms, tmp_path / "uploads")
        yield Service(kf, ear, courier, assistant, client, clock, seal, settings)


async def test_what_residents_write_is_read_answered_and_brought(service: Service) -> None:
    for text in "一二三四五":
        service.kf.says(text)
    assert await service.call() == 200
    assert service.words == list("一二三四五")
    assert set(service.kf.read_with) == {CALL_TOKEN}
    await service.settle(8)
    first, *_ = service.kf.sent
    assert first[0] == PERSON
    assert (len(service.kf.sent), service.kf.over) == (5, 0)


async def test_what_is_over_the_five_waits_until_they_write_again(service: Service) -> None:
    for text in "甲乙丙丁戊":  # six messages of ours: who we are comes first
        service.kf.says(text)
    await service.call()
    await service.settle(10)
    assert len(service.kf.sent) == 5
    service.kf.says("己")
    await service.call()
    await service.settle(6)
    assert [text.partition("：")[2][:1] for _, text in service.kf.sent[1:]] == list(
        "甲乙丙丁戊己"
    )
    assert service.kf.over == 0


async def test_the_same_messages_again_have_no_other_effect(service: Service) -> None:
    service.kf.says("你好")
    for _ in range(3):
        await service.call()
    with service.courier.database.transaction() as db:  # as if we had died before noting it
        cursors.move(db, "wecom", ACCOUNT, "0", now=service.clock.now())
    await asyncio.gather(*(service.call() for _ in range(8)))
    await service.settle()
    assert (service.words, len(service.assistant.heard)) == (["你好"], 1)


async def test_reading_goes_on_where_it_left_off(service: Service) -> None:
    service.kf.says("一")
    await service.call()
    service.kf.says("二")
    await service.call()
    assert service.words == ["一", "二"]
    with service.courier.database.reading() as db:
        assert cursors.mark_of(db, "wecom", ACCOUNT) == "2"


async def test_a_call_is_not_answered_before_what_it_tells_of_is_kept(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.kf.says("一")
    service.kf.down = True
    assert await service.call() == 503
    monkeypatch.setattr(listening, "WAIT", 0)
    service.kf.down = False
    assert await service.call() == 503  # it takes too long: WeCom calls again
    monkeypatch.undo()
    assert await service.call() == 200
    assert service.words == ["一"]


async def test_what_no_call_told_of_is_looked_for_now_and_then(service: Service) -> None:
    service.kf.says("一")
    await service.call()
    service.kf.says("二")
    listening_on = asyncio.ensure_future(service.ear.listen())
    while len(service.words) < 2:
        await asyncio.sleep(0.01)
    listening_on.cancel()
    assert service.kf.read_with[-1] == ""


async def test_who_opens_the_chat_is_welcomed_once_and_nothing_is_kept(
    service: Service,
) -> None:
    service.kf.enters("code")
    await service.call()
    await service.ear._welcome(Entered("code"))  # refused there, and harmless
    assert [code for code, _ in service.kf.welcomed] == ["code"]
    assert "我是小沥" in service.kf.welcomed[0][1]
    assert service.words == []


async def test_what_is_too_old_to_be_answered_is_left(service: Service) -> None:
    service.kf.says("旧的")
    service.clock.pass_by(timedelta(hours=49))
    service.kf.says("新的")
    await service.call()
    assert service.words == ["新的"]


async def test_the_window_begins_when_they_wrote_and_not_when_we_read(
    service: Service,
) -> None:
    service.kf.says("一")
    service.clock.pass_by(timedelta(hours=47, minutes=59))
    await service.call()
    service.clock.pass_by(timedelta(minutes=2))
    await service.settle()
    assert (service.kf.sent, service.kf.over) == ([], 0)


async def test_what_one_cannot_read_holds_up_nothing(service: Service) -> None:
    service.kf.says("坏的", external_userid=None, origin=5)
    service.kf.messages.append({"msgid": "x", "origin": 3, "msgtype": "text"})
    service.kf.says("好的")
    assert await service.call() == 200
    assert service.words == ["好的"]


@pytest.mark.parametrize("code", ["95001", "95002", "45009", "42001"])
async def test_a_refusal_is_not_the_end(service: Service, code: str) -> None:
    service.kf.says("一")
    await service.call()
    service.kf.faults = [code]
    await service.settle()
    service.clock.pass_by(timedelta(minutes=2))
    service.kf.says("二")
    await service.call()
    await service.settle(8)
    assert len(service.kf.sent) == 3


async def test_calls_that_are_not_wecoms_are_refused(service: Service) -> None:
    service.kf.says("一")
    assert await service.call(signature="0" * 40) == 403
    assert await service.call("<xml/>") == 200  # theirs, and nothing to us
    assert await service.call("<xml>") == 400
    assert service.words == []


async def test_the_address_is_proven_once_it_is_entered(service: Service) -> None:
    at, sealed = str(int(service.clock.now().timestamp())), service.seal.close(b"12345")
    asked = {"timestamp": at, "nonce": "n", "echostr": sealed}
    right = asked | {"msg_signature": service.seal.signature(at, "n", sealed)}
    answer = await service.client.get("/wecom", params=right)
    assert (answer.status_code, answer.text) == (200, "12345")
    wrong = asked | {"msg_signature": "0" * 40}
    assert (await service.client.get("/wecom", params=wrong)).status_code == 403


async def test_a_company_that_is_not_set_up_whole_is_not_opened(service: Service) -> None:
    wrong = service.settings.model_copy(update={"wecom_secret": ""})
    with pytest.raises(SettingInvalid, match="WECOM_SECRET"):
        doors.open_all(wrong)
    wrong = service.settings.model_copy(update={"wecom_aes_key": "x"})
    with pytest.raises(SettingInvalid, match="WECOM_AES_KEY"):
        open_ear(wrong, service.ear.account, service.ear.gateway)
