"""Notices are told when they should be, together, and elsewhere where a channel is closed."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from actions import budget, conversations, elsewhere, outbox, sending
from actions.channels import CHANNELS
from actions.conversations import Author, Choice, Conversation, Message
from actions.db import Database
from actions.outbox import Notice, NoticeState
from actions.people.model import Address
from actions.sending import Priority, Sending, SendingState, Way
from actions.wording import read_wording
from bot.delivery import Delivery
from knowledge.pack import load_pack
from tests.conftest import StandingClock

ZONE = ZoneInfo(load_pack(Path("knowledge/data/guali")).time_zone)
MEETS = "utter_met_left"  # can wait, and speaks of nothing
FAMILY_LEFT = "utter_check_in_over"  # news, and speaks of nothing
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def worker(database: Database, clock: StandingClock) -> Delivery:
    return Delivery(database, clock, read_wording(ZONE), DAY)


def talk(worker: Delivery, channel: str, *, of: str = "", heard: bool = True) -> str:
    """A conversation on a channel: of somebody new, or of who has that conversation."""
    now = worker.clock.now()
    with worker.database.transaction() as db:
        made = conversations.at_address(db, channel=channel, address=f"{channel}-1", now=now)
        address = db.get_one(Address, made.address_id)
        if heard:
            sending.open_window(db, address, CHANNELS[channel].window, now=now)
        if of:
            made.resident_id = address.resident_id = db.get_one(Conversation, of).resident_id
        return made.id


def owe(worker: Delivery, conversation_id: str, response: str, **more: object) -> int:
    with worker.database.transaction() as db:
        facts = {"due_at": worker.clock.now(), **more}
        notice = outbox.put(
            db,
            conversation_id=conversation_id,
            response=response,
            **facts,  # type: ignore[arg-type]
        )
        return notice.id


def deliver(worker: Delivery) -> None:
    for _ in range(6):
        worker.deliver_due()


def said(worker: Delivery, conversation_id: str = "") -> list[Message]:
    found = select(Message).where(Message.author != Author.RESIDENT).order_by(Message.id)
    if conversation_id:
        found = found.where(Message.conversation_id == conversation_id)
    with worker.database.reading() as db:
        return list(db.scalars(found))


def state(worker: Delivery, notice_id: int) -> str:
    with worker.database.reading() as db:
        return db.get_one(Notice, notice_id).state


def writes(worker: Delivery, left: int) -> None:
    with worker.database.transaction() as db:
        for address in db.scalars(select(Address)):
            address.writes_left = left


def test_what_can_wait_is_told_in_one_message_and_the_next_the_day_after(
    worker: Delivery, clock: StandingClock
) -> None:
    here = talk(worker, "telegram")
    for _ in range(3):
        owe(worker, here, MEETS)
    deliver(worker)
    (together,) = said(worker)
    assert together.text.startswith("有 3 件事告诉您：\n1. ")
    assert together.text.count("\n") >= 3
    clock.pass_by(HOUR)
    owe(worker, here, MEETS)
    deliver(worker)
    assert len(said(worker)) == 1
    clock.pass_by(DAY)
    deliver(worker)
    assert len(said(worker)) == 2


def test_without_a_budget_everything_is_told_at_once(
    worker: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the budget."""
    monkeypatch.setattr(budget, "lets", lambda *_args, **_more: True)
    monkeypatch.setattr(budget, "told_with", lambda *_args, **_more: ())
    here = talk(worker, "telegram")
    for _ in range(3):
        owe(worker, here, MEETS)
    deliver(worker)
    assert len(said(worker)) == 3


def test_a_person_is_told_one_a_day_on_all_their_channels_together(
    worker: Delivery,
) -> None:
    here = talk(worker, "telegram")
    there = talk(worker, "webchat", of=here)
    owe(worker, here, MEETS)
    deliver(worker)
    later = owe(worker, there, MEETS)
    deliver(worker)
    assert (len(said(worker)), state(worker, later)) == (1, NoticeState.WAITING)


