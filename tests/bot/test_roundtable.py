"""The round table in a conversation: a notice with buttons, a place, and a question."""

from datetime import timedelta

import pytest

from actions import conversations
from actions.governance import service
from actions.governance.handling import By
from actions.governance.roundtable import meetings
from actions.governance.roundtable.model import Meeting
from actions.governance.service import Report, Where
from actions.people.model import Area, Role, Staff
from bot.delivery import Delivery
from tests.bot.conftest import PACK, Bot


def announce(bot: Bot, language: str) -> int:
    """What the resident at `bot` reported comes to a meeting; returns its number."""
    now = bot.clock.now()
    with bot.parts.database.transaction() as db:
        db.add(Area(id="guali/", tier="town"))
        db.flush()
        somebody = Staff(username="desk", password_hash="-", role=Role.STAFF, created_at=now)
        somebody.area_id = "guali/"
        db.add(somebody)
        db.flush()
        by = By(somebody.id, now)
        address = bot.parts.webchat.address(bot.session)
        talk = conversations.at_address(db, channel="webchat", address=address, now=now)
        talk.resident.language = language
        request = service.file(
            db,
            pack=PACK,
            report=Report("road-light", "路灯坏了", Where()),
            conversation=talk,
            now=now,
        )
        topic = meetings.make_topic(db, title="路灯", area_id="guali/", raised=[request], by=by)
        starts_at = now + timedelta(days=7)
        made = meetings.plan(db, area_id="guali/", starts_at=starts_at, place="客厅", by=by)
        meetings.put_on(db, made, topic, now=now)
        meetings.announce(db, made, now=now)
        return made.id


def deliver(bot: Bot) -> conversations.Message:
    """Let the worker send what is due; returns the last message."""
    worker = Delivery(
        database=bot.parts.database,
        clock=bot.clock,
        wording=bot.parts.wording,
        return_after=timedelta(hours=1),
    )
    while worker.deliver_due():
        pass
    with bot.parts.database.reading() as db:
        return db.query(conversations.Message).order_by(conversations.Message.id.desc())[0]


@pytest.mark.parametrize(
    ("language", "says", "noted", "taken"),
    [
        ("zh", "您提的事上会了", "记下了", "收到了，会带到圆桌会上"),
        ("en", "What you raised is on the table", "Noted", "it goes to the round table"),
    ],
)
async def test_who_raised_it_hears_comes_and_asks_with_taps(
    bot: Bot, language: str, says: str, noted: str, taken: str
) -> None:
    meeting_id = announce(bot, language)
    notice = deliver(bot)
    assert says in notice.text
    come, ask = (str(choice["id"]) for choice in notice.choices)
    assert noted in (await bot.say(come))[-1]
    await bot.say(ask)
    bot.assistant.heard.clear()
    question = "几时修？" if language == "zh" else "When will it be mended?"
    assert taken in (await bot.say(question))[-1]
    assert bot.assistant.heard == []  # nothing had to be understood
    await bot.say("坐几路车？" if language == "zh" else "Which bus?")
    assert len(bot.assistant.heard) == 1  # what comes next is no question to the table
    with bot.parts.database.reading() as db:
        meeting = db.get_one(Meeting, meeting_id)
        (asked,) = meetings.questions(db, meeting)
        assert asked.words
        assert asked.words.text == question
        assert len(meetings.seats(db, meeting)) == 1


async def test_an_emergency_goes_before_a_question_we_wait_for(bot: Bot) -> None:
    meeting_id = announce(bot, "zh")
    ask = str(deliver(bot).choices[1]["id"])
    await bot.say(ask)
    assert "119" in (await bot.say("我家着火了"))[0]
    with bot.parts.database.reading() as db:
        assert meetings.questions(db, db.get_one(Meeting, meeting_id)) == []
