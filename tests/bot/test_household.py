"""Households in a conversation: two phones, one person in two chats, and what nobody may."""

import re
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from actions import conversations
from actions.conversations import Conversation, Message
from actions.db import Base, Db
from actions.household.codes import read
from actions.people import acting, households, links, nicknames
from actions.people.model import Acting, Address, Area, LinkCode, Resident, Role, Staff
from bot.delivery import Delivery
from bot.message import InboundMessage
from tests.bot.conftest import Bot

CODE = re.compile(r"[A-Z0-9]{3}-[A-Z0-9]{3}-[A-Z0-9]{3}")
UNDERSTOOD = "你说："  # the assistant was asked


class Phone:
    """Somebody at a page of their own."""

    def __init__(self, bot: Bot, name: str) -> None:
        self.bot, self.session = bot, name * 32
        self.choices: dict[str, str] = {}

    async def say(self, text: str) -> str:
        answer = await self.bot.post(text, session=self.session)
        assert answer.status_code == 200, answer.text
        last = answer.json()["replies"][-1]
        self.choices = {one["label"]: one["value"] for one in last["choices"]}
        return str(last["text"])

    async def tap(self, label: str) -> str:
        return await self.say(self.choices[label])

    async def open(self, intent: str) -> str:
        """Tap a button of the household, which the assistant's answer has."""
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            talk = self.talk(db)
            choice = conversations.Choice("x", intent, id=f"c.{intent[:11]:_<11}")
            author = conversations.Author.ASSISTANT
            conversations.say(db, talk, "…", author=author, now=now, choices=[choice])
        return await self.say(f"c.{intent[:11]:_<11}")

    def talk(self, db: Db) -> Conversation:
        address = self.bot.parts.webchat.address(self.session)
        now = self.bot.clock.now()
        return conversations.at_address(db, channel="webchat", address=address, now=now)

    @property
    def resident_id(self) -> str:
        with self.bot.parts.database.transaction() as db:
            return self.talk(db).resident_id

    def told(self) -> str:
        """The last that was said in this chat, once the worker has sent what is due."""
        worker = Delivery(
            database=self.bot.parts.database,
            clock=self.bot.clock,
            wording=self.bot.parts.wording,
            return_after=timedelta(hours=1),
        )
        while worker.deliver_due():
            pass
        with self.bot.parts.database.transaction() as db:
            here = select(Message).where(Message.conversation_id == self.talk(db).id)
            last: Message = db.scalars(here.order_by(Message.id.desc()).limit(1)).one()
            return last.text


@pytest.fixture
def child(bot: Bot) -> Phone:
    return Phone(bot, "c")


@pytest.fixture
def mother(bot: Bot) -> Phone:
    return Phone(bot, "m")


def code_in(text: str) -> str:
    return str(CODE.findall(text)[0])


async def together(child: Phone, mother: Phone) -> None:
    """The child founds a household, and the mother joins it."""
    said = code_in(await child.open("household_invite"))
    child.bot.clock.pass_by(timedelta(seconds=1))  # who was there first is member 1
    await mother.say(said)
    await mother.tap("加入")


async def test_two_phones_one_household_and_acting_confirmed_with_a_digit(
    child: Phone, mother: Phone
) -> None:
    code = code_in(await child.open("household_invite"))
    child.bot.clock.pass_by(timedelta(seconds=1))
    assert "要加入这个家吗" in await mother.say(f"家庭码 {code.lower().replace('-', ' ')}")
    assert mother.bot.assistant.heard == []  # nothing had to be understood
    assert "您加入了这个家。家里还有：住户 1" in await mother.tap("加入")
    assert "有人用家庭码加入了" in child.told()
    await child.open("acting_begin")
    assert "住户 2是您的什么人" in await child.tap("住户 2")
    assert "问妈妈了" in await child.tap("妈妈")
    who = (child.resident_id, mother.resident_id)
    with child.bot.parts.database.reading() as db:
        assert not acting.may_act(db, *who)  # nothing before the yes
        assert acting.principal(db, who[0], "我妈") is None
    assert "您的孩子想在小沥上替您办事" in mother.told()
    assert "可以替您办事了" in await mother.say("1")
    with child.bot.parts.database.reading() as db:
        assert acting.may_act(db, *who)
        assert not acting.may_act(db, who[1], who[0])
        found = acting.principal(db, who[0], "我妈")
        assert found
        assert found.id == who[1]
    assert "妈妈同意了" in child.told()
    assert "不让孩子代办" in str((await mother.open("acting_begin"), mother.choices))
    assert "停了" in await mother.tap("不让孩子代办")
    assert "您替妈妈代办的事停了" in child.told()
    with child.bot.parts.database.reading() as db:
        assert not acting.may_act(db, *who)


