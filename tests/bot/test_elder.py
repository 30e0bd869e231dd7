"""Elder mode in a conversation: read-back, 再说一遍, which is meant, who switches it, when."""

from datetime import timedelta
from typing import Any

import pytest

from actions import conversations, outbox
from actions.conversations import Choice, Conversation
from actions.db import Db
from actions.people.model import Acting, Household, Words
from actions.plain import is_plain
from actions.told import MISHEARD, Told
from actions.wording import Said
from tests.bot.conftest import Bot, Echo
from tests.bot.test_doing_for_a_parent import deliver, talk

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

FORM = (Choice("周六", "choose", "6"), Choice("周日", "choose", "7"))


class Says(Echo):
    """An assistant that says what it is given, over and over."""

    def __init__(self, *said: Said) -> None:
        super().__init__()
        self.said = list(said)

    async def reply(self, **asked: Any) -> list[Said]:
        await super().reply(**asked)
        return self.said


async def made_elder(bot: Bot, *said: Said) -> Says:
    """Somebody in elder mode, and an assistant that says this to whatever they say."""
    await bot.say("你好")
    with bot.parts.database.transaction() as db:
        talk(db, bot, bot.session).resident.elder = True
    return says(bot, *said)


def says(bot: Bot, *said: Said) -> Says:
    assistant = Says(*said)
    bot.parts.gateway.ground.assistant = assistant
    return assistant


def in_a_form(bot: Bot) -> None:
    with bot.parts.database.transaction() as db:
        here, now = talk(db, bot, bot.session).id, bot.clock.now()
        conversations.keep_draft(db, here, "book_activity_form", {}, now=now)


OFFER = (Choice("好，说简单些", "elder_on"), Choice("不用", "elder_no"))


def owe(bot: Bot, response: str, *choices: Choice, **values: Any) -> None:
    with bot.parts.database.transaction() as db:
        outbox.put(
            db,
            conversation_id=talk(db, bot, bot.session).id,
            response=response,
            due_at=bot.clock.now(),
            values=values,
            choices=choices,
        )
    deliver(bot)


def is_elder(bot: Bot) -> bool:
    with bot.parts.database.reading() as db:
        return talk(db, bot, bot.session).resident.elder


async def choices_of(bot: Bot, text: str) -> list[str]:
    replies = (await bot.post(text)).json()["replies"]
    return [choice["label"] for reply in replies for choice in reply["choices"]]


async def test_many_choices_come_two_at_a_time_and_round_again(bot: Bot) -> None:
    many = tuple(Choice(f"第{n}站", "choose", str(n)) for n in "甲乙丙丁戊")
    assistant = await made_elder(bot, Said("在哪一站上车？", many))
    assert await choices_of(bot, "坐车") == ["第甲站", "第乙站", "看别的"]
    assert await choices_of(bot, "3") == ["第丙站", "第丁站", "看别的"]
    assert await choices_of(bot, "③") == ["第戊站", "第甲站", "看别的"]
    assert len(assistant.heard) == 1
    await bot.say("第一个")
    assert assistant.heard[-1][1] == '/choose{"choice": "戊"}'


async def test_a_choice_of_a_page_that_is_not_turned_may_be_said(bot: Bot) -> None:
    many = tuple(Choice(f"第{n}站", "choose", str(n)) for n in "甲乙丙丁戊")
    assistant = await made_elder(bot, Said("在哪一站上车？", many))
    await bot.say("坐车")
    await bot.say("第戊站")
    assert assistant.heard[-1][1] == '/choose{"choice": "戊"}'


async def test_a_long_answer_goes_on_when_asked(bot: Bot) -> None:
    sentences = [f"第{n}句，这一句话说得不长也不短，大约是二十几个字。" for n in range(12)]
    await made_elder(bot, Said("".join(sentences)))
    heard = await bot.say("怎么办社保卡")
    while "第11句" not in heard[-1]:
        heard += await bot.say("1")
    assert "".join(heard) == "".join(sentences)
    assert all(is_plain(Said(one)) for one in heard)


async def test_an_emergency_has_its_number_in_the_first_message(bot: Bot) -> None:
    await made_elder(bot, Said("好"))
    first, *rest = await bot.say("家里着火了")
    assert "119" in first
    assert all(is_plain(Said(one)) for one in (first, *rest))


