"""The stream: what is acknowledged is kept, whatever becomes of the connection and of us."""

import asyncio
import json
import logging
from typing import Any

import pytest
from sqlalchemy import exc
from structlog.testing import capture_logs

from bot import doors, logs, metrics
from bot.channels.calls import Unreadable
from bot.channels.dingtalk import shapes, stream
from bot.channels.dingtalk.reading import NAME
from bot.channels.dingtalk.stream import PAUSES, Stream
from bot.gateway import Gateway, StoreSlow
from bot.inbox import Kept
from bot.message import InboundMessage
from tests.bot.channels.dingtalk.conftest import GROUP, WANG, Office
from tests.bot.channels.dingtalk.ding import SECRET, until

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CANARY = "金丝雀-5f1d"


def unreadable() -> float:
    return float(metrics.UNREADABLE.labels(NAME)._value.get())


async def never(*_args: object, **_more: object) -> Any:
    await asyncio.Event().wait()


def help_of(office: Office) -> list[str]:
    return [text for text in office.ding.texts(WANG) if "绑定" in text]


async def test_a_message_is_acknowledged_once_it_is_kept(office: Office) -> None:
    await office.pushing.bring(office.payload())
    await until(lambda: office.pushing.answers)
    assert len(office.entries()) == 1
    assert office.pushing.codes() == [200]
    assert json.loads(office.pushing.answers[0]["data"]) == {"response": None}


async def test_killed_before_it_is_kept_a_message_comes_again_and_is_answered_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "accept", never)
        await office.pushing.bring(office.payload())
        await until(lambda: office.pushing.unacknowledged)
        await asyncio.sleep(0.05)
        await office.kill()
    assert office.entries() == []
    await office.start()
    await until(lambda: not office.pushing.unacknowledged)
    await office.hear()
    assert len(office.entries()) == len(help_of(office)) == 1


async def test_killed_before_it_is_acknowledged_a_message_comes_again_and_is_answered_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(stream, "_answer", never)
        await office.pushing.bring(office.payload())
        await until(office.entries)
        await office.kill()
    assert office.pushing.unacknowledged
    await office.start()
    await until(lambda: not office.pushing.unacknowledged)
    await office.hear()
    assert len(office.entries()) == len(help_of(office)) == 1


