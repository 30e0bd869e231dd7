"""Who would like to meet neighbours is shown what people do together, and may be introduced."""

from collections.abc import Callable
from datetime import datetime

import pytest

from actions.booking import actions as booking
from actions.dialogue import Ground
from actions.wording import read_payload
from tests.actions.booking.conftest import take_offline
from tests.actions.conftest import Heard, Talk

MEET = "action_meet_neighbours"
On = Callable[[str, datetime], int]


@pytest.fixture
def talk(ground: Ground, on: On) -> Talk:
    return Talk(ground, booking.actions)


def offered(heard: Heard) -> list[tuple[str, str]]:
    return [read_payload(choice["payload"]) for choice in heard.choices]


def titles(heard: Heard) -> str:
    return " ".join(choice["title"] for choice in heard.choices)


@pytest.mark.parametrize(
    "text", ["想认识几个邻居", "刚搬来，不认识人", "I want to meet my neighbours"]
)
def test_clubs_come_first_and_the_introduction_beside_them(talk: Talk, text: str) -> None:
    heard = talk.do(MEET, text, intent="meet_neighbours")
    *clubs, last = offered(heard)
    assert [intent for intent, _ in clubs] == ["book_activity"] * 3
    assert last == ("introduce_me", "")
    assert "示例数据" in heard.text


@pytest.mark.parametrize(
    ("text", "club", "interest"),
    [
        ("有没有人一起下棋", "棋", "club-chess"),
        ("有谁也喜欢书法", "书法", "club-calligraphy"),
        ("anyone to play table tennis with", "乒乓", "club-table-tennis"),
    ],
)
def test_what_is_named_is_what_is_shown(
    talk: Talk, text: str, club: str, interest: str
) -> None:
    heard = talk.do(MEET, text, intent="meet_neighbours")
    *clubs, last = offered(heard)
    assert all(club in c["title"] for c in heard.choices[:-1])
    assert clubs
    assert last == ("introduce_me", interest)
    assert "少儿" not in titles(heard)


def test_elders_are_shown_three_choices_at_most(ground: Ground, on: On) -> None:
    talk = Talk(ground, booking.actions, elder=True)
    heard = talk.do(MEET, "想认识几个邻居", intent="meet_neighbours")
    assert len(heard.choices) == 3
    assert len(heard.text) <= 60


def test_english_is_answered_in_english(ground: Ground, on: On) -> None:
    talk = Talk(ground, booking.actions, language="en")
    heard = talk.do(MEET, "I want to meet people", intent="meet_neighbours")
    assert "Let Xiaoli introduce me" in titles(heard)


@pytest.mark.parametrize("text", ["想给孩子找几个玩伴", "my child wants to meet other kids"])
def test_children_are_never_introduced(talk: Talk, text: str) -> None:
    heard = talk.do(MEET, text, intent="meet_neighbours")
    assert {intent for intent, _ in offered(heard)} == {"book_activity"}
    assert "不做介绍" in heard.text


def test_where_no_club_meets_there_still_is_the_introduction(talk: Talk) -> None:
    take_offline(talk.ground, "club-chess")
    heard = talk.do(MEET, "有没有人一起下棋", intent="meet_neighbours")
    assert offered(heard) == [("introduce_me", "club-chess")]
