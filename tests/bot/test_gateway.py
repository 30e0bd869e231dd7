import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from sqlalchemy import delete, func, select, text, update

from actions import conversations, outbox, turns
from actions.conversations import Author, Conversation, Draft, Message
from actions.db import Database, Db
from actions.errors import TurnLost
from actions.turns import EntryState, InboxEntry, TurnRow, TurnState
from actions.wording import Said
from bot import gateway, work
from bot.ground import STORE_SECONDS
from knowledge.pack import NeverRequest
from tests.bot.conftest import Bot

pytestmark = pytest.mark.both_stores  # threads meet, or the stores differ


def conversation_of(bot: Bot) -> Conversation:
    with bot.parts.database.reading() as db:
        return db.scalars(select(Conversation)).one()


def text_of(bot: Bot, response: str, **values: object) -> str:
    return bot.parts.wording.render(response, values=values).text


def entries(bot: Bot) -> list[InboxEntry]:
    with bot.parts.database.reading() as db:
        return list(db.scalars(select(InboxEntry).order_by(InboxEntry.id)))


def turns_of(bot: Bot) -> list[TurnRow]:
    with bot.parts.database.reading() as db:
        return list(db.scalars(select(TurnRow)))


def said_to(bot: Bot, entry: InboxEntry) -> list[str]:
    with bot.parts.database.reading() as db:
        return [message.text for message in conversations.replies_to(db, entry.id)]


def act(bot: Bot, turn_id: str, response: str = "utter_returned") -> None:
    """Do a deed of this turn and tell of it, as an action does."""
    with bot.parts.database.transaction() as db:
        turn = db.get_one(TurnRow, turn_id)
        turns.act(db, turn, "book", now=bot.clock.now())
        outbox.put(
            db,
            conversation_id=turn.conversation_id,
            response=response,
            due_at=bot.clock.now(),
            turn_id=turn_id,
        )


def a_dead_gateways_turn(bot: Bot) -> tuple[InboxEntry, TurnRow]:
    """Take the last message back to where a gateway was killed while it was answered."""
    with bot.parts.database.transaction() as db:
        entry = db.scalars(select(InboxEntry).order_by(InboxEntry.id.desc())).first()
        assert entry
        ours = Message.author != Author.RESIDENT
        db.execute(delete(Message).where(Message.inbox_id == entry.id, ours))
        entry.state, entry.finished_at = EntryState.WAITING, None
        turn = db.scalars(select(TurnRow).where(TurnRow.inbox_id == entry.id)).one()
        turn.state, turn.ended_at = TurnState.RUNNING, None
        return entry, turn


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Somebody else holds the store and does not let go."""
    on_postgres = database.engine.dialect.name == "postgresql"
    with database._writing.begin() as db:
        lock = "LOCK TABLE inbox, conversations IN ACCESS EXCLUSIVE MODE"
        db.execute(text(lock if on_postgres else "SELECT 1"))
        yield


def introduce(db: Db, now: datetime) -> bool:
    return conversations.introduce(db, db.scalars(select(Conversation)).one(), now=now)


async def later(bot: Bot, by: timedelta = timedelta(seconds=20)) -> int:
    bot.clock.pass_by(by)
    return await bot.parts.gateway.sweep()


def hand_over(bot: Bot) -> None:
    with bot.parts.database.transaction() as db:
        conversation = db.scalars(select(Conversation)).one()
        conversations.open_for_staff(db, conversation, now=bot.clock.now())


async def test_the_first_reply_says_once_that_this_is_a_program(bot: Bot) -> None:
    assert await bot.say("你好") == [text_of(bot, "utter_introduction"), "你说：你好"]
    assert await bot.say("再来") == ["你说：再来"]


async def test_who_we_are_is_said_once_though_two_transactions_write_the_first_reply(
    bot: Bot,
) -> None:
    """The apology for a slow turn, and the turn's own answer, which comes just then."""
    database, now = bot.parts.database, bot.clock.now()
    with database.transaction() as db:
        conversations.at_address(db, channel="webchat", address="a", now=now)
    told = []
    with database.reading() as answering, database.transaction() as apologising:
        for db in (answering, apologising):
            assert db.scalars(select(Conversation)).one().introduced_at is None
        told += [introduce(apologising, now)]
        apologising.commit()
        answering.commit()  # begins anew, with what it had read before
        told += [introduce(answering, now)]
    assert told == [True, False]


