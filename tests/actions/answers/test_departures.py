"""The next bus: from a stop that is named, tapped, shared or misspelled."""

from datetime import UTC, datetime

import pytest

from actions import conversations
from actions.conversations import Attachment, Draft
from tests.actions.conftest import Heard, Talk
from tests.conftest import StandingClock

FORM, DEED = "ask_departure_form", "action_answer_departure"
STATION = ("stop", "s_guali", "瓜沥公交站")
AIRPORT = ("stop", "s_airport", "机场")


def begin(talk: Talk, text: str, **said: object) -> Heard:
    return talk.begin(FORM, DEED, text, intent="ask_departure", **said)


def test_a_stop_in_the_question_is_answered_at_once(talk: Talk) -> None:
    heard = begin(talk, "瓜沥公交站下一班车几点", entities=[STATION])
    assert heard.done
    assert "瓜沥公交站上车" in heard.text
    assert "10:" in heard.text
    assert "没有实时位置" in heard.text


def test_without_a_stop_stops_are_offered(talk: Talk) -> None:
    heard = begin(talk, "下一班公交几点")
    assert "哪一站" in heard.text
    assert len(heard.choices) == 4
    assert talk.say("", choice=heard.values[0]).done


def test_a_misspelled_stop_is_understood_when_it_is_asked_for(talk: Talk) -> None:
    begin(talk, "下一班公交几点")
    assert "瓜沥公交站上车" in talk.say("瓜丽公交站", intent="nlu_fallback").text


def test_a_shared_place_takes_the_nearest_stop(talk: Talk) -> None:
    begin(talk, "下一班公交几点")
    here = Attachment("location", lat=30.1708, lon=120.4601)
    assert "瓜沥公交站上车" in talk.say("", attach=[here]).text


def test_a_place_to_go_to_is_no_place_to_get_on(talk: Talk) -> None:
    heard = begin(talk, "下一班去机场的车几点", entities=[AIRPORT])
    assert not heard.done
    done = talk.say("瓜沥公交站", entities=[STATION])
    assert "机场" in done.text


def test_a_line_that_does_not_stop_here_is_said_not_to(talk: Talk) -> None:
    line = ("line", "rdw", "党湾专线")
    heard = begin(talk, "瓜沥公交站的党湾专线几点", entities=[STATION, line])
    assert "没有查到这样的车" in heard.text


@pytest.mark.parametrize("which", ["末班车", "最后一班"])
def test_the_last_bus_is_one_bus(talk: Talk, which: str) -> None:
    line = ("line", "r740", "740")
    stop = ("stop", "s_center", "瓜沥公交中心站")
    heard = begin(talk, f"瓜沥公交中心站740路{which}几点", entities=[stop, line])
    assert heard.text.count("740") == 1


def test_late_at_night_the_first_bus_of_tomorrow_is_told(
    talk: Talk, clock: StandingClock
) -> None:
    clock.moment = datetime(2026, 11, 24, 15, 58, tzinfo=UTC)  # 23:58 in Hangzhou
    line = ("line", "r740", "740")
    stop = ("stop", "s_center", "瓜沥公交中心站")
    heard = begin(talk, "瓜沥公交中心站的740", entities=[stop, line])
    assert "已经没有了" in heard.text
    assert "11月25日" in heard.text


def test_a_time_that_is_named_is_where_the_search_begins(talk: Talk) -> None:
    heard = begin(talk, "瓜沥公交站明天早上七点有车吗", entities=[STATION])
    assert "11月25日（周三）07:" in heard.text


def test_once_answered_nothing_is_left_of_the_form(talk: Talk) -> None:
    begin(talk, "瓜沥公交站下一班车几点", entities=[STATION])
    assert talk.slots["departure_stop"] is None
    assert talk.slots["departure_asked"] is None


@pytest.mark.parametrize(
    ("text", "entities"),
    [("下一班车几点", []), ("瓜沥公交站下一班车几点", [STATION])],
)
def test_in_the_middle_of_another_form_it_is_told_at_once_and_the_form_is_kept(
    talk: Talk, text: str, entities: list[tuple[str, str, str]]
) -> None:
    conversation, now = talk.conversation_id, talk.ground.clock.now()
    with talk.ground.database.transaction() as db:
        conversations.keep_draft(db, conversation, "x_form", {"x": None}, now=now)
    talk.slots["requested_slot"] = "x"
    heard = talk.do(DEED, text, intent="ask_departure", entities=entities)
    assert "上车" in heard.text
    with talk.ground.database.reading() as db:
        assert db.get_one(Draft, conversation).form == "x_form"
