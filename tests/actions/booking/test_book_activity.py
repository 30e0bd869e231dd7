"""book_activity_form and its deed, as a resident goes through them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from actions.booking import actions as booking
from actions.booking.forms import SLOTS
from actions.booking.model import Booking, BookingStatus, WaitlistEntry
from actions.conversations import Draft
from actions.dialogue import Ground
from actions.wording import read_payload
from tests.actions.booking.conftest import at, book, cancel, session_of, take_offline
from tests.actions.conftest import Heard, Talk
from tests.conftest import StandingClock

FORM, DEED = "book_activity_form", "action_book_activity"

On = Callable[[str, datetime], int]


@pytest.fixture
def talk(ground: Ground, on: On) -> Talk:
    return Talk(ground, booking.actions)


@pytest.fixture
def english(ground: Ground, on: On) -> Talk:
    return Talk(ground, booking.actions, language="en")


def begin(talk: Talk, text: str = "", **said: object) -> Heard:
    return talk.begin(FORM, DEED, text, intent="book_activity", **said)


def booked(talk: Talk) -> list[Booking]:
    with talk.ground.database.reading() as db:
        return list(db.scalars(select(Booking).where(Booking.status == BookingStatus.BOOKED)))


def labels(heard: Heard) -> list[str]:
    return [choice["title"] for choice in heard.choices]


def test_a_sentence_that_says_which_and_when_is_read_back_and_booked(talk: Talk) -> None:
    heard = begin(talk, "我想约周六的书法社")
    for expected in (
        "书法社",
        "11月28日（周六）14:00–15:30",
        "文化教育中心 一号教室",
        "1 个",
        "免费",
        "毛笔(可借)",
        "示例数据",
    ):
        assert expected in heard.text
    assert heard.values[0] == "yes"
    assert booked(talk) == []
    done = talk.say("1", choice="yes")
    assert done.done
    told = talk.told(done)
    assert told.startswith("约好了：书法社，11月28日（周六）14:00")
    assert "示例数据" in told
    (made,) = booked(talk)
    assert made.places == 1
    with talk.ground.database.reading() as db:
        assert db.get(Draft, made.conversation_id) is None
    assert all(talk.slots[slot] is None for slot in SLOTS)


def test_the_same_in_english(english: Talk) -> None:
    heard = begin(english, "I would like to book the calligraphy club on Saturday")
    assert "Calligraphy club" in heard.text
    assert "Sat 28 Nov, 14:00–15:30" in heard.text
    assert "Sample data" in heard.text
    assert "Fee: free; please bring: a brush (or borrow one here)" in heard.text
    told = english.told(english.say("yes", intent="affirm"))
    assert told.startswith("Booked: Calligraphy club, Sat 28 Nov, 14:00")


def test_without_a_time_the_sessions_are_offered(talk: Talk, on: On) -> None:
    heard = begin(talk, "我想约书法社")
    assert "书法社约哪一场" in heard.text
    assert labels(heard)[0] == "书法社 11月28日（周六）14:00"
    assert len(heard.choices) == 5
    second = on("club-calligraphy", at(5, 14, month=12))
    assert "12月5日（周六）14:00" in talk.say(choice=str(second)).text
    talk.say("好的", intent="affirm")
    assert [one.session_id for one in booked(talk)] == [second]


def test_a_session_is_chosen_by_naming_a_day(talk: Talk) -> None:
    begin(talk, "我想约武术社")
    assert "11月28日（周六）06:30" in talk.say("周六的", intent="ask_hours").text


def test_the_soonest_is_taken_when_any_will_do(talk: Talk) -> None:
    begin(talk, "我想约武术社")
    assert "11月26日（周四）06:30" in talk.say("随便哪场都行").text


def test_a_day_without_a_session_is_said_and_the_others_offered(talk: Talk) -> None:
    heard = begin(talk, "我想约周日的书法社")
    assert "11月29日（周日）" in heard.text
    assert "没有这个活动的场次" in heard.text
    assert labels(heard)[0] == "书法社 11月28日（周六）14:00"


def test_a_nickname_several_share_offers_them_all(talk: Talk) -> None:
    heard = begin(talk, "想学书法课")
    assert labels(heard) == ["书法入门班", "书法社"]  # the class is tonight
    assert "约哪一场" in talk.say(choice="class-calligraphy-basic").text


def test_a_time_tells_which_of_several_is_meant(talk: Talk) -> None:
    assert "活动：书法社" in begin(talk, "周六的书法课").text


def test_several_can_be_told_apart_by_name_or_by_time(talk: Talk) -> None:
    begin(talk, "我想约太极")
    assert "太极拳早课约哪一场" in talk.say("太极拳早课", intent="ask_knowledge").text
    talk.say("重新开始", intent="start_over")
    assert "太极拳早课" in talk.say("礼拜五早上的太极").text


def test_nothing_said_offers_what_is_on_and_a_tap_books_it(talk: Talk, on: On) -> None:
    heard = begin(talk, "我要报名")
    assert "想约哪个活动" in heard.text
    assert len(heard.choices) == 5
    assert (
        labels(heard)[0] == "团队参观预约 11月25日（周三）09:30"
        or "11月24日" in labels(heard)[0]
    )
    tapped = on("club-calligraphy", at(28, 14))
    assert "11月28日（周六）14:00–15:30" in talk.say(choice=str(tapped)).text


def test_an_elder_is_offered_what_others_are_and_turns_pages(ground: Ground, on: On) -> None:
    talk, other = (
        Talk(ground, booking.actions, elder=elder, address=str(elder))
        for elder in (True, False)
    )
    assert begin(talk, "我要报名").values == begin(other, "我要报名").values


def test_only_a_time_offers_what_is_on_then(talk: Talk) -> None:
    heard = begin(talk, "我想报名周日的活动")
    assert heard.choices
    assert all("11月29日（周日）" in label for label in labels(heard))


def test_an_unknown_activity_is_said_and_what_is_on_is_offered(talk: Talk) -> None:
    begin(talk, "我要报名")
    heard = talk.say("高尔夫", intent="nlu_fallback")
    assert "没有找到叫这个名字的活动" in heard.text
    assert heard.choices


def test_a_choice_of_the_list_starts_the_form_with_its_session(talk: Talk, on: On) -> None:
    session_id = on("club-calligraphy", at(28, 14))
    assert "11月28日（周六）14:00–15:30" in begin(talk, choice=str(session_id)).text


@pytest.mark.parametrize(
    ("text", "places"),
    [("我们三个人想约周六的书法社", 3), ("周六书法社，两位", 2), ("我和老伴约周六的书法社", 2)],
)
def test_places_are_taken_from_the_first_message(talk: Talk, text: str, places: int) -> None:
    assert f"名额：{places} 个" in begin(talk, text).text
    talk.say("对", intent="affirm")
    assert [one.places for one in booked(talk)] == [places]


def test_places_can_be_changed_in_the_read_back(talk: Talk) -> None:
    begin(talk, "我想约周六的书法社")
    assert "几个人去" in talk.say(choice="change_places").text
    assert "1 到 10" in talk.say("二十个").text
    assert "名额：4 个" in talk.say("4").text
    assert "名额：2 个" in talk.say("就我和我老伴两个人", intent="nlu_fallback").text
    assert "几个人去" in talk.say("上一步", intent="go_back").text
    talk.say("三", intent="choose")
    talk.say("好", intent="affirm")
    assert [one.places for one in booked(talk)] == [3]


def test_too_many_places_are_sent_to_a_person(talk: Talk) -> None:
    heard = begin(talk, "我们二十个人想约周六的书法社")
    assert "人工" in heard.text
    assert "名额：1 个" in heard.text


@pytest.mark.parametrize(
    "text", ["零个人约周六的书法社", "五百人约周六的书法社", "1000个人约周六的书法社"]
)
def test_a_number_nobody_can_book_is_said(talk: Talk, text: str) -> None:
    heard = begin(talk, text)
    assert "1 到 10 个名额" in heard.text
    assert "团队参观" in heard.text
    assert "名额：1 个" in heard.text


def test_a_date_that_does_not_exist_is_said(talk: Talk) -> None:
    heard = begin(talk, "我想约2月30日的书法社")
    assert "“2月30日”在日历上对不上" in heard.text
    assert "约哪一场" in heard.text
    assert heard.choices
    heard = talk.say("11月31号")
    assert "“11月31号”在日历上对不上" in heard.text
    assert "约哪一场" in heard.text


def test_a_date_that_does_not_exist_is_said_in_english(english: Talk) -> None:
    heard = begin(english, "book the calligraphy club on 30 February")
    assert 'no such day as "30 february"' in heard.text


FRIDAY = timedelta(days=3)  # from the Tuesday the clock stands at


@pytest.mark.parametrize("text", ["周五的英语角", "我想约星期五晚上的英语角"])
def test_todays_weekday_is_today_or_next_week(
    talk: Talk, clock: StandingClock, on: On, text: str
) -> None:
    clock.pass_by(FRIDAY)
    heard = begin(talk, text)
    assert "今天，还是下个星期" in heard.text
    assert len(heard.choices) == 2
    assert "11月27日（周五）" in labels(heard)[0]
    assert "12月4日（周五）" in labels(heard)[1]
    assert "12月4日（周五）" in talk.say("下周五").text


@pytest.mark.parametrize("text", ["今天周五的英语角", "这周五的英语角"])
def test_what_says_which_week_is_not_asked_back(
    talk: Talk, clock: StandingClock, text: str
) -> None:
    clock.pass_by(FRIDAY)
    assert "今天，还是" not in begin(talk, text).text


def test_when_todays_is_over_the_next_is_meant(talk: Talk, clock: StandingClock) -> None:
    clock.pass_by(FRIDAY + timedelta(hours=13, minutes=30))
    heard = begin(talk, "周五的英语角")
    assert "今天，还是" not in heard.text
    assert "12月4日（周五）" in heard.text


def test_time_and_activity_can_be_changed_in_the_read_back(talk: Talk) -> None:
    begin(talk, "我想约周六的武术社")
    assert "约哪一场" in talk.say(choice="change_session").text
    assert "11月26日（周四）06:30" in talk.say("周四").text
    assert "12月1日（周二）06:30" in talk.say("不对，下周二", intent="deny").text
    assert "想约哪个活动" in talk.say(choice="change_activity").text
    assert "12月2日（周三）13:30" in talk.say("下周三的越剧社").text


def test_a_no_asks_what_is_wrong(talk: Talk) -> None:
    begin(talk, "我想约周六的书法社")
    heard = talk.say("不对", intent="deny")
    assert "哪里不对" in heard.text
    assert "change_session" in heard.values


def test_back_and_start_again(talk: Talk) -> None:
    begin(talk, "我想约周六的书法社")
    assert "约哪一场" in talk.say("上一步", intent="go_back").text
    assert "想约哪个活动" in talk.say("上一步", intent="go_back").text
    talk.say("书法社")
    assert "想约哪个活动" in talk.say("重新开始", intent="start_over").text


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("杭州书房现在开着吗", "ask_hours"),
        ("算了", "cancel"),
        ("人工", "ask_person"),
        ("我约了什么", "list_bookings"),
        ("不想约了，取消预约", "cancel_booking"),
        ("周六有什么活动", "list_activities"),
    ],
)
@pytest.mark.parametrize("first", ["我要报名", "我想约书法社", "我想约周六的书法社"])
def test_questions_and_ways_out_are_let_through(
    talk: Talk, first: str, text: str, intent: str
) -> None:
    begin(talk, first)
    assert talk.say(text, intent=intent).stepped_aside


def test_another_deed_has_to_wait(talk: Talk) -> None:
    begin(talk, "我想约书法社")
    assert "先把手头这件办完" in talk.say("路灯坏了", intent="report_problem").text


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        *(("算了，我想约书法社", "cancel"), ("算了，我想约书法社", "book_activity")),
        *(("不约越剧社了，我要报周六的书法社", "cancel_booking"), ("还是参加书法社", "deny")),
        *(("不要这个，改约书法社", "change_booking"), ("算了，换成书法社", "nlu_fallback")),
        ("forget it, I would rather join the calligraphy club", "cancel"),
    ],
)
@pytest.mark.parametrize("first", ["我想约越剧社", "我想约明天的越剧社"])
def test_a_clear_wish_for_another_activity_replaces_it_and_says_so(
    talk: Talk, first: str, text: str, intent: str
) -> None:
    begin(talk, first)
    heard = talk.say(text, intent=intent)
    assert "好，越剧社先不约，改约书法社。" in heard.texts
    assert talk.slots["booking_activity"] == "club-calligraphy"
    assert booked(talk) == []


def test_the_same_wish_in_english(english: Talk) -> None:
    begin(english, "book the opera club tomorrow")
    heard = english.say("never mind, book the calligraphy club", intent="cancel")
    assert heard.texts[0].startswith("All right, Calligraphy club instead of")
    assert "Calligraphy club" in heard.texts[-1]


def test_a_new_wish_is_heard_where_a_group_is_asked_whom_to_call(talk: Talk, on: On) -> None:
    begin(talk, "我想约下周三的团队参观预约")
    talk.say("20个人")
    assert talk.slots["requested_slot"] == "visit_contact"
    heard = talk.say("算了，我想约周六的书法社", intent="book_activity")
    assert "改约书法社" in heard.texts[0]
    assert "约这一场，对吗" in heard.text
    assert {talk.slots[one] for one in ("visit_heads", "visit_bus")} <= {None, "skipped"}
    talk.say("对", intent="affirm")
    assert [one.places for one in booked(talk)] == [1]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("算了", "cancel"),
        ("算了，不约书法社了", "cancel"),
        ("书法社什么时候有", "list_activities"),
        ("取消书法社", "cancel_booking"),
    ],
)
def test_what_lets_go_or_asks_is_no_new_wish(talk: Talk, text: str, intent: str) -> None:
    begin(talk, "我想约明天的越剧社")
    assert talk.say(text, intent=intent).stepped_aside
    assert talk.slots["booking_activity"] != "club-calligraphy"


def test_naming_another_activity_changes_over_to_it(talk: Talk) -> None:
    begin(talk, "我想约周六的书法社")
    assert "活动：越剧社" in talk.say("还是约明天的越剧社吧", intent="book_activity").text


def test_what_is_booked_already_is_said(talk: Talk, on: On) -> None:
    book(talk.ground, on("club-calligraphy", at(28, 14)))
    assert "您已经约了书法社" in begin(talk, "我想约周六的书法社").text


def test_a_clash_is_said_and_not_refused(talk: Talk, on: On) -> None:
    book(talk.ground, on("class-baby-read", at(28, 10)))
    heard = begin(talk, "我想约周六的公益课，每周公益课那个")
    assert "撞上" in heard.text
    assert "亲子阅读（11月28日（周六）10:00–10:45）" in heard.text
    assert talk.say("好", intent="affirm").done
    assert len(booked(talk)) == 2


def test_ages_are_told_and_not_checked(talk: Talk) -> None:
    assert "满 60 岁" in begin(talk, "明天的手机课").text
    assert talk.say("对", intent="affirm").done
    assert len(booked(talk)) == 1


def fill(talk: Talk, session_id: int) -> list[int]:
    places = session_of(talk.ground, session_id).left
    return [
        book(talk.ground, session_id, who=f"other {n}", places=min(10, places - n))
        for n in range(0, places, 10)
    ]


def test_what_is_full_offers_the_line_and_the_place_when_its_turn_comes(
    talk: Talk, on: On
) -> None:
    session_id = on("club-calligraphy", at(28, 14))
    others = fill(talk, session_id)
    heard = begin(talk, "我想约周六的书法社")
    assert "这一场满了" in heard.text
    told = talk.told(talk.say("好的", intent="affirm"))
    assert "第 1 位" in told
    with talk.ground.database.reading() as db:
        assert len(list(db.scalars(select(WaitlistEntry)))) == 1
    assert "候补第 1 位：书法社" in talk.do("action_list_bookings", "我约了什么").text
    cancel(talk.ground, others[0], who="other 0")
    begin(talk, "我想约周六的书法社")
    assert "编号" in talk.told(talk.say("好的", intent="affirm"))
    assert "候补" not in talk.do("action_list_bookings", "我约了什么").text
    assert talk.resident_id in {one.resident_id for one in booked(talk)}


def test_what_fills_up_before_the_yes_is_never_said_to_be_booked(talk: Talk, on: On) -> None:
    session_id = on("club-calligraphy", at(28, 14))
    begin(talk, "我们两个人想约周六的书法社")
    fill(talk, session_id)
    heard = talk.say("好的", intent="affirm")
    assert talk.told(heard) == ""
    assert "没有约上" in heard.text
    assert read_payload(heard.choices[0]["payload"]) == ("join_waitlist", f"{session_id}x2")
    with talk.ground.database.reading() as db:
        assert db.get(Draft, talk.conversation_id) is None
    again = begin(talk, choice=f"{session_id}x2")
    assert "您要 2 个" in again.text
    assert "第 1 位" in talk.told(talk.say("排候补吧", intent="nlu_fallback"))


def test_what_is_full_without_a_line_is_said(talk: Talk, on: On) -> None:
    walk = on("one-fun-run", at(13, 7, 30, month=12))
    for n in range(20):
        book(talk.ground, walk, who=f"other {n}", places=10)
    heard = begin(talk, "我想约健步走")
    assert "名额不够" in heard.text


def test_a_session_that_begins_meanwhile_is_refused(talk: Talk, clock: StandingClock) -> None:
    begin(talk, "我想约今晚的合唱社")
    clock.pass_by(timedelta(hours=10))
    heard = talk.say("好", intent="affirm")
    assert "已经开始" in heard.text
    assert booked(talk) == []


def test_a_deed_without_a_yes_does_nothing(talk: Talk) -> None:
    assert "还没有约" in talk.do(DEED, "好").text


@pytest.mark.parametrize("how", ["named", "tapped", "session"])
def test_an_activity_that_is_offline_is_not_booked(talk: Talk, on: On, how: str) -> None:
    session_id = on("club-calligraphy", at(28, 14))
    take_offline(talk.ground, "club-calligraphy")
    taps = {"named": None, "tapped": "club-calligraphy", "session": str(session_id)}
    heard = begin(talk, "我想约周六的书法社" if how == "named" else "", choice=taps[how])
    assert "书法社正在核对，现在不能预约。请打 12345，或者说“人工”问工作人员。" in heard.texts
    assert not heard.done
    assert "书法社" not in "".join(labels(heard))


def test_it_is_said_in_english_too(english: Talk) -> None:
    take_offline(english.ground, "club-calligraphy")
    heard = begin(english, "book the calligraphy club on Saturday")
    assert "Calligraphy club is being checked and cannot be booked just now." in heard.text


def test_what_goes_offline_while_it_is_read_back_is_not_booked(talk: Talk) -> None:
    begin(talk, "我想约周六的书法社")
    take_offline(talk.ground, "club-calligraphy")
    assert "现在不能预约" in talk.say("1", choice="yes").text
    assert booked(talk) == []
