"""A screen that many use: a session of its own kind, and nothing of one person's."""

import pytest
from sqlalchemy import select

from actions import conversations, own_phone
from actions.conversations import Choice, Conversation
from actions.db import Db
from actions.household.taps import TAPS as HOUSEHOLDS
from actions.leaving.taps import TAPS as OWN_DATA
from actions.people import links
from actions.people.model import Address, Consent, LinkCode
from actions.relay import channels
from bot.channels import webchat
from bot.taps import TAPS
from tests.bot.conftest import Bot, photo

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

SCREEN = "kiosk." + "k" * 32
# Taps of those topics that take nothing and show nothing: they say no, or stay.
HARMLESS = {"refuse_consent", "keep_my_data", "household_stay", "code_no", "refuse_acting"} | {
    "nickname_skip"
}


@pytest.fixture
def bot(bot: Bot) -> Bot:
    bot.session = SCREEN
    return bot


def talk(db: Db, bot: Bot) -> Conversation:
    found = bot.parts.webchat.conversation(db, bot.session)
    assert found
    return found


async def taps(bot: Bot, *intents: str) -> dict[str, str]:
    """Tap buttons that were offered here; returns the reply to each."""
    await bot.say("你好")
    with bot.parts.database.transaction() as db:
        said = conversations.say(
            db,
            talk(db, bot),
            "点一个",
            author=conversations.Author.ASSISTANT,
            now=bot.clock.now(),
            choices=[Choice(intent, intent, "help:1") for intent in intents],
        )
    return {one.intent: (await bot.say(one.id))[-1] for one in said.offered}


def own_phone_sentence(bot: Bot) -> str:
    return bot.parts.wording.render("utter_own_phone").text


async def test_a_session_says_itself_that_it_is_a_screens(bot: Bot) -> None:
    await bot.say("约课")
    with bot.parts.database.reading() as db:
        assert db.scalars(select(Address.channel)).all() == [webchat.KIOSK]
        assert conversations.channel_of(db, talk(db, bot)) == webchat.KIOSK
    history = await bot.client.get("/api/chat/history", headers={"X-Session": SCREEN})
    assert history.json()["messages"][0]["text"] == "约课"


async def test_the_next_session_sees_nothing_of_the_one_before(bot: Bot) -> None:
    await bot.say("我的手机号是 13800138000")
    headers = {"X-Session": "kiosk." + "n" * 32}
    assert (await bot.client.get("/api/chat/history", headers=headers)).json()["messages"] == []


async def test_what_is_personal_belongs_on_ones_own_phone(bot: Bot) -> None:
    said = await taps(bot, *own_phone.OWN & set(TAPS))
    assert {intent for intent in said if said[intent] != own_phone_sentence(bot)} == set()
    assert len(said) > 20
    with bot.parts.database.reading() as db:
        assert db.scalars(select(Consent)).all() == []
        assert db.scalars(select(LinkCode)).all() == []


async def test_on_ones_own_page_the_same_tap_is_done(bot: Bot) -> None:
    """Negative control."""
    bot.session = "s" * 32
    said = await taps(bot, "export_my_data", "link_chat")
    assert "/mydata/" in said["export_my_data"]
    assert said["link_chat"] != own_phone_sentence(bot)


def test_every_tap_about_own_data_and_households_has_been_thought_of(bot: Bot) -> None:
    assert {*OWN_DATA, *HOUSEHOLDS} - own_phone.OWN - HARMLESS == set()


async def test_a_household_code_is_not_taken_and_stays_good(bot: Bot) -> None:
    bot.session = "s" * 32
    await bot.say("你好")
    with bot.parts.database.transaction() as db:
        me = talk(db, bot).resident_id
        code = links.code_for_resident(db, me, key="key", now=bot.clock.now())
    bot.session = SCREEN
    assert (await bot.say(code))[-1] == own_phone_sentence(bot)
    bot.session = "t" * 32
    assert (await bot.say(code))[-1] == bot.parts.wording.render(
        "utter_ask_link", values={"code": 1}
    ).text


async def test_a_screen_takes_no_photo_and_no_recording(bot: Bot) -> None:
    for content in (photo(), b"#!AMR\n" + bytes(40)):
        answer = await bot.upload(content)
        assert (answer.status_code, answer.json()["code"]) == (403, "own_phone")
    assert (await bot.upload(photo(), session="s" * 32)).status_code == 200


async def test_nothing_of_a_neighbour_is_shown_on_a_screen(bot: Bot) -> None:
    await bot.say("你好")
    with bot.parts.database.reading() as db:
        assert not channels.carries(db, talk(db, bot))
