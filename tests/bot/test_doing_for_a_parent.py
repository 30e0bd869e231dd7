"""A child does things for a parent who agreed: as both of them, or the desk, live it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import callers, conversations, outbox
from actions.booking import service as booking
from actions.booking.bookings import Order
from actions.booking.model import Booking, BookingStatus, Session
from actions.booking.programme import Programme
from actions.conversations import Conversation
from actions.db import Db
from actions.governance import service as governance
from actions.governance.model import ServiceRequest, Status
from actions.governance.service import Report, Where
from actions.outbox import Notice, NoticeState
from actions.people.model import Acting
from bot.delivery import Delivery
from bot.upkeep import Upkeep
from tests.bot.conftest import PACK, Bot

CHILD, PARENT = "c" * 32, "p" * 32


def talk(db: Db, bot: Bot, session: str) -> Conversation:
    address = bot.parts.webchat.address(session)
    return conversations.at_address(db, channel="webchat", address=address, now=bot.clock.now())


def let_act(db: Db, bot: Bot, principal_id: str) -> int:
    now = bot.clock.now()
    acting = Acting(kin="mother", asked_at=now, confirmed_at=now)
    acting.actor_id, acting.principal_id = talk(db, bot, CHILD).resident_id, principal_id
    db.add(acting)
    db.flush()
    return acting.id


def book(db: Db, bot: Bot, acting_id: int, activity: str = "club-chess") -> int:
    """The child books what is on next, as its form does."""
    session = db.scalars(
        select(Session)
        .where(Session.activity_id == activity, Session.starts_at > bot.clock.now())
        .order_by(Session.starts_at)
        .limit(1)
    ).one()
    return booking.book(
        db,
        Programme(PACK, bot.parts.wording),
        order=Order(session.id, acting_id=acting_id),
        conversation=talk(db, bot, CHILD),
        now=bot.clock.now(),
    ).id


def deliver(bot: Bot) -> None:
    worker = Delivery(bot.parts.database, bot.clock, bot.parts.wording, timedelta(days=1))
    while worker.deliver_due():
        pass


@pytest.fixture
async def both(bot: Bot) -> Bot:
    """Both have written before; the parent reads large and short."""
    for session in (CHILD, PARENT):
        bot.session = session
        await bot.say("你好")
    with bot.parts.database.transaction() as db:
        talk(db, bot, PARENT).resident.elder = True
    Upkeep(bot.parts.database, bot.parts.home.shelf, bot.clock).run_due()
    return bot


async def test_the_parent_refuses_a_booking_by_a_digit(both: Bot) -> None:
    with both.parts.database.transaction() as db:
        acting_id = let_act(db, both, talk(db, both, PARENT).resident_id)
        booking_id = book(db, both, acting_id)
        kept_id = book(db, both, acting_id, "club-tea")
        outbox.cancel(db, f"theirs:{kept_id}")  # the one about chess is told last
    deliver(both)
    both.session, both.assistant.heard = PARENT, []
    (answer,) = await both.say("1")
    assert "退掉了" in answer
    assert both.assistant.heard == []
    with both.parts.database.reading() as db:
        assert db.get_one(Booking, booking_id).status == BookingStatus.CANCELLED
        assert db.get_one(Booking, kept_id).status == BookingStatus.BOOKED
    deliver(both)
    assert "您代办的" in last_heard(both, CHILD)


async def test_the_parent_refuses_a_report_in_a_word(both: Bot) -> None:
    with both.parts.database.transaction() as db:
        acting_id = let_act(db, both, talk(db, both, PARENT).resident_id)
        governance.file(
            db,
            pack=PACK,
            report=Report("road-light", "路灯坏了", Where(), acting_id=acting_id),
            conversation=talk(db, both, CHILD),
            now=both.clock.now(),
        )
    deliver(both)
    assert "家人帮您报了" in last_heard(both, PARENT)
    both.session = PARENT
    await both.say("不要")
    with both.parts.database.reading() as db:
        assert db.scalars(select(ServiceRequest)).one().status == Status.WITHDRAWN
    deliver(both)
    assert "撤回了" in last_heard(both, CHILD)


async def test_a_parent_with_a_phone_alone_is_on_the_desks_list(both: Bot) -> None:
    with both.parts.database.transaction() as db:
        told = callers.read("示例", "13800000000")
        mother = callers.conversation_with(
            db, told, area_id=None, key="key", now=both.clock.now()
        )
        acting_id = let_act(db, both, mother.resident_id)
        booking_id = book(db, both, acting_id)
        owned = db.get_one(Booking, booking_id).resident_id
        assert owned == mother.resident_id
    deliver(both)
    with both.parts.database.reading() as db:
        ((notice, there),) = outbox.to_phone(db, now=both.clock.now())
        assert (notice.response, there.resident_id) == ("utter_theirs_booked", owned)


async def test_what_the_child_may_do_no_more_is_refused_and_told(both: Bot) -> None:
    """The button to refuse is the parent's: whoever else taps one like it changes nothing."""
    with both.parts.database.transaction() as db:
        acting_id = let_act(db, both, talk(db, both, PARENT).resident_id)
        booking_id = book(db, both, acting_id)
        db.get_one(Acting, acting_id).ended_at = both.clock.now()
        outbox.put(
            db,
            conversation_id=talk(db, both, CHILD).id,
            response="utter_theirs_booked",
            due_at=both.clock.now(),
            values=values_of(db, booking_id),
        )
    deliver(both)
    both.session = CHILD
    await both.say("不要")
    with both.parts.database.reading() as db:
        assert db.get_one(Booking, booking_id).status == BookingStatus.BOOKED


def values_of(db: Db, booking_id: int) -> dict[str, object]:
    told = db.scalars(select(Notice).where(Notice.about == f"theirs:{booking_id}")).one()
    assert told.state == NoticeState.WAITING
    return dict(told.values)


def last_heard(bot: Bot, session: str) -> str:
    with bot.parts.database.transaction() as db:
        said = (
            select(conversations.Message)
            .where(conversations.Message.conversation_id == talk(db, bot, session).id)
            .order_by(conversations.Message.id.desc())
        )
        return db.scalars(said.limit(1)).one().text
