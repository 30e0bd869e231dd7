"""Entering a draw, hearing of it and leaving it, as a resident goes through it."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select

from actions.booking import actions as booking
from actions.booking import draw
from actions.booking.model import Booking, DrawEntry, DrawStatus
from actions.booking.taps import TAPS
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.taps import Tap
from tests.actions.booking.conftest import at, conversation_of, programme_of
from tests.actions.conftest import Heard, Talk
from tests.conftest import StandingClock

BOOK, CANCEL = "book_activity_form", "cancel_booking_form"
On = Callable[[str, datetime], int]


@pytest.fixture
def talk(ground: Ground, on: On) -> Talk:
    return Talk(ground, booking.actions)


@pytest.fixture
def english(ground: Ground, on: On) -> Talk:
    return Talk(ground, booking.actions, language="en")


def begin(talk: Talk, text: str = "", **said: object) -> Heard:
    return talk.begin(BOOK, "action_book_activity", text, intent="book_activity", **said)


def cancel(talk: Talk, text: str, **said: object) -> Heard:
    return talk.begin(CANCEL, "action_cancel_booking", text, intent="cancel_booking", **said)


def lots(talk: Talk) -> list[DrawEntry]:
    with talk.ground.database.reading() as db:
        return list(db.scalars(select(DrawEntry).order_by(DrawEntry.id)))


def held(ground: Ground) -> None:
    with ground.database.transaction() as db:
        draw.hold_due(db, programme_of(ground), now=ground.clock.now())


def test_what_is_drawn_is_read_back_with_how_and_when_and_then_entered(talk: Talk) -> None:
    heard = begin(talk, "我要给孩子报周六的游泳课，2个人")
    for expected in (
        "学游泳(儿童)",
        "11月28日（周六）10:30–11:30",
        "名额：2 个",
        "11月26日（周四）12:00抽 8 个名额",
        "没来过的人先抽",
        "谁都能重算",
        "示例数据",
    ):
        assert expected in heard.text
    assert heard.label_of("yes") == "对，登记抽签"
    assert lots(talk) == []
    done = talk.say("1", choice="yes")
    (lot,) = lots(talk)
    assert (lot.places, lot.status) == (2, DrawStatus.ENTERED)
    told = talk.told(done)
    assert told.startswith("登记好了：学游泳(儿童)，11月28日（周六）10:30，2 个名额")
    assert f"抽签号是 {lot.ticket}" in told


def test_the_same_in_english(english: Talk) -> None:
    heard = begin(english, "book the swimming lesson on Saturday for my child")
    assert "8 of them on Thu 26 Nov, 12:00" in heard.text
    told = english.told(english.say("yes", intent="affirm"))
    assert f"Your ticket is {lots(english)[0].ticket}" in told


def test_an_elder_is_told_the_same_in_fewer_words(ground: Ground, on: On) -> None:
    elder = Talk(ground, booking.actions, elder=True)
    assert "这一场要抽签，11月26日（周四）12:00抽" in begin(elder, "周六的游泳课").text
    told = elder.told(elder.say("好的", intent="affirm"))
    assert f"您的抽签号：{lots(elder)[0].ticket}" in told


def test_who_comes_too_early_is_told_when_it_opens_and_may_choose_another(
    talk: Talk, on: On
) -> None:
    heard = begin(talk, "报游泳课")
    assert heard.choices[0]["title"] == "学游泳(儿童) 11月28日（周六）10:30（要抽签）"
    later = on("class-swim-learn", at(12, 10, 30, month=12))
    assert "12月5日（周六）12:00开始登记" in talk.say(choice=str(later)).text
    assert lots(talk) == []


def test_a_no_changes_what_is_entered(talk: Talk) -> None:
    begin(talk, "周六的游泳课")
    assert "名额：3 个" in talk.say("3个人", intent="choose").text
    talk.say("好", intent="affirm")
    assert [lot.places for lot in lots(talk)] == [3]


def test_who_is_in_it_is_told_so_when_they_ask_again(talk: Talk) -> None:
    begin(talk, "周六的游泳课")
    talk.say("好", intent="affirm")
    heard = begin(talk, "周六的游泳课")
    assert f"抽签号 {lots(talk)[0].ticket}" in heard.text
    assert "不用再登记" in heard.text


def test_a_lot_is_listed_among_what_is_theirs(talk: Talk) -> None:
    begin(talk, "周六的游泳课")
    talk.say("好", intent="affirm")
    heard = talk.do("action_list_bookings", "我的预约")
    assert "等抽签，11月26日（周四）12:00抽：学游泳(儿童)" in heard.text
    assert lots(talk)[0].ticket in heard.text
    assert heard.values == [f"d{lots(talk)[0].id}"]


def test_who_asks_whether_they_have_won_is_told(talk: Talk, clock: StandingClock) -> None:
    others = [Talk(talk.ground, booking.actions, address=f"r{n}") for n in range(8)]
    for one in (talk, *others):
        begin(one, "周六的游泳课")
        one.say("好", intent="affirm")
    clock.moment = at(26, 12)
    held(talk.ground)
    answers = [one.do("action_list_bookings", "我抽中了吗") for one in (talk, *others)]
    assert sum("没抽中：学游泳(儿童)" in heard.text for heard in answers) == 1
    assert sum("编号" in heard.text for heard in answers) == 8
    clock.moment = at(28, 11)
    over = [one.do("action_list_bookings", "我抽中了吗").text for one in (talk, *others)]
    assert sum("没抽中" in text for text in over) == 0


@pytest.mark.parametrize("text", ["退出抽签", "游泳课的抽签我不参加了"])
def test_a_draw_is_left_once_that_is_confirmed(talk: Talk, text: str) -> None:
    begin(talk, "周六的书法社")
    talk.say("好", intent="affirm")
    begin(talk, "周六的游泳课")
    talk.say("好", intent="affirm")
    heard = cancel(talk, text)
    assert "确定退出吗" in heard.text
    assert lots(talk)[0].ticket in heard.text
    assert "退出抽签了：学游泳(儿童)" in talk.told(talk.say(choice="yes"))
    assert [lot.status for lot in lots(talk)] == [DrawStatus.LEFT]
    with talk.ground.database.reading() as db:
        assert db.scalars(select(Booking.status)).all() == ["booked"]


def test_leaving_in_english_and_thinking_better_of_it(english: Talk) -> None:
    begin(english, "book the swimming lesson on Saturday")
    english.say("yes", intent="affirm")
    assert "Shall I take you out?" in cancel(english, "leave the draw").text
    english.say(choice="no")
    assert [lot.status for lot in lots(english)] == [DrawStatus.ENTERED]


def test_leaving_without_being_in_any_draw_is_said(talk: Talk) -> None:
    begin(talk, "周六的书法社")
    talk.say("好", intent="affirm")
    assert "没有找到这一个" in cancel(talk, "退出抽签").text


def test_after_the_draw_what_is_left_is_booked_in_the_usual_way(
    talk: Talk, clock: StandingClock
) -> None:
    begin(talk, "周六的游泳课")
    talk.say("好", intent="affirm")
    clock.moment = at(26, 12)
    held(talk.ground)
    other = Talk(talk.ground, booking.actions, address="b")
    heard = begin(other, "周六的游泳课")
    assert "约这一场，对吗" in heard.text
    assert "抽签" not in heard.text
    assert other.told(other.say("好", intent="affirm")).startswith("约好了")


def test_while_it_is_being_held_nothing_is_entered(talk: Talk, clock: StandingClock) -> None:
    begin(talk, "周六的游泳课")
    talk.say("好", intent="affirm")
    clock.moment = at(26, 12)
    other = Talk(talk.ground, booking.actions, address="b")
    assert "正在抽" in begin(other, "周六的游泳课").text


def test_a_yes_that_comes_after_the_draw_enters_nothing(
    talk: Talk, clock: StandingClock
) -> None:
    begin(talk, "周六的游泳课")
    with talk.ground.database.transaction() as db:
        draw.open_due(db, programme_of(talk.ground), now=clock.now())
    clock.moment = at(26, 12)
    held(talk.ground)
    done = talk.say("好", intent="affirm")
    assert "现在不抽签" in done.text
    assert lots(talk) == []


def tap(ground: Ground, intent: str, value: str, who: str = "a") -> str:
    with ground.database.transaction() as db:
        said = Tap(conversation_of(db, who), value, ground.clock.now())
        done = TAPS[intent](db, programme_of(ground), said)
        return ground.wording.render(done.response, values=done.values).text


def test_a_draw_is_entered_and_left_by_a_tap(ground: Ground, on: On, talk: Talk) -> None:
    session_id = on("class-swim-learn", at(28, 10, 30))
    assert "登记好了" in tap(ground, "enter_draw", f"{session_id}x2")
    (lot,) = lots(talk)
    with pytest.raises(Refusal, match="utter_no_such_booking"):
        tap(ground, "leave_draw", str(lot.id), who="b")
    assert "退出抽签了" in tap(ground, "leave_draw", str(lot.id))