async def test_the_same_message_again_gets_the_same_replies_and_has_one_effect(
    bot: Bot,
) -> None:
    first = await bot.post("约书法课", message_id="one")
    again = await bot.post("约书法课", message_id="one")
    assert first.json() == again.json()
    assert len(bot.assistant.heard) == 1


async def test_twenty_copies_at_once_have_one_effect(bot: Bot) -> None:
    answers = await asyncio.gather(*(bot.post("约课", message_id="one") for _ in range(20)))
    assert len({str(answer.json()["replies"]) for answer in answers}) == 1
    assert len(bot.assistant.heard) == 1


async def test_the_same_words_in_two_messages_are_two_messages(bot: Bot) -> None:
    await bot.say("约课")
    await bot.say("约课")
    assert len(bot.assistant.heard) == 2


async def test_a_conversation_is_answered_strictly_in_order_one_turn_at_a_time(
    bot: Bot,
) -> None:
    bot.assistant.slow = 0.03
    await bot.say("开始")
    await asyncio.gather(*(bot.say(f"第 {n} 句") for n in range(5)))
    heard = [text for _, text in bot.assistant.heard[1:]]
    kept = [entry.message_id for entry in entries(bot)[1:]]
    with bot.parts.database.reading() as db:
        assert heard == [db.get_one(Message, message_id).text for message_id in kept]


