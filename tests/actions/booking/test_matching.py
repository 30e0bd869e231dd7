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
        *(("一共四个", 4), ("合计五个人", 5), ("咱们三个一起去", 3), ("我们两个想报", 2)),
        *(
            ("我俩", 2),
            ("母女俩想报周六的", 2),
            ("咱仨都去", 3),
            ("要两个名额", 2),
            ("报三个吧", 3),
        ),
        *(("三大两小", 5), ("两个大人一个小孩", 3), ("一大一小", 2), ("2个大人带1个孩子", 3)),
        *(
            ("我带两个孩子来", 3),
            ("我跟三个朋友一起", 4),
            ("我带俩娃", 3),
            ("给两个老人报名", 2),
        ),
        *(("来了三名同学", 3), ("two adults and a child", 3), ("three adults, two kids", 5)),
        *(("me and two friends", 3), ("a party of four", 4), ("five in all", 5)),
        *(("第三名是谁", None), ("报一个班", None), ("我们一个小区的", None), ("俩小时", None)),
        *(("我们三个月前报过", None), ("报两个班", None), ("我们两点去", None)),
        *(("我们一来就下雨", None), ("我们有一个想法", None), ("我们两想报", 2)),
        *(("for two hours", None), ("it is on at two", None)),
    ],
)
def test_people_are_counted(text: str, places: int | None) -> None:
    assert reading.read_places(text) == places


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("3", 3), ("三", 3), ("就两个", 2), ("three", 3), ("很多", None)),
        *(("共三个吧", 3), ("就我们两个", 2), ("我俩", 2), ("来四个就行", 4), ("一大两小", 3)),
        *(("就我自己", 1), ("只有我一个", 1), ("just me", 1), ("only two", 2)),
    ],
)
def test_a_bare_number_is_one_where_it_was_asked_for(text: str, number: int | None) -> None:
    assert reading.read_number(text) == number
