"""Telegram calls us: who may, what is kept before it is told so, and what is let go."""

import asyncio
import json
import sqlite3
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from actions.db import Database
from actions.people.model import Address, Area, Resident
from bot import inbox
from bot.app import Parts
from bot.channels.telegram.account import HOOK, Account
from bot.channels.telegram.commands import COMMANDS, HIDDEN, read_payload, write_payload
from bot.channels.telegram.hearing import LARGEST_BODY, Ears
from bot.channels.telegram.sending import Telegram
from bot.gateway import Gateway
from bot.inbox import Kept
from bot.message import InboundMessage
from tests.bot.channels.telegram.conftest import SECRET, SECRET_HEADER, WHO, Town
from tests.bot.channels.telegram.fake_api import TOKEN, FakeApi

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
COPIES, CONNECTIONS = 20, 8


def stored(town: Town) -> int:
    with town.parts.database.reading() as db:
        return len(db.scalars(select(Address)).all()) + len(town.entries())


@pytest.mark.parametrize("secret", ["", "x", SECRET[:-1], SECRET + "x", "秘密"])
async def test_without_our_secret_nothing_is_stored(town: Town, secret: str) -> None:
    content = json.dumps(town.update()).encode()
    header = [(SECRET_HEADER.encode(), secret.encode())] if secret else []
    answer = await town.client.post(HOOK, content=content, headers=header)
    assert (answer.status_code, stored(town)) == (401, 0)


async def test_with_our_secret_it_is(town: Town) -> None:
    """Negative control of the secret."""
    assert await town.hook(town.update()) == 200
    assert stored(town) == 2
    await town.settle()


async def test_an_update_is_kept_before_it_is_acknowledged(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def kept(*args: Any, **more: Any) -> Kept:
        found = keep(*args, **more)
        order.append(f"kept {len(town.entries())}")
        return found

    keep = inbox.keep
    monkeypatch.setattr(inbox, "keep", kept)
    assert await town.hook(town.update()) == 200
    order.append("acknowledged")
    assert order == ["kept 1", "acknowledged"]
    await town.settle()


@pytest.mark.parametrize("name", ["text", "tap", "blocked_by_user", "migrated"])
async def test_while_the_store_is_down_nothing_is_acknowledged(
    town: Town, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def down(_self: Database) -> Any:
        raise OperationalError("x", {}, sqlite3.OperationalError("disk I/O error"))

    update = town.update("text")
    assert await town.hook(update) == 200
    await town.settle()
    later = town.update(name)
    with monkeypatch.context() as patch:
        patch.setattr(Database, "transaction", down)
        assert await town.hook(later) == 503
    assert len(town.entries()) == 1
    assert await town.hook(later) == 200
    await town.settle()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"nonsense",
        b'{"update_id": "x"}',
        b"[" * 200_000,
        b" " * LARGEST_BODY + b"{}",
    ],
    ids=["empty", "no update", "no JSON", "wrong type", "deep", "large"],
)
async def test_what_can_never_be_read_is_acknowledged_and_counted(
    town: Town, content: bytes
) -> None:
    before = await counted(town)
    assert await town.hook(content) == 200
    assert (stored(town), await counted(town) - before) == (0, 1)
    await town.say("你好")
    assert len(town.heard()) == 2


async def counted(town: Town) -> float:
    figures = (await town.client.get("/metrics")).text.splitlines()
    line = [
        one for one in figures if one.startswith('xiaoli_unreadable_total{channel="telegram')
    ]
    return float(line[0].split()[-1]) if line else 0


async def test_twenty_copies_over_eight_connections_have_one_effect_and_one_reply(
    town: Town,
) -> None:
    assert await entries_of_copies(town) == 1
    after_a_restart = Gateway(town.parts.gateway.ground)
    assert await after_a_restart.sweep() == 0
    assert town.heard().count("你说：我要报名") == 1
    assert len(town.assistant.heard) == 1


