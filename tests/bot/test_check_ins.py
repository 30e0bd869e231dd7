"""A day of somebody who lives alone: asked once, answered, or looked after."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from actions import callers, conversations, outbox
from actions.alerts import Alert
from actions.care import asking, check_ins
from actions.care.check_in_rules import Plan
from actions.care.check_ins import Answer
from actions.care.model import CheckIn, CheckInDay
from actions.content.editions import Shelf
from actions.conversations import Conversation, Message
from actions.outbox import Notice, NoticeState
from actions.people import consents
from actions.people.model import Area, Household, Resident, StaffChat
from actions.square import Square
from bot.delivery import Delivery
from bot.upkeep import CheckIns
from tests.bot.conftest import PACK, Bot

ZONE = ZoneInfo("Asia/Shanghai")
VILLAGE, TOWN = "guali/qicai/", "guali/"
FAMILY = "f" * 32


def at(hour: int, minute: int = 0, day: int = 25) -> datetime:
    """A moment of November 2026 on the community's clock; the 25th is a Wednesday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


class Home:
    """A household of two at the bot: the elder writes as `bot`, her daughter as FAMILY."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        now = bot.clock.now()
        self.square = Square(PACK, bot.parts.wording)
        with bot.parts.database.transaction() as db:
            db.add_all([Area(id=TOWN, tier="town"), Area(id=VILLAGE, tier="village")])
            db.flush()
            house = Household(area_id=VILLAGE, created_at=now)
            db.add(house)
            db.flush()
            for who in (bot.session, FAMILY):
                talk = conversations.at_address(
                    db, channel="webchat", address=bot.parts.webchat.address(who), now=now
                )
                talk.introduced_at = now
                talk.resident.household_id, talk.resident.area_id = house.id, VILLAGE
            for area in (VILLAGE, TOWN):
                chat = conversations.at_address(db, channel="staff", address=area, now=now)
                db.add(StaffChat(conversation_id=chat.id, area_id=area, created_at=now))
        self.elder, self.daughter = self._resident(bot.session), self._resident(FAMILY)

    def _resident(self, session: str) -> str:
        with self.bot.parts.database.transaction() as db:
            address = self.bot.parts.webchat.address(session)
            now = self.bot.clock.now()
            return conversations.at_address(
                db, channel="webchat", address=address, now=now
            ).resident_id

    def agree(self, family: bool = True) -> None:
        with self.bot.parts.database.transaction() as db:
            talk = conversations.of_resident(db, self.elder)
            assert talk
            check_ins.begin(
                db,
                self.square,
                conversation=talk,
                plan=Plan(family_id=self.daughter if family else ""),
                channel="webchat",
                now=self.bot.clock.now(),
            )

    def work(self, moment: datetime | None = None) -> None:
        """The worker wakes at a moment, and does what is due until nothing is."""
        bot = self.bot
        bot.clock.moment = moment or bot.clock.moment
        shelf = Shelf(PACK, bot.parts.settings.content_dir)
        keeper = CheckIns(bot.parts.database, shelf, bot.parts.wording, bot.clock)
        sender = Delivery(
            database=bot.parts.database,
            clock=bot.clock,
            wording=bot.parts.wording,
            return_after=timedelta(hours=1),
        )
        for _ in range(12):
            while sender.deliver_due():
                pass
            if not keeper.run_due():
                break

    def live(self, until: datetime) -> None:
        """The worker looks every five minutes."""
        while self.bot.clock.moment < until:
            self.work(self.bot.clock.moment + timedelta(minutes=5))

    def told(self, resident_id: str) -> list[str]:
        """The responses somebody was sent, in order."""
        with self.bot.parts.database.reading() as db:
            return list(
                db.scalars(
                    select(Notice.response)
                    .join(Conversation, Conversation.id == Notice.conversation_id)
                    .where(
                        Conversation.resident_id == resident_id,
                        Notice.state == NoticeState.SENT,
                    )
                    .order_by(Notice.id)
                )
            )

    def chat(self, area: str) -> list[str]:
        with self.bot.parts.database.reading() as db:
            chat = select(StaffChat.conversation_id).where(StaffChat.area_id == area)
            said = select(Notice.response).where(Notice.conversation_id.in_(chat))
            return list(db.scalars(said.order_by(Notice.id)))

    def day(self) -> CheckInDay | None:
        with self.bot.parts.database.reading() as db:
            return db.scalar(select(CheckInDay).order_by(CheckInDay.id.desc()).limit(1))

    def alerts(self) -> list[Alert]:
        with self.bot.parts.database.reading() as db:
            return list(db.scalars(select(Alert).order_by(Alert.id)))


@pytest.fixture
def home(bot: Bot) -> Home:
    return Home(bot)


ASK, REMIND = "utter_check_in_ask", "utter_check_in_remind"
SILENT = "utter_check_in_family_silent"


async def test_an_elder_agrees_by_taps_and_says_she_is_well_with_one_digit(
    home: Home, bot: Bot
) -> None:
    with bot.parts.database.transaction() as db:
        talk = conversations.of_resident(db, home.elder)
        assert talk
        conversations.say(
            db,
            talk,
            "…",
            author=conversations.Author.ASSISTANT,
            now=bot.clock.now(),
            choices=[
                conversations.Choice("行", "plan_check_in", f"09:00/11:00/{home.daughter}")
            ],
        )
    (read_back,) = await bot.say("1")
    assert "每天 09:00 问您一句好不好" in read_back
    assert "告诉家人" in read_back
    (begun,) = await bot.say("1")
    assert "说好了：从11月25日" in begun
    home.work(at(9))
    assert home.told(home.daughter) == ["utter_check_in_family_named"]
    assert home.told(home.elder) == [ASK]
    (thanks,) = await bot.say("1")
    assert "那就好" in thanks
    day = home.day()
    assert day
    assert (day.well, day.answered_at) == (True, bot.clock.now())
    home.live(at(23))
    assert home.told(home.elder) == [ASK]
    assert home.alerts() == []


@pytest.mark.parametrize(
    ("said", "well", "hears"),
    [
        ("好的", True, "那就好"),
        ("我很好，谢谢", True, "那就好"),
        ("没事", True, "那就好"),
        ("I'm fine, thanks", True, "Good to hear"),
        ("头有点晕，不太舒服", False, "120"),
        ("not feeling well", False, "120"),
        ("三路车几点", None, "你说"),
    ],
)
async def test_words_answer_the_question_and_any_others_show_she_is_there(
    home: Home, bot: Bot, said: str, well: bool | None, hears: str
) -> None:
    home.agree()
    home.work(at(9))
    assert hears in (await bot.say(said))[-1]
    day = home.day()
    assert day
    assert day.answered_at
    assert day.well is well
    home.live(at(14))
    assert SILENT not in home.told(home.daughter)
    assert [alert.kind for alert in home.alerts()] == (["not_well"] if well is False else [])
    unwell = "utter_check_in_family_unwell" in home.told(home.daughter)
    assert unwell is (well is False)


async def test_words_are_no_answer_once_something_else_was_asked(home: Home, bot: Bot) -> None:
    """好的 belongs to what was asked last; that she is there is seen all the same."""
    home.agree()
    home.work(at(9))
    with bot.parts.database.transaction() as db:
        talk = conversations.of_resident(db, home.elder)
        assert talk
        author, now = conversations.Author.ASSISTANT, bot.clock.now()
        other = [conversations.Choice("要", "choose", "yes")]
        conversations.say(db, talk, "有空位了，要吗？", author=author, now=now, choices=other)
    assert "你说" in (await bot.say("好的"))[-1]
    day = home.day()
    assert day
    assert (day.well, day.answered_at) == (None, bot.clock.now())


def test_a_silence_is_told_step_by_step_and_each_once(home: Home) -> None:
    home.agree()
    steps = []
    bot = home.bot
    bot.clock.moment = at(8, 55)
    before: tuple[list[str], list[str], list[str]] = ([], [], [])
    while bot.clock.moment < at(14):
        home.work(bot.clock.moment + timedelta(minutes=5))
        after = (home.told(home.elder), home.told(home.daughter), home.chat(VILLAGE))
        if after != before:
            steps.append(f"{bot.clock.moment.astimezone(ZONE):%H:%M}")
            before = after
    assert steps == ["09:00", "11:00", "11:20", "12:20"]
    named = "utter_check_in_family_named"
    assert before == ([ASK, REMIND], [named, SILENT], ["utter_staff_alert_no_answer"])
    assert home.chat(TOWN) == ["utter_staff_alert_risen"]  # nobody took it in ten minutes


def test_without_family_staff_are_told_at_once(home: Home) -> None:
    home.agree(family=False)
    home.work(at(9))
    home.live(at(11, 25))
    assert home.told(home.daughter) == []
    assert home.chat(VILLAGE) == ["utter_staff_alert_no_answer"]


def test_who_has_moved_out_is_not_told(home: Home, bot: Bot) -> None:
    home.agree()
    with bot.parts.database.transaction() as db:
        db.get_one(Resident, home.daughter).household_id = None
    home.work(at(9))
    home.live(at(11, 25))
    assert SILENT not in home.told(home.daughter)
    assert home.chat(VILLAGE) == ["utter_staff_alert_no_answer"]


async def test_a_late_answer_is_told_to_all_who_were_alarmed(home: Home, bot: Bot) -> None:
    home.agree()
    home.work(at(9))
    home.live(at(12, 40))
    assert len(home.alerts()) == 1
    assert "那就好" in (await bot.say("我很好"))[-1]
    home.work()
    assert home.told(home.daughter)[-1] == "utter_check_in_family_answered"
    for area in (VILLAGE, TOWN):
        assert home.chat(area)[-1] == "utter_staff_alert_settled"
    assert home.alerts()[0].closed_at
    home.live(at(20))
    assert home.told(home.daughter)[-1] == "utter_check_in_family_answered"


async def test_who_wrote_that_morning_is_not_asked(home: Home, bot: Bot) -> None:
    home.agree()
    bot.clock.moment = at(8, 30)
    await bot.say("今天有什么活动")
    home.live(at(14))
    assert home.told(home.elder) == []
    assert home.alerts() == []
    home.live(at(9, 5, day=26))  # and the next day again
    assert home.told(home.elder) == [ASK]


async def test_a_message_in_the_night_is_no_sign_of_the_morning(home: Home, bot: Bot) -> None:
    """Control: what was written before five does not count."""
    home.agree()
    bot.clock.moment = at(4, 30)
    await bot.say("睡不着")
    home.live(at(9, 5))
    assert home.told(home.elder) == [ASK]


async def test_ask_me_later_asks_again_and_then_waits_as_long(home: Home, bot: Bot) -> None:
    home.agree()
    home.work(at(9))
    bot.clock.moment = at(9, 30)
    assert "等会儿再问您" in (await bot.say("3"))[-1]
    home.live(at(10, 35))
    assert home.told(home.elder) == [ASK, ASK]
    home.live(at(12, 25))
    assert REMIND not in home.told(home.elder)
    home.live(at(12, 35))
    assert home.told(home.elder) == [ASK, ASK, REMIND]


async def test_it_is_ended_in_two_messages_and_nothing_is_left(home: Home, bot: Bot) -> None:
    home.agree()
    home.work(at(9))
    with bot.parts.database.transaction() as db:
        assert check_ins.end(db, home.elder, now=bot.clock.now())
        assert not consents.is_given(db, home.elder, "check_in")
    home.live(at(9, 5, day=26))
    assert home.told(home.elder) == [ASK]
    assert SILENT not in home.told(home.daughter)
    assert home.alerts() == []


def test_who_takes_the_consent_back_elsewhere_is_not_asked(home: Home, bot: Bot) -> None:
    home.agree()
    with bot.parts.database.transaction() as db:
        consents.withdraw(db, home.elder, "check_in", now=bot.clock.now())
    home.live(at(14))
    assert home.told(home.elder) == []


def test_a_pause_is_kept_to_its_last_day(home: Home, bot: Bot) -> None:
    home.agree()
    with bot.parts.database.transaction() as db:
        found = check_ins.pause(
            db,
            home.square,
            home.elder,
            (date(2026, 11, 25), date(2026, 11, 27)),
            now=bot.clock.now(),
        )
        assert found.next_at == at(9, day=28)
    home.work(at(9))
    home.work(at(9, day=27))
    assert home.told(home.elder) == []
    home.work(at(9, day=28))
    assert home.told(home.elder) == [ASK]


async def test_who_does_not_want_to_be_told_is_not(home: Home, bot: Bot) -> None:
    home.agree()
    home.work()
    bot.session, mine = FAMILY, bot.session
    assert "以后不告诉您" in (await bot.say("1"))[-1]
    bot.session = mine
    home.work(at(9))
    home.live(at(11, 25))
    assert SILENT not in home.told(home.daughter)
    assert "utter_check_in_family_declined" in home.told(home.elder)
    assert home.chat(VILLAGE) == ["utter_staff_alert_no_answer"]


# The clock and the worker may fail: nobody is asked twice, nobody alarmed for our fault.


def test_a_worker_that_slept_over_the_question_says_that_it_was_our_fault(home: Home) -> None:
    home.agree()
    home.work(at(9, 10, day=26))  # it should have asked the day before
    assert home.told(home.elder) == ["utter_check_in_ask_late"]
    home.live(at(11, 5, day=26))
    assert home.told(home.elder) == ["utter_check_in_ask_late"]  # two hours from then on
    assert SILENT not in home.told(home.daughter)
    assert home.alerts() == []


def test_a_worker_that_slept_after_the_question_alarms_nobody_for_yesterday(
    home: Home,
) -> None:
    home.agree()
    home.work(at(9))
    home.work(at(9, 10, day=26))
    assert home.told(home.elder) == [ASK, "utter_check_in_ask_late"]
    assert SILENT not in home.told(home.daughter)
    assert home.alerts() == []


def test_it_slept_on_after_the_family_was_told_and_staff_hear_of_it(home: Home) -> None:
    """That silence was real: they had been asked, and reminded."""
    home.agree()
    home.work(at(9))
    home.live(at(11, 30))
    assert home.told(home.daughter)[-1] == SILENT
    home.work(at(9, 10, day=26))
    assert [alert.kind for alert in home.alerts()] == ["no_answer"]
    assert home.told(home.elder)[-1] == "utter_check_in_ask_late"


def test_a_question_that_went_out_late_is_waited_for_from_then_on(home: Home) -> None:
    """It was put at nine, and the worker died before it was sent."""
    home.agree()
    bot = home.bot
    bot.clock.moment = at(9)
    with bot.parts.database.transaction() as db:
        assert asking.look_after(db, home.square, now=bot.clock.now()) == 1
    home.work(at(12))
    home.live(at(13, 55))
    assert home.told(home.elder) == [ASK]
    home.live(at(14, 5))
    assert home.told(home.elder) == [ASK, REMIND]


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_put_by_an_hour_asks_once_and_alarms_in_order(
    home: Home, hours: int
) -> None:
    home.agree()
    home.work(at(9))
    home.work(at(9, 30) + timedelta(hours=hours))
    assert home.told(home.elder) == [ASK]
    home.live(at(10, 55))
    assert home.told(home.elder) == [ASK]
    home.live(at(11, 15))
    assert home.told(home.elder) == [ASK, REMIND]
    home.work(at(11, 15) + timedelta(hours=hours))
    home.live(at(23))
    assert home.told(home.elder) == [ASK, REMIND]
    assert home.told(home.daughter).count(SILENT) == 1
    assert len(home.alerts()) == 1


def test_midnight_begins_another_day(home: Home) -> None:
    home.agree()
    home.work(at(9))
    home.live(at(23, 55))
    home.live(at(0, 30, day=26))
    assert home.told(home.elder) == [ASK, REMIND]
    home.live(at(9, 5, day=26))
    assert home.told(home.elder) == [ASK, REMIND, ASK]
    with home.bot.parts.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(CheckInDay)) == 2
        assert db.scalars(select(CheckIn.next_at)).one() == at(11, day=26)


@pytest.mark.both_stores
def test_every_alarm_waits_while_somebody_answers(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is committed between the worker's look and its alarm: none follows it."""
    assert alarm_after_an_answer(home) == []