async def test_without_its_lock_a_conversation_is_answered_at_once(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: nothing keeps its messages one after the other."""

    class NoLocks:
        def setdefault(self, _conversation_id: str, lock: asyncio.Lock) -> asyncio.Lock:
            return lock

    monkeypatch.setattr(bot.parts.gateway, "_locks", NoLocks())
    await bot.say("开始")
    bot.assistant.slow = 0.2
    asked = [asyncio.create_task(bot.say(f"第 {n} 句")) for n in range(5)]
    while not (most := bot.assistant.at_work > 1) and not all(one.done() for one in asked):
        await asyncio.sleep(0.01)
    await asyncio.gather(*asked)
    assert most


async def test_conversations_never_wait_for_one_another(bot: Bot) -> None:
    bot.assistant.slow = 0.3
    sessions = [f"{n:032d}" for n in range(8)]
    asked = [bot.post("你好", session=session) for session in sessions]
    answers = await asyncio.gather(*asked)
    assert all(len(answer.json()["replies"]) == 2 for answer in answers)
    assert all("你说" in answer.json()["replies"][1]["text"] for answer in answers)


@pytest.mark.parametrize("gateways", [1, 2])
async def test_no_more_are_with_rasa_than_it_can_answer_in_time_and_all_are_answered(
    bot: Bot, gateways: int
) -> None:
    bot.parts.gateway.ground.gateways = gateways  # that share it
    bot.parts.gateway.__post_init__()
    reply, most = bot.assistant.reply, []

    async def busy(**asked: Any) -> list[Said]:
        most.append(bot.assistant.at_work + 1)
        return await reply(**asked)

    bot.assistant.reply, bot.assistant.slow = busy, 0.5  # type: ignore[method-assign]
    sessions = [f"{n:032d}" for n in range(20)]
    answers = await asyncio.gather(*(bot.post("你好", session=one) for one in sessions))
    assert max(most) == gateway.WITH_RASA // gateways
    assert all("你说" in answer.json()["replies"][1]["text"] for answer in answers)


async def test_while_many_wait_everybody_gets_a_word_and_a_person_is_called_at_once(
    bot: Bot,
) -> None:
    bot.assistant.slow, bot.parts.gateway.ground.turn_seconds = 30, 0.5
    many = [f"{n:032d}" for n in range(2 * gateway.WITH_RASA)]
    asked = [asyncio.create_task(bot.post("约课", session=one)) for one in many]
    while bot.assistant.at_work < gateway.WITH_RASA:
        await asyncio.sleep(0.01)
    assert (await bot.say("人工"))[-1] == text_of(bot, "utter_handed_over")
    for answer in await asyncio.gather(*asked):
        assert answer.json()["replies"][-1]["text"] == text_of(bot, "utter_still_working")


class Full(asyncio.Semaphore):
    """Room for nobody, until it is released; says when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__(0)
        self.waited_for = asyncio.Event()

    async def acquire(self) -> Literal[True]:
        self.waited_for.set()
        return await super().acquire()


async def test_a_turn_that_was_taken_over_while_it_waited_is_not_begun(bot: Bot) -> None:
    bot.parts.gateway._rooms[""] = full = Full()
    asked = asyncio.create_task(bot.post("约课"))
    await full.waited_for.wait()
    with bot.parts.database.transaction() as db:
        turns.give_up(db, turns_of(bot)[0].id, now=bot.clock.now())
    bot.parts.gateway.ground.turn_seconds = 0.1  # in which whoever took it over may answer
    full.release()
    await asked
    assert bot.assistant.heard == []


async def test_an_empty_answer_is_told_honestly_and_tried_again(bot: Bot) -> None:
    bot.assistant.silent = 1
    assert (await bot.say("约课"))[-1] == text_of(bot, "utter_still_working")
    bot.clock.pass_by(timedelta(seconds=5))
    await bot.parts.gateway.sweep()
    assert entries(bot)[0].state == EntryState.ANSWERED
    with bot.parts.database.reading() as db:
        said = [m.text for m in conversations.replies_to(db, entries(bot)[0].id)]
    assert said[-1] == "你说：约课"


async def test_a_slow_assistant_is_given_up_in_time_and_starts_afresh(bot: Bot) -> None:
    bot.assistant.slow, bot.parts.gateway.ground.turn_seconds = 30, 0.5
    assert (await bot.say("约课"))[-1] == text_of(bot, "utter_still_working")
    bot.assistant.slow = 0
    bot.clock.pass_by(timedelta(seconds=5))
    await bot.parts.gateway.sweep()
    first, second = (tracker for tracker, _ in bot.assistant.heard)
    assert first != second


async def test_a_message_nobody_can_answer_goes_to_a_person_after_a_while(bot: Bot) -> None:
    bot.assistant.silent = 99
    await bot.say("约课")
    while entries(bot)[0].state == EntryState.WAITING:
        waited = bot.clock.now() - entries(bot)[0].received_at
        assert waited <= gateway.PATIENCE + gateway.LONGEST_PAUSE
        await later(bot, timedelta(seconds=2))
    assert waited + timedelta(seconds=2) >= gateway.PATIENCE
    assert entries(bot)[0].state == EntryState.HANDED_OVER
    assert conversation_of(bot).status == conversations.Status.OPEN
    assert said_to(bot, entries(bot)[0])[-1] == text_of(bot, "utter_handed_over")


async def test_a_message_that_waited_long_behind_others_may_fail_once(bot: Bot) -> None:
    bot.parts.gateway._rooms[""] = full = Full()
    asked = asyncio.create_task(bot.post("约课"))
    await full.waited_for.wait()
    bot.clock.pass_by(5 * gateway.PATIENCE)
    bot.assistant.silent = 1
    full.release()
    await asked
    assert entries(bot)[0].state == EntryState.WAITING
    await later(bot)
    assert entries(bot)[0].state == EntryState.ANSWERED


async def test_a_restart_of_rasa_is_waited_out(bot: Bot) -> None:
    bot.assistant.silent = 99
    await bot.say("约课")
    for _ in range(20):
        await later(bot, timedelta(seconds=2))
    bot.assistant.silent = 0
    await later(bot, gateway.LONGEST_PAUSE)
    assert said_to(bot, entries(bot)[0])[-1] == "你说：约课"
    assert conversation_of(bot).status == conversations.Status.PENDING


async def test_asking_for_a_person_while_the_assistant_is_down_gets_one_at_once(
    bot: Bot,
) -> None:
    bot.assistant.silent = 99
    assert (await bot.say("人工"))[-1] == text_of(bot, "utter_handed_over")
    assert conversation_of(bot).status == conversations.Status.OPEN


async def test_a_deed_is_confirmed_even_if_the_assistant_then_fell_silent(bot: Bot) -> None:
    bot.assistant.deed, bot.assistant.silent = (lambda turn_id: act(bot, turn_id)), 99
    assert (await bot.say("约课"))[-1] == text_of(bot, "utter_returned")
    assert entries(bot)[0].state == EntryState.ANSWERED
    assert await later(bot, timedelta(minutes=5)) == 0


async def test_after_a_deed_rasa_starts_afresh_for_it_may_not_know_of_it(bot: Bot) -> None:
    bot.assistant.deed, bot.assistant.silent = (lambda turn_id: act(bot, turn_id)), 1
    await bot.say("约课")
    bot.assistant.deed = None
    await bot.say("谢谢")
    first, second = (tracker for tracker, _ in bot.assistant.heard)
    assert first != second


async def test_what_a_dead_gateway_had_done_is_told_once_and_not_done_again(bot: Bot) -> None:
    await bot.say("你好")
    entry, turn = a_dead_gateways_turn(bot)
    act(bot, turn.id)
    assert await bot.parts.gateway.sweep() == 0  # it may be alive yet
    assert await later(bot) == 1
    assert len(bot.assistant.heard) == 1
    assert said_to(bot, entry) == [text_of(bot, "utter_returned")]


async def test_what_a_dead_gateway_had_not_done_is_done_by_a_turn_of_its_own(bot: Bot) -> None:
    await bot.say("你好")
    entry, turn = a_dead_gateways_turn(bot)
    assert await later(bot) == 1
    assert said_to(bot, entry) == ["你说：你好"]
    with pytest.raises(TurnLost):
        act(bot, turn.id)


async def test_a_message_that_is_sent_again_after_a_crash_is_answered(bot: Bot) -> None:
    await bot.say("你好", message_id="one")
    a_dead_gateways_turn(bot)
    assert await bot.say("你好", message_id="one") == ["你说：你好"]
    assert len(entries(bot)) == 1


async def test_a_gateway_whose_turn_was_taken_over_says_nothing(bot: Bot) -> None:
    """Two gateways overlap for a moment when one replaces the other."""
    await bot.say("开始")
    successor = gateway.Gateway(bot.parts.gateway.ground)
    bot.assistant.slow = 0.3
    first = asyncio.create_task(bot.say("约课"))
    await asyncio.sleep(0.1)
    bot.assistant.slow = 0
    await successor.drain(conversation_of(bot).id)
    await first
    assert said_to(bot, entries(bot)[1]) == ["你说：约课"]


async def test_a_form_goes_back_to_where_it_was_when_its_turn_is_given_up(bot: Bot) -> None:
    """Or the next try would answer the form's next question with the same words."""
    await bot.say("我要反映问题")
    conversation_id = conversation_of(bot).id

    def remember(_turn_id: str) -> None:
        with bot.parts.database.transaction() as db:
            slots = {"problem_what": "路灯坏了", "problem_where": None}
            conversations.keep_draft(
                db, conversation_id, "report_problem_form", slots, now=bot.clock.now()
            )

    with bot.parts.database.transaction() as db:
        conversations.keep_draft(
            db,
            conversation_id,
            "report_problem_form",
            {"problem_what": None},
            now=bot.clock.now(),
        )
    bot.assistant.deed, bot.assistant.silent = remember, 1
    await bot.say("路灯坏了")
    with bot.parts.database.reading() as db:
        assert db.get_one(Draft, conversation_id).slots == {"problem_what": None}


async def test_a_form_that_began_in_a_turn_that_was_given_up_has_not_begun(bot: Bot) -> None:
    def remember(turn_id: str) -> None:
        with bot.parts.database.transaction() as db:
            where = db.get_one(TurnRow, turn_id).conversation_id
            conversations.keep_draft(db, where, "a_form", {"x": 1}, now=bot.clock.now())

    bot.assistant.deed, bot.assistant.silent = remember, 1
    await bot.say("我要反映问题")
    with bot.parts.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Draft)) == 0


