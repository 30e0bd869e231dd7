"""Records that disagree are found; records that agree, or speak of other things, are not."""

from datetime import date
from typing import Any

import pytest

from knowledge import conflicts
from knowledge.article import Article
from knowledge.conflicts import Conflict
from knowledge.pack import Pack
from knowledge.records import Questions, Text


def article(guali: Pack, zh: str, about: str = "fac-gym", **changes: Any) -> Pack:
    """The shipped pack with one more article, about the gym (7:00–22:00, 30 yuan)."""
    written = Article(
        id="new",
        title=Text(zh="健身房", en="Gym"),
        topic="健康",
        questions=Questions(zh=("健身房",)),
        body=Text(zh=zh, en=zh),
        about=(about,),
        level="sample",
        source="示例",
        as_of=date(2026, 1, 1),
    ).model_copy(update=changes)
    return guali.model_copy(update={"articles": {"new": written}})


def test_the_shipped_pack_s_records_agree_but_for_what_its_editors_noted(guali: Pack) -> None:
    assert {conflict.what for conflict in conflicts.find(guali)} == {"noted"}


@pytest.mark.parametrize(
    ("text", "what", "found"),
    [
        ("健身房 7:00–21:30 开", "hours", "21:30"),
        ("次卡 35 元", "fees", "35"),
        ("电话 0571-0000-0199", "phone", "057100000199"),
    ],
)
def test_another_time_price_or_number_is_a_conflict(
    guali: Pack, text: str, what: str, found: str
) -> None:
    pack = article(guali, text)
    gym = ("facility", "fac-gym")
    assert conflicts.find(pack) == [Conflict(("article", "new"), gym, what, found, gym)]


@pytest.mark.parametrize(
    "text", ["健身房 07:00–22:00 开，次卡 30 元", "带上毛巾", "二楼，2021 年开的"]
)
def test_what_agrees_or_speaks_of_something_else_is_no_conflict(guali: Pack, text: str) -> None:
    assert conflicts.find(article(guali, text)) == []


def test_of_what_the_other_does_not_speak_at_all_they_cannot_disagree(guali: Pack) -> None:
    assert conflicts.find(article(guali, "票价 35 元", about="fac-square")) == []


def test_the_better_source_is_believed_and_of_equal_ones_the_newer(guali: Pack) -> None:
    def believed(**changes: Any) -> str:
        return conflicts.find(article(guali, "7:00–21:30", **changes))[0].believed[1]

    assert believed(level="official") == "new"
    assert believed(as_of=date(2027, 1, 1)) == "new"
    assert believed(as_of=date(2025, 1, 1)) == "fac-gym"


def test_both_sides_of_a_conflict_are_concerned_by_it(guali: Pack) -> None:
    pack = article(guali, "7:00–21:30")
    assert conflicts.concerning(pack, ("article", "new"))
    assert conflicts.concerning(pack, ("facility", "fac-gym"))
    assert conflicts.concerning(pack, ("facility", "fac-pool")) is None
