"""我的资料: how much there is, in numbers that are true, and what may be done about it."""

import pytest

from actions.dialogue import Ground
from actions.mydata import actions as mydata
from actions.people import consents
from actions.wording import read_payload
from tests.actions.conftest import Heard, Talk


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, mydata.actions)


def intents(heard: Heard) -> list[str]:
    return [read_payload(choice["payload"])[0] for choice in heard.choices]


def agree(talk: Talk, *purposes: str) -> None:
    who = talk.resident_id
    with talk.ground.database.transaction() as db:
        for purpose in purposes:
            now = talk.ground.clock.now()
            consents.give(db, who, purpose, channel="webchat", now=now)


def test_it_counts_what_is_theirs_and_nobody_elses(talk: Talk, ground: Ground) -> None:
    other = Talk(ground, mydata.actions, address="b")
    for _ in range(5):
        other.hear("不是你的")
    talk.hear("第一句")
    heard = talk.do("action_manage_my_data", "我的资料")
    assert "对话 2 条" in heard.text
    assert "照片和录音 0 件" in heard.text
    assert "同意 0 项" in heard.text
    assert intents(heard) == ["export_my_data", "forget_me"]


def test_each_consent_is_one_tap_away(talk: Talk) -> None:
    agree(talk, "help", "meet", "check_in")
    heard = talk.do("action_manage_my_data", "你们存了我什么")
    assert intents(heard) == ["export_my_data", *["withdraw_consent"] * 3, "forget_me"]
    assert heard.values[1:-1] == ["help", "meet", "check_in"]


def test_elders_get_three_choices_and_one_question(ground: Ground) -> None:
    talk = Talk(ground, mydata.actions, elder=True)
    agree(talk, "help", "meet")
    with ground.database.transaction() as db:
        talk._conversation(db).resident.elder = True
    heard = talk.do("action_manage_my_data", "我的资料")
    assert intents(heard) == ["export_my_data", "list_consents", "forget_me"]
    assert len(heard.text) <= 60
    assert heard.text.count("？") == 1


@pytest.mark.parametrize(
    "said", ["撤回同意", "我要收回我的同意", "取消我的授权", "withdraw my consent", "revoke it"]
)
def test_who_asks_to_take_back_gets_the_list_at_once(talk: Talk, said: str) -> None:
    agree(talk, "help", "meet")
    heard = talk.do("action_manage_my_data", said)
    assert intents(heard) == ["withdraw_consent", "withdraw_consent"]
    assert heard.values == ["help", "meet"]


def test_who_agreed_to_nothing_is_told_so(talk: Talk) -> None:
    heard = talk.do("action_manage_my_data", "撤回同意")
    assert "不用撤回" in heard.text
    assert heard.choices == []


def test_it_answers_in_english(ground: Ground) -> None:
    talk = Talk(ground, mydata.actions, language="en")
    talk.hear("hello")
    assert "messages 2" in talk.do("action_manage_my_data", "my data").text