async def test_a_message_behind_one_that_failed_gets_an_honest_word_and_waits_its_turn(
    bot: Bot,
) -> None:
    bot.assistant.silent = 1
    await bot.say("第一句")
    assert await bot.say("第二句") == [text_of(bot, "utter_still_working")]
    assert len(bot.assistant.heard) == 1
    await later(bot)
    assert [heard for _, heard in bot.assistant.heard] == ["第一句", "第一句", "第二句"]


async def test_a_message_behind_a_slow_one_gets_an_honest_word_in_time(bot: Bot) -> None:
    await bot.say("开始")
    bot.parts.gateway.ground.turn_seconds = 0.3
    bot.assistant.slow = 30
    slow = asyncio.create_task(bot.say("慢"))
    await asyncio.sleep(0.05)
    bot.parts.gateway.ground.turn_seconds = 0.01  # what is left for the one behind it
    assert await bot.say("快") == [text_of(bot, "utter_still_working")]
    await slow


async def test_an_assistant_that_breaks_instead_of_being_silent_loses_nothing(bot: Bot) -> None:
    class Broken:
        async def reply(self, **_turn: object) -> list[Said]:
            raise ValueError("not even an AssistantSilent")

    ground = bot.parts.gateway.ground
    assistant, ground.assistant = ground.assistant, Broken()
    assert (await bot.say("约课"))[-1] == text_of(bot, "utter_still_working")
    ground.assistant = assistant
    await later(bot)
    assert said_to(bot, entries(bot)[0])[-1] == "你说：约课"


