"""Two strangers become acquainted, tap by tap, as each of them lives it."""

from datetime import timedelta

from sqlalchemy import select

from actions import conversations
from actions.people.model import Area
from actions.relay.model import Relay
from bot.delivery import Delivery
from bot.upkeep import LOOKS_EVERY, Introductions
from tests.bot.conftest import Bot
from tests.bot.test_taps import offer

VILLAGE = "guali/qicai/"


async def moves_in(bot: Bot, session: str) -> None:
    bot.session = session
    await bot.say("你好")
    with bot.parts.database.transaction() as db:
        for area, tier in (("guali/", "town"), (VILLAGE, "village")):
            if db.get(Area, area) is None:
                db.add(Area(id=area, tier=tier))
                db.flush()
        talk = conversations.at_address(
            db,
            channel="webchat",
            address=bot.parts.webchat.address(session),
            now=bot.clock.now(),
        )
        talk.resident.area_id = VILLAGE


async def opens_up(bot: Bot, session: str) -> str:
    """Tap "let Xiaoli introduce me" for chess, and agree; returns the last answer."""
    await moves_in(bot, session)
    (asked,) = await bot.say(await offer(bot, "introduce_me", "club-chess"))
    assert "同意" in asked
    assert bot.assistant.heard  # of the greeting only
    (answer,) = await bot.say("1")
    return answer


def works(bot: Bot) -> None:
    """Let the worker ask, and send what is due."""
    bot.clock.pass_by(LOOKS_EVERY)
    shelf = bot.parts.home.shelf
    Introductions(bot.parts.database, shelf, bot.parts.wording, bot.clock).run_due()
    worker = Delivery(bot.parts.database, bot.clock, bot.parts.wording, timedelta(1))
    while worker.deliver_due():
        pass


def heard(bot: Bot, session: str) -> list[str]:
    with bot.parts.database.transaction() as db:
        talk = conversations.at_address(
            db,
            channel="webchat",
            address=bot.parts.webchat.address(session),
            now=bot.clock.now(),
        )
        said = select(conversations.Message).where(
            conversations.Message.conversation_id == talk.id
        )
        return [one.text for one in db.scalars(said.order_by(conversations.Message.id))]


ONE, OTHER = "o" * 32, "t" * 32


async def test_both_say_yes_and_talk_through_us(bot: Bot) -> None:
    for session in (ONE, OTHER):
        assert "记下了" in await opens_up(bot, session)
    works(bot)
    for session in (ONE, OTHER):
        assert "同村的一位邻居也喜欢" in heard(bot, session)[-1]
    bot.session = ONE
    (answer,) = await bot.say("愿意")
    assert "对方也愿意的话" in answer
    bot.session = OTHER
    (answer,) = await bot.say("1")
    assert "你们两位都愿意认识" in answer
    works(bot)
    assert "你们两位都愿意认识" in heard(bot, ONE)[-1]
    with bot.parts.database.reading() as db:
        assert len(db.scalars(select(Relay)).all()) == 1


async def test_one_says_no_and_the_other_hears_nothing_of_it(bot: Bot) -> None:
    for session in (ONE, OTHER):
        await opens_up(bot, session)
    works(bot)
    bot.session = OTHER
    (answer,) = await bot.say("不了")
    assert "对方不会知道" in answer
    bot.session = ONE
    await bot.say("愿意")
    bot.clock.pass_by(timedelta(days=6))
    works(bot)
    before = heard(bot, ONE)
    assert "对方也愿意的话" in before[-1]
    bot.clock.pass_by(timedelta(days=1, hours=1))
    works(bot)
    (end,) = heard(bot, ONE)[len(before) :]
    assert "这次没成" in end
    assert "不愿意" not in end


async def test_it_ends_with_one_sentence(bot: Bot) -> None:
    for session in (ONE, OTHER):
        await opens_up(bot, session)
    bot.session = ONE
    (answer,) = await bot.say("不想认识新邻居了")
    assert "停了" in answer
    works(bot)
    assert not any("同村的一位邻居" in text for text in heard(bot, OTHER))


async def test_do_not_ask_again_ends_it_from_the_question(bot: Bot) -> None:
    for session in (ONE, OTHER):
        await opens_up(bot, session)
    works(bot)
    bot.session = ONE
    (answer,) = await bot.say("别再问")
    assert "停了" in answer