async def test_a_no_is_a_no_and_is_not_asked_again_the_same_day(
    child: Phone, mother: Phone
) -> None:
    await together(child, mother)
    for asked_again in (False, True):
        await child.open("acting_begin")
        await child.tap("住户 2")
        answer = await child.say("外婆" if not asked_again else "我外婆")
        assert ("过一天再问" in answer) is asked_again
        if not asked_again:
            mother.told()
            assert "不能替您办事" in await mother.say("2")
            assert "没有同意" in child.told()
    child.bot.clock.pass_by(timedelta(days=1, minutes=1))
    await child.open("acting_begin")
    await child.tap("住户 2")
    assert "问外婆了" in await child.say("外婆")


async def test_only_the_one_it_is_done_for_can_say_yes(child: Phone, mother: Phone) -> None:
    await together(child, mother)
    await child.open("acting_begin")
    await child.tap("住户 2")
    await child.tap("妈妈")
    with child.bot.parts.database.transaction() as db:
        one = db.scalars(select(Acting)).one()
        talk = child.talk(db)
        choice = conversations.Choice("x", "confirm_acting", str(one.id), id="c.confirm____")
        author, now = conversations.Author.ASSISTANT, child.bot.clock.now()
        conversations.say(db, talk, "…", author=author, now=now, choices=[choice])
    await child.say("c.confirm____")
    with child.bot.parts.database.reading() as db:
        assert not acting.may_act(db, child.resident_id, mother.resident_id)


async def test_who_leaves_acts_for_nobody_and_stays_who_they_are(
    child: Phone, mother: Phone
) -> None:
    await together(child, mother)
    await child.open("acting_begin")
    await child.tap("住户 2")
    await child.tap("妈妈")
    mother.told()
    await mother.say("1")
    assert "要退出这个家吗" in await child.open("household_leave")
    assert "什么都没有变" in await child.tap("不退出")
    await child.open("household_leave")
    assert "退出了这个家" in await child.tap("退出")
    assert "代办停了" in mother.told()
    with child.bot.parts.database.reading() as db:
        assert not acting.may_act(db, child.resident_id, mother.resident_id)
        assert households.household_of(db, child.resident_id) is None
        home = households.household_of(db, mother.resident_id)
        assert home
    await mother.open("household_leave")
    await mother.tap("退出")
    with child.bot.parts.database.reading() as db:
        assert db.get(type(home), home.id) is None
        assert db.get(Resident, mother.resident_id)


async def test_two_chats_become_one_person_once_they_say_so(
    child: Phone, mother: Phone
) -> None:
    """The same person at a page and, here, at another."""
    first, here = child, mother
    code = code_in(await first.open("link_chat"))
    was, old = first.resident_id, here.resident_id
    assert "这样两边就是同一个人了，对吗" in await here.say(code)
    assert here.resident_id == old
    assert "连好了" in await here.tap("对，是我")
    assert here.resident_id == first.resident_id == was
    assert "另一个聊天连到这里了" in first.told()
    with child.bot.parts.database.reading() as db:
        assert db.get(Resident, old) is None
    await here.say("几点开门")
    assert len(here.bot.assistant.heard) == 1  # the talk goes on


async def test_who_says_no_stays_who_they_are_and_the_code_is_over(
    child: Phone, mother: Phone
) -> None:
    code = code_in(await child.open("link_chat"))
    await mother.say(code)
    yes = mother.choices["对，是我"]
    assert "什么都没有变" in await mother.tap("不是")
    assert "这个码不能用" in await mother.say(yes)
    assert "这个码不能用" in await mother.say(code)
    assert mother.resident_id != child.resident_id


async def test_one_sentence_for_whatever_is_wrong_with_a_code(
    child: Phone, mother: Phone
) -> None:
    used = code_in(await child.open("household_invite"))
    await mother.say(used)
    await mother.tap("加入")
    late = code_in(await child.open("household_invite"))
    child.bot.clock.pass_by(links.LASTS)
    wrong = "ACD-EFG-HJK"
    stranger = Phone(child.bot, "t")
    answers = {await stranger.say(one) for one in (used, late, wrong, f"加入 {wrong}")}
    assert answers == {"这个码不能用，请让家人或工作人员再给一个。"}