def poison(bot: Bot) -> None:
    """Leave something behind that makes reading the next message fail, whoever reads it."""
    with bot.parts.database.transaction() as db:
        conversation = db.scalars(select(Conversation)).one()
        said = conversations.say(
            db, conversation, "?", author=Author.ASSISTANT, now=bot.clock.now()
        )
        said.choices = [{"nonsense": "x"}]


async def test_a_poisonous_message_is_quarantined_and_those_behind_it_move_at_once(
    bot: Bot,
) -> None:
    await bot.say("你好")
    poison(bot)
    assert await bot.say("毒") == [text_of(bot, "utter_still_working")]
    assert await bot.say("排在后面") == [text_of(bot, "utter_still_working")]
    for tries in range(2, gateway.TRIES + 1):
        assert entries(bot)[2].state == EntryState.WAITING
        await later(bot)
        assert entries(bot)[1].tries == tries
    states = [entry.state for entry in entries(bot)]
    assert states == [EntryState.ANSWERED, EntryState.QUARANTINED, EntryState.ANSWERED]
    assert said_to(bot, entries(bot)[1])[-1] == text_of(bot, "utter_handed_over")
    assert conversation_of(bot).status == conversations.Status.OPEN


async def test_an_entry_whose_message_is_gone_is_quarantined_too(bot: Bot) -> None:
    bot.assistant.silent = 1
    await bot.say("约课")
    with bot.parts.database.transaction() as db:
        db.execute(update(InboxEntry).values(message_id=None))
    for _ in range(gateway.TRIES):
        await later(bot)
    assert entries(bot)[0].state == EntryState.QUARANTINED
    assert await bot.say("约课") == [text_of(bot, "utter_receipt")]


async def test_a_poisonous_message_holds_up_nobody_elses(bot: Bot) -> None:
    await bot.say("你好")
    poison(bot)
    await bot.say("毒")
    bot.assistant.silent = 1
    await bot.say("约课", session="t" * 32)
    await later(bot)
    assert entries(bot)[-1].state == EntryState.ANSWERED


async def test_news_that_cannot_be_told_is_never_contradicted(bot: Bot) -> None:
    bot.assistant.deed = lambda turn_id: act(bot, turn_id, "utter_that_nobody_wrote")
    await bot.say("约课")
    for _ in range(gateway.TRIES):
        await later(bot)
    assert entries(bot)[0].state == EntryState.QUARANTINED
    assert text_of(bot, "utter_handed_over") not in said_to(bot, entries(bot)[0])
    assert len(bot.assistant.heard) == 1


@pytest.mark.parametrize("busy_seconds", [0.5])
async def test_no_message_is_to_blame_for_a_store_that_is_away(bot: Bot) -> None:
    bot.assistant.silent = 1
    await bot.say("约课")
    before = entries(bot)[0].tries
    bot.clock.pass_by(timedelta(seconds=20))
    waiting = bot.parts.gateway._waiting()
    bot.parts.gateway._waiting = lambda: waiting  # type: ignore[method-assign]
    with locked(bot.parts.database):
        await bot.parts.gateway.sweep()
    assert entries(bot)[0].tries == before
    await bot.parts.gateway.sweep()
    assert said_to(bot, entries(bot)[0])[-1] == "你说：约课"


async def test_a_double_tap_does_the_thing_once(bot: Bot) -> None:
    answer = await bot.post("约课")
    tap = answer.json()["replies"][-1]["choices"][0]["value"]
    bot.assistant.slow = 0.1
    answers = await asyncio.gather(bot.say(tap), bot.say(tap))
    assert sorted(map(len, answers)) == [1, 1]
    assert [text_of(bot, "utter_old_choice")] in answers
    payloads = [heard for _, heard in bot.assistant.heard if heard.startswith("/")]
    assert payloads == ['/choose{"choice": "yes"}']