async def test_a_deed_of_one_tap_is_read_back_and_done_after_a_yes(bot: Bot) -> None:
    await made_elder(bot, Said("要不要停掉？", (Choice("停掉认识邻居", "stop_introductions"),)))
    await bot.say("认识邻居")
    read_back = await bot.say("1")
    assert "停掉认识邻居" in read_back[0]
    assert "没有办" in (await bot.say("2"))[0]
    await bot.say("认识邻居")
    await bot.say("1")
    done = await bot.say("一")
    assert "停掉认识邻居" not in "".join(done)


async def test_others_tap_once(bot: Bot) -> None:
    says(bot, Said("要不要停掉？", (Choice("停掉认识邻居", "stop_introductions"),)))
    await bot.say("认识邻居")
    assert "对吗" not in "".join(await bot.say("1"))


@pytest.mark.parametrize(
    "asked",
    [
        "再说一遍",
        "没听清，再讲一次",
        "再念一遍好吗？",
        "刚才说什么",
        "Repeat please",
        "say that again",
    ],
)
async def test_what_was_said_last_is_said_again_with_its_choices(bot: Bot, asked: str) -> None:
    assistant = await made_elder(bot, Said("约哪一天？" * 15, FORM))
    before = await bot.say("报名")
    for _ in range(2):
        assert await bot.say(asked) == before
    assert len(assistant.heard) == 1  # the form has not moved
    await bot.say("2")
    assert assistant.heard[-1][1] == '/choose{"choice": "7"}'


@pytest.mark.parametrize("text", ["再说一遍你的电话", "再约一次", "没听说过", "again tomorrow"])
async def test_a_wish_that_only_sounds_so_is_no_repeat(bot: Bot, text: str) -> None:
    assistant = await made_elder(bot, Said("好"))
    await bot.say(text)
    assert assistant.heard[-1][1] == text


async def test_a_question_of_last_week_is_answered_by_a_digit(bot: Bot) -> None:
    assistant = await made_elder(bot, Said("约哪一天？", FORM))
    await bot.say("报名")
    for _ in range(12):  # news without choices in between takes nothing away
        owe(bot, "utter_returned")
    bot.clock.pass_by(timedelta(days=9))
    await bot.say("2")
    assert assistant.heard[-1][1] == '/choose{"choice": "7"}'


async def test_where_a_notice_asked_meanwhile_a_digit_is_asked_back(bot: Bot) -> None:
    assistant = await made_elder(bot, Said("约哪一天？", FORM))
    await bot.say("报名")
    in_a_form(bot)
    owe(bot, "utter_returned", *OFFER)
    answer = (await bot.post("1")).json()["replies"][-1]
    assert [choice["label"] for choice in answer["choices"]] == ["周六", "好，说简单些"]
    assert len(assistant.heard) == 1
    await bot.say("1")
    assert assistant.heard[-1][1] == '/choose{"choice": "6"}'


async def test_outside_a_form_a_digit_answers_what_was_asked_last(bot: Bot) -> None:
    await made_elder(bot, Said("还想问什么？", FORM))
    await bot.say("几点开门")
    owe(bot, "utter_returned", *OFFER)
    assert "照旧" in "".join(await bot.say("2"))


async def test_a_notice_does_not_take_the_yes_of_a_read_back(bot: Bot) -> None:
    await made_elder(bot, Said("要不要停掉？", (Choice("停掉认识邻居", "stop_introductions"),)))
    await bot.say("认识邻居")
    await bot.say("1")
    owe(bot, "utter_returned", *OFFER)
    assert await choices_of(bot, "1") == ["对", "好，说简单些"]


async def test_choices_of_the_same_words_are_told_apart_by_their_questions(bot: Bot) -> None:
    await made_elder(bot, Said("周六的书法课，要约吗？", (Choice("好", "choose", "yes"),)))
    await bot.say("报名")
    in_a_form(bot)
    owe(bot, "utter_returned", Choice("好", "elder_no"))
    labels = await choices_of(bot, "1")
    assert labels == ["好 · 周六的书法课，要约吗？", "好 · 小沥回来了。您请说。"]


async def test_a_label_of_either_question_needs_no_asking_back(bot: Bot) -> None:
    assistant = await made_elder(bot, Said("约哪一天？", FORM))
    await bot.say("报名")
    in_a_form(bot)
    owe(bot, "utter_returned", *OFFER)
    await bot.say("周六")
    assert assistant.heard[-1][1] == '/choose{"choice": "6"}'


