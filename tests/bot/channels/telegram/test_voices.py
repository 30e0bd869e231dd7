"""Replies by voice: after their text, where they are wished for, and never in its way."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import conversations
from actions.channels import CHANNELS
from actions.conversations import Author, Conversation
from actions.people.model import Address
from actions.sending import Priority, Sending, Way
from actions.vitals import Vitals
from bot.channels.platform import Letter
from bot.voice.audio import decode
from bot.voice.speaker import Speaker
from bot.voices import LATE, Outcome, Voices, is_to_follow
from tests.bot.channels.telegram.conftest import WHO, Town
from tests.bot.channels.telegram.fake_api import FakeApi
from tests.bot.voice.engines import FAILS, HANGS, RUBBISH, SILENT, SPEAKS, engine

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@dataclass
class Speaking:
    """A town where residents may be spoken to."""

    town: Town
    voices: Voices

    async def say(self, text: str) -> None:
        await self.town.say(text)
        await self.voices.say_waiting()

    def sent(self) -> list[str]:
        """What stands in the chat, in order; a voice is only marked."""
        return ["(voice)" if one.voice else one.text for one in self.town.api.sent]

    def outcomes(self) -> list[str]:
        return [one.voice for one in self.town.sendings() if one.voice]


@dataclass
class Busy:
    """Speaks, and lets something happen meanwhile."""

    meanwhile: Callable[[], Awaitable[object]]
    said: list[tuple[str, str]] = field(default_factory=list)

    async def speak(self, text: str, language: str) -> bytes:
        self.said.append((text, language))
        await self.meanwhile()
        return await engine(SPEAKS).speak(text, language)


def speaking_by(town: Town, speaker: Speaker) -> Speaking:
    async def rest(seconds: float) -> None:
        town.clock.pass_by(timedelta(seconds=seconds))
        await town.courier.bring_due()

    parts = town.parts
    parts.gateway.ground.speaks = True
    made = Voices(
        parts.database, town.clock, parts.wording, parts.platforms, speaker, rest=rest
    )
    town.courier = replace(town.courier, voices=made)
    return Speaking(town, made)


@pytest.fixture
def speaking(town: Town) -> Speaking:
    return speaking_by(town, engine(SPEAKS))


async def test_who_asks_for_it_hears_replies_after_reading_them(speaking: Speaking) -> None:
    for question in ("几点开门", "几点关门"):
        await speaking.say(question)
    assert "(voice)" not in speaking.sent()
    await speaking.say("语音回复")
    town = speaking.town
    assert speaking.sent()[-4:] == [
        town.said("utter_aloud_on"),
        "你说：几点关门",
        "(voice)",
        "(voice)",
    ]
    assert speaking.outcomes() == [Outcome.SAID, Outcome.SAID]
    await speaking.say("几点关门")
    assert speaking.sent()[-2:] == ["你说：几点关门", "(voice)"]
    voice = town.api.sent[-1]
    assert len(decode(voice.voice)) > 16_000
    assert not voice.rings
    assert town.api.refused == []


async def test_once_they_want_no_voice_there_is_none(speaking: Speaking) -> None:
    await speaking.say("speak to me")
    await speaking.say("不用语音了")
    before = speaking.outcomes()
    assert speaking.sent()[-1] == speaking.town.said("utter_aloud_off")
    await speaking.say("几点关门")
    assert speaking.sent()[-1] == "你说：几点关门"
    assert speaking.outcomes() == before


async def test_what_is_said_again_is_spoken_too(speaking: Speaking) -> None:
    await speaking.say("说给我听")
    await speaking.say("几点关门")
    before = len(speaking.sent())
    await speaking.say("再说一遍")
    assert speaking.sent()[before:] == ["你说：几点关门", "(voice)"]


async def test_a_question_that_waits_is_still_the_one_a_number_answers(
    speaking: Speaking,
) -> None:
    await speaking.say("要报名")
    for wish in ("语音回复", "不用语音了"):
        await speaking.say(wish)
    await speaking.say("1")
    assert speaking.town.assistant.heard[-1][1] == '/choose{"choice": "yes"}'
    assert "语音回复" not in [text for _, text in speaking.town.assistant.heard]


async def test_without_an_engine_that_is_said_and_nothing_promised(town: Town) -> None:
    await town.say("语音回复")
    assert town.heard()[-1] == town.said("utter_aloud_unable")
    with town.parts.database.reading() as db:
        assert [one.aloud for one in db.scalars(select(Conversation))] == [False]


async def test_a_page_that_carries_no_voices_says_so(speaking: Speaking) -> None:
    town = speaking.town
    body = {"session": "s" * 32, "message_id": "m1", "text": "语音回复"}
    answer = await town.client.post("/api/chat", json=body)
    replies = [one["text"] for one in answer.json()["replies"]]
    assert replies[-1] == town.said("utter_aloud_unable")


async def test_with_a_person_the_switch_is_ours_only_where_there_is_one(
    speaking: Speaking,
) -> None:
    def person() -> None:
        with speaking.town.parts.database.transaction() as db:
            talk = db.scalars(select(Conversation)).one()
            conversations.open_for_staff(db, talk, now=speaking.town.clock.now())

    await speaking.say("您好")
    person()
    await speaking.say("语音回复")
    assert speaking.town.said("utter_aloud_on") in speaking.sent()
    speaking.town.parts.gateway.ground.speaks = False
    await speaking.say("语音回复")
    assert speaking.town.said("utter_aloud_unable") not in speaking.sent()


@pytest.mark.parametrize("program", [HANGS, RUBBISH, SILENT, FAILS])
async def test_an_engine_that_fails_costs_no_text_and_holds_none_up(
    town: Town, program: str
) -> None:
    speaking = speaking_by(town, engine(program, within=2))
    await speaking.town.say("语音回复")
    await speaking.town.say("几点关门")  # nobody has spoken yet: the texts do not wait for it
    texts = [town.said("utter_aloud_on"), "你说：几点关门"]
    assert speaking.sent()[-2:] == texts
    await speaking.voices.say_waiting()
    assert speaking.sent()[-2:] == texts
    assert set(speaking.outcomes()) == {Outcome.FAILED}
    assert {one.state for one in town.sendings()} == {"sent"}


async def test_a_voice_that_would_come_late_is_dropped(speaking: Speaking) -> None:
    await speaking.town.say("语音回复")
    speaking.town.clock.pass_by(LATE + timedelta(seconds=1))
    await speaking.voices.say_waiting()
    assert set(speaking.outcomes()) == {Outcome.LATE}
    assert "(voice)" not in speaking.sent()


async def test_an_emergency_goes_before_the_voice_that_is_being_made(town: Town) -> None:
    async def fire() -> None:
        if len(busy.said) == 1:
            await town.hook(town.update(text="厨房着火了"))
            await town.settle_but(asyncio.current_task())

    busy = Busy(fire)
    speaking = speaking_by(town, busy)
    await town.say("语音回复")
    await speaking.voices.say_waiting()
    number = next(at for at, text in enumerate(speaking.sent()) if "119" in text)
    assert number < speaking.sent().index("(voice)")
    assert any("幺幺九" in text for text, _ in busy.said)  # and is spoken after


async def test_who_says_no_while_a_voice_is_made_gets_none(town: Town) -> None:
    async def off() -> None:
        with town.parts.database.transaction() as db:
            db.scalars(select(Conversation)).one().aloud = False

    speaking = speaking_by(town, Busy(off))
    await speaking.say("语音回复")
    assert "(voice)" not in speaking.sent()
    assert set(speaking.outcomes()) == {Outcome.UNWANTED}


async def test_a_chat_that_takes_no_voices_still_gets_its_texts(speaking: Speaking) -> None:
    speaking.town.api.deaf.add(str(WHO))
    await speaking.say("语音回复")
    await speaking.say("几点关门")
    assert speaking.sent()[-1] == "你说：几点关门"
    assert set(speaking.outcomes()) == {Outcome.FAILED}


async def test_groups_are_not_spoken_to_nor_is_what_many_are_told_said_to_each(
    speaking: Speaking,
) -> None:
    await speaking.say("语音回复")
    with speaking.town.parts.database.reading() as db:
        talk, address = (
            db.scalars(select(Conversation)).one(),
            db.scalars(select(Address)).one(),
        )
        one = db.scalars(select(Sending).limit(1)).one()
        assert is_to_follow(one, talk, address)
        one.priority = Priority.BROADCAST
        assert not is_to_follow(one, talk, address)
        one.priority, address.is_group = Priority.REPLY, True
        assert not is_to_follow(one, talk, address)


async def test_notices_are_spoken_and_what_became_of_voices_is_counted(
    speaking: Speaking,
) -> None:
    database, now = speaking.town.parts.database, speaking.town.clock.now()
    telling = Vitals(database, speaking.town.clock)
    await speaking.say("语音回复")
    with database.transaction() as db:
        talk = db.scalars(select(Conversation)).one()
        way = Way(Priority.NOTICE)
        conversations.say(db, talk, "明天停水", author=Author.ASSISTANT, now=now, way=way)
    await speaking.town.hear()
    await speaking.voices.say_waiting()
    assert speaking.sent()[-2:] == ["明天停水", "(voice)"]
    telling.write()
    page = await speaking.town.client.get("/metrics")
    said = speaking.outcomes().count(Outcome.SAID)
    assert f'xiaoli_voices_total{{outcome="said"}} {float(said)}' in page.text


async def test_what_is_no_opus_is_refused_by_the_fake_as_by_telegram(
    town: Town, api: FakeApi
) -> None:
    with pytest.raises(Exception, match="no_file"):
        await town.telegram.send(Letter(str(WHO), "", "k", voice=b"RIFF0000WAVE"))
    assert api.refused == ["Bad Request: wrong file"]


def test_where_voices_are_carried_there_is_a_platform_that_sends_them(town: Town) -> None:
    assert [name for name, facts in CHANNELS.items() if facts.voices] == ["telegram"]