async def test_a_yes_that_comes_too_late_does_nothing(child: Phone, mother: Phone) -> None:
    await mother.say(code_in(await child.open("household_invite")))
    mother.bot.clock.pass_by(links.LASTS)
    assert "这个码不能用" in await mother.tap("加入")
    with child.bot.parts.database.reading() as db:
        assert households.household_of(db, mother.resident_id) is None


async def test_nobody_else_can_say_yes_to_what_one_has_said(
    child: Phone, mother: Phone
) -> None:
    await mother.say(code_in(await child.open("household_invite")))
    stranger = Phone(child.bot, "t")
    with child.bot.parts.database.transaction() as db:
        number = db.scalars(select(LinkCode.id)).one()
        choice = conversations.Choice("x", "household_join", str(number), id="c.join_______")
        talk, now = stranger.talk(db), child.bot.clock.now()
        author = conversations.Author.ASSISTANT
        conversations.say(db, talk, "…", author=author, now=now, choices=[choice])
    assert "这个码不能用" in await stranger.say("c.join_______")
    assert "您加入了" in await mother.tap("加入")


async def test_ones_own_code_stays_good_for_whom_it_is(child: Phone, mother: Phone) -> None:
    family = code_in(await child.open("household_invite"))
    assert "已经在这个家里" in await child.say(family)
    another = code_in(await child.open("link_chat"))
    assert "另一个聊天里发" in await child.say(another)
    assert "要加入这个家吗" in await mother.say(family)


def a_staff_code(bot: Bot) -> str:
    now = bot.clock.now()
    with bot.parts.database.transaction() as db:
        db.add(Area(id="guali/", tier="town"))
        db.flush()
        who = Staff(username="wang", password_hash="-", role=Role.STAFF, created_at=now)
        who.area_id = "guali/"
        db.add(who)
        db.flush()
        return links.code_for_staff(db, who, key="key", now=now)


async def test_a_code_of_staff_is_no_use_to_residents_nor_used_up(
    bot: Bot, child: Phone
) -> None:
    code = links.shown(a_staff_code(bot))
    for said in (code, f"绑定 {code}", f"家庭码 {code}") * 3:
        assert "这个码不能用" in await child.say(said)
    with bot.parts.database.transaction() as db:
        kept = db.scalars(select(LinkCode)).one()
        assert (kept.tries, kept.used_at, kept.said_by) == (0, None, None)
        door = links.Door("dingtalk", "wang's")
        assert links.link(db, code, door, key="key", now=bot.clock.now())


async def test_a_residents_code_makes_nobody_staff(bot: Bot, child: Phone) -> None:
    code = code_in(await child.open("link_chat"))
    with bot.parts.database.transaction() as db:
        door, now = links.Door("dingtalk", "a resident's"), bot.clock.now()
        assert links.link(db, code, door, key="key", now=now) is None
        assert links.open_chat(db, code, "c" * 32, key="key", now=now) is None
        assert links.speaker(db, door) is None
        assert db.scalars(select(LinkCode)).one().used_at is None


async def test_bound_with_the_word_of_staff_on_a_channel_of_both_it_is_still_a_residents(
    bot: Bot, child: Phone
) -> None:
    code = code_in(await child.open("link_chat"))
    message = InboundMessage(
        channel="telegram", address="somebody", update_id="1", text=f"绑定 {code}"
    )
    answered = await bot.parts.gateway.receive(message)
    assert "这样两边就是同一个人了" in answered.replies[-1].text


@pytest.mark.parametrize(
    "said", ["departure", "the cat ran", "138 001 380", "加入书法社", "join the yoga class"]
)
async def test_what_is_no_code_goes_to_the_assistant(child: Phone, said: str) -> None:
    assert (await child.say(said)).startswith(UNDERSTOOD)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("ACD-EFG-HJK", "ACDEFGHJK"),
        ("ＡＣＤ－ＥＦＧ－ＨＪＫ", "ACDEFGHJK"),
        ("家庭碼：acd efg hjk。", "ACDEFGHJK"),
        ("绑定acdefghjk", "ACDEFGHJK"),
        ("用这个码加入 acd-efg-hjk", "ACDEFGHJK"),
        ("my family code is ACD EFG HJK", "ACDEFGHJK"),
        ("家庭码 ACD-EFG-HJ", "ACDEFGHJ"),
    ],
)
def test_a_code_is_known_however_it_is_written(said: str, code: str) -> None:
    seen = read(said)
    assert seen
    assert (seen.code, seen.sure) == (code, True)


