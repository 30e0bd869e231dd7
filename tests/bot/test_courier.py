import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from actions import conversations, leasing, pacing, sending
from actions.channels import CHANNELS
from actions.conversations import Author, Choice
from actions.db import Database
from actions.people.model import Address
from actions.sending import Priority, Sending, SendingState, Way
from bot import courier
from bot.channels.platform import Blocked, Letter, Moved, Refused, Slowed
from bot.courier import Courier
from tests.conftest import StandingClock

pytestmark = pytest.mark.both_stores  # threads meet, or the stores differ

HOUR = timedelta(hours=1)


@dataclass
class Pigeons:
    """A platform that brings everything, unless it is told what goes wrong next."""

    name: str = "telegram"
    wrong: list[Exception] = field(default_factory=list)
    brought: list[Letter] = field(default_factory=list)

    async def send(self, letter: Letter) -> str:
        await asyncio.sleep(0)
        if self.wrong:
            raise self.wrong.pop(0)
        self.brought.append(letter)
        return f"there-{len(self.brought)}"

    async def fetch(self, remote: str, most: int) -> bytes:
        return b""

    @property
    def heard(self) -> list[tuple[str, str]]:
        return [(letter.to, letter.text) for letter in self.brought]


@pytest.fixture
def pigeons() -> Pigeons:
    return Pigeons()


@pytest.fixture
def one(database: Database, clock: StandingClock, pigeons: Pigeons, tmp_path: Path) -> Courier:
    birds = {"telegram": pigeons, "wechat": pigeons, "dingtalk": pigeons}
    return Courier(database, clock, birds, tmp_path)


def say(  # noqa: PLR0913 - a message has this many facts
    one: Courier,
    to: str,
    text: str,
    *,
    channel: str = "telegram",
    way: Way = sending.USUAL,
    choices: Sequence[Choice] = (),
    group: bool = False,
    answers: int | None = None,
) -> int:
    """We say something in a chat; returns the message's id."""
    now = one.clock.now()
    with one.database.transaction() as db:
        talk = conversations.at_address(db, channel=channel, address=to, now=now)
        db.get_one(Address, talk.address_id).is_group = group
        said = conversations.say(
            db,
            talk,
            text,
            author=Author.ASSISTANT,
            now=now,
            way=way,
            choices=choices,
            inbox_id=answers,
        )
        return said.id


def hear(one: Courier, who: str, channel: str = "wechat") -> None:
    """Somebody writes to us."""
    now = one.clock.now()
    with one.database.transaction() as db:
        talk = conversations.at_address(db, channel=channel, address=who, now=now)
        address = db.get_one(Address, talk.address_id)
        sending.open_window(db, address, CHANNELS[channel].window, now=now)
        sending.release(db, address.id, now=now)


def sendings(one: Courier) -> list[Sending]:
    with one.database.reading() as db:
        return list(db.scalars(select(Sending).order_by(Sending.id)))


def states(one: Courier) -> list[str]:
    return [each.state for each in sendings(one)]


async def bring(
    one: Courier, clock: StandingClock, times: int = 1, apart: float = 1
) -> list[int]:
    """The courier looks several times; returns how many it tried each time."""
    tried = []
    for _ in range(times):
        tried.append(await one.bring_due())
        clock.pass_by(timedelta(seconds=apart))
    return tried


