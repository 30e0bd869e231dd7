"""action_list_activities: what is on, soonest first, each a choice to book it."""

from collections.abc import Callable
from datetime import datetime

import pytest

from actions.booking import actions as booking
from actions.dialogue import Ground
from actions.wording import read_payload
from tests.actions.booking.conftest import at, book, session_of
from tests.actions.conftest import Heard, Talk

On = Callable[[str, datetime], int]


@pytest.fixture
def talk(ground: Ground, on: On) -> Talk:
    return Talk(ground, booking.actions)


def ask(talk: Talk, text: str) -> Heard:
    return talk.do("action_list_activities", text, intent="list_activities")


def labels(heard: Heard) -> list[str]:
    return [choice["title"] for choice in heard.choices]


def test_this_weekend_is_shown_six_at_most_soonest_first(talk: Talk, on: On) -> None:
    heard = ask(talk, "这周末有什么活动")
    assert "11月28日（周六）到11月29日（周日）" in heard.text
    assert "示例数据" in heard.text
    assert labels(heard)[0] == "武术社 11月28日（周六）06:30"
    assert len(heard.choices) == 6
    assert "后面还有" in heard.text
    first = on("club-wushu", at(28, 6, 30))
    assert read_payload(heard.choices[0]["payload"]) == ("book_activity", str(first))


def test_the_same_in_english(ground: Ground, on: On) -> None:
    heard = ask(Talk(ground, booking.actions, language="en"), "What is on this weekend?")
    assert "Sat 28 Nov" in heard.text
    assert "Sample data" in heard.text
    assert labels(heard)[0] == "Martial arts club, Sat 28 Nov, 06:30"


def test_an_elder_is_shown_three(ground: Ground, on: On) -> None:
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
    assert labels(ask(talk, "什么时候有露天电影")) == ["露天电影 12月12日（周六）18:30"]


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
