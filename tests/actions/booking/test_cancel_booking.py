"""cancel_booking_form, its deed, and what a resident has booked."""

from collections.abc import Callable
from datetime import datetime

import pytest

from actions.booking import actions as booking
from actions.booking import codes, service
from actions.booking.model import Booking
from actions.conversations import Draft
from actions.dialogue import Ground
from tests.actions.booking.conftest import at, book, cancel, session_of, take_offline, wait
from tests.actions.conftest import Heard, Talk

FORM, DEED = "cancel_booking_form", "action_cancel_booking"

On = Callable[[str, datetime], int]
CALLIGRAPHY = ("club-calligraphy", at(28, 14))
TEA = ("club-tea", at(25, 9, 30))


@pytest.fixture
def talk(ground: Ground, on: On) -> Talk:
    return Talk(ground, booking.actions)


def begin(talk: Talk, text: str = "", **said: object) -> Heard:
    return talk.begin(FORM, DEED, text, intent="cancel_booking", **said)


def left(talk: Talk) -> list[str]:
    with talk.ground.database.reading() as db:
        bookings = service.bookings_of(
            db, resident_id=talk.resident_id, now=talk.ground.clock.now()
        )
        return [one.session.activity_id for one in bookings]


def test_the_booking_that_is_named_is_read_back_and_cancelled(talk: Talk, on: On) -> None:
    for which in (CALLIGRAPHY, TEA):
        book(talk.ground, on(*which))
    heard = begin(talk, "取消书法社的预约")
    assert "书法社，11月28日（周六）14:00" in heard.text
    assert heard.values == ["yes", "no"]
    done = talk.say(choice="yes")
    assert talk.told(done).startswith("已取消：书法社，11月28日（周六）14:00")
    assert left(talk) == ["club-tea"]


def test_the_same_in_english(ground: Ground, on: On) -> None:
    talk = Talk(ground, booking.actions, language="en")
    book(ground, on(*CALLIGRAPHY))
    assert "Calligraphy club" in begin(talk, "Cancel my booking").text
    assert talk.told(talk.say("yes", intent="affirm")).startswith("Cancelled: Calligraphy")


def test_of_several_one_is_chosen_by_tap_by_name_or_by_day(talk: Talk, on: On) -> None:
    ids = {which: book(talk.ground, on(*which)) for which in (CALLIGRAPHY, TEA)}
    for said in (
        {"choice": str(ids[TEA])},
        {"text": "茶艺社的"},
        {"text": "明天的那个", "intent": "ask_hours"},
    ):
        assert "要取消哪一个" in begin(talk, "取消报名").text
        assert "茶艺社，11月25日" in talk.say(**said).text
        talk.say(choice="no")
    assert len(left(talk)) == 2


def test_only_one_booking_need_not_be_named(talk: Talk, on: On) -> None:
    book(talk.ground, on(*TEA))
    assert "茶艺社" in begin(talk, "我不去了，取消").text


def test_a_tap_on_a_reminder_names_its_booking(talk: Talk, on: On) -> None:
    book(talk.ground, on(*TEA))
    second = book(talk.ground, on(*CALLIGRAPHY))
    assert "书法社" in begin(talk, choice=str(second)).text


@pytest.mark.parametrize(
    "text", ["取消", "确定取消", "好的取消吧", "取消掉", "cancel", "Yes, cancel it"]
)
def test_in_the_read_back_to_cancel_means_yes(talk: Talk, on: On, text: str) -> None:
    book(talk.ground, on(*TEA))
    begin(talk, "取消茶艺社")
    assert talk.say(text, intent="cancel").done
    assert left(talk) == []


@pytest.mark.parametrize(
    ("text", "intent"),
    [("不取消了", "cancel"), ("不要", "deny"), ("算了，留着吧", "cancel"), ("算了", "cancel")],
)
def test_a_no_keeps_the_booking(talk: Talk, on: On, text: str, intent: str) -> None:
    book(talk.ground, on(*TEA))
    begin(talk, "取消茶艺社")
    heard = talk.say(text, intent=intent)
    assert "没有取消" in heard.text
    assert left(talk) == ["club-tea"]
    with talk.ground.database.reading() as db:
        assert db.get(Draft, talk.conversation_id) is None


def test_calling_it_off_before_the_read_back_keeps_everything(talk: Talk, on: On) -> None:
    for which in (CALLIGRAPHY, TEA):
        book(talk.ground, on(*which))
    begin(talk, "取消报名")
    assert talk.say("算了", intent="cancel").stepped_aside
    assert "都还在" in talk.told(talk.do("action_keep_booking", "算了", intent="cancel"))
    assert len(left(talk)) == 2


def test_with_nothing_booked_the_form_ends_at_once(talk: Talk) -> None:
    heard = begin(talk, "取消我的报名")
    assert heard.done
    assert "没有约活动" in heard.text
    with talk.ground.database.reading() as db:
        assert db.get(Draft, talk.conversation_id) is None


