"""What a message asks of activities, read with one table."""

from pathlib import Path

import pytest

from actions.booking.filters import read_age, read_filters
from knowledge.pack import Pack, load_pack


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(Path("knowledge/data/guali"))


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("有什么适合老人的", "elder"),
        ("我妈七十多了，有啥她能去的", "elder age=70"),
        ("有没有給老年人的免費課程", "free kind=class elder"),
        ("六岁孩子能上的公益课", "kind=public_class kids age=6"),
        ("还有名额的社团", "left kind=club"),
        ("社团和课程都看看", "kind=club,class"),
        ("运动课", "kind=class kind=sport"),
        ("志愿活动有哪些", "kind=volunteer"),
        ("带单位来参观", "kind=visit"),
        ("看戏的", "kind=culture"),
        ("free classes for kids", "free kind=class kids"),
        ("something for a 7-year-old", "kids age=7"),
        ("sports for seniors with places left", "left kind=sport elder"),
        ("两位老人", "elder"),
        ("有什么活动", ""),
        ("七十多个人参加", ""),
    ],
)
def test_filters_are_read(pack: Pack, text: str, filters: str) -> None:
    found = [f"{one.name}={one.value}".rstrip("=") for one in read_filters(pack, text)]
    assert sorted(found) == sorted(filters.split())


@pytest.mark.parametrize(
    ("said", "age"),
    [
        ("七岁", 7), ("12岁", 12), ("十二岁半", 12), ("八十来岁", 80), ("65岁以上", 65),
        ("三周岁", 3), ("seven year old", 7), ("aged 70", 70), ("周六七点", None),
    ],
)  # fmt: skip
def test_an_age_is_read(said: str, age: int | None) -> None:
    assert read_age(said) == age
