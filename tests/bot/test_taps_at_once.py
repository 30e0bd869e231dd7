"""A tap on an issued button does its deed at once, whoever else is at work."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import conversations, outbox
from actions.booking import service
from actions.booking.bookings import Order
from actions.booking.model import Booking, Session
from actions.booking.programme import Programme
from actions.conversations import Author, Choice, Conversation
from actions.outbox import Notice
from bot import inbox
from bot.message import InboundMessage
from tests.bot.conftest import PACK, Bot


@pytest.fixture
def offered(bot: Bot) -> tuple[str, str]:
    """Somebody whose offer is being sent has an older button: their conversation, the tap."""
    database, now = bot.parts.database, bot.clock.now()
    programme = Programme(PACK, bot.parts.wording)
    with database.transaction() as db:
        session = Session(
            activity_id="club-calligraphy",
            planned_at=now + timedelta(days=3),
            starts_at=now + timedelta(days=3),
            ends_at=now + timedelta(days=3, hours=1),
            places=1,
            taken=0,
            waitlist_next=0,
        )
        db.add(session)
        db.flush()
        holder, waiter = (
            conversations.at_address(db, channel="webchat", address=who, now=now)
            for who in ("holder", "waiter")
        )
        order = Order(session.id)
        held = service.book(db, programme, order=order, conversation=holder, now=now)
        service.join_waitlist(db, programme, order=order, conversation=waiter, now=now)
        service.cancel(
            db, programme, booking_id=held.id, resident_id=holder.resident_id, now=now
        )
        button = Choice("我来", "claim", str(session.id))
        said = conversations.say(
            db, waiter, "…", author=Author.ASSISTANT, now=now, choices=[button]
        )
        return waiter.id, said.offered[0].id


async def test_a_tap_and_the_worker_never_wait_for_one_another(
    bot: Bot, offered: tuple[str, str]
) -> None:
    """Both need the conversation and its notice: in one order, or neither would go on."""
    conversation_id, tap = offered
    database, now = bot.parts.database, bot.clock.now()
    inbox.keep(database, InboundMessage("webchat", "waiter", "m1", tap), now=now)
    with database.transaction() as db:  # as the worker does
        conversations.hold(db, conversation_id)
        drained = asyncio.create_task(bot.parts.gateway.drain(conversation_id))
        await asyncio.sleep(0.5)
        (notice,) = db.scalars(select(Notice).where(Notice.response == "utter_offer"))
        assert outbox.mark_sent(db, notice.id, now=now)
    await drained
    with database.reading() as db:
        waiter = db.get_one(Conversation, conversation_id)
        booking = db.scalars(select(Booking).order_by(Booking.id.desc())).first()
        assert booking is not None
        assert booking.resident_id == waiter.resident_id
