import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from actions import conversations, outbox, turns
from actions.conversations import Author, Conversation, Message, Status
from actions.db import Database
from actions.mydata import erasing
from actions.outbox import Notice, NoticeState
from actions.people.model import Address, Words
from actions.sending import Priority, Sending, SendingState
from actions.wording import read_wording
from bot import delivery
from bot.delivery import Delivery
from knowledge.pack import load_pack
from tests.actions.test_turns import a_turn
from tests.conftest import StandingClock

pytestmark = pytest.mark.both_stores  # threads meet, or the stores differ

ZONE = ZoneInfo(load_pack(Path("knowledge/data/guali")).time_zone)
AFTER = timedelta(minutes=30)


@pytest.fixture
def worker(database: Database, clock: StandingClock) -> Delivery:
    return Delivery(database, clock, read_wording(ZONE), AFTER)


def owe(worker: Delivery, address: str, words: str, **more: object) -> int:
    """Owe somebody these words; returns the notice's id."""
    now = worker.clock.now()
    with worker.database.transaction() as db:
        conversation = conversations.at_address(
            db, channel=str(more.pop("channel", "webchat")), address=address, now=now
        )
        said = Words(resident_id=conversation.resident_id, text=words, created_at=now)
        db.add(said)
        db.flush()
        facts = {"due_at": now, "response": "", "words_id": said.id, **more}
        notice = outbox.put(db, conversation_id=conversation.id, **facts)  # type: ignore[arg-type]
        return notice.id


def state(worker: Delivery, notice: int) -> str:
    with worker.database.reading() as db:
        return db.get_one(Notice, notice).state


def written(worker: Delivery, address: str = "") -> list[str]:
    """What has been said, to one of them or to all."""
    said = select(Message).order_by(Message.id)
    if address:
        said = said.join(Conversation).join(Address).where(Address.address == address)
    with worker.database.reading() as db:
        return [message.text for message in db.scalars(said)]


def test_what_is_due_is_written_into_the_conversation(worker: Delivery) -> None:
    notice = owe(worker, "a", "灯修好了")
    assert worker.deliver_due() == 1
    assert written(worker) == ["灯修好了"]
    assert state(worker, notice) == NoticeState.SENT
    assert worker.deliver_due() == 0


def test_words_of_a_neighbour_are_forgotten_with_the_neighbour(worker: Delivery) -> None:
    now = worker.clock.now()
    with worker.database.transaction() as db:
        neighbour = conversations.at_address(db, channel="webchat", address="n", now=now)
        said = Words(resident_id=neighbour.resident_id, text="我在楼下", created_at=now)
        db.add(said)
        db.flush()
        words_id, who = said.id, neighbour.resident_id
    owe(worker, "a", "你自己的", words_id=words_id)
    owe(worker, "a", "修好了")
    worker.deliver_due()
    worker.deliver_due()
    assert written(worker) == ["我在楼下", "修好了"]
    with worker.database.transaction() as db:
        erasing.forget(db, who, now=now)
    assert written(worker) == ["", "修好了"]


def owed(worker: Delivery) -> list[Sending]:
    with worker.database.reading() as db:
        return list(db.scalars(select(Sending).order_by(Sending.id)))


def test_for_the_web_page_the_written_row_is_the_delivery(worker: Delivery) -> None:
    owe(worker, "a", "灯修好了")
    worker.deliver_due()
    assert (written(worker), owed(worker)) == (["灯修好了"], [])


def test_what_is_said_on_a_platform_is_owed_to_it_in_the_same_moment(
    worker: Delivery, clock: StandingClock
) -> None:
    soon = clock.now() + timedelta(hours=1)
    owe(worker, "1", "灯修好了", channel="telegram", stale_at=soon)
    worker.deliver_due()
    (sending,) = owed(worker)
    assert (sending.channel, sending.priority) == ("telegram", Priority.REPLY)
    assert (sending.state, sending.stale_at) == (SendingState.WAITING, soon)


def test_a_conversation_gets_its_notices_in_order(worker: Delivery) -> None:
    for words in ("一", "二", "三"):
        owe(worker, "a", words)
    for _ in range(3):
        worker.deliver_due()
    assert written(worker) == ["一", "二", "三"]


def unwritable(worker: Delivery, address: str) -> int:
    """Owe somebody a response nobody wrote."""
    facts = {"response": "utter_that_nobody_wrote", "priority": Priority.REPLY}
    return owe(worker, address, "", words_id=None, **facts)