@pytest.mark.both_stores
def test_an_alarm_follows_an_answer_where_it_does_not_look_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same, where the day's row is written without a condition."""

    def naive(db: object, day: CheckInDay, **values: object) -> bool:
        for name, value in values.items():
            setattr(day, name, value)
        return True

    monkeypatch.setattr(check_ins, "change_open", naive)
    assert alarm_after_an_answer(home) == ["no_answer"]


def alarm_after_an_answer(home: Home) -> list[str]:
    """Look at a day that is due; have it answered; go on with what was seen."""
    home.agree(family=False)
    home.work(at(9))
    home.live(at(11, 15))
    bot = home.bot
    bot.clock.moment = at(11, 25)
    with bot.parts.database.reading() as db:
        check_in, day = db.get_one(CheckIn, home.elder), db.scalars(select(CheckInDay)).one()
    with bot.parts.database.transaction() as db:
        check_ins.answer(db, home.square, home.elder, Answer.WELL, now=bot.clock.now())
    with bot.parts.database.transaction() as db:
        check_in, day = db.merge(check_in, load=False), db.merge(day, load=False)
        asking._tell_staff(db, home.square, check_in, day, bot.clock.now())
    return [alert.kind for alert in home.alerts() if alert.closed_at is None]


@pytest.mark.both_stores
def test_an_answer_and_the_alarm_at_the_same_moment_agree(home: Home) -> None:
    """Whichever comes first: nobody is looked for who has answered."""
    home.agree(family=False)
    bot = home.bot
    for day in range(25, 29):
        home.work(at(9, day=day))
        home.live(at(11, 15, day=day))
        bot.clock.moment = at(11, 20, day=day)
        barrier = Barrier(2)

        def alarm(barrier: Barrier = barrier) -> None:
            barrier.wait()
            with bot.parts.database.transaction() as db:
                asking.look_after(db, home.square, now=bot.clock.now())

        def answer(barrier: Barrier = barrier) -> None:
            barrier.wait()
            with bot.parts.database.transaction() as db:
                check_ins.answer(db, home.square, home.elder, Answer.WELL, now=bot.clock.now())

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(alarm), pool.submit(answer)]:
                done.result()
        last = home.day()
        assert last
        assert last.answered_at
        assert [alert for alert in home.alerts() if alert.closed_at is None] == []
        with bot.parts.database.reading() as db:
            assert db.get_one(CheckIn, home.elder).next_at == at(9, day=day + 1)