@pytest.mark.parametrize(
    "said",
    ["GQ-261124-0001", "K37492", "我的码是 K37492", "图书馆 ACD-EFG-HJK 在哪", "几点开门"],
)
def test_references_booking_codes_and_questions_are_none(said: str) -> None:
    assert read(said) is None


@pytest.mark.parametrize(
    ("name", "answer", "called"),
    [
        ("王阿姨", "以后就叫您“王阿姨”", "王阿姨"),
        ("13800138000", "不要写电话", None),
        ("七幢3单元王阿姨", "不要写电话", None),
        ("微信wx99", "不要写电话", None),
        ("一个很长很长很长很长很长的名字", "有点长", None),
        ("图书馆几点开门", UNDERSTOOD, None),
    ],
)
async def test_a_nickname_is_a_name_and_nothing_more(
    child: Phone, name: str, answer: str, called: str | None
) -> None:
    await child.open("nickname_begin")
    assert answer in await child.say(name)
    with child.bot.parts.database.reading() as db:
        assert nicknames.called(db, child.resident_id) == called
    if called:  # only what was asked for is taken
        assert (await child.say("隔壁老王")).startswith(UNDERSTOOD)


async def test_members_are_called_as_they_wish(child: Phone, mother: Phone) -> None:
    await together(child, mother)
    await mother.open("nickname_begin")
    await mother.say("王阿姨")
    await child.open("acting_begin")
    assert "王阿姨" in child.choices


async def test_an_elder_is_asked_one_thing_with_few_choices(
    child: Phone, mother: Phone
) -> None:
    with child.bot.parts.database.transaction() as db:
        child.talk(db).resident.elder = True
    for intent in ("household_invite", "link_chat", "household_more", "household_code"):
        said = await child.open(intent)
        assert len(said) <= 60
        assert len(child.choices) <= 3


def test_the_bots_process_knows_every_table() -> None:
    """A merge reads them from the schema: what is not known would be left behind."""
    script = (
        "import bot.app; from actions.db import Base; from actions import migrate; "
        "from actions.people import merging; print(len(merging.tables()))"
    )
    alone = "import bot.app; from actions.people import merging; print(len(merging.tables()))"
    counted = {
        subprocess.run([sys.executable, "-c", one], capture_output=True, check=True).stdout
        for one in (script, alone)
    }
    assert len(counted) == 1


def counted(bot: Bot, table: type[Base]) -> int:
    with bot.parts.database.reading() as db:
        return db.scalars(select(func.count()).select_from(table)).one()


async def test_nothing_of_a_resident_is_lost_when_two_become_one(
    child: Phone, mother: Phone
) -> None:
    await mother.say("你好")
    await child.say("你好")
    code = code_in(await child.open("link_chat"))
    addresses, said = counted(child.bot, Address), counted(child.bot, Message)
    await mother.say(code)
    await mother.tap("对，是我")
    assert counted(child.bot, Address) == addresses
    assert counted(child.bot, Message) > said
    with child.bot.parts.database.reading() as db:
        talks = db.scalars(select(Conversation)).all()
        assert {talk.resident_id for talk in talks} == {child.resident_id}


async def test_a_code_is_taken_even_while_a_person_answers(child: Phone, mother: Phone) -> None:
    code = code_in(await child.open("household_invite"))
    with child.bot.parts.database.transaction() as db:
        conversations.open_for_staff(db, mother.talk(db), now=child.bot.clock.now())
    assert "要加入这个家吗" in await mother.say(code)
    await mother.tap("加入")
    answer = await child.bot.post("什么时候来？", session=mother.session)
    assert answer.json()["status"] == "open"  # and all else is for the person
    assert "工作人员" in answer.json()["replies"][-1]["text"]


async def test_a_word_for_kin_in_another_sentence_is_no_answer(
    child: Phone, mother: Phone
) -> None:
    await together(child, mother)
    await child.open("acting_begin")
    await child.tap("住户 2")
    assert (await child.say("今天下午三点钟我想带外婆去社区食堂吃饭可以吗")).startswith(
        UNDERSTOOD
    )