async def test_copies_known_by_nothing_have_an_effect_each(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the update's number."""
    numbers = iter(range(1, 1000))

    def each_new(database: Database, message: InboundMessage, **more: Any) -> Kept:
        new = InboundMessage(**(vars(message) | {"update_id": str(next(numbers))}))
        return keep(database, new, **more)

    keep = inbox.keep
    monkeypatch.setattr(inbox, "keep", each_new)
    assert await entries_of_copies(town) == COPIES


async def entries_of_copies(town: Town) -> int:
    content = json.dumps(town.update(text="我要报名")).encode()

    async def send(many: int) -> None:
        transport = httpx.ASGITransport(app=town.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
            for _ in range(many):
                answer = await client.post(
                    HOOK, content=content, headers={SECRET_HEADER: SECRET}
                )
                assert answer.status_code == 200

    await asyncio.gather(
        *(send(len(range(n, COPIES, CONNECTIONS))) for n in range(CONNECTIONS))
    )
    await town.hear(60)
    return len(town.entries())


async def test_the_same_words_twice_are_two_messages(town: Town) -> None:
    await town.say("你好")
    await town.say("你好")
    assert town.heard().count("你说：你好") == 2


async def test_a_gateway_killed_before_it_acknowledged_answers_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept, then killed: Telegram calls again, and another gateway goes on."""

    async def killed(_self: Gateway, message: InboundMessage) -> Kept:
        town.parts.gateway._keep(message)
        raise ConnectionResetError

    update = town.update(text="我要报名")
    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "accept", killed)
        assert await town.hook(update) == 503
    assert len(town.entries()) == 1
    assert await town.hook(update) == 200
    await town.hear()
    assert town.heard().count("你说：我要报名") == 1


async def test_a_gateway_that_acknowledges_before_it_keeps_loses_messages(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of keeping first."""

    async def killed(_self: Gateway, _message: InboundMessage) -> Kept:
        return Kept(1, "", waiting=False)  # it meant to keep it later

    monkeypatch.setattr(Gateway, "accept", killed)
    assert await town.hook(town.update(text="我要报名")) == 200
    await town.hear()
    assert (town.entries(), town.heard()) == ([], [])


# News of a chat.


def address(town: Town, name: str = str(WHO)) -> Address:
    with town.parts.database.reading() as db:
        return db.scalars(select(Address).where(Address.address == name)).one()


async def test_who_blocks_us_is_left_alone_until_they_let_us_in_again(town: Town) -> None:
    await town.say("你好")
    await town.send("blocked_by_user")
    assert address(town).blocked_at == town.clock.now()
    await town.send("unblocked_by_user")
    assert address(town).blocked_at is None


async def test_who_writes_again_after_blocking_is_written_to_again(town: Town) -> None:
    await town.say("你好")
    await town.send("blocked_by_user")
    await town.say("我回来了")
    assert address(town).blocked_at is None


async def test_news_of_a_chat_we_do_not_know_is_nothing(town: Town) -> None:
    await town.send("blocked_by_user")
    await town.send("migrated")
    assert stored(town) == 0


async def test_a_group_that_became_a_supergroup_keeps_its_conversation(town: Town) -> None:
    group = {"id": -4411, "type": "group", "title": "路面组"}
    said = {"text": "@xiaoli_guali_bot 帮助", "chat": group}
    await town.send("group_mention", **said)
    before = address(town, "-4411").id
    await town.send("migrated")
    assert address(town, "-1001234567890").id == before
    await town.send("group_mention")
    assert len(town.entries()) == 2


async def test_a_supergroup_that_spoke_first_stays_and_the_group_is_left(town: Town) -> None:
    group = {"id": -4411, "type": "group", "title": "路面组"}
    await town.send("group_mention", text="@xiaoli_guali_bot 帮助", chat=group)
    await town.send("group_mention")
    await town.send("migrated")
    assert address(town, "-4411").blocked_at is not None
    assert address(town, "-1001234567890").blocked_at is None


# Door signs.


def resident(town: Town) -> Resident:
    with town.parts.database.reading() as db:
        return db.scalars(select(Resident)).one()


async def test_a_door_sign_says_where_somebody_lives_if_nothing_else_does(town: Town) -> None:
    with town.parts.database.transaction() as db:
        for area in ("guali/", "guali/meilin/", "guali/qicai/"):
            db.add(Area(id=area, parent_id=None, tier="village"))
    await town.send("start_at_a_door")
    assert resident(town).area_id == "guali/meilin/"
    assert town.heard()[-1] == "你说：你好"
    another = f"/start {write_payload('guali/qicai/')}"
    await town.send("start_at_a_door", text=another)
    assert resident(town).area_id == "guali/meilin/"


@pytest.mark.parametrize("name", ["start", "start_with_something_else", "start_at_a_door"])
async def test_a_link_that_means_nothing_here_greets(town: Town, name: str) -> None:
    await town.send(name)
    assert resident(town).area_id is None
    assert town.heard() == [town.said("utter_introduction"), "你说：你好"]


@pytest.mark.parametrize("area", ["guali/", "guali/qicai/g-1/", "镇/村/"])
def test_an_area_comes_through_a_link(database: Database, area: str) -> None:
    assert database
    assert len(write_payload(area)) <= 64
    assert read_payload(write_payload(area)) == area


@pytest.mark.parametrize("payload", ["", "x", "a-", "a-!", "a-_", "a-" + "A" * 63, "a-gICA"])
def test_any_other_link_is_no_area(database: Database, payload: str) -> None:
    assert database
    assert read_payload(payload) == ""


def test_an_area_with_too_long_an_id_has_no_link(database: Database) -> None:
    assert database
    with pytest.raises(ValueError, match="too long"):
        write_payload("x" * 60)


# Settling in, and asking.


async def test_telegram_is_told_our_menu_in_both_languages_and_where_to_call(
    town: Town,
) -> None:
    await Ears(town.telegram, town.parts.gateway).wait_for_calls()
    shown = [name for name in COMMANDS if name not in HIDDEN]
    for language, lead in (
        ("", "小沥能做什么"),
        ("zh", "小沥能做什么"),
        ("en", "What Xiaoli can do"),
    ):
        menu = town.api.menus[language]
        assert [one["command"] for one in menu] == shown
        assert menu[0]["description"] == lead
    assert town.api.hook["url"] == "https://xiaoli.example.org/telegram/webhook"
    assert town.api.hook["secret_token"] == SECRET
    assert "callback_query" in json.loads(town.api.hook["allowed_updates"])


@pytest.fixture
async def asking(api: FakeApi, api_url: str, parts: Parts, town: Town) -> Any:
    assert api
    telegram = Telegram(Account(TOKEN, "", api_url, ""), parts.wording)
    yield Ears(telegram, town.parts.gateway)
    await telegram.close()


async def test_where_nobody_calls_we_ask_and_go_on_from_what_is_kept(
    town: Town, asking: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asking.wait_for_calls()
    town.api.updates = [town.update(text=text) for text in ("春", "夏", "秋")]

    async def second_fails(self: Gateway, message: InboundMessage) -> Kept:
        if message.text == "夏":
            raise ConnectionError
        return await accept(self, message)

    accept = Gateway.accept
    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "accept", second_fails)
        with pytest.raises(ConnectionError):
            await asking.ask_once(None)
    last = await asking.ask_once(None)  # as after a restart: what was kept is known
    assert await asking.ask_once(last) == last
    assert town.api.updates == []
    await town.hear()
    assert [text for text in town.heard() if text.startswith("你说")] == [
        "你说：春",
        "你说：夏",
        "你说：秋",
    ]


async def test_an_update_that_cannot_be_read_holds_up_none_behind_it(
    town: Town, asking: Ears
) -> None:
    await asking.wait_for_calls()
    poison = {"update_id": 7, "message": {"message_id": "?"}}
    town.api.updates = [poison, town.update(text="一")]
    last = await asking.ask_once(None)
    assert last == town.api.updates[1]["update_id"]
    await town.hear()
    assert town.heard()[-1] == "你说：一"
