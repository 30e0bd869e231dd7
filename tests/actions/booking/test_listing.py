"""action_list_activities: what is on, soonest first, each a choice to book it."""

from collections.abc import Callable
from datetime import datetime

import pytest

from actions.booking import actions as booking
from actions.booking.model import Session
from actions.dialogue import Ground
from actions.wording import read_payload
from tests.actions.booking.conftest import at, book, session_of, take_offline
from tests.actions.conftest import Heard, Named, Talk

On = Callable[[str, datetime], int]
SHOWS = "量血压义诊日 越剧折子戏专场 邻里集市 永兴读书分享会 露天电影 瓜沥文化客厅导览"


# Lists come from one query alone: one store is enough.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def talk(ground: Ground, on: On) -> Talk:
    return Talk(ground, booking.actions)


def ask(talk: Talk, text: str, *named: Named, choice: str | None = None) -> Heard:
    return talk.do(
        "action_list_activities", text, intent="list_activities", entities=named, choice=choice
    )


def labels(heard: Heard) -> list[str]:
    """The sessions offered; the choice to see more is none."""
    return [
        choice["title"]
        for choice in heard.choices
        if read_payload(choice["payload"])[0] in ("book_activity", "claim")
    ]


def more(heard: Heard) -> str | None:
    """The value of the choice that shows more, if there is one."""
    intent, value = read_payload(heard.choices[-1]["payload"])
    return value if intent == "list_activities" else None


def all_of(talk: Talk, heard: Heard) -> list[str]:
    """The sessions offered, and those of every further page."""
    shown = labels(heard)
    while value := more(heard):
        heard = ask(talk, "", choice=value)
        shown += labels(heard)
    return shown


def activities(shown: list[str]) -> list[str]:
    return [label.partition(" ")[0].removeprefix("抢：") for label in shown]


def test_this_weekend_is_shown_five_at_most_soonest_first(talk: Talk, on: On) -> None:
    heard = ask(talk, "这周末有什么活动")
    assert "11月28日（周六）到11月29日（周日）" in heard.text
    assert "示例数据" in heard.text
    assert labels(heard)[0] == "武术社 11月28日（周六）06:30"
    assert len(labels(heard)) == 5
    assert heard.choices[-1]["title"] == "看后面 10 个"
    first = on("club-wushu", at(28, 6, 30))
    assert read_payload(heard.choices[0]["payload"]) == ("book_activity", str(first))


def test_the_same_in_english(ground: Ground, on: On) -> None:
    heard = ask(Talk(ground, booking.actions, language="en"), "What is on this weekend?")
    assert "Sat 28 Nov" in heard.text
    assert "Sample data" in heard.text
    assert labels(heard)[0] == "Martial arts club, Sat 28 Nov, 06:30"


def test_an_elder_is_shown_two_and_the_choice_for_more(ground: Ground, on: On) -> None:
    heard = ask(Talk(ground, booking.actions, elder=True), "明天有啥活动")
    assert len(heard.choices) == 3
    assert "11月25日（周三）有这些" in heard.text


def test_today_shows_what_has_not_begun(talk: Talk) -> None:
    shown = labels(ask(talk, "今天有什么活动"))  # this morning's are over
    assert shown == ["合唱社 11月24日（周二）19:00", "书法入门班 11月24日（周二）19:00"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("有什么书法课", "书法"),
        ("周日有适合小孩的活动吗", "晨|少儿|学|小志愿|亲子|硬笔"),
        ("有哪些志愿者活动", "引导|送餐|整架|清洁|理发|春联"),
        ("any volunteering this week", "引导|送餐|整架"),
    ],
)
def test_it_shows_what_was_asked_for(talk: Talk, text: str, wanted: str) -> None:
    heard = ask(talk, text)
    assert heard.choices
    for label in labels(heard):
        assert any(word in label for word in wanted.split("|")), label


