"""What is a name neighbours may be told, and what is said to us instead."""

import pytest

from actions.relay import naming


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("阿强", "阿强"),
        ("叫我王阿姨就行", "王阿姨"),
        ("我是老李。", "老李"),
        ("call me Lily", "Lily"),
        ("晚晴", "晚晴"),
        ("my name is Lily", "Lily"),
    ],
)
def test_a_name_is_taken_out_of_what_is_said_around_it(said: str, name: str) -> None:
    assert naming.read(said) == name


@pytest.mark.parametrize(
    "said",
    [
        "都行",
        "随便",
        "全镇都可以",
        "周末有空",
        "晚上也行",
        "any time",
        "anywhere is fine",
        "人工",
        "我的家庭",
        "my data",
    ],
)
def test_what_answers_something_else_is_no_name(said: str) -> None:
    assert naming.read(said) is None