async def test_an_emergency_reaches_family_and_staff_at_once_and_nobody_twice(
    home: Home, bot: Bot
) -> None:
    """The gate answers that past everything; those who look after them hear it then, too."""
    home.agree()
    home.work(at(9))
    assert "119" in (await bot.say("着火了，我起不来"))[0]
    assert [alert.kind for alert in home.alerts()] == ["emergency"]
    home.work()
    assert home.told(home.daughter)[-1] == "utter_check_in_family_emergency"
    assert home.chat(VILLAGE) == ["utter_staff_alert_emergency"]
    assert "119" in (await bot.say("快点，着火了"))[0]
    home.live(at(14))
    assert [alert.kind for alert in home.alerts()] == ["emergency"]
    assert home.told(home.daughter).count("utter_check_in_family_emergency") == 1
    assert home.told(home.elder) == [ASK]  # it was their answer: no reminder follows
    day = home.day()
    assert day
    assert (day.answered_at, day.well) == (at(9), False)


async def test_an_emergency_before_the_question_of_the_day_is_told_as_well(
    home: Home, bot: Bot
) -> None:
    home.agree()
    bot.clock.moment = at(3)
    assert "119" in (await bot.say("厨房着火了"))[0]
    home.work()
    assert home.told(home.daughter)[-1] == "utter_check_in_family_emergency"  # it wakes them