def test_nothing_of_the_kind_is_said_and_the_next_ones_shown(talk: Talk) -> None:
    heard = ask(talk, "明天有书法社吗")
    assert "没有您说的活动" in heard.text
    assert labels(heard)[0] == "书法社 11月28日（周六）14:00"


def test_what_happens_later_is_found_by_name_alone(talk: Talk) -> None:
    assert labels(ask(talk, "什么时候有露天电影")) == [
        "露天电影 12月12日（周六）18:30（还有 300 个名额）"
    ]


def test_what_is_full_or_drawn_says_so(talk: Talk, on: On) -> None:
    session_id = on("club-calligraphy", at(28, 14))
    places = session_of(talk.ground, session_id).left
    for n in range(0, places, 10):
        book(talk.ground, session_id, who=f"other {n}", places=min(10, places - n))
    assert "已满" in labels(ask(talk, "周六的书法社"))[0]
    assert "抽签" in labels(ask(talk, "游泳课有吗"))[0]


def test_without_any_session_nothing_is_offered(ground: Ground) -> None:
    heard = ask(Talk(ground, booking.actions), "这周末有什么活动")
    assert "没有您说的活动" in heard.text
    assert heard.choices == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("七岁孩子能上的", "小志愿者社 少儿武术班 学游泳(儿童) 少儿硬笔书法"),
        ("五岁小孩有啥好玩的", "亲子阅读"),
        ("适合老人的免费的课，周三的", "太极拳早课 手机课堂(老人)"),
        ("每周三有什么社团", "晨跑社 茶艺社 越剧社 广场舞社 乒乓社"),
        ("这周有什么志愿活动", "公交站引导 送餐到家 书房整架"),
        ("最近有什么演出", SHOWS),
        ("周六的公益课", "每周公益课"),
        ("下周有什么文化活动", "量血压义诊日 越剧折子戏专场 永兴读书分享会 邻里集市"),
        ("想去参观，下周哪天可以", "团队参观预约 下午团队参观"),
        ("any free classes for kids this weekend", "亲子阅读 少儿武术班 少儿硬笔书法"),
    ],
)  # fmt: skip
def test_filters_are_joined_and_narrow_down(talk: Talk, text: str, shown: str) -> None:
    found = activities(all_of(talk, ask(talk, text)))
    assert set(found) == set(shown.split())


def test_for_elders_is_all_that_suits_them_soonest_first(talk: Talk) -> None:
    found = activities(all_of(talk, ask(talk, "有什么适合老人的")))
    suits = {a.name.zh for a in talk.ground.pack.activities.values() if a.elder_friendly}
    assert set(found) == suits
    assert found[:2] == ["书法入门班", "太极拳早课"]


def test_filters_are_said_back(talk: Talk) -> None:
    heard = ask(talk, "周三有没有免费的适合老人的课")
    assert "11月25日（周三），按您说的（免费、课程、适合老人）" in heard.text


def test_a_place_is_a_filter(talk: Talk) -> None:
    centre = ("facility", "fac-culture-edu", "文教中心")
    heard = ask(talk, "文教中心有什么课", centre)
    assert "在文化教育中心" in heard.text
    found = set(activities(all_of(talk, heard)))
    assert found == {
        *(
            "书法入门班",
            "国画班",
            "每周公益课",
            "急救公益课",
            "少儿硬笔书法",
            "古筝入门",
            "声乐基础",
        ),
    }


def test_a_nickname_that_is_no_place_is_no_filter(talk: Talk) -> None:
    heard = ask(talk, "老人活动有哪些", ("facility", "fac-senior", "老人活动"))
    assert "老年活动室" not in heard.text
    assert "武术社" in activities(all_of(talk, heard))


def test_what_is_excepted_is_not_shown(talk: Talk) -> None:
    heard = ask(talk, "除了书法还有什么课")
    assert "除了" in heard.text
    assert not [label for label in all_of(talk, heard) if "书法" in label]


