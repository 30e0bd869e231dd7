"""One tap on a button about an own need, through the gateway and without understanding."""

from datetime import timedelta

from sqlalchemy import select

from actions import conversations
from actions.conversations import Author, Choice, Conversation, Draft
from actions.neighbours import needs
from actions.neighbours.model import HelpRequest, Status
from actions.neighbours.need import Need
from actions.people import consents
from actions.square import Square
from tests.bot.conftest import PACK, Bot


async def asked(bot: Bot, who: str = "") -> int:
    """A need of who writes; returns its number."""
    await bot.say("你好")
    now = bot.clock.now()
    address = who or bot.parts.webchat.address(bot.session)
    with bot.parts.database.transaction() as db:
        talk = conversations.at_address(db, channel="webchat", address=address, now=now)
        consents.give(db, talk.resident_id, "help", channel="webchat", now=now)
        at = now + timedelta(days=1)
        return needs.post(
            db,
            square=Square(PACK, bot.parts.wording),
            need=Need("fetch-parcel", (at, at), "帮我取个快递，我姓王"),
            conversation=talk,
            now=now,
        ).id


def talk_of(bot: Bot) -> str:
    with bot.parts.database.reading() as db:
        return conversations.at_address(
            db,
            channel="webchat",
            address=bot.parts.webchat.address(bot.session),
            now=bot.clock.now(),
        ).id


async def tap(bot: Bot, intent: str, value: int) -> str:
    """Give a button out and tap it; returns what is answered."""
    with bot.parts.database.transaction() as db:
        said = conversations.say(
            db,
            db.get_one(Conversation, talk_of(bot)),
            "请选",
            author=Author.ASSISTANT,
            now=bot.clock.now(),
            choices=[Choice("好", intent, str(value))],
        )
        choice = str(said.choices[0]["id"])
    bot.assistant.heard.clear()
    (told,) = await bot.say(choice)
    assert bot.assistant.heard == []  # nothing had to be understood
    return told


def status_of(bot: Bot, need_id: int) -> str:
    with bot.parts.database.reading() as db:
        return db.scalars(select(HelpRequest.status).where(HelpRequest.id == need_id)).one()


async def test_a_need_is_taken_back_at_one_tap(bot: Bot) -> None:
    need_id = await asked(bot)
    told = await tap(bot, "need_withdraw", need_id)
    assert "撤回了：取快递" in told
    assert status_of(bot, need_id) == Status.CANCELLED
    assert "撤回了" in await tap(bot, "need_withdraw_sure", need_id)


async def test_a_tap_asks_for_another_time_and_what_follows_goes_to_the_form(bot: Bot) -> None:
    need_id = await asked(bot)
    assert "什么时候" in await tap(bot, "need_change_when", need_id)
    with bot.parts.database.reading() as db:
        assert db.get_one(Draft, talk_of(bot)).slots["help_changed"] == str(need_id)
    await bot.say("后天下午四点")
    ((tracker, text),) = bot.assistant.heard
    assert text == "后天下午四点"
    assert tracker.endswith("-1")  # a fresh tracker, which takes the form up


async def test_a_button_of_anothers_need_does_nothing(bot: Bot) -> None:
    need_id = await asked(bot, who="somebody else")
    await tap(bot, "need_withdraw_sure", need_id)
    assert status_of(bot, need_id) == Status.OPEN