async def test_simple_words_are_offered_after_two_misses_and_not_soon_again(bot: Bot) -> None:
    missed = Said("这句我没听明白。", told=Told(MISHEARD))
    says(bot, missed)
    assert "简单些" not in "".join(await bot.say("哇啦哇啦"))
    says(bot, Said("好"))
    await bot.say("几点开门")
    says(bot, missed)
    assert "简单些" not in "".join(await bot.say("哇啦哇啦"))
    assert "简单些" in "".join(await bot.say("哇啦哇啦"))
    assert "简单些" not in "".join(await bot.say("哇啦哇啦"))
    assert not is_elder(bot)
    bot.clock.pass_by(timedelta(days=200))
    assert "简单些" in "".join(await bot.say("哇啦哇啦"))
    await bot.say("1")
    assert is_elder(bot)


async def test_the_offer_leaves_the_digits_to_what_a_form_asks(bot: Bot) -> None:
    assistant = says(
        bot, Said("这句我没听明白。", told=Told(MISHEARD)), Said("约哪一天？", FORM)
    )
    await bot.say("哇啦哇啦")
    await bot.say("哇啦哇啦")
    await bot.say("2")
    assert assistant.heard[-1][1] == '/choose{"choice": "7"}'
    assert not is_elder(bot)


async def test_a_no_to_the_offer_changes_nothing(bot: Bot) -> None:
    says(bot, Said("这句我没听明白。", told=Told(MISHEARD)))
    await bot.say("哇啦哇啦")
    await bot.say("哇啦哇啦")
    assert "照旧" in "".join(await bot.say("不用"))
    assert not is_elder(bot)


async def test_staffs_own_words_stay_whole(bot: Bot) -> None:
    await made_elder(bot, Said("好"))
    await bot.say("早")
    words = "老人家，您说的事我们看过了，明天上午九点有人上门，请您在家等一等。" * 3
    with bot.parts.database.transaction() as db:
        conversation = talk(db, bot, bot.session)
        said = Words(
            resident_id=conversation.resident_id, text=words, created_at=bot.clock.now()
        )
        db.add(said)
        db.flush()
        outbox.put(
            db,
            conversation_id=conversation.id,
            response="",
            due_at=bot.clock.now(),
            words_id=said.id,
            staff_id=None,
        )
    deliver(bot)
    assert await bot.say("再说一遍") == ["好", words]


async def test_a_person_who_answers_is_asked_to_repeat_themselves(bot: Bot) -> None:
    await made_elder(bot, Said("好"))
    with bot.parts.database.transaction() as db:
        conversations.open_for_staff(db, talk(db, bot, bot.session), now=bot.clock.now())
    (receipt,) = await bot.say("再说一遍")
    assert "工作人员" in receipt


def let_act(db: Db, bot: Bot, child: Conversation, parent: Conversation) -> Acting:
    home = Household(created_at=bot.clock.now())
    db.add(home)
    db.flush()
    child.resident.household_id = parent.resident.household_id = home.id
    now = bot.clock.now()
    one = Acting(kin="mother", asked_at=now, confirmed_at=now)
    one.actor_id, one.principal_id = child.resident_id, parent.resident_id
    db.add(one)
    db.flush()
    return one


async def test_family_switches_it_for_a_parent_who_is_told(bot: Bot) -> None:
    parent, child = "p" * 32, "c" * 32
    for bot.session in (parent, child):
        await bot.say("你好")
    with bot.parts.database.transaction() as db:
        one = let_act(db, bot, talk(db, bot, child), talk(db, bot, parent))
        number = one.id
    says(bot, Said("好", (Choice("跟妈妈说简单些", "acting_elder", f"{number}=on"),)))
    await bot.say("替家人办事")
    assert "妈妈" in "".join(await bot.say("1"))
    bot.session = parent
    assert is_elder(bot)
    deliver(bot)
    assert "正常模式" in "".join(await bot.say("再说一遍"))


async def test_nobody_switches_it_once_acting_has_ended(bot: Bot) -> None:
    parent, child = "p" * 32, "c" * 32
    for bot.session in (parent, child):
        await bot.say("你好")
    with bot.parts.database.transaction() as db:
        one = let_act(db, bot, talk(db, bot, child), talk(db, bot, parent))
        one.ended_at, number = bot.clock.now(), one.id
    says(bot, Said("好", (Choice("跟妈妈说简单些", "acting_elder", f"{number}=on"),)))
    await bot.say("替家人办事")
    await bot.say("1")
    bot.session = parent
    assert not is_elder(bot)