def test_one_of_what_is_told_together_may_ask_something(worker: Delivery) -> None:
    here = talk(worker, "telegram")
    for label in ("好", "行"):
        owe(worker, here, MEETS, choices=[Choice(label, "affirm")])
    owe(worker, here, MEETS)
    deliver(worker)
    (together,) = said(worker)
    assert [choice.label for choice in together.offered] == ["好"]
    assert together.text.startswith("有 2 件事")


def test_at_night_only_what_matters_is_told(worker: Delivery, clock: StandingClock) -> None:
    clock.pass_by(timedelta(hours=14))  # midnight
    here = talk(worker, "telegram")
    owe(worker, here, FAMILY_LEFT)
    owe(worker, here, "utter_returned")
    deliver(worker)
    assert len(said(worker)) == 1
    clock.pass_by(timedelta(hours=7))
    deliver(worker)
    assert len(said(worker)) == 2


def test_the_last_messages_of_a_window_are_left_to_what_matters(worker: Delivery) -> None:
    here = talk(worker, "wechat")
    writes(worker, 2)
    waits, matters = owe(worker, here, FAMILY_LEFT), owe(worker, here, "utter_returned")
    deliver(worker)
    assert state(worker, waits) == NoticeState.HELD
    assert state(worker, matters) == NoticeState.SENT


def test_what_was_held_is_told_in_one_message_once_they_write(
    worker: Delivery, clock: StandingClock
) -> None:
    here = talk(worker, "wechat", heard=False)
    held = [owe(worker, here, one) for one in (FAMILY_LEFT, MEETS, FAMILY_LEFT)]
    deliver(worker)
    assert {state(worker, one) for one in held} == {NoticeState.HELD}
    with worker.database.transaction() as db:
        address = db.scalars(select(Address)).one()
        sending.open_window(db, address, CHANNELS["wechat"].window, now=clock.now())
        outbox.release(db, here, now=clock.now())
    deliver(worker)
    (together,) = said(worker)
    assert together.text.startswith("有 3 件事")


def test_what_matters_is_told_on_another_channel_where_one_is_closed(
    worker: Delivery, clock: StandingClock
) -> None:
    here = talk(worker, "wechat", heard=False)
    there = talk(worker, "telegram", of=here)
    owe(worker, here, FAMILY_LEFT)
    owe(worker, here, MEETS)
    deliver(worker)
    assert [one.conversation_id for one in said(worker)] == [there]


def test_news_held_for_a_day_wait_where_they_may_be_found(
    worker: Delivery, clock: StandingClock
) -> None:
    here = talk(worker, "wechat", heard=False)
    there = talk(worker, "webchat", of=here)
    owe(worker, here, FAMILY_LEFT)
    deliver(worker)
    assert said(worker) == []
    clock.pass_by(budget.HELD_FOR)
    with worker.database.transaction() as db:
        assert budget.is_any_held(db, now=clock.now())
        assert budget.look_after_held(db, now=clock.now()) == 1
    deliver(worker)
    assert [one.conversation_id for one in said(worker)] == [there]


def dead(worker: Delivery, conversation_id: str, **way: object) -> Sending:
    """Something said there that did not arrive."""
    now = worker.clock.now()
    with worker.database.transaction() as db:
        here = db.get_one(Conversation, conversation_id)
        usual = Way(**way)  # type: ignore[arg-type]
        message = conversations.say(
            db,
            here,
            "师傅下午三点来",
            author=Author.STAFF,
            now=now,
            way=usual,
            choices=[Choice("好", "affirm")],
        )
        one = db.scalars(select(Sending).filter_by(message_id=message.id)).one()
        one.state = SendingState.DEAD
        return one


def tell(worker: Delivery, one: Sending) -> bool:
    with worker.database.transaction() as db:
        return elsewhere.tell(db, db.get_one(Sending, one.id), now=worker.clock.now())