def test_what_is_not_booked_is_said_and_the_others_are_offered(talk: Talk, on: On) -> None:
    for which in (CALLIGRAPHY, TEA):
        book(talk.ground, on(*which))
    heard = begin(talk, "取消越剧社")
    assert "没有找到这一个" in heard.text
    assert len(heard.choices) == 2


def test_a_late_cancellation_is_allowed_and_said(talk: Talk, on: On) -> None:
    book(talk.ground, on(*TEA))
    heard = begin(talk, "取消茶艺社")
    assert "不到 24 小时" in heard.text
    talk.say("确定取消", choice="yes")
    assert left(talk) == []


def test_a_turn_in_the_line_can_be_given_up(talk: Talk, on: On) -> None:
    session_id = on(*TEA)
    places = session_of(talk.ground, session_id).left
    book(talk.ground, session_id, who="b", places=10)
    book(talk.ground, session_id, who="c", places=places - 10)
    wait(talk.ground, session_id, who="a")
    heard = begin(talk, "取消候补")
    assert "候补" in heard.text
    assert "已取消候补" in talk.told(talk.say("对", intent="affirm"))
    assert "没有约活动" in talk.do("action_list_bookings", "我约了什么").text


def test_a_cancelled_booking_is_not_cancelled_again(talk: Talk, on: On) -> None:
    made = book(talk.ground, on(*TEA))
    begin(talk, "取消茶艺社")
    cancel(talk.ground, made)
    heard = talk.say("对", intent="affirm")
    assert "没有找到" in heard.text
    assert talk.told(heard) == ""


def test_bookings_are_listed_soonest_first_with_a_way_to_cancel_each(
    talk: Talk, on: On
) -> None:
    calligraphy, tea = (book(talk.ground, on(*which)) for which in (CALLIGRAPHY, TEA))
    heard = talk.do("action_list_bookings", "我约了什么", intent="list_bookings")
    first, second = heard.text.splitlines()[1:]
    assert first.startswith("· 茶艺社，11月25日（周三）09:30–11:00")
    assert "书法社，11月28日" in second
    assert "示例数据" in second
    assert heard.values == [str(tea), str(calligraphy)]


def test_others_bookings_are_not_listed(talk: Talk, on: On) -> None:
    book(talk.ground, on(*TEA), who="b")
    assert "没有约活动" in talk.do("action_list_bookings", "我约了什么").text


def test_what_was_booked_before_it_went_offline_is_kept_shown_and_cancelled(
    talk: Talk, on: On
) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    take_offline(talk.ground, "club-calligraphy")
    assert "书法社" in talk.do("action_list_bookings", "我约了什么").text
    assert "书法社" in begin(talk, "取消书法社的预约").text
    assert talk.told(talk.say(choice="yes")).startswith("已取消：书法社")
    assert left(talk) == []


def code_of(talk: Talk, booking_id: int) -> str:
    with talk.ground.database.reading() as db:
        return codes.shown(db.get_one(Booking, booking_id).code)


@pytest.mark.parametrize("said", ["取消 {}", "编号{}不去了", "cancel booking {}"])
def test_a_code_says_which(talk: Talk, on: On, said: str) -> None:
    book(talk.ground, on(*TEA))
    code = code_of(talk, book(talk.ground, on(*CALLIGRAPHY)))
    heard = begin(talk, said.format(code))
    assert "书法社，11月28日（周六）14:00" in heard.text
    talk.say(choice="yes")
    assert left(talk) == ["club-tea"]


def test_a_code_is_taken_when_it_is_asked_which(talk: Talk, on: On) -> None:
    book(talk.ground, on(*TEA))
    code = code_of(talk, book(talk.ground, on(*CALLIGRAPHY)))
    begin(talk, "取消报名")
    assert "书法社，11月28日" in talk.say(code).text


def test_somebody_elses_code_is_none_of_theirs_and_says_nothing(talk: Talk, on: On) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    code = code_of(talk, book(talk.ground, on(*TEA), who="b"))
    listed = talk.do("action_list_bookings", f"{code} 是什么", intent="list_bookings")
    heard = begin(talk, f"取消 {code}")
    again = talk.say(code)
    for one in (listed, heard, again):
        assert "没有找到这一个" in one.text
        assert "茶艺" not in one.text + str(one.choices)
    assert "要取消哪一个" in heard.text  # never the only one instead
    assert left(talk) == ["club-calligraphy"]


def test_a_code_that_cannot_be_ours_is_said(talk: Talk, on: On) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    heard = begin(talk, "取消 K01234")
    assert "K01234 不像我们的编号" in heard.text
    assert "要取消哪一个" in heard.text
    assert "不像我们的编号" in talk.say("Q37492").text
    assert "不像我们的编号" in talk.do("action_list_bookings", "K01234 是什么").text


def test_a_code_is_looked_up(talk: Talk, on: On) -> None:
    book(talk.ground, on(*TEA))
    code = code_of(talk, book(talk.ground, on(*CALLIGRAPHY)))
    heard = talk.do("action_list_bookings", f"{code} 是什么", intent="list_bookings")
    assert "书法社" in heard.text
    assert "茶艺社" not in heard.text
