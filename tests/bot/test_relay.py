"""Two neighbours at their pages: a tap, words, and what reaches the other side."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from actions import conversations
from actions.content.editions import Shelf
from actions.conversations import Conversation, Message, Status
from actions.relay import relaying
from actions.relay.masking import MASK
from actions.relay.model import Pending, RelayMessage, Release
from bot.history import history
from bot.upkeep import Releases
from tests.bot.conftest import PACK, Bot, photo
from tests.bot.test_taps import deliver

ABOUT = "help:12"
ASKER, HELPER = "a" * 32, "h" * 32
DOOR = "3幢2单元501"


@dataclass
class Pair:
    """Two residents at their pages, in touch."""

    bot: Bot

    async def say(self, who: str, text: str) -> list[str]:
        self.bot.session = who
        return await self.bot.say(text)

    async def tap(self, who: str, label: str) -> list[str]:
        """Tap the latest button of this label that somebody sees."""
        with self.bot.parts.database.reading() as db:
            said = db.scalars(
                select(Message)
                .where(Message.conversation_id == self.talk_id(who))
                .order_by(Message.id.desc())
            )
            found = next(c for one in said for c in one.offered if c.label == label)
        return await self.say(who, found.id)

    def talk_id(self, who: str) -> str:
        with self.bot.parts.database.transaction() as db:
            address, now = self.bot.parts.webchat.address(who), self.bot.clock.now()
            return conversations.at_address(db, channel="webchat", address=address, now=now).id

    def sees(self, who: str) -> str:
        """All that somebody's page shows, with what the worker has brought."""
        deliver(self.bot)
        with self.bot.parts.database.reading() as db:
            shown = history(db, self.bot.parts.webchat, who)
        return "\n".join(message.text for message in shown.messages)

    def open(self, hours: int = 8) -> None:
        asker, helper = self.talk_id(ASKER), self.talk_id(HELPER)
        with self.bot.parts.database.transaction() as db:
            one, other = db.get_one(Conversation, asker), db.get_one(Conversation, helper)
            now = self.bot.clock.now()
            closes_at = now + timedelta(hours=hours)
            relaying.open_between(db, one, other, about=ABOUT, now=now, closes_at=closes_at)

    def offer(self, who: str, intent: str, about: str = ABOUT) -> None:
        """Show somebody a button, as the topics do."""
        talk_id, now = self.talk_id(who), self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            conversations.say(
                db,
                db.get_one(Conversation, talk_id),
                "请选",
                author=conversations.Author.ASSISTANT,
                now=now,
                choices=[conversations.Choice(intent, intent, about)],
            )

    def waits(self) -> int:
        with self.bot.parts.database.reading() as db:
            return db.scalar(select(func.count()).select_from(Pending)) or 0

    def passed_on(self) -> list[str]:
        with self.bot.parts.database.reading() as db:
            return [one.words.text for one in db.scalars(select(RelayMessage))]


@pytest.fixture
def pair(bot: Bot) -> Pair:
    pair = Pair(bot)
    pair.open()
    for who in (ASKER, HELPER):
        pair.offer(who, "write_to_neighbour")
    return pair


async def test_a_tap_and_words_reach_the_other_who_answers_by_a_tap(pair: Pair) -> None:
    (told,) = (await pair.tap(HELPER, "write_to_neighbour"))[-1:]
    assert "请说" in told
    assert (await pair.say(HELPER, "我晚十分钟到"))[-1] == "转给对方了。"
    assert "帮您的邻居说：\n我晚十分钟到" in pair.sees(ASKER)
    await pair.say(ASKER, "1")  # the only button of what was brought
    await pair.say(ASKER, "好，慢慢来")
    assert "请您帮忙的邻居说：\n好，慢慢来" in pair.sees(HELPER)
    assert pair.bot.assistant.heard == []  # nothing had to be understood


async def test_only_the_next_message_is_taken(pair: Pair) -> None:
    await pair.tap(HELPER, "write_to_neighbour")
    await pair.say(HELPER, "我到了")
    await pair.say(HELPER, "图书馆几点关门")
    assert pair.passed_on() == ["我到了"]


async def test_a_number_is_taken_out_and_the_way_to_give_it_is_shown(pair: Pair) -> None:
    await pair.tap(HELPER, "write_to_neighbour")
    told = (await pair.say(HELPER, "到了打13900001111"))[-1]
    assert "号码我没有转过去" in told
    assert "13900001111" not in pair.sees(ASKER)
    assert f"到了打{MASK}" in pair.sees(ASKER)
    assert "请把电话写给我" in (await pair.tap(HELPER, "给对方电话"))[-1]


@pytest.mark.parametrize(
    "said", ["人工", "我要找人工", "person", "转人工！", "talk to a person"]
)
async def test_a_call_for_a_person_is_never_taken(pair: Pair, said: str) -> None:
    await pair.tap(HELPER, "write_to_neighbour")
    await pair.say(HELPER, said)
    assert [text for _, text in pair.bot.assistant.heard] == [said]
    assert pair.passed_on() == []
    assert pair.waits() == 0