def test_of_a_longer_time_each_activity_is_shown_once(talk: Talk) -> None:
    found = activities(all_of(talk, ask(talk, "有哪些社团")))
    assert len(found) == len(set(found)) == 16


def test_places_left_leaves_out_what_is_full_or_drawn(talk: Talk, on: On) -> None:
    session_id = on("club-calligraphy", at(28, 14))
    places = session_of(talk.ground, session_id).left
    for n in range(0, places, 10):
        book(talk.ground, session_id, who=f"other {n}", places=min(10, places - n))
    found = all_of(talk, ask(talk, "周六还有名额的有哪些"))
    assert "书法社" not in activities(found)
    assert "学游泳(儿童)" not in activities(found)  # its places are drawn
    assert "古筝社" in activities(found)


def test_more_goes_on_where_it_stopped_though_sessions_came_and_went(
    talk: Talk, on: On
) -> None:
    first = ask(talk, "这周末有什么活动")
    before = labels(first)
    with talk.ground.database.transaction() as db:
        early = db.get_one(Session, on("club-wushu", at(28, 6, 30)))
        early.places = 0  # shown already; closed now
        db.add(
            Session(
                **{"activity_id": "club-wushu", "starts_at": at(28, 6), "places": 5},
                **{"ends_at": at(28, 7), "taken": 0, "waitlist_next": 0},
                planned_at=at(28, 6),
            )
        )
    value = more(first)
    assert value
    after = all_of(talk, ask(talk, "", choice=value))
    assert len(before + after) == len(set(before + after)) == 15


def test_more_is_understood_when_it_is_said(talk: Talk) -> None:
    first = ask(talk, "周六有什么活动")
    second = ask(talk, "还有别的活动吗")
    assert "接着看" in second.text
    assert set(labels(first)) & set(labels(second)) == set()


def test_at_the_end_more_says_that_this_was_all(talk: Talk) -> None:
    value = more(ask(talk, "这周末有什么活动"))
    assert value
    beyond = value.rpartition("&a=")[0] + "&a=2026-12-30T00%3A00%3A00%2B08%3A00%2C1"
    assert "后面没有了" in ask(talk, "", choice=beyond).text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("周二有没有适合七岁孩子的课", "没有合您说的（课程、给孩子的、7 岁能参加）|往后最近"),
        ("有没有三岁小孩的社团", "不看“社团”"),
        ("周日有免费的瑜伽吗", "没有合您说的（免费）|不看“免费”"),
    ],
)  # fmt: skip
def test_when_nothing_fits_the_nearest_is_shown_and_what_was_given_up(
    talk: Talk, text: str, said: str
) -> None:
    heard = ask(talk, text)
    for part in said.split("|"):
        assert part in heard.text
    assert labels(heard)


def test_the_page_of_a_club_tells_all_and_offers_its_next_sessions(talk: Talk, on: On) -> None:
    book(talk.ground, on("club-calligraphy", at(28, 14)), places=3)
    heard = ask(talk, "书法社是干什么的")
    for line in (
        "书法社（社团）",
        "时间：每周六 14:00–15:30",
        "地点：文化教育中心 一号教室",
        "费用：免费；请带上毛笔(可借)",
        "我要报书法社",
        "示例数据",
    ):
        assert line in heard.text
    assert labels(heard) == [
        "书法社 11月28日（周六）14:00（还有 17 个名额）",
        "书法社 12月5日（周六）14:00（还有 20 个名额）",
        "书法社 12月12日（周六）14:00（还有 20 个名额）",
    ]


def test_the_page_tells_ages_draws_and_what_is_not_weekly(talk: Talk) -> None:
    swim = ask(talk, "学游泳怎么报").text
    assert "年龄：7–14 岁" in swim
    assert "要抽签" in swim
    assert "不是每周都有" in ask(talk, "健步走是什么时候").text
    assert "年龄：60 岁以上" in ask(talk, "手机课堂").text


