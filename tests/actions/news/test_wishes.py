"""What a message about news wants is read from its words."""

from pathlib import Path

import pytest

from actions.news import wishes
from actions.news.model import Rhythm
from actions.news.wishes import Want
from knowledge.pack import load_pack

PACK = load_pack(Path("knowledge/data/guali"))
ALL: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("text", "want", "topics"),
    [
        ("订阅停水通知", Want.BEGIN, ("outage",)),
        ("有台风消息发给我", Want.BEGIN, ("weather",)),
        ("訂閱社區活動", Want.BEGIN, ("activities",)),
        ("订阅新闻", Want.BEGIN, ALL),
        ("不要再发活动消息", Want.STOP, ("activities",)),
        ("停水的消息不用再推了", Want.STOP, ("outage",)),
        ("别给我发了", Want.STOP, ALL),
        ("不想再收新闻了", Want.STOP, ALL),
        ("退订健康类", Want.STOP, ("health",)),
        ("消息发得太多了", Want.STOP, ALL),
        ("我订了什么", Want.WHICH, ALL),
        ("看看我的订阅", Want.WHICH, ALL),
        ("怎么订消息", Want.WHICH, ALL),
        ("新闻改成每周发一次", Want.BEGIN, ALL),
        ("不要每天发，一周一次就好", Want.BEGIN, ALL),
        ("subscribe to water notices", Want.BEGIN, ("outage",)),
        ("给我看看今天的新闻", Want.LOOK, ALL),
        ("show me what the community says", Want.LOOK, ALL),
        ("no more news please", Want.STOP, ALL),
        ("don't send me activity news", Want.STOP, ("activities",)),
        ("what am I subscribed to", Want.WHICH, ALL),
        ("tell me when a bus stop moves", Want.BEGIN, ("traffic",)),
    ],
)
def test_a_wish_is_read(text: str, want: Want, topics: tuple[str, ...]) -> None:
    wish = wishes.read(PACK, text)
    assert (wish.want, wish.topics) == (want, topics)


@pytest.mark.parametrize(
    ("text", "rhythm"),
    [
        ("新闻改成每周发一次", Rhythm.WEEKLY),
        ("一个星期给我一次就行", Rhythm.WEEKLY),
        ("不要每天发，每周发一次", Rhythm.WEEKLY),
        ("weekly news please", Rhythm.WEEKLY),
        ("还是每天发吧", Rhythm.DAILY),
        ("订阅停水通知", None),
    ],
)
def test_how_often_is_read(text: str, rhythm: Rhythm | None) -> None:
    assert wishes.read(PACK, text).rhythm == rhythm


def test_an_area_is_known_by_its_longest_name() -> None:
    assert wishes.area_in(PACK, "订阅七彩社区的停水通知") == "guali/qicai/"
    assert wishes.area_in(PACK, "瓜沥有什么新闻") == "guali/"
    assert wishes.area_in(PACK, "有什么新闻") == ""


@pytest.mark.parametrize(
    "text", ["不要再发新闻了", "别给我发消息了。", "不要再发了", "stop the news"]
)
def test_the_whole_of_a_message_ends_it(text: str) -> None:
    assert wishes.is_stop(text)


@pytest.mark.parametrize(
    "text", ["不要给邻居发消息，等我回来", "别再发短信骚扰我", "不要发火", "stop the bus"]
)
def test_what_says_more_or_something_else_does_not(text: str) -> None:
    assert not wishes.is_stop(text)
