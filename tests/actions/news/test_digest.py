"""One message a day at most, by day, with what is new of what somebody subscribes to."""

from datetime import timedelta

import pytest

from actions.news import subscriptions
from tests.actions.news.conftest import MEILIN, QICAI, TOWN, Town

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
DIGEST = "utter_news_digest"


def titles(town: Town, who: str) -> list[list[str]]:
    return [[choice["label"] for choice in notice.choices] for notice in town.owed(who)]


def tomorrow(town: Town) -> None:
    town.clock.pass_by(timedelta(days=1))
    town.work()


def test_what_is_new_comes_in_one_message_the_next_morning(town: Town) -> None:
    town.move_in("li")
    town.tap("li", "subscribe_news", "outage")
    town.publish("停水一")
    town.publish("停水二", area=QICAI)
    town.publish("唱歌", topic="activities")
    town.publish("梅林停水", area=MEILIN)
    town.work()
    assert town.told("li") == []  # today's hour is past
    tomorrow(town)
    town.work()
    assert titles(town, "li") == [["停水二", "停水一"]]  # the nearest first


def test_nobody_is_told_the_same_twice_nor_of_nothing(town: Town) -> None:
    town.tap("li", "subscribe_news", "outage")
    first = town.publish("停水一")
    second = town.publish("停水二")
    town.tap("li", "open_news", str(first))  # read by themselves
    tomorrow(town)
    assert titles(town, "li") == [["停水二"]]
    tomorrow(town)
    town.rewrite(second, "停水二改")
    town.approve(second)
    tomorrow(town)
    assert len(town.owed("li")) == 1
    town.publish("停水三")
    tomorrow(town)
    assert titles(town, "li") == [["停水二"], ["停水三"]]


def test_it_never_comes_before_its_hour_nor_at_night(town: Town) -> None:
    town.tap("li", "subscribe_news", "outage")
    town.publish()
    town.clock.pass_by(timedelta(hours=22))  # 08:00
    town.work()
    assert town.told("li") == []
    town.clock.pass_by(timedelta(hours=13))  # 21:00: the worker slept all day
    town.work()
    assert town.told("li") == []
    town.clock.pass_by(timedelta(hours=12))  # 09:00
    town.work()
    (notice,) = town.owed("li")
    assert notice.stale_at is not None
    assert notice.stale_at - town.now == timedelta(hours=12)


def test_an_elder_gets_two_titles_and_the_tap_that_ends_it(town: Town) -> None:
    town.move_in("li", elder=True)
    town.tap("li", "subscribe_news")
    for number in range(3):
        town.publish(f"停水{number}")
    tomorrow(town)
    tomorrow(town)
    assert titles(town, "li") == [["停水2", "停水1"], ["停水0"]]  # none is lost
    said = town.square.wording.render(DIGEST, elder=True, values={"count": 2})
    assert [choice.intent for choice in said.choices] == ["unsubscribe_news"]


def test_weekly_instead_of_daily(town: Town) -> None:
    town.tap("li", "subscribe_news", "outage")
    town.tap("li", "weekly_news")
    town.publish("停水一")
    for day in range(1, 15):
        tomorrow(town)
        if day in (3, 9):
            town.publish(f"停水第{day}天")
        assert len(town.owed("li")) == (day >= 7) + (day >= 14)


def test_what_was_to_be_sent_is_not_sent_to_who_has_just_ended_it(town: Town) -> None:
    town.tap("li", "subscribe_news", "outage")
    town.publish()
    tomorrow(town)
    assert town.told("li") == [DIGEST]
    town.tap("li", "unsubscribe_news")
    assert town.told("li") == []
    tomorrow(town)
    assert town.told("li") == []


def test_who_subscribes_again_on_the_same_day_gets_no_second_message(town: Town) -> None:
    town.tap("li", "subscribe_news", "outage")
    town.publish("停水一")
    tomorrow(town)
    town.deliver()
    town.tap("li", "unsubscribe_news")
    town.tap("li", "subscribe_news", "outage")
    town.publish("停水二")
    town.work()
    assert town.told("li") == [DIGEST]


def test_an_urgent_notice_somebody_got_is_not_in_the_digest_again(town: Town) -> None:
    for who, area in (("qi", QICAI), ("mei", MEILIN)):
        town.move_in(who, area)
        town.tap(who, "subscribe_news", "outage")
    with town.database.transaction() as db:
        talk = town.talk(db, "mei")
        subscriptions.subscribe(db, town.square, talk, ["outage"], area=QICAI, now=town.now)
    news_id = town.publish(area=QICAI, urgent=True)
    town.send(news_id)
    town.work()
    tomorrow(town)
    assert town.told("qi") == ["utter_news_urgent"]
    assert town.told("mei") == [DIGEST]  # of another village, by their own wish


def test_a_named_area_has_what_lies_in_it_and_above_it(town: Town) -> None:
    town.tap("li", "subscribe_news", "outage")
    with town.database.transaction() as db:
        talk = town.talk(db, "li")
        subscriptions.subscribe(db, town.square, talk, ["outage"], area=QICAI, now=town.now)
    for title, area in (("镇", TOWN), ("七彩", QICAI), ("网格", "guali/qicai/a/")):
        town.publish(title, area=area)
    town.publish("梅林", area=MEILIN)
    tomorrow(town)
    assert titles(town, "li") == [["网格", "七彩", "镇"]]