async def test_an_emergency_of_somebody_who_is_not_asked_alarms_nobody(
    home: Home, bot: Bot
) -> None:
    home.agree()
    with bot.parts.database.transaction() as db:
        check_ins.end(db, home.elder, now=bot.clock.now())
    assert "119" in (await bot.say("着火了"))[0]
    assert home.alerts() == []


async def test_the_number_is_said_even_if_nobody_can_be_alarmed(
    home: Home, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> bool:
        raise RuntimeError("no")

    home.agree()
    monkeypatch.setattr(check_ins, "emergency", broken)
    assert "119" in (await bot.say("着火了"))[0]
    assert home.alerts() == []


def test_who_only_has_a_phone_is_not_alarmed_about_before_staff_have_rung(home: Home) -> None:
    bot = home.bot
    with bot.parts.database.transaction() as db:
        told = callers.read("钱阿婆", "13900000000")
        now = bot.clock.now()
        talk = callers.conversation_with(db, told, area_id=VILLAGE, key="k", now=now)
        check_ins.begin(
            db, home.square, conversation=talk, plan=Plan(), channel="desk", now=now
        )
    home.work(at(9))
    with bot.parts.database.reading() as db:
        asked = db.scalars(select(Notice).where(Notice.response == ASK)).one()
        assert asked.state == NoticeState.TO_PHONE
    home.live(at(11, 10))
    assert home.alerts() == []
    assert home.chat(VILLAGE) == ["utter_staff_check_in_unasked"]
    home.live(at(11, 30))
    assert home.chat(VILLAGE)[-1] == "utter_staff_alert_no_answer"


async def test_who_agrees_at_night_wakes_nobody(home: Home, bot: Bot) -> None:
    bot.clock.moment = at(22)
    home.agree()
    home.work()
    assert home.told(home.daughter) == []
    home.work(at(7, day=26))
    assert home.told(home.daughter) == ["utter_check_in_family_named"]


def test_nothing_of_a_resident_stands_in_what_is_owed(home: Home, bot: Bot) -> None:
    home.agree()
    home.work(at(9))
    home.live(at(13))
    with bot.parts.database.reading() as db:
        for notice in db.scalars(select(Notice)):
            assert set(notice.values) <= {"id", "resident", "who"}
        assert db.scalars(select(Message.id)).all()
        assert not outbox.is_any_due(db, now=bot.clock.now())