def test_a_notice_that_fails_is_tried_again_and_holds_the_later_ones_up(
    worker: Delivery, clock: StandingClock
) -> None:
    unwritable(worker, "a")
    owe(worker, "a", "二")
    owe(worker, "b", "一")
    for _ in range(3):
        worker.deliver_due()
        clock.pass_by(timedelta(minutes=2))
    assert written(worker) == ["一"]


def test_after_the_last_try_a_notice_is_dead_and_the_next_one_goes_out(
    worker: Delivery, clock: StandingClock
) -> None:
    dead, alive = unwritable(worker, "a"), owe(worker, "a", "二")
    for _ in range(delivery.TRIES):
        worker.deliver_due()
        clock.pass_by(delivery.LONGEST_PAUSE)
    assert state(worker, dead) == NoticeState.DEAD
    worker.deliver_due()
    assert state(worker, alive) == NoticeState.SENT


def test_pauses_between_tries_grow_to_a_day(worker: Delivery, clock: StandingClock) -> None:
    pauses = [
        (delivery._later(clock.now(), tries) - clock.now()).total_seconds()
        for tries in range(1, delivery.TRIES)
    ]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (30, delivery.LONGEST_PAUSE.total_seconds())


def test_a_notice_for_a_channel_that_is_none_stops_no_other(worker: Delivery) -> None:
    strange = owe(worker, "b", "一", channel="pigeon")
    owe(worker, "c", "二")
    worker.deliver_due()
    assert (written(worker), state(worker, strange)) == (["二"], NoticeState.WAITING)


def test_a_cancelled_notice_is_not_sent(worker: Delivery) -> None:
    owe(worker, "a", "别忘了书法课", about="booking:12")
    with worker.database.transaction() as db:
        outbox.cancel(db, "booking:12")
    assert worker.deliver_due() == 0
    assert written(worker) == []


def test_a_notice_cancelled_after_it_was_taken_is_not_sent(worker: Delivery) -> None:
    notice = owe(worker, "a", "别忘了书法课", about="booking:12")
    with worker.database.transaction() as db:
        outbox.lease_due(db, now=worker.clock.now())
    with worker.database.transaction() as db:
        outbox.cancel(db, "booking:12")
    worker._deliver(notice)
    assert written(worker) == []


def test_a_worker_that_slept_over_its_lease_leaves_the_notice_to_the_next(
    worker: Delivery, clock: StandingClock
) -> None:
    notice = owe(worker, "a", "一")
    with worker.database.transaction() as db:
        outbox.lease_due(db, now=clock.now())
    clock.pass_by(outbox.LEASE + timedelta(seconds=1))
    worker._deliver(notice)
    assert written(worker) == []
    worker.deliver_due()
    assert written(worker) == ["一"]


class Leasing:
    """As the worker takes what is due."""

    def take(self, worker: Delivery, meet: Barrier) -> list[int]:
        meet.wait()
        with worker.database.transaction() as db:
            return [notice.id for notice in outbox.lease_due(db, now=worker.clock.now())]


class LookThenLeap(Leasing):
    """The naive way: look what is due, then send it."""

    def take(self, worker: Delivery, meet: Barrier) -> list[int]:
        with worker.database.reading() as db:
            waiting = select(Notice.id).where(Notice.state == NoticeState.WAITING)
            due = list(db.scalars(waiting))
        meet.wait()
        return due


@pytest.mark.parametrize(
    ("way", "doubles"),
    [(Leasing(), 0), (LookThenLeap(), 12)],
    ids=["lease", "negative control"],
)
def test_two_workers_at_once_never_take_the_same_notice(
    worker: Delivery, way: Leasing, doubles: int
) -> None:
    for n in range(12):
        owe(worker, str(n), "一")
    meet = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: way.take(worker, meet), range(2))
    assert len(set(first) & set(second)) == doubles
    assert len(set(first) | set(second)) == 12


def test_two_workers_at_once_keep_the_order_of_every_conversation(worker: Delivery) -> None:
    for n in range(24):
        owe(worker, "abcd"[n % 4], f"{n:02}")
    with ThreadPoolExecutor(2) as pool:
        for _ in range(200):  # a busy machine may give one worker nothing for some rounds
            list(pool.map(lambda _: worker.deliver_due(), range(2)))
            if len(written(worker)) == 24:
                break
    assert len(written(worker)) == 24
    for address in "abcd":
        heard = written(worker, address)
        assert heard == sorted(heard)


