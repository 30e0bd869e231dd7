"""Neighbours through the gateway: asked, one comes, the others hear it, done, thanks."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from actions import conversations
from actions.alerts import Alert
from actions.content.editions import Shelf
from actions.conversations import Author, Conversation, Message
from actions.db import Db
from actions.neighbours import needs, offers
from actions.neighbours.model import HelpRequest, Match, Status
from actions.neighbours.need import Need
from actions.people import consents, nicknames
from bot.delivery import Delivery
from bot.taps import square_of
from bot.upkeep import Neighbours
from tests.bot.conftest import PACK, Bot

HOUR = timedelta(hours=1)


@dataclass
class Street:
    """Everybody writes from a session of their own."""

    bot: Bot

    def somebody(self, who: str, nickname: str = "", language: str = "zh") -> None:
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            talk = self.talk(db, who)
            talk.resident.language = language
            if nickname:
                nicknames.call(db, talk.resident_id, nickname, now=now)

    def willing(self, who: str, nickname: str = "", language: str = "zh") -> None:
        self.somebody(who, nickname, language)
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            offer = offers.write(
                db, conversation=self.talk(db, who), terms=offers.Terms(reach="town"), now=now
            )
            offer.verified_at = now

    def post(self, who: str, kind: str = "fetch-parcel") -> int:
        now = self.bot.clock.now()
        wanted = now + 5 * HOUR
        with self.bot.parts.database.transaction() as db:
            talk = self.talk(db, who)
            consents.give(db, talk.resident_id, "help", channel="webchat", now=now)
            return needs.post(
                db,
                square=square_of(self.bot.parts.gateway.ground.programme(db)),
                need=Need(kind, (wanted, wanted), "我姓王，住三幢，电话 13800000000"),
                conversation=talk,
                now=now,
            ).id

    def work(self) -> None:
        """Let the worker ask, and send all that is due."""
        shelf = Shelf(PACK, Path("nowhere"))
        parts, clock = self.bot.parts, self.bot.clock
        Neighbours(parts.database, shelf, parts.wording, clock).run_due()
        delivery = Delivery(
            database=parts.database,
            clock=clock,
            wording=parts.wording,
            return_after=HOUR,
        )
        while delivery.deliver_due():
            pass

    async def say(self, who: str, text: str) -> str:
        """Say something; returns the answer."""
        self.bot.session = self.session(who)
        return "\n".join(await self.bot.say(text))

    async def tap(self, who: str, label: str) -> str:
        """Tap the last button of this label they were given."""
        with self.bot.parts.database.transaction() as db:
            offered = [c for said in self.said(db, who) for c in said.offered]
        choice = next(choice for choice in reversed(offered) if choice.label == label)
        return await self.say(who, choice.id)

    def heard(self, who: str) -> list[str]:
        with self.bot.parts.database.transaction() as db:
            return [said.text for said in self.said(db, who)]

    def said(self, db: Db, who: str) -> list[Message]:
        to_them = select(Message).where(
            Message.conversation_id == self.talk(db, who).id,
            Message.author != Author.RESIDENT,
        )
        return list(db.scalars(to_them.order_by(Message.id)))

    def talk(self, db: Db, who: str) -> Conversation:
        address = self.bot.parts.webchat.address(self.session(who))
        return conversations.at_address(
            db, channel="webchat", address=address, now=self.bot.clock.now()
        )

    @staticmethod
    def session(who: str) -> str:
        return who.ljust(32, "-")


@pytest.fixture
def street(bot: Bot) -> Street:
    return Street(bot)


async def test_asked_taken_on_done_and_thanked_for(street: Street) -> None:
    street.somebody("asker", "王阿姨")
    for who, nickname in (("b", "小陈"), ("c", ""), ("d", "")):
        street.willing(who, nickname)
    need = street.post("asker")
    street.work()
    (asked,) = street.heard("b")
    assert "王阿姨想请人帮忙" in asked
    assert not [word for word in ("姓王", "三幢", "138") if word in asked]

    assert "交给您了" in await street.say("b", "1")  # the digit is enough
    street.work()
    assert "已经有邻居去了" in street.heard("c")[-1]
    assert "刚刚被别的邻居接走了" in await street.tap("c", "我可以")
    assert street.heard("asker")[-1].startswith("小陈愿意帮您：取快递")

    street.bot.clock.pass_by(5 * HOUR)
    assert "告诉邻居了" in await street.tap("b", "我到了")
    street.work()
    assert street.heard("asker")[-1] == "帮您的邻居到了：小陈。\n要见面，先核对称呼。"
    street.bot.clock.pass_by(HOUR / 2)
    assert "办好了吗" in await street.tap("b", "我走了")
    assert "谢谢您帮了邻居" in await street.tap("b", "办好了")
    street.work()
    assert "邻居帮您办好了吗" in street.heard("asker")[-1]
    assert "说声谢谢吗" in await street.tap("asker", "办好了")
    assert "转告了" in await street.tap("asker", "谢谢")
    street.work()
    assert street.heard("b")[-1].startswith("王阿姨谢谢您帮忙")
    assert street.bot.assistant.heard == []  # nothing had to be understood
    with street.bot.parts.database.reading() as db:
        assert db.get_one(HelpRequest, need).status == Status.DONE
        assert db.scalars(select(Match.minutes).where(Match.minutes.is_not(None))).all() == [30]


async def test_when_nobody_can_who_asked_waits_on_or_takes_it_back(street: Street) -> None:
    street.somebody("asker")
    street.willing("b")
    need = street.post("asker")
    street.work()
    assert "没关系" in await street.say("b", "2")
    street.bot.clock.pass_by(HOUR + timedelta(minutes=1))
    street.work()
    street.work()  # the last step is reached, and nobody is there
    assert "还没有邻居能来" in street.heard("asker")[-1]
    assert "我接着问" in await street.tap("asker", "再等等")
    assert "撤回了" in await street.tap("asker", "不用了")
    assert "不需要人了" in await street.tap("b", "我可以")
    with street.bot.parts.database.reading() as db:
        assert db.get_one(HelpRequest, need).status == Status.CANCELLED


async def test_a_helper_who_cannot_come_late_is_owned_up_to(street: Street) -> None:
    street.somebody("asker")
    street.willing("b")
    street.post("asker")
    street.work()
    await street.tap("b", "我可以")
    street.bot.clock.pass_by(4 * HOUR)
    street.willing("c")
    assert "谢谢您早说" in await street.tap("b", "去不了了")
    street.work()
    assert "要来的邻居去不了了" in street.heard("asker")[-1]
    assert "想请人帮忙" in street.heard("c")[-1]
    with street.bot.parts.database.reading() as db:
        assert db.scalars(select(Alert.kind)).all() == ["late_withdrawal"]
    assert "交给您了" in await street.tap("c", "我可以")
    street.work()
    assert "一位邻居愿意帮您" in street.heard("asker")[-1]


async def test_what_its_buttons_do_can_be_said_when_much_was_said_since(street: Street) -> None:
    street.somebody("asker", "王阿姨")
    street.willing("b", "阿强")
    need = street.post("asker")
    street.work()
    await street.tap("b", "我可以")
    await street.say("b", "明天天气好吗")  # the buttons are of long ago
    assert "还早" in await street.say("b", "我到了")
    street.bot.clock.pass_by(5 * HOUR)
    assert "告诉" in await street.say("b", "我到了！")
    await street.say("b", "有点堵车")
    assert "你说" not in await street.say("b", "我走了")
    street.bot.clock.pass_by(HOUR)
    await street.say("asker", "今天真冷")
    assert "你说" not in await street.say("asker", "办好了")
    with street.bot.parts.database.reading() as db:
        match = db.scalars(select(Match)).one()
        assert match.request_id == need
        assert all((match.arrived_at, match.left_at, match.asker_done_at))


async def test_of_two_needs_the_nearest_is_meant_and_none_is_left_by_a_guess(
    street: Street,
) -> None:
    street.somebody("asker")
    street.somebody("other")
    street.willing("b")
    first = street.post("asker")
    street.work()
    await street.tap("b", "我可以")
    street.bot.clock.pass_by(4 * HOUR)
    second = street.post("other")
    street.work()
    await street.tap("b", "我可以")
    street.bot.clock.pass_by(HOUR)
    await street.say("b", "路上")
    assert "你说" in await street.say("b", "去不了了")
    await street.say("b", "到了")
    with street.bot.parts.database.reading() as db:
        arrived = {one.request_id: one.arrived_at for one in db.scalars(select(Match))}
    assert arrived[first]
    assert arrived[second] is None


async def test_who_helps_nobody_and_is_helped_by_nobody_says_it_to_the_assistant(
    street: Street,
) -> None:
    street.somebody("asker")
    street.post("asker")
    for said in ("我到了", "没来", "办好了", "我走了"):
        assert "你说" in await street.say("asker", said)


async def test_all_of_it_in_english(street: Street) -> None:
    street.somebody("asker", language="en")
    street.willing("b", "Mo", language="en")
    street.post("asker")
    street.work()
    assert "a neighbour needs a hand" in street.heard("b")[-1]
    assert "it is yours" in await street.say("b", "1")
    street.work()
    assert street.heard("asker")[-1].startswith("Mo will help you: Fetch a parcel")
    street.bot.clock.pass_by(5 * HOUR)
    assert "knows that you are here" in await street.tap("b", "I am here")
    street.work()
    assert street.heard("asker")[-1].startswith("Your neighbour is here: Mo.")
    street.bot.clock.pass_by(2 * HOUR)
    street.work()
    assert "say thank you" in await street.say("asker", "1")