async def test_another_conversations_choice_is_only_words(bot: Bot) -> None:
    answer = await bot.post("约课")
    tap = answer.json()["replies"][-1]["choices"][0]["value"]
    bot.session = "t" * 32
    await bot.say(tap)
    assert bot.assistant.heard[-1][1] == tap


@pytest.mark.parametrize(
    "typed",
    ['/book_activity{"x":1}', "/restart", "//back", '/choose{"choice": "yes"}', "/", "/ 你好"],
)
async def test_whatever_begins_with_a_slash_reaches_rasa_as_words(bot: Bot, typed: str) -> None:
    await bot.say("约课")
    await bot.say(typed)
    assert not bot.assistant.heard[-1][1].startswith("/")


async def test_what_is_not_written_as_words_would_be_a_payload(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of writing it as words."""
    monkeypatch.setattr(work, "as_words", lambda text: text)
    await bot.say("/restart")
    assert bot.assistant.heard[-1][1] == "/restart"


async def test_an_emergency_is_answered_first_whoever_answers_the_conversation(
    bot: Bot,
) -> None:
    await bot.say("你好")
    hand_over(bot)
    assert "119" in (await bot.say("厨房着火了"))[0].splitlines()[0]
    assert len(bot.assistant.heard) == 1


async def test_an_emergency_passes_a_turn_in_flight(bot: Bot) -> None:
    bot.assistant.slow = 0.4
    slow = asyncio.create_task(bot.say("约课"))
    await asyncio.sleep(0.1)
    assert "119" in (await bot.say("着火了"))[0]
    assert not slow.done()
    await slow


async def test_an_emergency_passes_what_waits_in_the_queue(bot: Bot) -> None:
    bot.assistant.silent = 1
    await bot.say("约课")
    assert "119" in (await bot.say("着火了"))[0]
    assert [entry.state for entry in entries(bot)] == [EntryState.WAITING, EntryState.ANSWERED]


async def test_an_emergency_leaves_a_form_where_it_is(bot: Bot) -> None:
    await bot.say("你好")
    where = conversation_of(bot).id
    with bot.parts.database.transaction() as db:
        conversations.keep_draft(db, where, "a_form", {"x": 1}, now=bot.clock.now())
    assert "119" in (await bot.say("着火了"))[0]
    with bot.parts.database.reading() as db:
        assert db.get_one(Draft, where).slots == {"x": 1}


async def test_an_emergency_is_answered_once_while_the_queue_is_worked_on(bot: Bot) -> None:
    await bot.say("你好")
    bot.assistant.slow = 0.05
    words = ["约课", "着火了", "查课", "着火了", "退课"]
    await asyncio.gather(*(bot.say(each) for each in words))
    heard = [text for _, text in bot.assistant.heard]
    assert sorted(heard) == sorted(["你好", "约课", "查课", "退课"])
    for entry in entries(bot)[1:]:
        assert len(said_to(bot, entry)) == 1


async def test_an_emergency_that_is_sent_again_gets_the_same_answer(bot: Bot) -> None:
    first = await bot.post("着火了", message_id="one")
    assert (await bot.post("着火了", message_id="one")).json() == first.json()


async def test_an_emergency_waits_for_the_person_who_answers_as_well(bot: Bot) -> None:
    await bot.say("你好")
    hand_over(bot)
    with bot.parts.database.transaction() as db:
        db.scalars(select(Conversation)).one().unanswered_since = None
    await bot.say("着火了")
    assert conversation_of(bot).unanswered_since == bot.clock.now()
    assert conversation_of(bot).status == conversations.Status.OPEN


async def test_a_broken_gate_makes_nobody_deaf(bot: Bot) -> None:
    class Broken:
        def check(self, text: str) -> NeverRequest | None:
            raise RuntimeError("no encoder")

    bot.parts.gateway.ground.gate = Broken()
    assert (await bot.say("约课"))[-1] == "你说：约课"


async def test_with_a_person_there_is_one_receipt_and_then_silence(bot: Bot) -> None:
    await bot.say("你好")
    hand_over(bot)
    assert await bot.say("在吗") == [text_of(bot, "utter_receipt")]
    assert await bot.say("喂") == []
    answer = await bot.post("还在吗")
    assert answer.json() == {"replies": [], "status": "open", "elder": False}
    assert len(bot.assistant.heard) == 1


async def test_the_resident_can_have_the_assistant_back(bot: Bot) -> None:
    await bot.say("你好")
    hand_over(bot)
    assert await bot.say("「回到小沥」") == [text_of(bot, "utter_returned")]
    assert await bot.say("约课") == ["你说：约课"]


async def test_what_a_resident_types_is_never_a_payload(bot: Bot) -> None:
    await bot.say('/book_session{"x":1}')
    assert bot.assistant.heard[0][1] == '／book_session{"x":1}'


async def test_a_tapped_choice_reaches_the_assistant_as_our_own_payload(bot: Bot) -> None:
    answer = await bot.post("约课")
    tapped = answer.json()["replies"][-1]["choices"][1]["value"]
    await bot.say(tapped)
    assert bot.assistant.heard[-1][1] == '/choose{"choice": "no"}'


async def test_a_choice_may_be_named_by_number_or_label(bot: Bot) -> None:
    for said, meant in (("2", "no"), ("第一个", "yes"), ("否", "no"), ("１", "yes")):
        await bot.say("约课")
        await bot.say(said)
        assert bot.assistant.heard[-1][1] == f'/choose{{"choice": "{meant}"}}'


async def test_a_tap_on_an_old_keyboard_changes_nothing(bot: Bot) -> None:
    answer = await bot.post("约课")
    old = answer.json()["replies"][-1]["choices"][0]["value"]
    await bot.say("算了")
    heard = len(bot.assistant.heard)
    assert await bot.say(old) == [text_of(bot, "utter_old_choice")]
    assert len(bot.assistant.heard) == heard


async def test_an_empty_message_gets_help(bot: Bot) -> None:
    assert (await bot.say("  \u0000 "))[-1] == text_of(bot, "utter_empty_message")
    assert bot.assistant.heard == []


async def test_english_is_answered_in_english_and_stays_so(bot: Bot) -> None:
    bot.assistant.silent = 1
    english = bot.parts.wording.render("utter_still_working", language="en").text
    assert (await bot.say("when is the next bus"))[-1] == english
    assert conversation_of(bot).resident.language == "en"


async def test_nothing_is_acknowledged_that_is_not_stored(
    bot: Bot, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bot.say("你好")
    database.engine.dispose()
    with database.reading() as db:
        before = db.scalar(select(func.count()).select_from(InboxEntry))

    def full() -> Db:
        raise OSError("disk full")

    monkeypatch.setattr(database._writing, "begin", full)
    answer = await bot.post("约课")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(InboxEntry)) == before


@pytest.mark.parametrize("busy_seconds", [0.5])
async def test_a_store_that_is_held_by_somebody_is_told_and_takes_the_message_later(
    bot: Bot, database: Database
) -> None:
    await bot.say("你好")
    with locked(database):
        answer = await bot.post("约课", message_id="one")
    assert answer.status_code == 503
    assert len(entries(bot)) == 1
    assert await bot.say("约课", message_id="one") == ["你说：约课"]


async def test_a_store_that_does_not_answer_at_all_is_told_in_time(
    bot: Bot, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert STORE_SECONDS < 2
    await bot.say("你好")
    ground = bot.parts.gateway.ground
    monkeypatch.setattr(ground, "store_seconds", 0.05)
    back, begin = threading.Event(), database._writing.begin

    def wait() -> object:
        back.wait(20)
        return begin()

    monkeypatch.setattr(database._writing, "begin", wait)
    answer = await bot.post("约课", message_id="one")
    assert answer.status_code == 503
    assert answer.json()["zh"]
    back.set()
    monkeypatch.undo()
    assert await bot.say("约课", message_id="one") == ["你说：约课"]
    assert len(entries(bot)) == 2


async def test_what_is_sent_together_with_the_very_first_message_is_kept_too(bot: Bot) -> None:
    sent = [bot.post("你好", message_id=f"m{n % 3}") for n in range(18)]
    answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} == {200}
    assert len(entries(bot)) == len(bot.assistant.heard) == 3


async def test_all_that_waited_during_a_breakdown_is_gone_on_with(bot: Bot) -> None:
    bot.assistant.silent = waiting = 20  # more than are gone on with at once
    for n in range(waiting):
        await bot.say("约课", session=f"{n:032d}")
    assert await later(bot) == waiting > gateway.AT_ONCE
    assert {entry.state for entry in entries(bot)} == {EntryState.ANSWERED}
