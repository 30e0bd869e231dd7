"""What says where something is, and what only says what it is about."""

from pathlib import Path

import pytest

from knowledge.pack import Pack, load_pack
from knowledge.places import asks_about, is_where, nicknames


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(Path("knowledge/data/guali"))


@pytest.mark.parametrize(
    ("text", "words", "where"),
    [
        *(("隔壁打麻将到半夜", "麻将", False), ("麻将那边的灯坏了", "麻将", True)),
        *(("快递被人拿走了", "快递", False), ("快递站门口堆满箱子", "快递站", True)),
        *(("图书馆的门关不上", "图书馆", True), ("停在永兴门口的车", "永兴", True)),
        *(("消防不合格", "消防", False), ("the gym floor is wet", "gym", True)),
    ],
)
def test_what_is_done_at_a_place_is_not_where_something_is(
    text: str, words: str, where: bool
) -> None:
    assert is_where(words, text) is where


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        *(("药店几点打烊", True), ("食堂还开着不", True), ("书房现在关了没", True)),
        *(("二院怎么走", True), ("游泳池收费不", True), ("is the gym still open", True)),
        *(("what time does the library close", True), ("健身房的电话多少", True)),
        *(("药店门口", False), ("在食堂后面，关着的那扇门", False), ("七彩北门", False)),
        *(("by the library, where it is open", False), ("二院对面的公交站", False)),
    ],
)
def test_a_question_about_a_place_does_not_say_where(text: str, asks: bool) -> None:
    assert asks_about(text) is asks


def test_a_place_is_called_what_its_facility_is(pack: Pack) -> None:
    assert {"二院", "医院", "hospital"} <= set(nicknames(pack, pack.places["gz-hospital"]))
    assert "麻将" not in set(nicknames(pack, pack.places["gz-senior"]))
