"""Several things in one message are all dealt with, and what was left is offered again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from actions import conversations, errands, outbox, turns
from actions.conversations import Conversation, Draft
from actions.errands import Errand
from actions.turns import Deed, EntryState, InboxEntry, TurnRow
from bot.assistant import AssistantSilent, Meant
from bot.gateway import Gateway
from bot.message import InboundMessage
from tests.bot.conftest import Bot

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

NAMES = {"书法": "shufa", "太极": "taiji", "图书馆": "library"}
WORDS = {  # the last that is in a text says what it means
    "灯": "report_problem",
    "报名": "book_activity",
    "取消": "cancel_booking",
    "几点": "ask_hours",
    "什么活动": "list_activities",
    "人工": "ask_person",
    "你好": "greet",
}


@dataclass
class ByWords:
    """Reads texts by single words."""

    down: bool = False
    read_so_far: list[str] = field(default_factory=list)

    async def read(self, texts: Sequence[str], *, within: float) -> list[Meant]:
        self.read_so_far += texts
        if self.down:
            raise AssistantSilent("down")
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Meant:
        intent = next((WORDS[w] for w in reversed(WORDS) if w in text), "follow_up")
        names = frozenset(name for word, name in NAMES.items() if word in text)
        return Meant(((intent, 0.95),), names)


def forms(bot: Bot) -> None:
    """Have deeds begin a form, which 1 finishes and 算了 ends, as the action server does."""

    def lead(turn_id: str) -> None:
        with bot.parts.database.transaction() as db:
            row, message, conversation, errand = turns.load(db, turn_id)
            text = errand.words if errand else message.text
            intent = ByWords()._one(text).intent
            now = bot.clock.now()
            if row.choice and row.choice["value"] == errands.RESUMED:
                return
            if text in ("1", "算了"):
                conversations.drop_draft(db, conversation.id)
            elif intent in ("report_problem", "book_activity", "cancel_booking"):
                slots = {"what": text, "confirm": None}
                conversations.keep_draft(db, conversation.id, f"{intent}_form", slots, now=now)
            elif intent == "ask_person":
                conversations.open_for_staff(db, conversation, now=now)

    bot.assistant.deed = lead


@pytest.fixture
def talk(bot: Bot) -> Bot:
    """A bot that understands by words and leads forms."""
    bot.parts.gateway.ground.reader = ByWords()
    forms(bot)
    return bot


def heard(bot: Bot) -> list[str]:
    """What Rasa was told, in order."""
    return [text for _, text in bot.assistant.heard]


def text_of(bot: Bot, response: str, **values: object) -> str:
    return bot.parts.wording.render(response, values=values).text


def form_of(bot: Bot) -> str | None:
    with bot.parts.database.reading() as db:
        return db.scalar(select(Draft.form))


def open_entries(bot: Bot) -> int:
    with bot.parts.database.reading() as db:
        waiting = select(func.count()).where(InboxEntry.state == EntryState.WAITING)
        return int(db.scalar(waiting) or 0)


async def test_the_question_is_answered_and_then_the_form_begins(talk: Bot) -> None:
    said = await talk.say("路灯坏了，还有图书馆几点关门")
    assert said[-2:] == ["你说：图书馆几点关门", "你说：路灯坏了"]
    assert form_of(talk) == "report_problem_form"
    assert open_entries(talk) == 0


async def test_without_a_reader_or_when_it_is_down_a_message_is_one_thing(talk: Bot) -> None:
    talk.parts.gateway.ground.reader = ByWords(down=True)
    await talk.say("路灯坏了，还有图书馆几点关门")
    talk.parts.gateway.ground.reader = None
    await talk.say("路灯坏了，还有图书馆几点关门")
    assert heard(talk) == ["路灯坏了，还有图书馆几点关门"] * 2


async def test_one_thing_is_never_split(talk: Bot) -> None:
    await talk.say("路灯坏了，在3号楼门口，晚上很黑")
    assert heard(talk) == ["路灯坏了，在3号楼门口，晚上很黑"]


async def test_a_second_deed_is_noted_and_taken_up_when_the_first_is_done(talk: Bot) -> None:
    said = await talk.say("帮我报名书法，再帮我取消太极")
    assert text_of(talk, "utter_errand_noted", what="帮我取消太极") in said
    assert form_of(talk) == "book_activity_form"
    said = await talk.say("1")
    assert text_of(talk, "utter_errand_next", what="帮我取消太极") in said
    assert said[-1] == "你说：帮我取消太极"
    assert form_of(talk) == "cancel_booking_form"
    await talk.say("算了")
    assert form_of(talk) is None
    assert await talk.say("还有什么没办") == [text_of(talk, "utter_errands_none")]


async def test_what_waits_is_told_when_somebody_asks(talk: Bot) -> None:
    await talk.say("帮我报名书法，再帮我取消太极")
    listed = text_of(talk, "utter_errands_waiting", list="1. 帮我取消太极")
    assert await talk.say("还有什么没办？") == [listed]
    assert form_of(talk) == "book_activity_form"


async def test_what_waits_is_taken_up_after_a_restart(talk: Bot) -> None:
    await talk.say("帮我报名书法，再帮我取消太极")
    address = talk.parts.webchat.address(talk.session)
    anew = Gateway(talk.parts.gateway.ground)
    await anew.receive(InboundMessage("webchat", address, "later", "1"))
    assert heard(talk)[-1] == "帮我取消太极"


async def test_a_gateway_that_died_between_two_parts_is_gone_on_from(talk: Bot) -> None:
    await talk.say("路灯坏了，还有图书馆几点关门")
    with talk.parts.database.transaction() as db:  # back to where it died
        entry = db.scalars(select(InboxEntry)).one()
        entry.state, entry.finished_at = EntryState.WAITING, None
        left = db.scalars(select(Errand).where(Errand.intent == "report_problem")).one()
        left.state, left.ended_at = errands.ErrandState.DUE, None
        conversations.drop_draft(db, left.conversation_id)
    await Gateway(talk.parts.gateway.ground).sweep()
    assert heard(talk) == ["图书馆几点关门", "路灯坏了", "路灯坏了"]
    assert form_of(talk) == "report_problem_form"


async def test_a_part_that_fails_is_tried_again_and_no_part_twice(talk: Bot) -> None:
    lead = talk.assistant.deed
    assert lead

    def fail_once(turn_id: str) -> None:
        lead(turn_id)
        talk.assistant.silent = int(
            heard(talk).count("路灯坏了") == 1 and heard(talk)[-1] == "路灯坏了"
        )

    talk.assistant.deed = fail_once
    said = await talk.say("路灯坏了，还有图书馆几点关门")
    assert said[-1] == "你说：图书馆几点关门"
    talk.clock.pass_by(timedelta(seconds=20))
    await talk.parts.gateway.sweep()
    assert heard(talk) == ["图书馆几点关门", "路灯坏了", "路灯坏了"]
    assert open_entries(talk) == 0
    assert form_of(talk) == "report_problem_form"


async def test_the_same_deed_of_two_parts_is_done_for_each_and_for_each_once(talk: Bot) -> None:
    """Without the errand in the name of the step the second would be refused."""

    def remind(turn_id: str) -> None:
        with talk.parts.database.transaction() as db:
            turn = db.get_one(TurnRow, turn_id)
            turns.act(db, turn, "book", now=talk.clock.now())
            outbox.put(
                db,
                conversation_id=turn.conversation_id,
                response="utter_returned",
                due_at=talk.clock.now(),
                turn_id=turn_id,
            )

    talk.assistant.deed = remind
    said = await talk.say("帮我报名书法，再帮我报名太极")
    assert said.count(text_of(talk, "utter_returned")) == 2
    with talk.parts.database.reading() as db:
        assert len(set(db.scalars(select(Deed.step)))) == 2


async def test_a_person_is_called_after_the_question_and_the_deed_is_kept(talk: Bot) -> None:
    await talk.say("路灯坏了，顺便转人工，还有图书馆几点关门")
    assert heard(talk) == ["图书馆几点关门", "转人工"]
    await talk.say("回到小沥")
    assert heard(talk)[-1] == "路灯坏了"


async def test_a_talk_with_a_person_a_digit_and_an_emergency_are_never_split(talk: Bot) -> None:
    reader = ByWords()
    talk.parts.gateway.ground.reader = reader
    await talk.say("1")
    await talk.say("着火了，还有图书馆几点关门")
    with talk.parts.database.transaction() as db:
        conversation = db.scalars(select(Conversation)).one()
        conversations.open_for_staff(db, conversation, now=talk.clock.now())
    await talk.say("路灯坏了，还有图书馆几点关门")
    assert reader.read_so_far == []


async def test_a_side_question_in_a_form_loses_no_answer(talk: Bot) -> None:
    await talk.say("路灯坏了")
    await talk.say("3号楼门口，对了图书馆几点关门")
    assert heard(talk)[1:] == ["图书馆几点关门", "3号楼门口"]


async def test_a_form_that_was_left_is_offered_after_the_answer_once_a_day(talk: Bot) -> None:
    await talk.say("帮我报名书法")
    talk.clock.pass_by(timedelta(hours=5))
    said = await talk.say("图书馆几点关门")
    what = text_of(talk, "utter_left_book_activity")
    assert said[0] == "你说：图书馆几点关门"
    assert what in said[1]
    assert form_of(talk) is None
    assert len(await talk.say("图书馆几点关门")) == 1
    talk.clock.pass_by(timedelta(days=1))
    assert what in (await talk.say("你好"))[-1]


async def test_a_form_is_gone_on_with_where_it_was_left(talk: Bot) -> None:
    await talk.say("帮我报名书法")
    talk.clock.pass_by(timedelta(days=2))
    before = (await talk.post("你好")).json()["replies"][-1]
    assert [choice["label"] for choice in before["choices"]] == ["接着办", "不办了"]
    tracker = talk.assistant.heard[-1][0]
    await talk.say("1")
    assert heard(talk)[-1] == '/choose{"choice": "resume"}'
    assert talk.assistant.heard[-1][0] != tracker
    assert form_of(talk) == "book_activity_form"


async def test_a_form_nobody_wants_any_more_is_dropped(talk: Bot) -> None:
    await talk.say("帮我报名书法")
    talk.clock.pass_by(timedelta(days=2))
    await talk.say("你好")
    what = text_of(talk, "utter_left_book_activity")
    assert await talk.say("不办了") == [text_of(talk, "utter_errand_dropped", what=what)]
    talk.clock.pass_by(timedelta(days=2))
    assert len(await talk.say("你好")) == 1


async def test_an_answer_after_hours_still_goes_to_the_form(talk: Bot) -> None:
    await talk.say("帮我报名书法")
    talk.clock.pass_by(timedelta(hours=5))
    await talk.say("周六那场")
    assert form_of(talk) == "book_activity_form"


async def test_a_booking_whose_time_has_passed_is_said_to_be_over(talk: Bot) -> None:
    await talk.say("帮我报名书法")
    with talk.parts.database.transaction() as db:
        draft = db.scalars(select(Draft)).one()
        draft.slots = {"booking_session": 999, "confirm": None}
    talk.clock.pass_by(timedelta(days=2))
    said = await talk.say("图书馆几点关门")
    assert "已经过了" in said[-1]
    with talk.parts.database.reading() as db:
        assert db.scalars(select(Errand.state)).one() == errands.ErrandState.DROPPED


async def test_a_name_said_to_a_form_does_not_change_the_language(talk: Bot) -> None:
    await talk.say("路灯坏了")
    await talk.say("Starbucks")
    with talk.parts.database.reading() as db:
        assert db.scalars(select(Conversation)).one().resident.language == "zh"
    await talk.say("Please speak English")
    with talk.parts.database.reading() as db:
        assert db.scalars(select(Conversation)).one().resident.language == "en"
