"""A tap whose button says all is done at once, once, without asking the assistant."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from actions.booking.model import Booking, Session, WaitlistEntry
from actions.conversations import Choice
from actions.wording import Said
from tests.bot.conftest import Bot


def offering(bot: Bot, intent: str, value: str) -> None:
    """Let the assistant answer with one button."""

    async def reply(**_asked: object) -> list[Said]:
        return [Said("看看", (Choice("抢", intent, value),))]

    bot.assistant.reply = reply  # type: ignore[method-assign]


@pytest.fixture
def task(bot: Bot) -> int:
    """A volunteer task with one place; the id of its session."""
    starts = bot.clock.now() + timedelta(days=2)
    with bot.parts.database.transaction() as db:
        session = Session(
            activity_id="task-library-shelf",
            planned_at=starts,
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            places=1,
        )
        db.add(session)
        db.flush()
        return session.id


async def button(bot: Bot) -> str:
    answer = await bot.post("有什么志愿活动")
    return str(answer.json()["replies"][-1]["choices"][0]["value"])


async def test_a_task_is_claimed_by_the_first_and_the_next_may_wait(
    bot: Bot, task: int
) -> None:
    offering(bot, "claim", str(task))
    tap = await button(bot)
    (won,) = await bot.say(tap)
    assert won.startswith("抢到了")
    bot.session = "t" * 32
    tap = await button(bot)
    lost = (await bot.post(tap)).json()["replies"][-1]
    assert "刚被别人抢完了" in lost["text"]
    (waits,) = await bot.say(lost["choices"][0]["value"])
    assert "第 1 位" in waits


@pytest.mark.both_stores
async def test_a_double_tap_claims_once(bot: Bot, task: int) -> None:
    offering(bot, "claim", str(task))
    tap = await button(bot)
    answers = await asyncio.gather(bot.say(tap), bot.say(tap))
    assert sum("抢到了" in text for (text,) in answers) == 1
    with bot.parts.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Booking)) == 1
        assert db.scalar(select(func.count()).select_from(WaitlistEntry)) == 0