async def test_an_emergency_is_never_taken(pair: Pair) -> None:
    await pair.tap(HELPER, "write_to_neighbour")
    assert "119" in (await pair.say(HELPER, "楼道着火了"))[-1]
    assert pair.passed_on() == []


@pytest.mark.parametrize("said", ["取消", "算了", "Never mind", "不说了"])
async def test_who_leaves_it_has_said_nothing(pair: Pair, said: str) -> None:
    await pair.tap(HELPER, "write_to_neighbour")
    told = (await pair.say(HELPER, said))[-1]
    assert "不转了" in told or "nothing was passed on" in told
    assert pair.passed_on() == []
    assert pair.waits() == 0


async def test_words_that_come_too_late_are_not_passed_on(pair: Pair) -> None:
    await pair.tap(HELPER, "write_to_neighbour")
    pair.bot.clock.pass_by(timedelta(minutes=10))
    await pair.say(HELPER, "我到了")
    assert pair.passed_on() == []


async def test_a_line_that_closed_meanwhile_says_so(pair: Pair) -> None:
    await pair.tap(HELPER, "write_to_neighbour")
    with pair.bot.parts.database.transaction() as db:
        relaying.close(db, ABOUT, now=pair.bot.clock.now())
    await pair.say(HELPER, "我到了")  # we wait no more: it is a message like any other
    assert pair.passed_on() == []
    assert "已经关了" in (await pair.tap(HELPER, "write_to_neighbour"))[-1]


async def test_a_photo_is_not_passed_on_and_words_with_it_are(pair: Pair) -> None:
    await pair.tap(HELPER, "write_to_neighbour")
    upload = (await pair.bot.upload(photo())).json()["upload_id"]
    attached = [{"kind": "photo", "upload_id": upload}]
    assert "照片和位置我不转" in (await pair.bot.say("", attachments=attached))[-1]
    assert "照片和位置没有转" in (await pair.bot.say("是这个吗", attachments=attached))[-1]
    assert pair.passed_on() == ["是这个吗"]
    talk_id = pair.talk_id(ASKER)
    with pair.bot.parts.database.reading() as db:
        mine = select(Message).where(Message.conversation_id == talk_id)
        assert all(message.attachments == [] for message in db.scalars(mine))


async def test_words_are_not_taken_while_a_person_answers(pair: Pair) -> None:
    await pair.tap(HELPER, "write_to_neighbour")
    talk_id = pair.talk_id(HELPER)
    with pair.bot.parts.database.transaction() as db:
        talk = db.get_one(Conversation, talk_id)
        conversations.open_for_staff(db, talk, now=pair.bot.clock.now())
        assert talk.status == Status.OPEN
    await pair.say(HELPER, "我的情况是这样")
    assert pair.passed_on() == []


async def test_a_door_is_given_shown_and_gone_from_the_page(pair: Pair) -> None:
    pair.offer(ASKER, "release_offer")
    await pair.tap(ASKER, "release_offer")
    assert "我去问对方要不要看" in (await pair.say(ASKER, DOOR))[-1]
    assert DOOR not in pair.sees(HELPER)
    await pair.tap(HELPER, "要看")
    assert f"对方的门牌：{DOOR}" in pair.sees(HELPER)
    assert "对方看了" in pair.sees(ASKER)
    shelf = Shelf(PACK, pair.bot.parts.settings.content_dir)
    worker = Releases(pair.bot.parts.database, shelf, pair.bot.parts.wording, pair.bot.clock)
    assert not worker.run_due()
    pair.bot.clock.pass_by(timedelta(hours=8))
    assert worker.run_due()
    assert not worker.run_due()
    assert DOOR not in pair.sees(HELPER)
    assert "已按约定删掉" in pair.sees(HELPER)


async def test_a_door_taken_back_is_gone_from_the_page(pair: Pair) -> None:
    pair.offer(ASKER, "release_offer")
    await pair.tap(ASKER, "release_offer")
    await pair.say(ASKER, DOOR)
    pair.sees(HELPER)
    await pair.tap(HELPER, "要看")
    assert DOOR in pair.sees(HELPER)
    pair.sees(ASKER)
    await pair.tap(ASKER, "撤回")
    assert DOOR not in pair.sees(HELPER)


async def test_a_door_that_is_none_is_asked_again(pair: Pair) -> None:
    pair.offer(ASKER, "release_phone")
    await pair.tap(ASKER, "release_phone")
    assert "没有看到完整的电话" in (await pair.say(ASKER, "明天告诉你"))[-1]
    assert "我去问对方" in (await pair.say(ASKER, "13900001111"))[-1]
    with pair.bot.parts.database.reading() as db:
        assert db.scalars(select(Release)).one().kind == "phone"
