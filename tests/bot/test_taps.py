"""One tap on an issued button does its deed at once, without understanding, and once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import conversations
from actions.booking import service
from actions.booking.bookings import Order
from actions.booking.model import Booking, BookingStatus, Session, WaitlistEntry
from actions.booking.programme import Programme
from actions.content.editions import Shelf
from actions.conversations import Author, Choice, Status
from bot.delivery import Delivery
from bot.upkeep import Offers
from tests.bot.conftest import PACK, Bot

CLUB = "club-calligraphy"


def programme(bot: Bot) -> Programme:
    return Programme(PACK, bot.parts.wording)


@pytest.fixture
def session_id(bot: Bot) -> int:
    """A session of one place, in four days."""
    starts = bot.clock.now() + timedelta(days=4)
    with bot.parts.database.transaction() as db:
        session = Session(
            activity_id=CLUB,
            planned_at=starts,
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            places=1,
            taken=0,
            waitlist_next=0,
        )
        db.add(session)
        db.flush()
        return session.id


def book_as(bot: Bot, session_id: int, who: str) -> int:
    with bot.parts.database.transaction() as db:
        somebody = conversations.at_address(
            db, channel="webchat", address=who, now=bot.clock.now()
        )
        return service.book(
            db,
            programme(bot),
            order=Order(session_id),
            conversation=somebody,
            now=bot.clock.now(),
        ).id


def cancel_as(bot: Bot, booking_id: int) -> None:
    with bot.parts.database.transaction() as db:
        service.cancel(
            db,
            programme(bot),
            booking_id=booking_id,
            resident_id=db.get_one(Booking, booking_id).resident_id,
            now=bot.clock.now(),
        )


async def offer(bot: Bot, intent: str, value: str) -> str:
    """Give a button out in the conversation; returns its id."""
    await bot.say("你好")
    with bot.parts.database.transaction() as db:
        conversation = conversations.at_address(
            db,
            channel="webchat",
            address=bot.parts.webchat.address(bot.session),
            now=bot.clock.now(),
        )
        said = conversations.say(
            db,
            conversation,
            "请选",
            author=Author.ASSISTANT,
            now=bot.clock.now(),
            choices=[Choice("好", intent, value)],
        )
        return str(said.choices[0]["id"])


def deliver(bot: Bot) -> None:
    """Let the worker send what is due."""
    worker = Delivery(
        database=bot.parts.database,
        clock=bot.clock,
        wording=bot.parts.wording,
        return_after=timedelta(hours=1),
    )
    while worker.deliver_due():
        pass


def bookings(bot: Bot) -> list[Booking]:
    with bot.parts.database.reading() as db:
        wanted = select(Booking).where(Booking.status == BookingStatus.BOOKED)
        return list(db.scalars(wanted))


async def test_a_tap_books_at_once_and_reads_out_what_was_written(
    bot: Bot, session_id: int
) -> None:
    tap = await offer(bot, "claim", str(session_id))
    bot.assistant.heard.clear()
    (told,) = await bot.say(tap)
    (made,) = bookings(bot)
    assert f"{made.code[:3]} {made.code[3:]}" in told
    assert "书法社" in told
    assert bot.assistant.heard == []  # nothing had to be understood


async def test_the_same_tap_again_has_no_other_effect(bot: Bot, session_id: int) -> None:
    tap = await offer(bot, "claim", str(session_id))
    first = await bot.post(tap, message_id="same")
    again = await bot.post(tap, message_id="same")
    assert first.json()["replies"] == again.json()["replies"]
    (twice,) = await bot.say(tap)
    assert "已经约了" in twice
    assert len(bookings(bot)) == 1


async def test_a_refused_tap_says_why_and_changes_nothing(bot: Bot, session_id: int) -> None:
    book_as(bot, session_id, "somebody")
    tap = await offer(bot, "claim", str(session_id))
    (told,) = await bot.say(tap)
    assert "刚被别人抢完了" in told
    assert len(bookings(bot)) == 1


async def test_a_typed_payload_is_no_tap(bot: Bot, session_id: int) -> None:
    await bot.say(f'/claim{{"choice": "{session_id}"}}')
    assert bookings(bot) == []


async def test_somebody_elses_button_does_nothing(bot: Bot, session_id: int) -> None:
    tap = await offer(bot, "claim", str(session_id))
    bot.session = "t" * 32
    await bot.say(tap)
    assert bookings(bot) == []


async def test_one_stands_in_line_by_a_tap_is_asked_and_says_yes_with_1(
    bot: Bot, session_id: int
) -> None:
    theirs = book_as(bot, session_id, "somebody")
    (told,) = await bot.say(await offer(bot, "join_waitlist", str(session_id)))
    assert "第 1 位" in told
    cancel_as(bot, theirs)
    deliver(bot)
    (booked,) = await bot.say("1")
    assert "约好了" in booked
    (made,) = bookings(bot)
    assert made.session_id == session_id


async def test_an_offer_is_taken_though_other_things_were_said_since(
    bot: Bot, session_id: int
) -> None:
    theirs = book_as(bot, session_id, "somebody")
    await bot.say(await offer(bot, "join_waitlist", str(session_id)))
    cancel_as(bot, theirs)
    deliver(bot)
    with bot.parts.database.reading() as db:
        said = db.scalars(select(conversations.Message)).all()[-1]
        yes = said.choices[0]["id"]
    await bot.say("图书馆几点关门")
    assert "约好了" in (await bot.say(yes))[0]


async def test_a_tap_is_done_while_a_person_answers(bot: Bot, session_id: int) -> None:
    tap = await offer(bot, "claim", str(session_id))
    with bot.parts.database.transaction() as db:
        for conversation in db.scalars(select(conversations.Conversation)):
            conversations.open_for_staff(db, conversation, now=bot.clock.now())
    assert "抢到了" in (await bot.say(tap))[0]
    with bot.parts.database.reading() as db:
        statuses = set(db.scalars(select(conversations.Conversation.status)))
    assert statuses == {Status.OPEN}


async def test_an_offer_that_ran_out_goes_to_the_next_by_the_worker(
    bot: Bot, session_id: int
) -> None:
    theirs = book_as(bot, session_id, "somebody")
    await bot.say(await offer(bot, "join_waitlist", str(session_id)))
    cancel_as(bot, theirs)
    offers = Offers(
        bot.parts.database,
        Shelf(PACK, bot.parts.settings.content_dir),
        bot.parts.wording,
        bot.clock,
    )
    deliver(bot)
    assert not offers.run_due()
    bot.clock.pass_by(timedelta(minutes=PACK.activity_rules.waitlist_offer_minutes))
    assert offers.run_due()
    assert not offers.run_due()
    with bot.parts.database.reading() as db:
        assert db.scalars(select(Session.taken)).one() == 0
        assert db.scalars(select(WaitlistEntry.status)).one() == "expired"
