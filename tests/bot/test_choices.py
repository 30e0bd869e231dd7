import pytest

from actions.conversations import Choice
from bot.choices import is_id, resolve

OFFERED = [
    Choice("书法课（周六）", "choose", "1", "c.aaaaaaaaaaa"),
    Choice("太极拳", "choose", "2", "c.bbbbbbbbbbb"),
    Choice("Yes", "choose", "yes", "c.ccccccccccc"),
]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("c.bbbbbbbbbbb", "2"),
        ("1", "1"),
        ("２", "2"),
        ("2.", "2"),
        ("第一个", "1"),
        ("第2个", "2"),
        ("我要第二个", "2"),
        ("选3", "yes"),
        ("两", "2"),
        ("一号", "1"),
        ("太极拳", "2"),
        ("太极拳。", "2"),
        ("書法課（週六）", "1"),
        ("YES!", "yes"),
        ("option 2", "2"),
        ("the first one", "1"),
        ("second", "2"),
        ("no. 3", "yes"),
        *(("要不还是第二个吧", "2"), ("那就一号那个", "1"), ("嗯，第三个好了", "yes")),
        *(("头一个", "1"), ("就头一个吧", "1"), ("前面那个", "1"), ("头个", "1")),
        *(("最后一个", "yes"), ("要不最后那个", "yes"), ("末了一个吧", "yes")),
        *(("换第二场", "2"), ("3号这个", "yes"), ("好的，就第一个，谢谢", "1")),
        *(("let's go with the second one", "2"), ("I'd take number three", "yes")),
        *(("maybe the first, please", "1"), ("ok, option 2 then", "2")),
    ],
)
def test_a_choice_is_named_by_tap_number_ordinal_or_label(said: str, meant: str) -> None:
    choice = resolve(said, OFFERED)
    assert choice
    assert choice.value == meant


@pytest.mark.parametrize(
    "said",
    [
        "",
        "0",
        "4",
        "99",
        "第十个",
        *(
            "那就来三个",
            "还是两个人吧",
            "第二个怎么样",
            "一号有课吗",
            "二号楼那个",
            "要不第二天",
            "头一天",
            "头一个月",
            "最后一个名额是谁的",
            "前面那个路口",
            "最后一班",
        ),
        *("i'd like two", "the third of may", "let's go with the bus", "the second time"),
        "12号楼",
        "1路车几点",
        "太极",
        "我想约太极拳",
        "yes please",
        "fourth",
        "c.zzzzzzzzzzz",
        "no",
        "１００",
    ],
)
def test_anything_else_is_left_to_the_assistant(said: str) -> None:
    assert resolve(said, OFFERED) is None


def test_nothing_offered_nothing_meant() -> None:
    assert resolve("1", []) is None


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("c.AbC_-123xyz", True),
        ("c.short", False),
        ("xc.AbC_-123xyz", False),
        ("c.AbC_-123xyz\n", False),
    ],
)
def test_the_id_of_a_choice_is_recognised(text: str, yes: bool) -> None:
    assert is_id(text) == yes