def test_what_the_worker_says_for_a_turn_belongs_to_that_turns_message(
    worker: Delivery, clock: StandingClock
) -> None:
    """So that the same message sent again is given the same replies."""
    with worker.database.transaction() as db:
        turn = a_turn(db, clock)
        turns.act(db, turn, "book", now=clock.now())
        outbox.put(
            db,
            conversation_id=turn.conversation_id,
            response="utter_returned",
            due_at=clock.now(),
            turn_id=turn.id,
        )
    clock.pass_by(outbox.TURN_GRACE + timedelta(seconds=1))
    worker.deliver_due()
    with worker.database.reading() as db:
        assert len(conversations.replies_to(db, turn.inbox_id)) == 1


def open_conversation(worker: Delivery, address: str) -> str:
    now = worker.clock.now()
    with worker.database.transaction() as db:
        conversation = conversations.at_address(db, channel="webchat", address=address, now=now)
        conversations.open_for_staff(db, conversation, now=now)
        return conversation.id


def test_a_conversation_nobody_answered_returns_once_and_stays_marked_for_the_desk(
    worker: Delivery, clock: StandingClock
) -> None:
    opened = open_conversation(worker, "a")
    clock.pass_by(AFTER)
    assert worker.return_unanswered() == 0
    clock.pass_by(timedelta(seconds=1))
    assert worker.return_unanswered() == 1
    assert worker.return_unanswered() == 0
    worker.deliver_due()
    assert len(written(worker)) == 1
    with worker.database.reading() as db:
        conversation = db.get_one(Conversation, opened)
        assert conversation.status == Status.PENDING
        assert conversation.unanswered_since


def test_a_conversation_that_was_answered_stays_with_its_person(
    worker: Delivery, clock: StandingClock
) -> None:
    opened = open_conversation(worker, "a")
    with worker.database.transaction() as db:
        db.get_one(Conversation, opened).unanswered_since = None
    clock.pass_by(10 * AFTER)
    assert worker.return_unanswered() == 0


def test_two_workers_return_a_conversation_once(worker: Delivery, clock: StandingClock) -> None:
    for n in range(8):
        open_conversation(worker, str(n))
    clock.pass_by(2 * AFTER)
    with ThreadPoolExecutor(2) as pool:
        returned = list(pool.map(lambda _: worker.return_unanswered(), range(2)))
    assert sum(returned) == 8


def test_staffs_own_words_are_written_as_theirs(worker: Delivery) -> None:
    owe(worker, "a", "明天来修", channel="webchat")
    worker.deliver_due()
    with worker.database.reading() as db:
        assert db.scalars(select(Message)).one().author == Author.ASSISTANT


def to_phone(worker: Delivery) -> list[int]:
    with worker.database.reading() as db:
        return [notice.id for notice, _ in outbox.to_phone(db, now=worker.clock.now())]


def test_what_is_owed_to_those_without_a_page_waits_for_staff_to_phone(
    worker: Delivery, clock: StandingClock
) -> None:
    now = clock.now()
    first = owe(worker, "a", "改时间了", channel="desk", about="booking:1")
    soon = owe(worker, "a", "明天见", channel="desk", stale_at=now + timedelta(hours=1))
    later = owe(worker, "a", "晚上见", channel="desk", due_at=now + timedelta(hours=2))
    for _ in range(3):
        worker.deliver_due()
    assert to_phone(worker) == [first, soon]
    assert written(worker) == []
    clock.pass_by(timedelta(hours=3))
    worker.deliver_due()
    assert to_phone(worker) == [first, later]  # what is no longer true is not told
    with worker.database.transaction() as db:
        outbox.cancel(db, "booking:1")
    assert to_phone(worker) == [later]
    assert worker.deliver_due() == 0


def test_what_comes_due_by_the_clock_is_looked_for_now_and_then(
    worker: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, at, found = list[float](), [0.0], iter([True, False, False])

    def look() -> bool:
        looked.append(at[0])
        return next(found)

    class Over(threading.Event):
        def is_set(self) -> bool:
            return at[0] > 4

        def wait(self, timeout: float | None = None) -> bool:
            at[0] += timeout or 0
            return self.is_set()

    monkeypatch.setattr("bot.delivery.time.monotonic", lambda: at[0])
    worker.run(look, Over())
    assert looked == [0.0, 0.5, 2.5]  # again at once where something was found
