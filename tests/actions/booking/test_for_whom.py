"""For whom somebody books is kept in their own words, and read back."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select

from actions.booking import actions as booking
from actions.booking import draw, reading
from actions.booking.bookings import Order
from actions.booking.model import Booking, WaitlistEntry
from actions.booking.taps import TAPS
from actions.dialogue import Ground
from actions.outbox import Notice
from actions.people import kin
from actions.taps import Tap
from tests.actions.booking.conftest import (
    MakeSession,
    at,
    book,
    conversation_of,
    programme_of,
    session_of,
)
from tests.actions.conftest import Talk
from tests.conftest import StandingClock

SWIM = "class-swim-learn"
FORM, DEED = "book_activity_form", "action_book_activity"
On = Callable[[str, datetime], int]


@pytest.fixture
def talk(ground: Ground, on: On) -> Talk:
    return Talk(ground, booking.actions)


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        *(("给我妈报书法社", "我妈"), ("帮我老伴约太极", "我老伴"), ("给孩子报个编程", "孩子")),
        *(("我们一家三口想去", "我们一家三口"), ("我和老伴约周六的", "我和老伴")),
        *(("帮我和我老伴约一下茶艺社", "我和我老伴"), ("我孙子想学书法", "我孙子")),
        *(("book it for my mother", "my mother"), ("put my son down for coding", "my son")),
        *(("book the tea club for my wife and me", "my wife and me"), ("就我自己去", "")),
        *(("我女儿也想参加", "我女儿"), ("sign up my daughter", "my daughter")),
        *(("my husband would like to come", "my husband"), ("my wife and I", "my wife and i")),
        *(("我妈去医院了，我自己约个太极", None), ("我儿子要考试，周六我有空", None)),
        *(("我跟邻居吵了一架，想报个书法静静心", None), ("让我爸知道又要说，我报个名", None)),
        *(("my mother told me about the tea club", None), ("my son is in class then", None)),
        *(("是给我自己约的", ""), ("just for me", ""), ("帮我报名", None), ("给我报名", None)),
    ],
)
def test_for_whom_it_is_is_read(text: str, whom: str | None) -> None:
    assert kin.read_whom(text) == whom


@pytest.mark.parametrize(
    ("text", "places"),
    [
        *(
            ("我们一家三口想去", 3),
            ("给我爸妈报", 2),
            ("帮我家儿子和女儿报", 2),
            ("给我妈报", None),
        ),
        *(("for my parents", 2), ("for my wife and me", 2), ("for my mother", None)),
        *(("五百人", 500), ("1000个人", 1000), ("零个人", 0), ("一百二十人", 120)),
    ],
)
def test_how_many_that_are_is_read(text: str, places: int | None) -> None:
    assert reading.read_places(text) == places


def test_it_is_read_back_kept_and_listed(talk: Talk) -> None:
    heard = talk.begin(FORM, DEED, "给我妈约周六的书法社", intent="book_activity")
    assert "名额：1 个（给：我妈）" in heard.text
    talk.say("对", intent="affirm")
    with talk.ground.database.reading() as db:
        made = db.scalars(select(Booking)).one()
        assert made.whom is not None
        assert made.whom.text == "我妈"
    assert "1 个名额（给：我妈）" in talk.do("action_list_bookings", "我约了什么").text
    heard = talk.begin("cancel_booking_form", "action_cancel_booking", "取消书法社的预约")
    assert "（给：我妈）" in heard.text


def test_the_same_in_english(ground: Ground, on: On) -> None:
    talk = Talk(ground, booking.actions, language="en")
    heard = talk.begin(FORM, DEED, "book Saturday's calligraphy club for my mother")
    assert "Places: 1 (for: my mother)" in heard.text


def test_it_can_be_said_or_taken_back_in_the_read_back(talk: Talk) -> None:
    talk.begin(FORM, DEED, "我想约周六的书法社", intent="book_activity")
    assert "（给：我妈）" in talk.say("对，给我妈约的", intent="affirm").text
    assert "给：" not in talk.say("不是，是给我自己约的", intent="deny").text
    assert talk.say("对", intent="affirm").done


def test_who_waits_for_somebody_else_waits_for_them(talk: Talk, on: On) -> None:
    fill(talk, on("club-calligraphy", at(28, 14)))
    heard = talk.begin(FORM, DEED, "给我妈约周六的书法社", intent="book_activity")
    assert "（给：我妈）" in heard.text
    talk.say("好", intent="affirm")
    assert "（给：我妈）" in talk.do("action_list_bookings", "我约了什么").text


def fill(talk: Talk, session_id: int) -> None:
    for n in range(0, session_of(talk.ground, session_id).places, 10):
        left = session_of(talk.ground, session_id).left
        book(talk.ground, session_id, who=f"other {n}", places=min(10, left))


def the_tap(talk: Talk, response: str) -> str:
    """The value of the button for the line, as somebody is shown it."""
    with talk.ground.database.reading() as db:
        notice = db.scalars(select(Notice).where(Notice.response == response)).one()
        said = talk.ground.wording.render(response, values=notice.values)
    return next(c.value for c in said.choices if c.intent == "join_waitlist")


def taps(ground: Ground, value: str, who: str = "a") -> WaitlistEntry:
    with ground.database.transaction() as db:
        tapped = Tap(conversation_of(db, who), value, ground.clock.now())
        TAPS["join_waitlist"](db, programme_of(ground), tapped)
        mine = WaitlistEntry.resident_id == tapped.conversation.resident_id
        return db.scalars(select(WaitlistEntry).where(mine)).one()


def test_a_tap_for_the_line_keeps_for_whom_it_was_when_others_were_faster(
    talk: Talk, on: On
) -> None:
    session_id = on("club-calligraphy", at(28, 14))
    talk.begin(FORM, DEED, "给我妈约周六的书法社", intent="book_activity")
    fill(talk, session_id)
    assert "刚刚被约满了" in talk.told(talk.say("对", intent="affirm"))
    value = the_tap(talk, "utter_session_full")
    waits = taps(talk.ground, value)
    assert waits.whom is not None
    assert waits.whom.text == "我妈"
    others = taps(talk.ground, value, who="b")  # never the words of somebody else
    assert others.whom is None


def test_a_tap_for_the_line_keeps_for_whom_a_lot_was(
    talk: Talk, on: On, make_session: MakeSession, clock: StandingClock
) -> None:
    been = at(14, 10, 30), at(14, 11, 30)  # who has been there is drawn after all others
    before = make_session(9, activity_id=SWIM, starts_at=been[0], ends_at=been[1])
    book(talk.ground, before, now=at(13, 9))
    for n in range(9):
        other = Talk(talk.ground, booking.actions, address=f"other {n}")
        other.begin(FORM, DEED, "约周六的游泳课", intent="book_activity")
        other.say("对", intent="affirm")
    with talk.ground.database.transaction() as db:
        draw.enter(
            db,
            programme_of(talk.ground),
            order=Order(on(SWIM, at(28, 10, 30)), 2, "孙子"),
            conversation=conversation_of(db, "a"),
            now=clock.now(),
        )
    clock.moment = at(26, 12)
    with talk.ground.database.transaction() as db:
        draw.hold_due(db, programme_of(talk.ground), now=clock.now())
        told = select(Notice).where(
            Notice.response == "utter_draw_lost",
            Notice.conversation_id == conversation_of(db, "a").id,
        )
        lost = db.scalars(told).all()
    value = next(c["value"] for n in lost for c in n.choices if c["intent"] == "join_waitlist")
    waits = taps(talk.ground, value)
    assert waits.whom is not None
    assert (waits.whom.text, waits.places) == ("孙子", 2)


def test_words_of_residents_are_in_no_notice(talk: Talk) -> None:
    talk.begin(FORM, DEED, "给我妈约周六的书法社", intent="book_activity")
    talk.say("对", intent="affirm")
    with talk.ground.database.reading() as db:
        assert all("我妈" not in str(n.values) for n in db.scalars(select(Notice)))
