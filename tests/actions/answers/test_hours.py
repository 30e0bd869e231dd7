"""Opening hours, computed for the moment of the question or the day it names."""

from datetime import UTC, datetime

import pytest

from tests.actions.conftest import Heard, Talk
from tests.conftest import StandingClock

READING_ROOM = ("facility", "fac-hzbook", "杭州书房")


def ask(talk: Talk, text: str, **said: object) -> Heard:
    return talk.do("action_answer_hours", text, intent="ask_hours", **said)


def test_open_now_tells_until_when(talk: Talk) -> None:
    heard = ask(talk, "杭州书房现在开着吗", entities=[READING_ROOM])
    assert "现在开着，20:30 关" in heard.text
    assert "示例数据" in heard.text


def test_near_closing_the_minutes_left_are_told(talk: Talk, clock: StandingClock) -> None:
    clock.moment = datetime(2026, 11, 24, 12, 10, tzinfo=UTC)  # 20:10 in Hangzhou
    heard = ask(talk, "杭州书房现在开着吗", entities=[READING_ROOM])
    assert "还有 20 分钟就关了" in heard.text


def test_closed_now_tells_when_it_opens(talk: Talk, clock: StandingClock) -> None:
    clock.moment = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # midnight
    heard = ask(talk, "杭州书房现在开着吗", entities=[READING_ROOM])
    assert "现在没开" in heard.text


def test_a_day_that_is_named_gets_its_own_hours(talk: Talk) -> None:
    heard = ask(talk, "杭州书房明天几点开门", entities=[READING_ROOM])
    assert "11月25日（周三）" in heard.text


def test_a_weekend_is_two_days(talk: Talk) -> None:
    heard = ask(talk, "杭州书房这周末开吗", entities=[READING_ROOM])
    assert "11月28日（周六）" in heard.text
    assert "11月29日（周日）" in heard.text


def test_without_a_name_places_are_offered_and_a_tap_answers(talk: Talk) -> None:
    heard = ask(talk, "几点开门")
    assert "哪里的开放时间" in heard.text
    assert heard.values
    assert "开" in ask(talk, "", choice=heard.values[0]).text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_unknown_hours_are_said_to_be_unknown(talk: Talk, language: str) -> None:
    talk.language = language
    unknown = next(f for f in talk.ground.pack.facilities.values() if not f.opening_hours)
    heard = ask(talk, "", choice=unknown.id)
    assert "没有核实到" in heard.text or "no verified" in heard.text