async def test_acknowledged_before_it_is_kept_a_message_is_lost(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of keeping first."""
    take = Stream._take

    async def acknowledged(self: Stream, raw: Any, connection: Any) -> bool:
        await stream._answer(shapes.frame(raw), connection, stream.OK)
        return await take(self, raw, connection)

    with monkeypatch.context() as patch:
        patch.setattr(Stream, "_take", acknowledged)
        patch.setattr(Gateway, "accept", never)
        await office.pushing.bring(office.payload())
        await until(lambda: office.pushing.answers)
        await office.kill()
    await office.start()
    await asyncio.sleep(0.1)
    assert (office.entries(), office.pushing.unacknowledged) == ([], {})


async def test_brought_twenty_times_a_message_is_one(office: Office) -> None:
    told = office.payload()
    for _ in range(20):
        await office.pushing.bring(told)
    await until(lambda: len(office.pushing.answers) == 20)
    await office.hear()
    assert office.pushing.codes() == [200] * 20
    assert len(office.entries()) == len(help_of(office)) == 1


async def test_messages_of_a_chat_are_kept_in_the_order_they_come(office: Office) -> None:
    told = [office.payload(text={"content": f"{n}"}) for n in range(10)]
    for one in told:
        await office.pushing.bring(one)
    await until(lambda: len(office.pushing.answers) == 10)
    assert [one.update_id for one in office.entries()] == [one["msgId"] for one in told]


@pytest.mark.parametrize(
    "away",
    [exc.OperationalError("", {}, Exception()), StoreSlow("no answer"), exc.TimeoutError()],
)
async def test_while_the_store_is_away_a_message_waits_with_us_and_pings_are_answered(
    office: Office, monkeypatch: pytest.MonkeyPatch, away: Exception
) -> None:
    accept, tries = Gateway.accept, 0

    async def stumbling(self: Gateway, message: InboundMessage) -> Kept:
        nonlocal tries
        tries += 1
        if tries <= 3:
            assert office.pushing.unacknowledged
            raise away
        return await accept(self, message)

    monkeypatch.setattr(Gateway, "accept", stumbling)
    await office.pushing.bring(office.payload())
    await office.pushing.push("ping", "SYSTEM", opaque="o-1")
    await until(lambda: not office.pushing.unacknowledged)
    assert len(office.entries()) == 1
    assert office.rested == list(PAUSES[:3])
    pong = next(one for one in office.pushing.answers if "opaque" in one["data"])
    assert json.loads(pong["data"]) == {"opaque": "o-1"}


async def test_what_waits_for_the_store_is_kept_though_its_connection_has_gone(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DingTalk may not bring it again."""
    accept, let = Gateway.accept, asyncio.Event()

    async def slow(self: Gateway, message: InboundMessage) -> Kept:
        await let.wait()
        return await accept(self, message)

    monkeypatch.setattr(Gateway, "accept", slow)
    await office.pushing.bring(office.payload())
    await asyncio.sleep(0.05)
    office.pushing.unacknowledged.clear()  # it will not
    await office.pushing.connections[0].close()
    let.set()
    await until(office.entries)
    await until(lambda: len(office.ding.opened) == 2)


async def test_a_message_that_breaks_us_holds_up_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = Gateway.accept

    async def picky(self: Gateway, message: InboundMessage) -> Kept:
        if message.text == CANARY:
            raise LookupError(CANARY)
        return await accept(self, message)

    monkeypatch.setattr(Gateway, "accept", picky)
    await office.pushing.bring(office.payload(text={"content": CANARY}))
    await office.pushing.bring(office.payload())
    await until(lambda: len(office.pushing.answers) == 2)
    assert office.pushing.codes() == [500, 200]
    assert len(office.entries()) == 1


async def test_a_message_that_cannot_be_read_is_acknowledged_counted_and_passed_over(
    office: Office,
) -> None:
    before = unreadable()
    await office.pushing.bring(office.payload(conversationType="7"))
    await office.pushing.bring(office.payload())
    await until(lambda: len(office.pushing.answers) == 2)
    assert office.pushing.codes() == [200, 200]
    assert (len(office.entries()), unreadable() - before) == (1, 1)


@pytest.mark.parametrize(
    "raw", ["", "{", "null", b"\xff\xfe", '{"type": "CALLBACK"}', "[" * 100_000, "x" * 2**20]
)
async def test_what_is_no_frame_is_counted_and_the_connection_stands(
    office: Office, raw: str | bytes
) -> None:
    before = unreadable()
    await office.pushing.raw(raw)
    await office.pushing.bring(office.payload())
    await until(lambda: office.pushing.answers)
    assert (len(office.entries()), unreadable() - before) == (1, 1)
    assert len(office.ding.opened) == 1


async def test_what_nobody_asked_for_is_answered_so(office: Office) -> None:
    await office.pushing.push("*", "EVENT", userId=["1"])
    await office.pushing.push("/v1.0/card/instances/callback", "CALLBACK", content="{}")
    await office.pushing.push("something new", "SYSTEM")
    await until(lambda: len(office.pushing.answers) == 3)
    assert office.pushing.codes() == [404, 404, 200]
    assert office.entries() == []


async def test_asked_to_leave_we_open_the_next_connection_before_the_last_is_gone(
    office: Office,
) -> None:
    first = office.pushing.connections[0]
    await office.pushing.push("disconnect", "SYSTEM", reason="connection is expired")
    await until(lambda: len(office.pushing.connections) == 2)
    await first.send(office.pushing._frame(json.dumps(office.payload())))
    await until(lambda: office.pushing.answers)
    await office.pushing.bring(office.payload())
    await until(lambda: len(office.pushing.answers) == 2)
    await first.close()
    await until(lambda: len(office.pushing.connections) == 1)
    assert (len(office.entries()), office.rested) == (2, [])
    assert len(office.ding.opened) == 2


async def test_an_old_connection_that_dingtalk_does_not_end_is_ended_by_us(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LINGER", 0.1)
    first = office.pushing.connections[0]
    await office.pushing.push("disconnect", "SYSTEM", reason="connection is expired")
    await until(lambda: len(office.ding.opened) == 2)
    await until(lambda: office.pushing.connections and first not in office.pushing.connections)
    assert await office.say("帮助")


async def test_a_connection_that_has_gone_deaf_is_noticed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PING", 0.2)
    await office.kill()
    await office.start()
    deaf = office.pushing.connections[0]
    deaf.transport.pause_reading()
    await until(lambda: len(office.ding.opened) == 3)
    deaf.transport.resume_reading()
    await until(lambda: deaf not in office.pushing.connections)
    await until(lambda: office.pushing.connections)
    assert await office.say("帮助")


async def test_a_connection_that_breaks_is_opened_again(office: Office) -> None:
    office.pushing.connections[0].transport.abort()
    await until(lambda: len(office.ding.opened) == 2)
    await until(lambda: office.pushing.connections)
    assert await office.say("帮助") == office.render("utter_staff_unlinked")
    assert office.rested == [PAUSES[0]]


async def test_where_dingtalk_is_away_we_ask_less_and_less_often(office: Office) -> None:
    office.ding.closed_to_us = True
    await office.pushing.connections[0].close()
    await until(lambda: len(office.rested) > len(PAUSES) + 2)
    assert office.rested[:8] == [*PAUSES, PAUSES[-1], PAUSES[-1]]
    office.ding.closed_to_us = False
    await until(lambda: office.pushing.connections)
    assert await office.say("帮助")


async def test_the_door_is_a_connection_and_no_address(office: Office) -> None:
    platforms = {NAME: office.dingtalk}
    (ear,) = doors.hear_all(office.parts.settings, platforms, office.parts.gateway).values()
    assert ear.routes is None
    assert ear.listen is not None


async def test_a_ticket_is_used_once(office: Office) -> None:
    office.pushing.connections[0].transport.abort()
    await until(lambda: len(office.ding.opened) == 2 and office.pushing.connections)
    assert office.ding.tickets == set()


async def test_to_an_address_that_is_not_safe_no_ticket_is_shown(office: Office) -> None:
    for endpoint in ("ws://ding.example.org/connect", "https://x/", "", "ws://127.0.0.1@x/"):
        office.ding.endpoint = endpoint
        with pytest.raises(Unreadable):
            await Stream(office.dingtalk, office.parts.gateway)._connect()


async def test_neither_words_nor_secrets_are_logged(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    logs.configure()
    caplog.set_level(logging.DEBUG)
    logs.configure()
    with capture_logs() as logged:
        await office.say(CANARY)
        await office.say(CANARY, group=GROUP)
        await office.pushing.raw("{" + CANARY)
        office.ding.faults = ["lost"]
        await office.say(CANARY)
        office.ding.takes_tokens = False
        office.pushing.connections[0].transport.abort()
        await until(lambda: len(office.ding.opened) == 2 and office.pushing.connections)
        office.file()
        await office.pushing.bring(office.payload(text={"content": CANARY}))
        await until(lambda: not office.pushing.unacknowledged)
        await asyncio.sleep(0.1)
        await office.courier.bring_due()
    written = caplog.text + repr(logged)
    for secret in (CANARY, SECRET, "canary-token", "canary+ticket", "canary%2Bticket"):
        assert secret not in written
    for line in ("a message cannot be read", "not sent", "DingTalk is connected"):
        assert line in written
