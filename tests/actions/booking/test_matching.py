"""Which activities a message speaks of, and how many people it brings."""

from pathlib import Path

import pytest

from actions.booking import matching, reading
from knowledge.pack import Pack, load_pack


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(Path("knowledge/data/guali"))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("我想约周六的书法社", "club-calligraphy"),
        ("书法", "club-calligraphy class-calligraphy-basic class-calligraphy-kids"),
        ("書法課", "club-calligraphy class-calligraphy-basic"),
        ("帮我报个书发课", "club-calligraphy class-calligraphy-basic"),
        ("太级拳", "class-taiji"),
        ("乒乓社区赛", "one-table-tennis"),
        ("打乒乓", "club-table-tennis"),
        ("游泳", "class-swim-learn"),
        ("学唱歌", "class-choir-basic"),
        ("calligraphy", "club-calligraphy class-calligraphy-basic class-calligraphy-kids"),
        ("martial arts for my children", "class-wushu-kids"),
        ("swimming lessons", "class-swim-learn"),
        ("dancing", "club-dance"),
        ("the Calligraphy Club please", "club-calligraphy"),
        ("这周末有什么活动", ""),
        ("没问题", ""),
        ("I would like to book something for three people", ""),
    ],
)
def test_activities_are_found_by_name_nickname_sound_and_word(
    pack: Pack, text: str, ids: str
) -> None:
    assert [activity.id for activity in matching.named(pack, text)] == ids.split()


def test_a_description_narrows_down_and_none_leaves_all_but_visits(pack: Pack) -> None:
    elders = matching.alike(pack, "有没有老年人的课")
    assert elders
    assert all(a.elder_friendly and "class" in a.kind for a in elders)
    every = matching.alike(pack, "有什么活动")
    assert {a.kind for a in pack.activities.values()} - {a.kind for a in every} == {"visit"}
    assert {a.kind for a in matching.alike(pack, "想来参观")} == {"visit"}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("我们三个人", 3),
        ("两位", 2),
        ("一家三口", 3),
        ("十二个人", 12),
        ("二十五个人", 25),
        ("我和老伴一起", 2),
        ("book it for three", 3),
        ("two places please", 2),
        ("me and my wife", 2),
        ("第一个人", None),
        ("周三下午三点", None),
        ("3号楼", None),
    ],
)
def test_people_are_counted(text: str, places: int | None) -> None:
    assert reading.read_places(text) == places


@pytest.mark.parametrize(
    ("text", "number"), [("3", 3), ("三", 3), ("就两个", 2), ("three", 3), ("很多", None)]
)
def test_a_bare_number_is_one_where_it_was_asked_for(text: str, number: int | None) -> None:
    assert reading.read_number(text) == number