def test_a_page_without_sessions_says_that_none_is_planned(ground: Ground) -> None:
    heard = ask(Talk(ground, booking.actions), "书法社是干什么的")
    assert "还没有排日子" in heard.text
    assert heard.choices == []


def test_the_page_in_english(ground: Ground, on: On) -> None:
    heard = ask(Talk(ground, booking.actions, language="en"), "tell me about the tea club")
    assert "When: every Wed, 09:30–11:00" in heard.text
    assert heard.choices[0]["title"] == "Tea club, Wed 25 Nov, 09:30 (16 places left)"


def add(talk: Talk, text: str) -> Heard:
    """Say what only adds to a list."""
    return talk.do("action_list_activities", text, intent="follow_up")


def test_what_adds_a_day_keeps_what_was_asked_for(talk: Talk) -> None:
    ask(talk, "周三有什么适合老人的")
    heard = add(talk, "那周五呢")
    assert "适合老人" in heard.text
    assert "周五" in heard.text


def test_what_adds_a_filter_keeps_the_day(talk: Talk) -> None:
    ask(talk, "周六有什么活动")
    heard = add(talk, "有适合孩子的吗")
    assert "周六" in heard.text


def test_what_adds_to_one_activity_shows_its_page(talk: Talk) -> None:
    ask(talk, "书法社")
    heard = add(talk, "要钱吗")
    assert "书法社" in heard.text
    assert "免费" in heard.text


def test_without_a_list_before_a_day_is_a_new_question(talk: Talk) -> None:
    assert "周五" in add(talk, "那周五呢").text


@pytest.mark.parametrize("text", ["书法社", "周六的书法社还有位子吗"])
def test_of_an_activity_that_is_offline_it_is_said_that_it_cannot_be_booked(
    talk: Talk, text: str
) -> None:
    assert "不能预约" not in ask(talk, text).text
    take_offline(talk.ground, "club-calligraphy")
    heard = ask(talk, text)
    assert heard.text == ("书法社正在核对，现在不能预约。请打 12345，或者说“人工”问工作人员。")
    assert [choice["title"] for choice in heard.choices] == ["找人工"]


def test_what_is_offline_is_in_no_list(talk: Talk) -> None:
    text = "这周末有什么活动"
    before = all_of(talk, ask(talk, text))
    assert "武术社" in activities(before)
    take_offline(talk.ground, "club-wushu")
    after = all_of(talk, ask(talk, text))
    assert after == [label for label in before if not label.startswith("武术社 ")]


def test_of_several_that_a_name_means_those_that_are_online_are_shown(talk: Talk) -> None:
    both = set(activities(all_of(talk, ask(talk, "最近的书法活动"))))
    assert both >= {"书法社", "书法入门班"}
    take_offline(talk.ground, "club-calligraphy")
    assert set(activities(all_of(talk, ask(talk, "最近的书法活动")))) == both - {"书法社"}


def test_a_volunteer_task_is_claimed_with_one_tap_while_it_has_places(
    talk: Talk, on: On
) -> None:
    shelf = on("task-library-shelf", at(28, 9, 30))
    heard = ask(talk, "周六有哪些志愿者活动")
    tap = next(c for c in heard.choices if "书房整架" in c["title"])
    assert tap["title"].startswith("抢：书房整架 11月28日（周六）09:30")
    assert read_payload(tap["payload"]) == ("claim", str(shelf))
    page = ask(talk, "书房整架", choice=None)
    assert ("claim", str(shelf)) in [read_payload(c["payload"]) for c in page.choices]
    book(talk.ground, shelf, who="b", places=4)
    heard = ask(talk, "周六有哪些志愿者活动")
    tap = next(c for c in heard.choices if "书房整架" in c["title"])
    assert read_payload(tap["payload"]) == ("book_activity", str(shelf))


def test_a_drawn_task_is_not_claimed(talk: Talk) -> None:
    heard = ask(talk, "为老理发日")
    assert heard.choices
    assert {read_payload(c["payload"])[0] for c in heard.choices} == {"book_activity"}
