"""An offer is answered in words only when the words can mean nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from actions import conversations
from actions.booking import actions as booking
from actions.booking.model import EntryStatus, WaitlistEntry
from actions.conversations import Author
from actions.dialogue import Ground
from actions.outbox import Notice
from actions.wording import read_payload
from tests.actions.booking.conftest import MakeSession, at, book, cancel, conversation_of, wait
from tests.actions.conftest import Heard, Talk
from tests.conftest import StandingClock

ACTION = "action_answer_offer"
On = Callable[[str, datetime], int]


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, booking.actions, address="b")


def offer(ground: Ground, make_session: MakeSession, day: int = 28) -> None:
    """A session of one place comes free for `b`, who waits for it."""
    session_id = make_session(1, starts_at=at(day, 14), ends_at=at(day, 15, 30))
    booking_id = book(ground, session_id, who="a")
    wait(ground, session_id, who="b")
    cancel(ground, booking_id, who="a")


def hear_the_offer(ground: Ground) -> None:
    """The notice is said in the conversation, as the worker says it."""
    with ground.database.transaction() as db:
        notice = db.scalars(select(Notice).where(Notice.response == "utter_offer")).one()
        said = ground.wording.render(notice.response, values=notice.values)
        conversations.say(
            db,
            conversation_of(db, "b"),
            said.text,
            author=Author.ASSISTANT,
            now=ground.clock.now(),
            choices=said.choices,
        )


def say_something_else(ground: Ground) -> None:
    with ground.database.transaction() as db:
        conversations.say(
            db,
            conversation_of(db, "b"),
            "末班车 21:30。",
            author=Author.ASSISTANT,
            now=ground.clock.now(),
        )


def statuses(ground: Ground) -> list[str]:
    with ground.database.reading() as db:
        return list(db.scalars(select(WaitlistEntry.status).order_by(WaitlistEntry.id)))


def intents(heard: Heard) -> list[str]:
    return [read_payload(choice["payload"])[0] for choice in heard.choices]


@pytest.mark.parametrize("text", ["要", "好的", "yes please"])
def test_a_yes_right_after_the_offer_takes_it(
    talk: Talk, make_session: MakeSession, text: str
) -> None:
    offer(talk.ground, make_session)
    hear_the_offer(talk.ground)
    told = talk.told(talk.do(ACTION, text, intent="affirm"))
    assert told.startswith("约好了：书法社，11月28日（周六）14:00")
    assert statuses(talk.ground) == [EntryStatus.BOOKED]


def test_a_no_right_after_the_offer_lets_it_go(talk: Talk, make_session: MakeSession) -> None:
    offer(talk.ground, make_session)
    hear_the_offer(talk.ground)
    assert "让给后面的人" in talk.told(talk.do(ACTION, "不要了", intent="deny"))
    assert statuses(talk.ground) == [EntryStatus.DECLINED]


@pytest.mark.parametrize(
    ("text", "intent"), [("不对", "deny"), ("错了", "deny"), ("1", "choose")]
)
def test_what_is_neither_yes_nor_no_is_asked_back(
    talk: Talk, make_session: MakeSession, text: str, intent: str
) -> None:
    offer(talk.ground, make_session)
    hear_the_offer(talk.ground)
    assert intents(talk.do(ACTION, text, intent=intent)) == ["accept_offer", "decline_offer"]
    assert statuses(talk.ground) == [EntryStatus.OFFERED]


@pytest.mark.parametrize(
    ("text", "intent", "confidence"),
    [("好的", "affirm", 0.95), ("不要了", "deny", 0.95), ("好的", "affirm", 0.4)],
)
def test_a_yes_or_a_no_after_something_else_is_asked_back(
    talk: Talk, make_session: MakeSession, text: str, intent: str, confidence: float
) -> None:
    offer(talk.ground, make_session)
    hear_the_offer(talk.ground)
    if confidence > 0.5:
        say_something_else(talk.ground)
    heard = talk.do(ACTION, text, intent=intent, confidence=confidence)
    assert "给您留着，等您回话（11月24日（周二）10:30前）：书法社" in heard.text
    assert intents(heard) == ["accept_offer", "decline_offer"]
    assert talk.told(heard) == ""
    assert statuses(talk.ground) == [EntryStatus.OFFERED]


def test_of_several_offers_it_is_asked_which(talk: Talk, make_session: MakeSession) -> None:
    offer(talk.ground, make_session)
    hear_the_offer(talk.ground)
    offer(talk.ground, make_session, day=29)
    heard = talk.do(ACTION, "好的", intent="affirm")
    assert intents(heard) == ["accept_offer", "decline_offer"] * 2
    assert statuses(talk.ground) == [EntryStatus.OFFERED] * 2


def test_without_an_offer_a_yes_answers_nothing(
    talk: Talk, make_session: MakeSession, clock: StandingClock
) -> None:
    assert "您想办哪件事" in talk.do(ACTION, "好的", intent="affirm").text
    offer(talk.ground, make_session)
    hear_the_offer(talk.ground)
    clock.pass_by(timedelta(minutes=31))
    assert "您想办哪件事" in talk.do(ACTION, "好的", intent="affirm").text


def test_somebody_elses_offer_is_not_answered(
    ground: Ground, make_session: MakeSession
) -> None:
    offer(ground, make_session)
    other = Talk(ground, booking.actions, address="c")
    assert "您想办哪件事" in other.do(ACTION, "好的", intent="affirm").text
    assert statuses(ground) == [EntryStatus.OFFERED]


def test_the_list_shows_the_offer_with_its_answers_first(
    talk: Talk, make_session: MakeSession
) -> None:
    offer(talk.ground, make_session)
    other = make_session(3, activity_id="club-tea", starts_at=at(25, 9), ends_at=at(25, 10))
    book(talk.ground, other, who="b")
    heard = talk.do("action_list_bookings", "我约了什么", intent="list_bookings")
    assert "· 给您留着，等您回话（11月24日（周二）10:30前）：书法社" in heard.text
    assert "编号" in heard.text
    assert intents(heard) == ["accept_offer", "decline_offer", "cancel_booking"]


def test_the_list_in_english(ground: Ground, make_session: MakeSession) -> None:
    talk = Talk(ground, booking.actions, language="en", address="b")
    offer(ground, make_session)
    heard = talk.do("action_list_bookings", "my bookings", intent="list_bookings")
    assert "Kept for you until Tue 24 Nov, 10:30" in heard.text
    assert heard.choices[0]["title"].startswith("Yes: Calligraphy club")
