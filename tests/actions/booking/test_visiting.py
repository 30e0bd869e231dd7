"""A group asks for a visit in the chat: three questions more, a read-back, staff decide."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from actions.booking import visits as requested
from actions.booking.actions import actions
from actions.booking.bookings import Order
from actions.booking.model import Booking, BookingStatus, Visit
from actions.dialogue import Ground
from actions.errors import Refusal
from tests.actions.booking.conftest import (
    MakeSession,
    at,
    book,
    conversation_of,
    programme_of,
    session_of,
)
from tests.actions.conftest import Heard, Talk

FORM, DEED = "book_activity_form", "action_book_activity"
On = Callable[..., int]


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, actions)


def begin(talk: Talk, text: str) -> Heard:
    return talk.begin(FORM, DEED, text, intent="book_activity")


def visits(talk: Talk) -> list[Visit]:
    with talk.ground.database.reading() as db:
        return list(db.scalars(select(Visit)))


@pytest.fixture(autouse=True)
def programme(on: On) -> None:
    """The sessions are written; the clock stands at Tuesday 24 November, 10:00."""


def to_the_read_back(talk: Talk) -> Heard:
    begin(talk, "我想约下周三的团队参观预约")
    talk.say("28个人")
    talk.say("某某学校，王老师，138 0000 0000")
    return talk.say("不坐大巴")


def test_a_group_is_asked_how_many_whom_to_call_and_whether_by_coach(talk: Talk) -> None:
    assert "一共几个人" in begin(talk, "我想约下周三的团队参观预约").text
    assert "联系人和电话" in talk.say("28个人").text
    heard = talk.say("某某学校，王老师，138 0000 0000")
    assert heard.values == ["yes", "no"]
    read_back = talk.say(choice="yes").text
    for said in (
        "12月2日（周三）09:30",
        "28 人",
        "坐大巴",
        "王老师，138 0000 0000",
        "示例数据",
    ):
        assert said in read_back


def test_what_is_sent_waits_for_staff_and_says_so(talk: Talk) -> None:
    to_the_read_back(talk)
    done = talk.say("对", intent="affirm")
    assert "还没有定" in talk.told(done)
    (visit,) = visits(talk)
    assert (visit.heads, visit.bus, visit.contact.text) == (
        28,
        False,
        "某某学校，王老师，138 0000 0000",
    )
    assert visit.booking.status == BookingStatus.REQUESTED
    assert visit.booking.session.taken == 1
    assert "等工作人员确认" in talk.do("action_list_bookings", "我约了什么").text


def test_numbers_and_contact_are_changed_in_the_read_back(talk: Talk) -> None:
    to_the_read_back(talk)
    assert "一共几个人" in talk.say(choice="change_heads").text
    assert "15 人" in talk.say("15").text
    assert "联系人和电话" in talk.say(choice="change_contact").text
    assert "李老师" in talk.say("李老师 13900000000").text


@pytest.mark.parametrize(("said", "told"), [("0个人", "1 到 30 人"), ("500人", "1 到 30 人")])
def test_too_few_or_too_many_are_said_and_asked_again(talk: Talk, said: str, told: str) -> None:
    begin(talk, "我想约下周三的团队参观预约")
    heard = talk.say(said)
    assert told in heard.text
    assert "一共几个人" in heard.text


def test_a_contact_without_a_number_is_asked_again(talk: Talk) -> None:
    begin(talk, "我想约下周三的团队参观预约")
    talk.say("28个人")
    heard = talk.say("王老师")
    assert "没有看到电话号码" in heard.text
    assert not heard.done


def test_a_visit_that_is_too_soon_is_said_at_once(talk: Talk) -> None:
    heard = begin(talk, "我想约明天的团队参观预约")
    assert "提前 3 个工作日" in heard.text
    assert "约哪一场" in heard.text
    assert all("11月" not in choice["title"] for choice in heard.choices)


def taken(ground: Ground, session_id: int) -> None:
    """All slots of a session are asked for by other groups."""
    for n in range(session_of(ground, session_id).left):
        with ground.database.transaction() as db:
            requested.request(
                db,
                programme_of(ground),
                order=Order(session_id),
                heads=20,
                contact="某校，李老师 13800000000",
                bus=False,
                conversation=conversation_of(db, f"other {n}"),
                now=ground.clock.now(),
            )


@pytest.mark.parametrize(
    ("language", "says", "day"),
    [("zh", "已经约满了", "12月{}日"), ("en", "is full", "{} Dec")],
)
def test_a_slot_that_is_taken_offers_the_nearest_that_are_free(
    talk: Talk, on: On, language: str, says: str, day: str
) -> None:
    talk.language = language
    taken(talk.ground, on("visit-group", at(10, 9, 30, month=12)))
    text = (
        "我想约12月10号的团队参观预约"
        if language == "zh"
        else "book a group visit on 10 December"
    )
    heard = begin(talk, text)
    assert says in heard.text
    first, second = (choice["title"] for choice in heard.choices[:2])
    assert day.format(9) in first
    assert day.format(8) in second
    asked = talk.say(choice=heard.values[0])
    assert asked.texts


def test_a_slot_that_others_take_before_the_yes_offers_the_nearest_as_well(
    talk: Talk, on: On
) -> None:
    to_the_read_back(talk)
    taken(talk.ground, on("visit-group", at(2, 9, 30, month=12)))
    heard = talk.say("对", intent="affirm")
    assert "已经约满了" in talk.told(heard)
    assert visits(talk)[-1].contact.text == "某校，李老师 13800000000"
    (notice,) = heard.news
    near = {on("visit-group", at(day, 9, 30, month=12)) for day in (1, 3)}
    assert {int(c["value"]) for c in notice.choices[:2]} == near
    assert {c["intent"] for c in notice.choices} == {"book_activity"}


def test_it_is_read_back_in_english(talk: Talk) -> None:
    talk.language = "en"
    begin(talk, "book a group visit next Wednesday morning")
    talk.say("12 people")
    talk.say("Hill School, Ms Wang, 138 0000 0000")
    heard = talk.say("no, by car", intent="deny")
    assert "People: 12, not by coach" in heard.text


def test_other_bookings_are_not_asked_what_groups_are(talk: Talk) -> None:
    heard = begin(talk, "我想约周六的书法社")
    assert "名额：1 个" in heard.text


def test_a_visit_is_never_booked_without_what_staff_have_to_know(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(3, activity_id="visit-group", starts_at=at(9, 9, month=12))
    with pytest.raises(Refusal, match="utter_visit_asked_here"):
        book(ground, session_id)
    with ground.database.reading() as db:
        assert db.scalars(select(Booking)).all() == []