async def test_what_was_said_is_brought_once_and_known_there(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    say(one, "7", "灯修好了", choices=[Choice("好了", "confirm")])
    assert await bring(one, clock, 3) == [1, 0, 0]
    (letter,) = pigeons.brought
    assert (letter.to, letter.text, letter.choices[0].label) == ("7", "灯修好了", "好了")
    assert conversations.CHOICE_ID.fullmatch(letter.choices[0].id)
    (there,) = sendings(one)
    assert (there.state, there.platform_id) == (SendingState.SENT, "there-1")


async def test_what_residents_say_and_what_is_said_on_our_page_is_owed_to_nobody(
    one: Courier,
) -> None:
    say(one, "s", "你好", channel="webchat")
    with one.database.transaction() as db:
        now = one.clock.now()
        talk = conversations.at_address(db, channel="telegram", address="7", now=now)
        conversations.say(db, talk, "你好", author=Author.RESIDENT, now=now)
    assert sendings(one) == []


async def test_one_chat_hears_everything_in_order_also_when_the_platform_fails(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    for word in "一二三":
        say(one, "7", word)
    pigeons.wrong = [ConnectionError(), TimeoutError()]
    await bring(one, clock, 20, apart=5)
    assert [text for _, text in pigeons.heard] == ["一", "二", "三"]


async def test_a_chat_that_fails_holds_up_no_other(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    pigeons.wrong = [ConnectionError()]
    say(one, "7", "一")
    say(one, "8", "二")
    await bring(one, clock)
    assert pigeons.heard == [("8", "二")]


async def test_replies_go_before_notices_and_those_before_broadcasts(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    for n in range(10):
        say(one, f"b{n}", "停水", way=Way(Priority.BROADCAST))
    say(one, "n", "提醒", way=Way(Priority.NOTICE))
    say(one, "r", "答复")
    say(one, "b3", "答复")
    await bring(one, clock)
    at_once = CHANNELS["telegram"].bot
    assert at_once is not None
    assert len(pigeons.heard) == at_once.at_once
    first = {to for to, _ in pigeons.heard[:3]}
    assert first == {"r", "b3", "n"}


async def test_no_chat_is_written_to_more_often_than_the_platform_likes(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    for n in range(5):
        say(one, "7", str(n))
    tried = await bring(one, clock, 45, apart=0.1)
    assert sum(tried) == 5
    gaps = [n for n, many in enumerate(tried) if many]
    assert all(later - sooner >= 10 for sooner, later in pairwise(gaps))


async def test_the_gap_in_a_chat_begins_when_the_message_is_there(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    """Else one that left late would be followed too soon."""
    say(one, "7", "一")
    say(one, "7", "二")
    arrived: list[datetime] = []

    async def send(letter: Letter) -> str:
        clock.pass_by(timedelta(seconds=0.9))
        arrived.append(clock.now())
        return letter.key

    pigeons.send = send  # type: ignore[method-assign]
    await bring(one, clock, 30, apart=0.1)
    (first, second) = arrived
    assert second - first >= timedelta(seconds=1 + 0.9)


async def test_a_group_is_not_written_to_more_than_twenty_times_a_minute(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    for n in range(60):
        say(one, "g", str(n), channel="dingtalk", group=True)
    await bring(one, clock, 60, apart=1)
    assert 15 < len(pigeons.brought) <= 20
    assert [text for _, text in pigeons.heard] == [str(n) for n in range(len(pigeons.heard))]


async def test_all_chats_together_get_no_more_than_the_bot_may_send(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    for n in range(100):
        say(one, str(n), "停水", way=Way(Priority.BROADCAST))
    tried = await bring(one, clock, 20, apart=0.1)
    assert max(sum(tried[n : n + 10]) for n in range(10)) <= 28
    assert sum(tried) >= 48


async def test_without_a_pace_there_is_no_limit(
    one: Courier, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the paces."""
    monkeypatch.setattr(pacing, "room", lambda _paced, _pace, now: pacing.PLENTY)
    for n in range(100):
        say(one, str(n), "停水")
    assert sum(await bring(one, clock, 20, apart=0)) == 100


async def test_a_platform_that_wants_a_pause_gets_it_for_that_chat_only(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    pigeons.wrong = [Slowed(30)]
    say(one, "7", "一")
    await bring(one, clock)
    say(one, "7", "二")
    say(one, "8", "三")
    await bring(one, clock, 20)
    assert pigeons.heard == [("8", "三")]
    await bring(one, clock, 15)
    assert pigeons.heard == [("8", "三"), ("7", "一"), ("7", "二")]
    assert [each.tries for each in sendings(one)] == [0, 0, 0]


async def test_a_platform_that_wants_a_pause_of_everybody_gets_it(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    pigeons.wrong = [Slowed(30, everywhere=True)]
    say(one, "7", "一")
    await bring(one, clock)
    say(one, "8", "二")
    await bring(one, clock, 20)
    assert pigeons.heard == []
    await bring(one, clock, 15)
    assert pigeons.heard == [("7", "一"), ("8", "二")]


async def test_a_chat_that_moved_is_written_to_where_it_is_now(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    pigeons.wrong = [Moved("-100")]
    say(one, "-5", "一", group=True)
    await bring(one, clock, 10)
    assert pigeons.heard == [("-100", "一")]


async def test_who_blocked_us_is_left_alone_until_they_write_again(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    pigeons.wrong = [Blocked()]
    say(one, "7", "一")
    await bring(one, clock, 3, apart=3600)
    assert (pigeons.heard, states(one)) == ([], [SendingState.DEAD])
    with one.database.reading() as db:
        assert db.scalars(select(Address)).one().blocked_at is not None


async def test_what_a_platform_refuses_is_dead_at_once_and_the_next_goes_out(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    pigeons.wrong = [Refused("400")]
    say(one, "7", "一")
    say(one, "7", "二")
    await bring(one, clock, 5)
    assert pigeons.heard == [("7", "二")]
    assert [(each.state, each.trouble) for each in sendings(one)] == [
        (SendingState.DEAD, "refused 400"),
        (SendingState.SENT, ""),
    ]


async def test_after_the_last_try_it_is_dead(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    pigeons.wrong = [ConnectionError() for _ in range(courier.TRIES)]
    say(one, "7", "一")
    await bring(one, clock, courier.TRIES, apart=courier.LONGEST_PAUSE.total_seconds())
    assert (states(one), sendings(one)[0].trouble) == ([SendingState.DEAD], "ConnectionError")


def test_pauses_between_tries_grow_to_a_day() -> None:
    pauses = [courier.pause_after(tries) for tries in range(1, courier.TRIES)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=2), courier.LONGEST_PAUSE)
    assert sum(pauses, timedelta()) > timedelta(days=1)


async def test_a_long_text_goes_in_parts_with_the_choices_last_and_nothing_between(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    text = "每周二下午两点在三楼。" * 800
    say(one, "7", text, way=Way(Priority.NOTICE), choices=[Choice("好", "affirm")])
    await bring(one, clock)
    say(one, "7", "答复")
    pigeons.wrong = [ConnectionError()]  # a part is tried again, those before are not
    await bring(one, clock, 40)
    letters = pigeons.brought
    assert "".join(letter.text for letter in letters[:-1]) == text
    assert letters[-1].text == "答复"
    without = [False] * (len(letters) - 2)
    assert [bool(letter.choices) for letter in letters] == [*without, True, False]
    assert len({letter.key for letter in letters}) == len(letters)


async def test_what_is_no_longer_true_is_not_sent(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    say(one, "7", "一小时后上课", way=Way(Priority.NOTICE, stale_at=clock.now() + HOUR))
    clock.pass_by(2 * HOUR)
    await bring(one, clock)
    assert (pigeons.heard, states(one)) == ([], [SendingState.CANCELLED])


async def test_a_courier_killed_after_it_sent_sends_at_most_once_more(
    one: Courier, pigeons: Pigeons, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(one, "7", "一")

    def killed(*_args: object) -> None:
        raise SystemError

    with monkeypatch.context() as patch:
        patch.setattr(Courier, "_sent", killed)
        with pytest.raises(SystemError):
            await one.bring_due()
    assert await bring(one, clock, 3) == [0, 0, 0]  # another has to wait for the lease to end
    await bring(one, clock, 2, apart=leasing.LEASE.total_seconds())
    assert pigeons.heard == [("7", "一"), ("7", "一")]
    assert states(one) == [SendingState.SENT]


async def test_two_couriers_at_once_bring_nothing_twice_and_share_the_room(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    for n in range(40):
        say(one, str(n % 8), f"{n:02}")
    for _ in range(60):
        await asyncio.gather(one.bring_due(), one.bring_due())
        clock.pass_by(timedelta(seconds=1))
    assert len(pigeons.heard) == 40
    for chat in map(str, range(8)):
        heard = [text for to, text in pigeons.heard if to == chat]
        assert heard == sorted(heard)


async def test_a_resident_of_wechat_gets_five_messages_until_they_write_again(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    hear(one, "w")
    for n in range(7):
        say(one, "w", str(n), channel="wechat")
    await bring(one, clock, 10)
    assert [text for _, text in pigeons.heard] == list("01234")
    assert states(one)[5:] == [SendingState.HELD, SendingState.HELD]
    hear(one, "w")
    await bring(one, clock, 10)
    assert [text for _, text in pigeons.heard] == list("0123456")


async def test_two_days_after_they_wrote_nothing_is_sent_to_wechat(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    hear(one, "w")
    clock.pass_by(timedelta(hours=48))
    say(one, "w", "提醒", channel="wechat")
    await bring(one, clock)
    assert (pigeons.heard, states(one)) == ([], [SendingState.HELD])


async def test_what_the_webhooks_answer_carries_is_not_sent_again(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    hear(one, "w")
    soon = Way(not_before=clock.now() + timedelta(seconds=4.5))
    say(one, "w", "一", channel="wechat", way=soon, answers=1)
    say(one, "w", "二", channel="wechat", way=soon, answers=2)
    assert await bring(one, clock) == [0]
    with one.database.transaction() as db:
        (taken,) = sending.take_passively(db, 1, len, now=clock.now())
        assert taken.state == SendingState.SENT
        sending.hurry(db, 2, now=clock.now())
    await bring(one, clock, 10)
    assert pigeons.heard == [("w", "二")]


@dataclass
class Slow(Pigeons):
    """A platform that takes its time with one chat."""

    holds: str = "slow"
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, letter: Letter) -> str:
        if letter.to == self.holds:
            await self.go_on.wait()
        return await super().send(letter)


async def test_a_chat_the_platform_is_slow_with_holds_no_other_up(
    database: Database, clock: StandingClock, tmp_path: Path
) -> None:
    slow = Slow()
    one = Courier(database, clock, {"telegram": slow}, tmp_path)
    say(one, "slow", "一")
    say(one, "8", "二")
    bringing = asyncio.create_task(one.bring_due())
    while not slow.heard:
        await asyncio.sleep(0.01)
    assert slow.heard == [("8", "二")]
    slow.go_on.set()
    await bringing
    assert slow.heard[1] == ("slow", "一")


@pytest.mark.parametrize("gently", [True, False])
async def test_a_courier_that_is_asked_to_end_waits_for_what_is_on_its_way(
    database: Database, clock: StandingClock, tmp_path: Path, gently: bool
) -> None:
    """Else what arrives would be sent again: ended roughly, it is the negative control."""
    slow, over = Slow(), threading.Event()
    one = Courier(database, clock, {"telegram": slow}, tmp_path)
    say(one, "slow", "你好")
    running = asyncio.create_task(one.run(over))
    while not sendings(one)[0].tries:
        await asyncio.sleep(0.01)
    over.set() if gently else running.cancel()
    slow.go_on.set()
    await asyncio.gather(running, return_exceptions=True)
    assert states(one) == [SendingState.SENT if gently else SendingState.WAITING]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_whoever_is_blocked_gets_nothing_more_and_all_that_waits_is_given_up(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    pigeons.wrong = [Blocked()]
    for word in "一二三":
        say(one, "7", word)
    await bring(one, clock)
    assert states(one) == [SendingState.DEAD] * 3
    say(one, "7", "四")
    await bring(one, clock, 3, apart=3600)
    assert (states(one)[3], pigeons.heard) == (SendingState.HELD, [])
    with one.database.transaction() as db:
        address = db.scalars(select(Address)).one()
        address.blocked_at = None
        sending.release(db, address.id, now=clock.now())
    await bring(one, clock)
    assert pigeons.heard == [("7", "四")]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_message_the_platform_chokes_on_holds_its_chat_up_for_minutes_only(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    say(one, "7", "一")
    say(one, "7", "二")
    pigeons.wrong = [ValueError() for _ in range(leasing.HOLDS_UP)]
    await bring(one, clock, 25, apart=60)
    assert [text for _, text in pigeons.heard] == ["二", "一"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_platform_that_is_away_is_waited_for_and_nothing_floods_it_afterwards(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    soon = clock.now() + HOUR / 2
    for n in range(12):
        say(one, str(n % 4), f"{n:02}", way=Way(Priority.NOTICE))
    say(one, "9", "半小时后上课", way=Way(Priority.NOTICE, stale_at=soon))
    pigeons.wrong = [ConnectionError() for _ in range(1000)]
    await bring(one, clock, 40, apart=90)
    pigeons.wrong = []
    for _ in range(20):
        before = len(pigeons.heard)
        await bring(one, clock)
        assert len(pigeons.heard) - before <= 5
    assert len(pigeons.heard) == 12
    for chat in map(str, range(4)):
        heard = [text for to, text in pigeons.heard if to == chat]
        assert heard == sorted(heard)
    assert states(one).count(SendingState.CANCELLED) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_without_waiting_for_it_everything_is_dead_before_it_is_back(
    one: Courier, pigeons: Pigeons, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of waiting for a platform that is away."""
    monkeypatch.setattr(courier, "AWAY_AFTER", 1000)
    for n in range(4):
        say(one, str(n), "答复")
    pigeons.wrong = [ConnectionError() for _ in range(100)]
    await bring(one, clock, 60, apart=24 * 3600)
    assert states(one) == [SendingState.DEAD] * 4


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_was_sent_and_could_not_be_recorded_is_not_sent_again(
    one: Courier, pigeons: Pigeons, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(one, "7", "一")
    record, away = Courier._sent, [OperationalError("", {}, Exception())]

    def sometimes(*args: Any) -> None:
        if away:
            raise away.pop()
        record(*args)

    monkeypatch.setattr(Courier, "_sent", sometimes)
    monkeypatch.setattr(courier, "AFTER_TROUBLE", 0)
    await bring(one, clock)
    await bring(one, clock, 2, apart=leasing.LEASE.total_seconds() + 1)
    assert pigeons.heard == [("7", "一")]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_part_recorded_twice_leaves_out_no_other(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    say(one, "7", "每周二下午两点在三楼。" * 800)
    await bring(one, clock)
    with one.database.transaction() as db:  # by a courier that was asleep
        leasing.mark_part_sent(db, 1, number=0, parts=3, platform_id="x", now=clock.now())
    await bring(one, clock, 5)
    assert len(pigeons.heard) == 3
    assert states(one) == [SendingState.SENT]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_message_without_room_costs_none_of_those_we_may_write(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    hear(one, "w")
    pigeons.wrong = [Slowed(60)]
    say(one, "w", "一", channel="wechat")
    await bring(one, clock, 3)
    with one.database.reading() as db:
        assert db.scalars(select(Address)).one().writes_left == 5


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_chat_that_moved_to_one_we_know_is_that_one(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    say(one, "-100", "零")
    await bring(one, clock)
    pigeons.wrong = [Moved("-100")]
    say(one, "-5", "一")
    await bring(one, clock, 3)
    assert sorted(pigeons.heard) == [("-100", "一"), ("-100", "零")]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_replies_go_between_the_messages_of_a_broadcast(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    for n in range(60):
        say(one, f"b{n}", "停水", way=Way(Priority.BROADCAST))
    late = []
    for n in range(5):
        say(one, f"r{n}", "答复")
        for step in range(10):
            await bring(one, clock, apart=0.1)
            if (f"r{n}", "答复") in pigeons.heard:
                late.append(step)
                break
    assert late == [0] * 5


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_waits_on_one_channel_holds_no_other_up(
    one: Courier, pigeons: Pigeons, clock: StandingClock
) -> None:
    for n in range(leasing.LOOKED_AT + 10):
        say(one, f"b{n}", "停水")
    say(one, "g", "新的诉求", channel="dingtalk", group=True, way=Way(Priority.BROADCAST))
    await bring(one, clock)
    assert ("g", "新的诉求") in pigeons.heard
