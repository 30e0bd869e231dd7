"""A neighbour is reported or blocked by taps; who did it is never told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from sqlalchemy import func, select

from actions import conversations
from actions.alerts import Alert
from actions.care import reports, whom
from actions.care.model import NeighbourReport
from actions.conversations import Author, Choice, Conversation, Message
from actions.db import Db
from actions.neighbours.model import HelpRequest, Match, MatchStatus, Status
from actions.outbox import Notice
from actions.people import blocks, nicknames
from actions.people.model import Area, Block, Household, StaffChat, Suspension, Words
from actions.relay import relaying
from actions.relay.model import Relay, RelayMessage
from actions.square import Square
from tests.bot.conftest import PACK, Bot

VILLAGE = "guali/qicai/"
THEIRS = "h" * 32
RUDE = "你再不回我就去你家门口等"


class Pair:
    """An asker (the bot's session) and the helper who writes to her through the relay."""

    def __init__(self, bot: Bot) -> None:
        self.bot, self.now = bot, bot.clock.now()
        self.square = Square(PACK, bot.parts.wording)
        with bot.parts.database.transaction() as db:
            db.add_all([Area(id="guali/", tier="town"), Area(id=VILLAGE, tier="village")])
            db.flush()
            chat = conversations.at_address(db, channel="staff", address="c", now=self.now)
            db.add(StaffChat(conversation_id=chat.id, area_id=VILLAGE, created_at=self.now))
        self.chat_id = chat.id
        self.mine, self.theirs = self.somebody(bot.session), self.somebody(THEIRS)
        self.help(self.mine, self.theirs)
        with bot.parts.database.transaction() as db:
            nicknames.call(db, self.theirs.resident_id, "老赵", now=self.now)

    def somebody(self, session: str, household: bool = True) -> Conversation:
        bot, now = self.bot, self.now
        with bot.parts.database.transaction() as db:
            address = bot.parts.webchat.address(session)
            talk = conversations.at_address(db, channel="webchat", address=address, now=now)
            talk.introduced_at, talk.resident.area_id = now, VILLAGE
            if household:
                house = Household(area_id=VILLAGE, created_at=now)
                db.add(house)
                db.flush()
                talk.resident.household_id = house.id
            return talk

    def help(self, asker: Conversation, helper: Conversation) -> int:
        """One needs help, the other has taken it on; they write to one another."""
        now = self.now
        with self.bot.parts.database.transaction() as db:
            need = HelpRequest(
                kind_id="pick-up-child",
                status=Status.MATCHED,
                area_id=VILLAGE,
                wanted_from=now + timedelta(hours=3),
                wanted_until=now + timedelta(hours=4),
                resident_id=asker.resident_id,
                conversation_id=asker.id,
                created_at=now,
                expires_at=now + timedelta(hours=4),
            )
            db.add(need)
            db.flush()
            match = Match(request_id=need.id, helper_id=helper.resident_id, step="town")
            match.conversation_id, match.status = helper.id, MatchStatus.ACCEPTED
            match.asked_at = now
            db.add(match)
            until = now + timedelta(days=1)
            about = f"help:{need.id}"
            relay = relaying.open_between(
                db, asker, helper, about=about, now=now, closes_at=until
            )
            words = Words(resident_id=helper.resident_id, text=RUDE, created_at=now)
            said = RelayMessage(relay_id=relay.id, sender_id=helper.id, words=words)
            said.masked, said.sent_at = False, now
            db.add(said)
            return need.id

    def offer(self, intent: str, value: str = "") -> None:
        """A button stands in the asker's conversation; 1 taps it."""
        with self.bot.parts.database.transaction() as db:
            talk = db.get_one(Conversation, self.mine.id)
            choice = Choice("点", intent, value)
            conversations.say(
                db, talk, "…", author=Author.ASSISTANT, now=self.now, choices=[choice]
            )

    def report_by(self, reporter: Conversation, words: str = "骂人") -> int:
        with self.bot.parts.database.transaction() as db:
            (met,) = whom.met(db, reporter.resident_id, now=self.now)
            return reports.report(
                db, self.square, reporter=reporter, met=met, words=words, now=self.now
            ).id

    def neighbours(self, count: int, household: bool = True) -> list[Conversation]:
        """Others the same helper has helped."""
        found = [self.somebody(str(n) * 32, household) for n in range(count)]
        for one in found:
            self.help(one, self.theirs)
        return found

    def read(self, ask: Callable[[Db], Any]) -> Any:
        with self.bot.parts.database.reading() as db:
            return ask(db)

    def heard(self, talk: Conversation) -> list[str]:
        """What is owed to somebody, rendered."""

        def ask(db: Db) -> list[str]:
            owed = select(Notice).where(Notice.conversation_id == talk.id).order_by(Notice.id)
            return [
                self.bot.parts.wording.render(one.response, values=one.values).text
                for one in db.scalars(owed)
            ]

        return list(self.read(ask))

    @property
    def report(self) -> NeighbourReport:
        found: NeighbourReport = self.read(lambda db: db.scalars(select(NeighbourReport)).one())
        return found


@pytest.fixture
def pair(bot: Bot) -> Pair:
    return Pair(bot)


async def test_reporting_takes_two_taps_and_one_sentence(pair: Pair, bot: Bot) -> None:
    pair.offer("report_neighbour")
    (asked,) = await bot.say("1")
    assert asked.startswith("现在有危险，请先打 110。")
    assert "老赵 · 邻里帮 · 11月24日" in asked
    (told,) = await bot.say("举报并拉黑")
    assert "发生了什么" in told
    (made,) = await bot.say("他半夜一直发消息，还说要来我家")
    assert "看过以后我告诉您" in made
    report = pair.report
    assert (report.reporter_id, report.area_id) == (pair.mine.resident_id, VILLAGE)
    assert report.words
    assert report.words.text == "他半夜一直发消息，还说要来我家"
    relay = pair.read(lambda db: db.get_one(Relay, report.relay_id))
    assert relay.closed_at == bot.clock.now()
    assert pair.read(lambda db: db.scalars(select(Match.status)).one()) == MatchStatus.LAPSED
    assert pair.read(lambda db: db.scalars(select(HelpRequest.status)).one()) == Status.OPEN
    assert pair.theirs.resident_id in pair.read(
        lambda db: blocks.blocked_with(db, pair.mine.resident_id)
    )
    chat = pair.read(lambda db: db.get_one(Conversation, pair.chat_id))
    assert pair.heard(chat) == [
        f"【举报 {report.id}】一位居民举报了邻居，请看。 看：/desk/reports/{report.id}"
    ]


async def test_what_was_said_at_first_is_part_of_the_report(pair: Pair, bot: Bot) -> None:
    await bot.say("那个邻居老是骚扰我，半夜敲门")

    def first(db: Db) -> int:
        said = select(Message.id).where(Message.author == Author.RESIDENT)
        return db.scalars(said).one()

    relay = pair.read(lambda db: db.scalars(select(Relay.id)).one())
    pair.offer("report_neighbour", f"{relay}={pair.read(first)}")
    await bot.say("1")
    await bot.say("举报并拉黑")
    await bot.say("没有要补充的")
    assert pair.report.words
    assert pair.report.words.text == "那个邻居老是骚扰我，半夜敲门"


async def test_the_other_side_learns_that_it_is_off_and_nothing_else(
    pair: Pair, bot: Bot
) -> None:
    pair.offer("report_neighbour")
    await bot.say("1")
    await bot.say("举报并拉黑")
    heard = pair.heard(pair.theirs)
    assert [one for one in heard if "这次不用过去了" in one] == heard
    for word in ("举报", "拉黑", "report", "block", pair.mine.resident_id, pair.mine.id):
        assert word not in "".join(heard)


async def test_the_test_of_that_finds_who_is_told(pair: Pair, bot: Bot) -> None:
    """Negative control: the same look finds the word where somebody is told."""
    pair.offer("report_neighbour")
    await bot.say("1")
    await bot.say("举报并拉黑")
    pair.read(lambda db: None)
    with bot.parts.database.transaction() as db:
        report = db.scalars(select(NeighbourReport)).one()
        talk = db.get_one(Conversation, pair.theirs.id)
        reports._tell_back(db, pair.square, report, bot.clock.now())
        notice = db.scalars(select(Notice).order_by(Notice.id.desc())).first()
        assert notice
        notice.conversation_id = talk.id
    assert "举报" in "".join(pair.heard(pair.theirs))


async def test_only_blocking_reports_nothing_and_is_taken_back_by_a_tap(
    pair: Pair, bot: Bot
) -> None:
    pair.offer("report_neighbour")
    await bot.say("1")
    assert "我的拉黑" in (await bot.say("1"))[0]
    assert pair.read(lambda db: db.scalar(select(func.count(NeighbourReport.id)))) == 0
    pair.offer("show_blocks")
    (shown,) = await bot.say("1")
    assert "1. 老赵 · 11月24日（周二）拉黑" in shown
    assert "放开了" in (await bot.say("1"))[0]
    assert pair.read(lambda db: db.scalars(select(Block)).all()) == []


async def test_leaving_it_changes_nothing(pair: Pair, bot: Bot) -> None:
    pair.offer("report_neighbour")
    await bot.say("1")
    assert "什么都没有动" in (await bot.say("算了"))[0]
    assert pair.read(lambda db: db.scalars(select(Block)).all()) == []


async def test_of_several_neighbours_the_one_is_chosen_by_number(pair: Pair, bot: Bot) -> None:
    pair.help(pair.mine, pair.somebody("k" * 32))
    pair.offer("report_neighbour")
    (asked,) = await bot.say("1")
    assert "1. 一位邻居 · 邻里帮" in asked
    assert "2. 老赵 · 邻里帮" in asked
    message = pair.read(
        lambda db: db.scalars(select(Message).order_by(Message.id.desc())).first()
    )
    assert "老赵" not in str(message.choices)  # a name lies in `words`, nowhere else
    assert "老赵" in (await bot.say("2"))[0]


async def test_who_met_nobody_is_shown_other_ways(pair: Pair, bot: Bot) -> None:
    bot.session = "n" * 32
    alone = pair.somebody(bot.session)
    pair.mine = alone
    pair.offer("report_neighbour")
    assert "没有跟您联系过的邻居" in (await bot.say("1"))[0]


async def test_a_relay_of_others_cannot_be_reported(pair: Pair, bot: Bot) -> None:
    relay = pair.read(lambda db: db.scalars(select(Relay.id)).one())
    bot.session = "n" * 32
    pair.mine = pair.somebody(bot.session)
    for intent in ("report_neighbour", "block_neighbour", "block_and_report"):
        pair.offer(intent, str(relay))
        await bot.say("1")
    assert pair.read(lambda db: db.scalars(select(Block)).all()) == []
    assert pair.read(lambda db: db.scalar(select(func.count(NeighbourReport.id)))) == 0


async def test_an_emergency_goes_before_the_words_of_a_report(pair: Pair, bot: Bot) -> None:
    pair.offer("report_neighbour")
    await bot.say("1")
    await bot.say("举报并拉黑")
    assert "119" in (await bot.say("他在我家门口着火了"))[0]
    assert pair.report.words is None


def test_one_of_a_pair_is_open_however_often_it_is_said(pair: Pair) -> None:
    first = pair.report_by(pair.mine, "骂人")
    assert pair.report_by(pair.mine, "又骂人") == first
    assert pair.report.words
    assert pair.report.words.text == "骂人\n又骂人"


def lasting(pair: Pair) -> list[Suspension]:
    return list(pair.read(lambda db: db.scalars(select(Suspension)).all()))


def test_three_households_suspend_somebody_until_staff_have_looked(pair: Pair) -> None:
    first, second = pair.neighbours(2)
    pair.report_by(first)
    pair.report_by(first)  # again, by the same
    pair.report_by(second)
    assert lasting(pair) == []
    pair.report_by(pair.mine)
    (suspension,) = lasting(pair)
    assert (suspension.resident_id, suspension.staff_id) == (pair.theirs.resident_id, None)
    assert pair.read(lambda db: blocks.is_suspended(db, pair.theirs.resident_id, now=pair.now))
    assert any("先停到" in one for one in pair.heard(pair.theirs))
    chat = pair.read(lambda db: db.get_one(Conversation, pair.chat_id))
    assert "已先暂停邻里帮" in pair.heard(chat)[-1]


def test_sessions_without_a_household_suspend_nobody(pair: Pair) -> None:
    """Negative control of the count: four residents, and no household among them."""
    for one in pair.neighbours(4, household=False):
        pair.report_by(one)
    assert lasting(pair) == []


def test_reports_of_long_ago_do_not_count(pair: Pair) -> None:
    first, second = pair.neighbours(2)
    pair.report_by(first)
    pair.report_by(second)
    pair.now += reports.BY_ITSELF.within + timedelta(hours=1)
    pair.report_by(pair.mine)
    assert lasting(pair) == []


def at_once(pair: Pair, monkeypatch: pytest.MonkeyPatch, patience: float = 1) -> int:
    """Three households report at the same moment; returns how many suspensions come of it.

    Whoever has counted waits `patience` seconds for the others: with the lock they never meet.
    """
    those = [pair.mine, *pair.neighbours(2)]
    barrier = Barrier(3)
    before = reports._households

    def count(*of: Any) -> int:
        counted = before(*of)
        with suppress(BrokenBarrierError):
            barrier.wait(timeout=patience)
        return counted

    monkeypatch.setattr(reports, "_households", count)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(pair.report_by, those))
    return len(lasting(pair))


