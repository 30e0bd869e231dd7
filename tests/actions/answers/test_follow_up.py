"""What only adds to an answer is understood with it, for a while; a new question is not."""

from datetime import timedelta

import pytest

from tests.actions.conftest import Heard, Talk
from tests.conftest import StandingClock

GYM = ("facility", "fac-gym", "健身房")
POOL = ("facility", "fac-pool", "游泳池")
STATION = ("stop", "s_guali", "瓜沥公交站")
WHO_ANSWERS = {
    "records": "action_answer_hours",
    "hours": "action_answer_hours",
    "departures": "action_answer_departure",
}


def add(talk: Talk, text: str, **said: object) -> Heard:
    """Say what only adds, as the rules of nlu/training/follow_up.yml hand it on."""
    action = WHO_ANSWERS[talk.slots["answered_topic"]]
    return talk.do(action, text, intent="follow_up", **said)


def ask_hours(talk: Talk, text: str, **said: object) -> Heard:
    return talk.do("action_answer_hours", text, intent="ask_hours", **said)


def test_another_day_of_the_same_place(talk: Talk) -> None:
    ask_hours(talk, "健身房几点关门", entities=[GYM])
    heard = add(talk, "那周日呢")
    assert "健身房" in heard.text
    assert "08:00–21:00" in heard.text


def test_the_same_day_of_another_place(talk: Talk) -> None:
    ask_hours(talk, "健身房周日开吗", entities=[GYM])
    heard = add(talk, "那游泳池呢", entities=[POOL])
    assert "游泳池" in heard.text
    assert "09:00–20:30" in heard.text


@pytest.mark.parametrize(
    ("text", "told"), [("多少钱？", "30 元"), ("电话呢", "0571-0000-0103"), ("贵不贵", "30 元")]
)
def test_after_hours_another_side_of_the_place(talk: Talk, text: str, told: str) -> None:
    ask_hours(talk, "健身房几点关门", entities=[GYM])
    assert told in add(talk, text).text


def test_after_an_article_about_a_place_its_hours(talk: Talk) -> None:
    talk.do("action_answer_question", intent="ask_knowledge", choice="article:he-gym-fee")
    assert "08:00–21:00" in add(talk, "周日呢").text


def test_after_an_article_about_no_place_what_adds_to_it_is_looked_up(talk: Talk) -> None:
    talk.do("action_answer_question", intent="ask_knowledge", choice="article:ed-card")
    assert "20" in add(talk, "那能借几本").text


def test_the_last_bus_of_the_line_that_was_asked_for(talk: Talk) -> None:
    first = talk.do(
        "action_answer_departure",
        "瓜沥公交站下一班360路几点",
        intent="ask_departure",
        entities=[STATION, ("line", "360", "360路")],
    )
    heard = add(talk, "那末班车呢")
    assert "瓜沥公交站" in first.text
    assert "20:30" in heard.text


def test_after_half_an_hour_nothing_is_added_to(talk: Talk, clock: StandingClock) -> None:
    ask_hours(talk, "健身房几点关门", entities=[GYM])
    clock.pass_by(timedelta(minutes=31))
    assert "健身房" not in add(talk, "那周日呢").text


def test_without_an_answer_before_it_is_a_question_like_any_other(talk: Talk) -> None:
    heard = talk.do("action_answer_question", "多少钱", intent="follow_up")
    assert heard.texts


def test_a_day_alone_asked_as_hours_is_of_the_place_before(talk: Talk) -> None:
    ask_hours(talk, "健身房几点关门", entities=[GYM])
    assert "健身房" in ask_hours(talk, "周日开吗").text