def test_what_did_not_arrive_is_told_on_another_channel_once(worker: Delivery) -> None:
    here = talk(worker, "telegram")
    there = talk(worker, "wechat", of=here)
    assert tell(worker, dead(worker, here))
    copy = said(worker, there)[0]
    assert (copy.text, copy.author) == ("师傅下午三点来", Author.STAFF)
    assert copy.choices[0]["id"] != said(worker, here)[0].choices[0]["id"]
    with worker.database.transaction() as db:
        one = db.scalars(select(Sending).filter_by(message_id=copy.id)).one()
        assert not elsewhere.tell(db, one, now=worker.clock.now())


def test_without_another_channel_it_stays_for_staff(worker: Delivery) -> None:
    one = dead(worker, talk(worker, "telegram"))
    assert not tell(worker, one)
    with worker.database.reading() as db:
        assert db.get_one(Sending, one.id).state == SendingState.DEAD


@pytest.mark.parametrize(
    "way", [{"priority": Priority.BROADCAST}, {"is_copy": True}, {"stale_at": "now"}]
)
def test_what_is_told_to_many_or_is_over_is_not_told_elsewhere(
    worker: Delivery, way: dict[str, object]
) -> None:
    here = talk(worker, "telegram")
    talk(worker, "webchat", of=here)
    way = {name: worker.clock.now() if value == "now" else value for name, value in way.items()}
    assert not tell(worker, dead(worker, here, **way))


@pytest.mark.parametrize("what", ["is_group", "blocked_at", "other"])
def test_no_group_no_blocked_chat_and_nobody_else_is_told(worker: Delivery, what: str) -> None:
    here = talk(worker, "telegram")
    there = talk(worker, "dingtalk", of="" if what == "other" else here)
    with worker.database.transaction() as db:
        address = db.get_one(Address, db.get_one(Conversation, there).address_id)
        address.is_group = what == "is_group"
        address.blocked_at = worker.clock.now() if what == "blocked_at" else None
    assert not tell(worker, dead(worker, here))
    assert said(worker, there) == []


def test_where_staff_phone_somebody_they_are_told_to_tell_it(worker: Delivery) -> None:
    here = talk(worker, "telegram")
    there = talk(worker, "desk", of=here)
    assert tell(worker, dead(worker, here))
    deliver(worker)
    with worker.database.reading() as db:
        notice = db.scalars(select(Notice).filter_by(conversation_id=there)).one()
    assert notice.state == NoticeState.TO_PHONE


def test_what_is_held_too_long_is_told_elsewhere_and_else_looked_at_again(
    worker: Delivery, clock: StandingClock
) -> None:
    here = talk(worker, "wechat", heard=False)
    one = dead(worker, here)
    with worker.database.transaction() as db:
        db.get_one(Sending, one.id).state = SendingState.HELD
        assert elsewhere.tell_held(db, now=clock.now()) == 0
        assert not elsewhere.is_any_held(db, now=clock.now())
    there = talk(worker, "telegram", of=here)
    clock.pass_by(elsewhere.LOOK_AGAIN)
    with worker.database.transaction() as db:
        assert elsewhere.tell_held(db, now=clock.now()) == 1
    assert len(said(worker, there)) == 1


def test_what_is_held_past_its_time_is_not_told_any_more(
    worker: Delivery, clock: StandingClock
) -> None:
    one = dead(worker, talk(worker, "wechat", heard=False), stale_at=clock.now() + HOUR)
    clock.pass_by(2 * HOUR)
    with worker.database.transaction() as db:
        db.get_one(Sending, one.id).state = SendingState.HELD
        elsewhere.tell_held(db, now=clock.now())
        assert db.get_one(Sending, one.id).state == SendingState.CANCELLED


def test_a_door_is_never_told_where_it_may_not_be(worker: Delivery) -> None:
    here = talk(worker, "webchat")
    talk(worker, "telegram", of=here)
    with worker.database.reading() as db:
        address = db.get_one(Address, db.get_one(Conversation, here).address_id)
        assert elsewhere.way_to(db, address, elsewhere.ORDER, now=worker.clock.now()) is None