@pytest.mark.both_stores
def test_three_at_the_same_moment_suspend_once(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert at_once(pair, monkeypatch) == 1


@pytest.mark.both_stores
def test_three_at_the_same_moment_miss_one_another_where_nobody_waits(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same on PostgreSQL without the lock (SQLite has one writer)."""
    if pair.bot.parts.database.engine.dialect.name == "sqlite":
        pytest.skip("on SQLite a transaction is alone from its beginning")
    monkeypatch.setattr(reports, "alone_about", lambda *_: None)
    assert at_once(pair, monkeypatch, patience=60) == 0


async def test_a_helper_who_worries_tells_staff_in_their_own_words(
    pair: Pair, bot: Bot
) -> None:
    need = pair.read(lambda db: db.scalars(select(HelpRequest.id)).one())
    bot.session, pair.mine = THEIRS, pair.theirs
    pair.offer("worried_about", f"help:{need}")
    (asked,) = await bot.say("1")
    assert asked.startswith("有生命危险，请先打 120。")
    assert "他们会去看看" in (await bot.say("她好像几天没吃饭了"))[0]
    (alert,) = pair.read(lambda db: db.scalars(select(Alert)).all())
    assert (alert.kind, alert.words.text) == ("worried", "她好像几天没吃饭了")
    assert alert.resident_id != pair.theirs.resident_id
    pair.offer("worried_about", f"help:{need}")
    await bot.say("1")
    await bot.say("灯也没亮")
    (alert,) = pair.read(lambda db: db.scalars(select(Alert)).all())
    assert alert.words.text == "她好像几天没吃饭了\n灯也没亮"


async def test_who_was_never_with_somebody_cannot_worry_staff_about_them(
    pair: Pair, bot: Bot
) -> None:
    need = pair.read(lambda db: db.scalars(select(HelpRequest.id)).one())
    bot.session = "n" * 32
    pair.mine = pair.somebody(bot.session)
    pair.offer("worried_about", f"help:{need}")
    await bot.say("1")
    assert pair.read(lambda db: db.scalars(select(Alert)).all()) == []
