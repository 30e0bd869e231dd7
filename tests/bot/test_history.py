import httpx
from sqlalchemy import select

from actions import conversations
from actions.conversations import Author, Conversation
from bot.history import HistoryOut, open_offer
from tests.bot.conftest import Bot


async def history(bot: Bot, session: str) -> httpx.Response:
    return await bot.client.get("/api/chat/history", headers={"X-Session": session})


async def test_a_session_gets_back_what_both_sides_said(bot: Bot) -> None:
    answer = await bot.post("约课")
    tapped = answer.json()["replies"][-1]["choices"][0]["value"]
    await bot.say(tapped)
    found = (await history(bot, bot.session)).json()
    authors = [(each["author"], each["text"]) for each in found["messages"]]
    assert authors[0] == ("resident", "约课")
    assert ("resident", "是") in authors
    assert authors[-1][0] == "assistant"
    assert found["messages"][0]["message_id"] == "m1"
    assert found["messages"][2]["choices"] == answer.json()["replies"][-1]["choices"]
    assert found["status"] == "pending"


async def test_a_session_gets_nobody_elses_history(bot: Bot) -> None:
    await bot.say("我家住12幢")
    assert (await history(bot, "t" * 32)).json()["messages"] == []
    assert (await history(bot, "short")).status_code == 422
    assert (await bot.client.get("/api/chat/history")).status_code == 422


async def test_at_most_fifty_messages_come_back_the_latest_last(bot: Bot) -> None:
    await bot.say("你好")
    with bot.parts.database.transaction() as db:
        conversation = db.scalars(select(Conversation)).one()
        for n in range(60):
            conversations.say(
                db, conversation, f"第{n}句", author=Author.STAFF, now=bot.clock.now()
            )
    messages = (await history(bot, bot.session)).json()["messages"]
    assert len(messages) == 50
    assert messages[-1]["text"] == "第59句"
    ids = [int(each["id"]) for each in messages]
    assert ids == sorted(ids)


async def test_only_the_last_offer_is_still_open(bot: Bot) -> None:
    await bot.say("约课")
    await bot.say("再来")
    said = HistoryOut.model_validate((await history(bot, bot.session)).json()).messages
    assert [each.id for each in said if each.choices][-1] == open_offer(said)
    assert open_offer([each for each in said if each.author == "resident"]) == ""
    assert open_offer(said[:-1]) == ""


async def test_history_and_answers_say_who_is_answered_in_elder_mode(bot: Bot) -> None:
    assert not (await bot.post("你好")).json()["elder"]
    with bot.parts.database.transaction() as db:
        talk = bot.parts.webchat.conversation(db, bot.session)
        assert talk
        talk.resident.elder = True
    assert (await bot.post("再来")).json()["elder"]
    assert (await history(bot, bot.session)).json()["elder"]
