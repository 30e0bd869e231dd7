"""change_booking_form and its deed: old and new are read back, and one of them is kept."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from actions.booking import actions as booking
from actions.booking import codes, service, visits
from actions.booking.bookings import Order
from actions.booking.model import Booking, BookingStatus, WaitlistEntry
from actions.conversations import Draft
from actions.dialogue import Ground
from actions.outbox import Notice, NoticeState
from tests.actions.booking.conftest import (
    at,
    book,
    cancel,
    conversation_of,
    programme_of,
    session_of,
)
from tests.actions.conftest import Heard, Talk
from tests.conftest import StandingClock

FORM, DEED = "change_booking_form", "action_change_booking"

On = Callable[[str, datetime], int]
CALLIGRAPHY = ("club-calligraphy", at(28, 14))
NEXT_WEEK = ("club-calligraphy", at(5, 14, month=12))
TEA = ("club-tea", at(25, 9, 30))
WUSHU = ("club-wushu", at(26, 6, 30))


@pytest.fixture
def talk(ground: Ground, on: On) -> Talk:
    return Talk(ground, booking.actions)


def begin(talk: Talk, text: str = "", **said: object) -> Heard:
    return talk.begin(FORM, DEED, text, intent="change_booking", **said)


def held(talk: Talk) -> list[tuple[int, int]]:
    """The sessions and places that are booked."""
    with talk.ground.database.reading() as db:
        bookings = service.bookings_of(
            db, resident_id=talk.resident_id, now=talk.ground.clock.now()
        )
        return [(one.session_id, one.places) for one in bookings]


def fill(talk: Talk, session_id: int) -> list[int]:
    left = session_of(talk.ground, session_id).left
    return [
        book(talk.ground, session_id, who=f"other {n}", places=min(10, left - n))
        for n in range(0, left, 10)
    ]


def reminders_due(ground: Ground) -> list[datetime]:
    with ground.database.reading() as db:
        owed = select(Notice).where(
            Notice.response == "utter_booking_reminder", Notice.state == NoticeState.WAITING
        )
        return sorted(notice.due_at for notice in db.scalars(owed))


def test_another_week_is_read_back_with_the_old_one_and_moved(talk: Talk, on: On) -> None:
    book(talk.ground, on(*CALLIGRAPHY), places=2)
    heard = begin(talk, "书法社改到下周六")
    assert "原来：11月28日（周六）14:00–15:30，文化教育中心 一号教室，2 个名额" in heard.text
    assert "改成：12月5日（周六）14:00–15:30，文化教育中心 一号教室，2 个名额" in heard.text
    assert "示例数据" in heard.text
    assert held(talk) == [(on(*CALLIGRAPHY), 2)]
    told = talk.told(talk.say(choice="yes"))
    assert told.startswith("改好了：书法社，从11月28日（周六）14:00改到12月5日（周六）14:00")
    assert held(talk) == [(on(*NEXT_WEEK), 2)]
    assert session_of(talk.ground, on(*CALLIGRAPHY)).taken == 0
    assert reminders_due(talk.ground) == [at(4, 18, month=12), at(5, 12, month=12)]
    with talk.ground.database.reading() as db:
        assert db.get(Draft, talk.conversation_id) is None
    assert all(value is None for slot, value in talk.slots.items() if slot[:7] == "change_")


def test_the_same_in_english(ground: Ground, on: On) -> None:
    talk = Talk(ground, booking.actions, language="en")
    book(ground, on(*CALLIGRAPHY))
    heard = begin(talk, "change my booking to next Saturday")
    assert "Now: Sat 28 Nov, 14:00" in heard.text
    assert "New: Sat 5 Dec, 14:00" in heard.text
    told = talk.told(talk.say("yes please", intent="affirm"))
    assert told.startswith("Changed: Calligraphy club, from Sat 28 Nov, 14:00 to Sat 5 Dec")
    assert held(talk) == [(on(*NEXT_WEEK), 1)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_elder_is_read_old_and_new_with_three_choices(
    ground: Ground, on: On, language: str
) -> None:
    talk = Talk(ground, booking.actions, elder=True, language=language)
    book(ground, on(*CALLIGRAPHY))
    heard = begin(talk, "书法社改到下周六")
    assert len(heard.choices) == 3
    assert heard.text.index("28") < heard.text.index("5日" if language == "zh" else "5 Dec")


@pytest.mark.parametrize(
    "text",
    [
        *("改到下周", "改成下个礼拜六那场", "我约的想换到下一场", "往后推一周", "改下周六吧"),
        *("move my calligraphy session to next Saturday", "周六的书法社改到12月5号"),
        *("move it a week later", "换成下次那场，就是下一场"),
    ],
)
def test_the_new_session_is_understood(talk: Talk, on: On, text: str) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    assert "12月5日（周六）14:00" in begin(talk, text).text
    talk.say("对", intent="affirm")
    assert held(talk) == [(on(*NEXT_WEEK), 1)]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        *(("我们改成3个人", 3), ("再加一个人", 3), ("少一个人", 1), ("人数改成五个人", 5)),
        *(("change it to three people", 3), ("one more person is coming with us", 3)),
        ("we will be four people now", 4),
    ],
)
def test_the_number_of_places_is_changed(talk: Talk, on: On, text: str, places: int) -> None:
    book(talk.ground, on(*CALLIGRAPHY), places=2)
    heard = begin(talk, text)
    assert "，2 个名额" in heard.text
    assert f"，{places} 个名额" in heard.text
    told = talk.told(talk.say("对", intent="affirm"))
    assert f"从 2 个名额改成 {places} 个" in told
    assert held(talk) == [(on(*CALLIGRAPHY), places)]
    assert session_of(talk.ground, on(*CALLIGRAPHY)).taken == places


def test_without_more_said_it_is_asked_step_by_step(talk: Talk, on: On) -> None:
    for which in (CALLIGRAPHY, TEA):
        book(talk.ground, on(*which))
    assert "要改哪一个" in begin(talk, "我想改预约").text
    heard = talk.say("书法社的")
    assert "要改什么" in heard.text
    assert heard.values == ["session", "places"]
    heard = talk.say(choice="session")
    assert "换到哪一场" in heard.text
    assert heard.values[0] == str(on(*NEXT_WEEK))
    assert "改成：12月5日" in talk.say(choice=heard.values[0]).text
    assert "现在是 1 个名额" in talk.say(choice="places").text
    assert "1 到 10" in talk.say("二十").text
    assert "3 个名额" in talk.say("3").text
    talk.say("好的", intent="affirm")
    assert held(talk) == [(on(*TEA), 1), (on(*CALLIGRAPHY), 3)]


def test_what_was_said_of_the_new_waits_until_it_is_clear_which(talk: Talk, on: On) -> None:
    ids = {which: book(talk.ground, on(*which)) for which in (CALLIGRAPHY, TEA)}
    assert "要改哪一个" in begin(talk, "改到下周").text
    assert "改成：12月5日" in talk.say(choice=str(ids[CALLIGRAPHY])).text


def test_several_sessions_then_are_offered(talk: Talk, on: On) -> None:
    book(talk.ground, on(*WUSHU))
    heard = begin(talk, "武术社改到下周")
    assert "换到哪一场" in heard.text
    assert [label["title"] for label in heard.choices] == [
        "武术社 12月1日（周二）06:30",
        "武术社 12月3日（周四）06:30",
        "武术社 12月5日（周六）06:30",
    ]
    assert "12月3日" in talk.say("周四的").text


def test_a_day_without_a_session_is_said_and_the_others_offered(talk: Talk, on: On) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    heard = begin(talk, "改成周日那场")
    assert "11月29日（周日）没有这个活动的场次" in heard.text
    assert heard.values[0] == str(on(*NEXT_WEEK))


def test_a_day_that_does_not_exist_is_said(talk: Talk, on: On) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    heard = begin(talk, "书法社改到11月31号")
    assert "“11月31号”在日历上对不上" in heard.text
    assert "换到哪一场" in heard.text


def test_what_is_full_offers_the_line_and_keeps_the_old(talk: Talk, on: On) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    fill(talk, on(*NEXT_WEEK))
    heard = begin(talk, "书法社改到下周六")
    assert "只剩 0 个名额" in heard.text
    assert "原来约的11月28日（周六）14:00照样留着" in heard.text
    assert "第 1 位" in talk.told(talk.say("好的", intent="affirm"))
    assert held(talk) == [(on(*CALLIGRAPHY), 1)]


def test_what_comes_free_before_the_yes_is_moved_to(talk: Talk, on: On) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    others = fill(talk, on(*NEXT_WEEK))
    begin(talk, "书法社改到下周六")
    cancel(talk.ground, others[0], who="other 0")
    assert "改好了" in talk.told(talk.say("排候补", intent="book_activity"))
    assert held(talk) == [(on(*NEXT_WEEK), 1)]


def test_what_fills_up_before_the_yes_keeps_the_old(talk: Talk, on: On) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    begin(talk, "书法社改到下周六")
    fill(talk, on(*NEXT_WEEK))
    heard = talk.say("对", intent="affirm")
    assert talk.told(heard) == ""
    assert "原来约的照样留着" in heard.text
    assert heard.values == [f"{on(*NEXT_WEEK)}x1"]
    assert held(talk) == [(on(*CALLIGRAPHY), 1)]
    with talk.ground.database.reading() as db:
        assert db.scalars(select(WaitlistEntry)).all() == []


def test_places_that_are_not_free_are_said(talk: Talk, on: On) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    fill(talk, on(*CALLIGRAPHY))
    heard = begin(talk, "再加两个人")
    assert "还想加 2 个，只剩 0 个" in heard.text
    assert "改成几个" in heard.text


def test_a_late_change_is_allowed_and_said(talk: Talk, on: On) -> None:
    book(talk.ground, on(*TEA), places=2)
    assert "不到 24 小时" in begin(talk, "茶艺社改成一个人").text
    talk.say("对", intent="affirm")
    assert held(talk) == [(on(*TEA), 1)]


@pytest.mark.parametrize(
    ("text", "intent"),
    [("不改了", "cancel"), ("不用", "deny"), ("算了，留着吧", "cancel"), ("no", "deny")],
)
def test_a_no_keeps_what_is_booked(talk: Talk, on: On, text: str, intent: str) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    begin(talk, "书法社改到下周六")
    heard = talk.say(text, intent=intent)
    assert "没有改：书法社，11月28日（周六）14:00" in heard.text
    assert held(talk) == [(on(*CALLIGRAPHY), 1)]


def test_it_can_be_dropped_at_any_question(talk: Talk, on: On) -> None:
    for which in (CALLIGRAPHY, TEA):
        book(talk.ground, on(*which))
    begin(talk, "我想改预约")
    assert "您约的都还在" in talk.say("不改了", intent="cancel").text
    begin(talk, "我想改预约")
    assert talk.say("算了", intent="cancel").stepped_aside
    assert "都还在" in talk.told(talk.do("action_keep_booking", "算了", intent="cancel"))


@pytest.mark.parametrize(
    ("text", "intent"),
    [("周六有什么活动", "list_activities"), ("人工", "ask_person"), ("大字", "set_elder_mode")],
)
def test_questions_and_ways_out_are_let_through(
    talk: Talk, on: On, text: str, intent: str
) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    begin(talk, "我想改预约")
    assert talk.say(text, intent=intent).stepped_aside


@pytest.mark.parametrize(
    ("text", "places"),
    [
        *(
            ("改到下周六，三个人", 3),
            ("书法社换到下周六，改成三个人", 3),
            ("下周六去，再加一个人", 3),
        ),
        *(("改到12月5号，我们就一个人", 1), ("把周六的书法社改到下周六，改成4个人", 4)),
        *(("move it to next Saturday for three people", 3), ("往后推一周，五个人", 5)),
    ],
)
def test_day_and_number_are_changed_in_one_message(
    talk: Talk, on: On, text: str, places: int
) -> None:
    book(talk.ground, on(*CALLIGRAPHY), places=2)
    heard = begin(talk, text)
    assert "原来：11月28日（周六）14:00–15:30，文化教育中心 一号教室，2 个名额" in heard.text
    assert f"改成：12月5日（周六）14:00–15:30，文化教育中心 一号教室，{places} 个" in heard.text
    assert held(talk) == [(on(*CALLIGRAPHY), 2)]
    assert f"，{places} 个名额" in talk.told(talk.say("对", intent="affirm"))
    assert held(talk) == [(on(*NEXT_WEEK), places)]
    assert session_of(talk.ground, on(*CALLIGRAPHY)).taken == 0


def test_day_and_number_in_one_message_in_english(ground: Ground, on: On) -> None:
    talk = Talk(ground, booking.actions, language="en")
    book(ground, on(*CALLIGRAPHY))
    heard = begin(talk, "move my booking to next Saturday and make it three people")
    assert "New: Sat 5 Dec, 14:00–15:30" in heard.text
    assert "places: 3" in heard.text
    talk.say("yes please", intent="affirm")
    assert held(talk) == [(on(*NEXT_WEEK), 3)]


@pytest.mark.parametrize(
    ("first", "then"), [("改到下周六", "三个人"), ("改成三个人", "改到下周六")]
)
def test_day_and_number_said_one_after_the_other_are_one_change(
    talk: Talk, on: On, first: str, then: str
) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    begin(talk, first)
    heard = talk.say(then)
    assert "改成：12月5日（周六）14:00–15:30，文化教育中心 一号教室，3 个名额" in heard.text
    talk.say("对", intent="affirm")
    assert held(talk) == [(on(*NEXT_WEEK), 3)]


def test_the_number_stays_while_it_is_asked_which_session(talk: Talk, on: On) -> None:
    book(talk.ground, on(*WUSHU))
    assert "换到哪一场" in begin(talk, "改到下周，两个人").text
    later = on("club-wushu", at(3, 6, 30, month=12))
    assert "2 个名额" in talk.say(choice=str(later)).text
    talk.say("对", intent="affirm")
    assert held(talk) == [(later, 2)]


def test_the_number_stays_where_there_is_no_session_on_the_day(talk: Talk, on: On) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    heard = begin(talk, "改到下周三，两个人")
    assert "12月2日（周三）没有这个活动的场次" in heard.text
    assert "2 个名额" in talk.say(choice=str(on(*NEXT_WEEK))).text
    talk.say("对", intent="affirm")
    assert held(talk) == [(on(*NEXT_WEEK), 2)]


def test_more_people_than_may_be_booked_are_said_and_the_day_is_kept(
    talk: Talk, on: On
) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    text = begin(talk, "改到下周六，五十个人").text
    assert "一次能约 1 到 10 个名额" in text
    assert "改成：12月5日（周六）14:00–15:30，文化教育中心 一号教室，1 个名额" in text


def test_where_so_many_are_not_free_the_line_is_offered_for_all_of_them(
    talk: Talk, on: On
) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    left = session_of(talk.ground, on(*NEXT_WEEK)).left
    for n in range(0, left - 1, 10):
        book(talk.ground, on(*NEXT_WEEK), who=f"other {n}", places=min(10, left - 1 - n))
    assert "只剩 1 个名额，您要 3 个" in begin(talk, "改到下周六，三个人").text
    talk.say("好", intent="affirm")
    assert held(talk) == [(on(*CALLIGRAPHY), 1)]
    with talk.ground.database.reading() as db:
        assert [e.places for e in db.scalars(select(WaitlistEntry))] == [3]


def test_what_is_wrong_in_the_read_back_is_said_anew(talk: Talk, on: On) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    begin(talk, "书法社改到下周六")
    assert "12月12日（周六）" in talk.say("不对，12月12号", intent="deny").text
    assert "这样改，对吗" in talk.say("不对", intent="deny").text


def test_the_same_as_before_is_no_change(talk: Talk, on: On) -> None:
    book(talk.ground, on(*CALLIGRAPHY))
    assert "本来就是这样约的" in begin(talk, "改成一个人").text


def test_a_code_says_which_and_somebody_elses_says_nothing(talk: Talk, on: On) -> None:
    own_id = book(talk.ground, on(*CALLIGRAPHY))
    book(talk.ground, on(*WUSHU))
    theirs = book(talk.ground, on(*TEA), who="b")
    with talk.ground.database.reading() as db:
        own_code, code = (db.get_one(Booking, one).code for one in (own_id, theirs))
    assert "书法社" in begin(talk, f"编号{codes.shown(own_code)}改到下周六").text
    heard = begin(talk, f"编号 {code} 改到下周")
    assert "没有找到这一个" in heard.text
    assert "茶艺" not in heard.text + str(heard.choices)
    assert "不像我们的编号" in begin(talk, "编号 K01234 改到下周").text


def test_with_nothing_booked_the_form_ends_at_once(talk: Talk) -> None:
    heard = begin(talk, "改到下周")
    assert heard.done
    assert "没有约活动" in heard.text


def test_a_visit_is_changed_by_staff(talk: Talk, on: On) -> None:
    session_id = on("visit-group", at(1, 9, 30, month=12))
    with talk.ground.database.transaction() as db:
        made = visits.request(
            db,
            programme_of(talk.ground),
            order=Order(session_id),
            heads=20,
            contact="某校，王老师 13800000000",
            bus=False,
            conversation=conversation_of(db, "a"),
            now=talk.ground.clock.now(),
        ).id
    assert "请说“人工”" in begin(talk, "改到下周").text
    with talk.ground.database.reading() as db:
        assert db.get_one(Booking, made).status == BookingStatus.REQUESTED


def test_what_begins_before_the_yes_is_not_changed(
    talk: Talk, on: On, clock: StandingClock
) -> None:
    book(talk.ground, on(*TEA))
    begin(talk, "茶艺社改到下周")
    clock.pass_by(timedelta(days=1))
    assert "没有找到" in talk.say("对", intent="affirm").text


def test_for_whom_it_is_stays_with_it(talk: Talk, on: On) -> None:
    talk.begin("book_activity_form", "action_book_activity", "给我妈约周六的书法社")
    talk.say("对", intent="affirm")
    assert "（给：我妈）" in begin(talk, "书法社改到下周六").text
    talk.say("对", intent="affirm")
    assert "（给：我妈）" in talk.do("action_list_bookings", "我约了什么").text
