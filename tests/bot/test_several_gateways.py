"""Two gateways on one PostgreSQL: whichever a message comes in at, it is as if there were one.

The negative controls let each think that it is alone.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from actions import conversations, outbox, turns
from actions.conversations import Conversation, Message
from actions.db import Database
from actions.turns import EntryState, InboxEntry, TurnRow, TurnState
from bot.app import put_together
from bot.gateway import Left
from bot.presence import Alone, Among, among
from tests.bot.conftest import PATIENT, Bot, Echo, made_of, on_a_port
from tests.conftest import StandingClock

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

Open = Callable[..., Any]


@pytest.fixture
async def open_gateway(
    database: Database, clock: StandingClock, tmp_path: Path
) -> AsyncIterator[Open]:
    """Opens one gateway after the other; all of them ask the same assistant."""
    assistant = Echo()
    async with AsyncExitStack() as opened:

        async def open_one(presence: Alone | Among | None = None) -> Bot:
            parts = made_of(database, clock, tmp_path, assistant)
            url = database.engine.url.render_as_string(hide_password=False)
            parts.gateway.ground.presence = here = presence or among(url)
            opened.callback(here.close)
            app = put_together(parts, httpx.AsyncClient())
            transport = httpx.ASGITransport(app=app)
            client = httpx.AsyncClient(transport=transport, base_url="http://bot")
            await opened.enter_async_context(client)
            return Bot(parts, assistant, clock, client, app)

        yield open_one


def entries(bot: Bot) -> list[InboxEntry]:
    with bot.parts.database.reading() as db:
        return list(db.scalars(select(InboxEntry).order_by(InboxEntry.id)))


def kept_words(bot: Bot) -> list[str]:
    with bot.parts.database.reading() as db:
        return [db.get_one(Message, one.message_id).text for one in entries(bot)]


def given_up(bot: Bot) -> int:
    lost = select(func.count()).where(TurnRow.state == TurnState.GIVEN_UP)
    with bot.parts.database.reading() as db:
        return db.scalars(lost).one()


def held_by(bot: Bot) -> set[int | None]:
    with bot.parts.database.reading() as db:
        return set(db.scalars(select(Conversation.held_by)))


async def burst(one: Bot, other: Bot, name: str = "burst", many: int = 6) -> list[list[str]]:
    """Write so many messages at once, at one gateway and the other in turn; their replies."""
    said = [
        (one, other)[n % 2].say(f"第 {n} 句", message_id=f"{name}-{n}") for n in range(many)
    ]
    return list(await asyncio.gather(*said))


async def test_a_burst_at_both_is_answered_in_order_each_message_by_one_turn(
    open_gateway: Open,
) -> None:
    one, other = await open_gateway(), await open_gateway()
    await one.say("开始")
    one.assistant.slow = 0.05
    replies = await burst(one, other)
    assert [text for _, text in one.assistant.heard] == kept_words(one)
    assert sorted(replies) == [[f"你说：第 {n} 句"] for n in range(6)]
    assert given_up(one) == 0
    assert held_by(one) == {None}


async def test_without_the_claim_each_takes_the_others_turn_away(open_gateway: Open) -> None:
    """The negative control: what protects is that a conversation is held.

    Not in every burst do they meet.
    """
    one, other = await open_gateway(Alone()), await open_gateway(Alone())
    await one.say("开始")
    one.assistant.slow = 0.05
    tries = 0
    while not given_up(one) and tries < 30:
        tries += 1
        await burst(one, other, f"burst {tries}")
    assert given_up(one) > 0


async def test_other_conversations_are_answered_meanwhile(open_gateway: Open) -> None:
    one, other = await open_gateway(), await open_gateway()
    one.assistant.slow = 1
    slow = asyncio.create_task(one.say("慢"))
    while not one.assistant.at_work:
        await asyncio.sleep(0.01)
    one.assistant.slow = 0
    assert (await other.say("快", session="t" * 32))[-1] == "你说：快"
    assert not slow.done()
    await slow


async def test_a_copy_at_the_other_gateway_has_the_same_answer_and_no_effect(
    open_gateway: Open,
) -> None:
    one, other = await open_gateway(), await open_gateway()
    one.assistant.slow = 0.1
    asked = [bot.post("约课", message_id="one") for bot in (one, other) * 5]
    answers = await asyncio.gather(*asked)
    assert len({str(answer.json()["replies"]) for answer in answers}) == 1
    assert [text for _, text in one.assistant.heard] == ["约课"]


def begin_a_turn(bot: Bot) -> TurnRow:
    """Let a gateway take the one entry there is, and go no further."""
    (entry,) = entries(bot)
    step = bot.parts.gateway._prepare(str(entry.conversation_id))
    assert step.left is Left.MORE
    with bot.parts.database.reading() as db:
        return db.scalars(select(TurnRow).order_by(TurnRow.started_at.desc())).first()  # type: ignore[return-value]


async def kept(bot: Bot) -> None:
    """A message that was kept, and that nobody has begun to answer."""
    bot.parts.gateway._leaving = True
    await bot.post("约课", message_id="one")
    bot.parts.gateway._leaving = False
    bot.clock.pass_by(timedelta(seconds=1))


async def test_a_turn_is_taken_over_once_its_gateway_is_gone_and_not_before(
    open_gateway: Open,
) -> None:
    """No clock has to move for it: PostgreSQL knows who is there."""
    one, other = await open_gateway(), await open_gateway()
    await kept(one)
    turn = begin_a_turn(one)
    assert await other.parts.gateway.sweep() == 0
    assert await other.parts.gateway.drain(turn.conversation_id) is Left.ELSEWHERE
    assert one.assistant.heard == []
    one.parts.gateway.ground.presence.close()  # as its end does, however it ends
    assert await other.parts.gateway.sweep() == 1
    assert entries(one)[0].state == EntryState.ANSWERED
    assert [text for _, text in one.assistant.heard] == ["约课"]


async def test_what_a_gateway_that_is_gone_had_done_is_told_and_not_done_again(
    open_gateway: Open,
) -> None:
    one, other = await open_gateway(), await open_gateway()
    await kept(one)
    turn = begin_a_turn(one)
    with one.parts.database.transaction() as db:
        turns.act(db, db.get_one(TurnRow, turn.id), "book", now=one.clock.now())
        outbox.put(
            db,
            conversation_id=turn.conversation_id,
            response="utter_returned",
            due_at=one.clock.now(),
            turn_id=turn.id,
        )
    one.parts.gateway.ground.presence.close()
    await other.parts.gateway.sweep()
    with one.parts.database.reading() as db:
        said = [message.text for message in conversations.replies_to(db, entries(one)[0].id)]
    assert said[-1] == one.parts.wording.render("utter_returned").text
    assert one.assistant.heard == []


async def test_one_that_only_lost_its_session_says_nothing_once_it_was_taken_over(
    open_gateway: Open,
) -> None:
    one, other = await open_gateway(), await open_gateway()
    await one.say("开始")
    one.assistant.slow = 0.5
    first = asyncio.create_task(one.say("约课"))
    while not one.assistant.at_work:
        await asyncio.sleep(0.01)
    one.parts.gateway.ground.presence._lose()
    one.assistant.slow = 0
    await other.parts.gateway.sweep()
    assert await first == ["你说：约课"]
    with one.parts.database.reading() as db:
        replies = conversations.replies_to(db, entries(one)[1].id)
    assert [reply.text for reply in replies] == ["你说：约课"]


async def test_a_gateway_that_leaves_finishes_its_turn_and_leaves_the_rest_to_the_other(
    open_gateway: Open,
) -> None:
    one, other = await open_gateway(), await open_gateway()
    await one.say("开始")
    one.assistant.slow = 0.3
    first = asyncio.create_task(one.say("第一句"))
    while not one.assistant.at_work:
        await asyncio.sleep(0.01)
    second = asyncio.create_task(one.say("第二句"))
    await asyncio.sleep(0.1)
    await one.parts.gateway.leave(PATIENT)
    assert await first == ["你说：第一句"]
    await second
    assert [text for _, text in one.assistant.heard] == ["开始", "第一句"]
    assert held_by(one) == {None}
    one.clock.pass_by(timedelta(seconds=1))
    await other.parts.gateway.sweep()
    assert [text for _, text in one.assistant.heard] == ["开始", "第一句", "第二句"]


async def test_a_reply_of_one_reaches_the_page_that_listens_at_the_other(
    open_gateway: Open,
) -> None:
    one, other = await open_gateway(), await open_gateway()
    await one.say("你好")
    _, _, start = one.parts.webchat._later(one.session, None)
    await other.say("再来", message_id="there")
    found, _, _ = one.parts.webchat._later(one.session, start)
    assert [message.text for message in found] == ["你说：再来"]


async def test_a_page_that_listens_is_let_go_as_soon_as_its_gateway_is_to_end(
    open_gateway: Open,
) -> None:
    """Else each would hold the end up until the process is stopped by force."""
    one = await open_gateway()
    with on_a_port(one.app) as url:
        async with (
            httpx.AsyncClient(base_url=url, timeout=PATIENT) as page,
            page.stream(
                "GET", "/api/chat/events", headers={"X-Session": one.session}
            ) as events,
        ):
            lines = events.aiter_lines()
            assert await anext(lines) == "retry: 2000"
            one.app.leave()
            async with asyncio.timeout(PATIENT):
                assert "event: message" not in [line async for line in lines]
