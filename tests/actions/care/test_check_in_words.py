"""What is said about the daily question, in the words people use."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from actions.care import check_in_words
from actions.care.check_ins import Answer

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Tuesday


@pytest.mark.parametrize(
    "said",
    [
        "好",
        "好的",
        "我很好",
        "蛮好的",
        "没事",
        "没啥",
        "挺好，放心",
        "都好，谢谢",
        "平安",
        "ok",
        "嗯，好的",
        "阿拉老好额",
        "今天还好",
        "fine",
        "I'm fine",
        "all good",
        "very well thank you",
        "没有不舒服",
    ],
)
def test_she_is_well(said: str) -> None:
    assert check_in_words.read_answer(said) is Answer.WELL


@pytest.mark.parametrize(
    "said",
    [
        "不太舒服",
        "不舒服",
        "不太好",
        "头晕",
        "头有点晕",
        "胸口闷",
        "昨晚摔了一跤",
        "膝盖疼，腿疼",
        "勿适意",
        "发烧了",
        "not so well",
        "I feel dizzy",
        "I fell this morning",
        "not good",
        "我没事，就是有点头疼",
    ],
)
def test_she_is_not_well(said: str) -> None:
    assert check_in_words.read_answer(said) is Answer.UNWELL


@pytest.mark.parametrize("said", ["等会儿", "等下再说", "晚点", "later", "ask me again later"])
def test_she_is_to_be_asked_later(said: str) -> None:
    assert check_in_words.read_answer(said) is Answer.LATER


@pytest.mark.parametrize(
    "said",
    [
        "三路车几点",
        "好的活动有哪些",
        "图书馆好不好",
        "我要报修",
        "",
        "？",
        "good places to eat",
        "今天天气很好我想和隔壁的人一起去公园里走走然后去菜场买菜可以吗",
    ],
)
def test_that_is_about_something_else(said: str) -> None:
    assert check_in_words.read_answer(said) is None


@pytest.mark.parametrize(
    ("said", "hour"),
    [
        ("每天早上八点半问问我好不好", time(8, 30)),
        ("每天9点问我", time(9)),
        ("八点", time(8)),
        ("七点问吧", time(7)),
        ("every day at 8 am", time(8)),
        ("半夜三点", time(3)),  # is refused, and the hours are said
        ("独居签到", None),
    ],
)
def test_the_hour_somebody_wants(said: str, hour: time | None) -> None:
    assert check_in_words.read_time(said, NOW) == hour


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("这周出门不用问", 24, 29),
        ("明天不用问", 25, 25),
        ("下周别问", 30, 36),
        ("出门三天先别问", 24, 26),
        ("出去旅游一周", 24, 30),
        ("到周日先别问", 24, 29),
        ("I am away for 3 days", 24, 26),
        ("pause until Sunday", 24, 29),
    ],
)
def test_the_days_somebody_is_away(said: str, first: int, last: int) -> None:
    begin = date(2026, 11, first)
    end = date(2026, 11, 30) if last == 30 else date(2026, 11, min(last, 30))
    if last > 30:
        end = date(2026, 12, last - 30)
    assert check_in_words.read_pause(said, NOW) == (begin, end)


@pytest.mark.parametrize(
    "said", ["停掉问候", "不用每天问了", "取消签到", "不要问我了", "stop asking me"]
)
def test_an_end_is_no_pause(said: str) -> None:
    assert check_in_words.wants_end(said)
    assert check_in_words.read_pause(said, NOW) is None


@pytest.mark.parametrize(
    "said", ["每天问问我好不好", "平安问候", "独居签到", "daily check-in please"]
)
def test_a_beginning_is_neither(said: str) -> None:
    assert not check_in_words.wants_end(said)
    assert not check_in_words.wants_pause(said)
