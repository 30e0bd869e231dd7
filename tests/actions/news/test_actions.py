"""What Rasa calls: the news is shown, and a wish in words is done."""

import pytest

from actions.dialogue import Ground
from actions.news import actions, samples, subscriptions
from tests.actions.conftest import Talk

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def talk(ground: Ground) -> Talk:
    with ground.database.transaction() as db:
        samples.take_over(db, ground.pack, now=ground.clock.now())
    return Talk(ground, actions.actions)


def wanted(talk: Talk) -> set[tuple[str, str]]:
    with talk.ground.database.reading() as db:
        return {(one.topic, one.area) for one in subscriptions.of(db, talk.resident_id)}


def manage(talk: Talk, text: str) -> str:
    return talk.told(talk.do("action_manage_news", text))


def test_three_items_an_answer_and_more(talk: Talk) -> None:
    heard = talk.do("action_ask_news", "有什么新闻")
    assert "现在有 4 条消息" in heard.text
    assert [choice["title"] for choice in heard.choices][-1] == "更多"
    assert len(heard.choices) == 4
    talk.elder = True
    assert "看哪一条" in talk.do("action_ask_news", "有什么新闻").text


def test_of_a_topic_alone_where_one_is_named(talk: Talk) -> None:
    (choice,) = talk.do("action_ask_news", "有停水通知吗").choices
    assert choice["title"] == "停水通知长这样"


def test_a_wish_is_done_in_one_sentence_and_taken_back_in_another(talk: Talk) -> None:
    assert "停水停电" in manage(talk, "订阅七彩社区的停水通知")
    assert wanted(talk) == {("outage", "guali/qicai/")}
    assert "您订的是：七彩社区的停水停电。每天" in manage(talk, "我订了什么")
    assert "每周早上 9 点" in manage(talk, "改成一周发一次")
    assert wanted(talk) == {("outage", "guali/qicai/")}
    assert "不再发了" in manage(talk, "停水的消息不要再发了")
    assert "没有订" in manage(talk, "不要再发了")


def test_without_a_topic_it_is_all_of_them(talk: Talk) -> None:
    manage(talk, "订阅新闻")
    assert len(wanted(talk)) == len(talk.ground.pack.news_topics)
    assert "还订着" in manage(talk, "不要再发活动消息")
    assert ("activities", "") not in wanted(talk)


def test_nobody_is_subscribed_who_only_wants_to_look(talk: Talk) -> None:
    assert "现在有 4 条消息" in manage(talk, "给我看看今天的新闻")
    assert wanted(talk) == set()
