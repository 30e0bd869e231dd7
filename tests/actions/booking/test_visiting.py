"""A group asks for a visit in the chat: three questions more, a read-back, staff decide."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from actions.booking.actions import actions
from actions.booking.model import Booking, BookingStatus, Visit
from actions.dialogue import Ground
from actions.errors import Refusal
from tests.actions.booking.conftest import MakeSession, at, book
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
