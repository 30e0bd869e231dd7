"""What residents call a stop or a line, spelled in many ways."""

from pathlib import Path

import pytest

from knowledge.pack import load_pack
from knowledge.transit import Timetable, load_timetable
from knowledge.transit.names import Match, Names, line_names, stop_names
from tests.knowledge.transit.conftest import SAMPLE, real_timetable

BUS, CENTRE, BINSHENG = "s_guali", "s_center", "s_binsheng"


@pytest.fixture(scope="module")
def shipped() -> Timetable:
    return load_timetable(SAMPLE)


@pytest.fixture(scope="module")
def stops(shipped: Timetable) -> Names:
    places = load_pack(Path("knowledge/data/guali")).places.values()
    nicknames = {p.stop: (p.name.zh, p.name.en, *p.aliases) for p in places if p.stop}
    return stop_names(shipped, nicknames)


@pytest.mark.parametrize(
    ("said", "stop"),
    [
        ("瓜沥公交站", BUS),
        ("公交总站", BUS),  # a nickname of the pack
        ("总站", BUS),
        ("瓜瀝公交站", BUS),  # traditional
        ("瓜丽公交站", BUS),  # same sound
        ("挂历公交站", BUS),
        ("瓜沥公交总站", BUS),  # a slip
        ("瓜沥工交站", BUS),
        ("gualigongjiaozhan", BUS),  # typed as it sounds
        ("Guali Bus Station", BUS),
        ("guali bus staton", BUS),
        ("瓜沥公交中心站", CENTRE),
        ("中心站", CENTRE),
        ("Guali Central", CENTRE),
        ("central bus station", CENTRE),
        ("光华路", "s_guanghua"),
        ("光华建设路口", "s_guanghua"),
        ("Guanghua Road", "s_guanghua"),
        ("机场", "s_airport"),
        ("飞机场", "s_airport"),
        ("萧山国际机厂", "s_airport"),
        ("airport", "s_airport"),
        ("坎山", "s_kanshan"),
        ("砍山站", "s_kanshan"),
        ("kanshan metro", "s_kanshan"),
        ("火车南站", "s_hznan"),  # a part
        ("火车南占", "s_hznan"),  # a part, by its sound
        ("农贸市场", "s_l2"),
        ("農貿市場", "s_l2"),
        ("农冒市场", "s_l2"),
        ("food market", "s_l2"),
        ("the food market stop", "s_l2"),
        ("医院站", "s_l1"),
        ("梅林村", "s_l5"),
        ("没林村", "s_l5"),
        ("Meilin village", "s_l5"),
        ("永胜路", "s_yongsheng"),
        ("yongsheng road", "s_yongsheng"),
        ("裕明村", "s_dw10"),
        ("幸福存", "s_dw07"),
        ("D区块", "s_l4"),
        ("ｄ区块", "s_l4"),
    ],
)
def test_a_stop_is_understood_as_it_is_spelled(stops: Names, said: str, stop: str) -> None:
    assert stops.look_up(said).ids == (stop,)


@pytest.mark.parametrize(
    ("said", "tied"),
    [
        ("公胶站", {BUS, CENTRE, BINSHENG}),
        ("gongjiaozhan", {BUS, CENTRE, BINSHENG}),
        ("党湾", {"s_dw02", "s_dw03"}),
        ("Kanshan", {"s_kanshan", "s_x2"}),
    ],
)
def test_a_near_tie_is_a_choice_of_three_at_most(
    stops: Names, said: str, tied: set[str]
) -> None:
    assert set(stops.look_up(said).ids) == tied


def test_a_miss_offers_what_sounds_nearest(stops: Names) -> None:
    missed = stops.look_up("中星站")
    assert missed.ids in ((), (CENTRE,))
    assert not stops.look_up("月球基地").ids
    assert len(stops.look_up("火星站").near) <= 3
    assert CENTRE in stops.look_up("火星站").near


@pytest.mark.parametrize("said", ["", "?", "公交站", "bus stop", "站", "the station"])
def test_what_is_said_of_every_stop_names_none(stops: Names, said: str) -> None:
    assert stops.look_up(said) == Match()


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("360", "r360"),
        ("360路", "r360"),
        ("３６０路", "r360"),
        ("the 360", "r360"),
        ("bus 360", "r360"),
        ("748b", "r748b"),
        ("党湾专线", "rdw"),
        ("党弯专线", "rdw"),
        ("Dangwan line", "rdw"),
        ("坎山专线", "rks"),
        ("机场专线", "rap"),
        ("机场大巴", "rap"),
        ("airport shuttle", "rap"),
        ("环线", "rloop"),
        ("环县", "rloop"),
    ],
)
def test_a_line_is_understood_as_it_is_spelled(
    shipped: Timetable, said: str, line: str
) -> None:
    assert line_names(shipped).look_up(said).ids == (line,)


def test_another_number_is_another_line(shipped: Timetable) -> None:
    missed = line_names(shipped).look_up("74路")
    assert missed.ids == ()
    assert "r740" in missed.near


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("从瓜沥公交站到机场怎么坐", ["瓜沥公交站", "机场"]),
        ("next bus from the Food Market stop", ["Food Market"]),
        ("瓜沥 公交站", ["瓜沥 公交站"]),
        ("瓜沥公交中心站", ["瓜沥公交中心站"]),  # the longest name, not the one inside
        ("今天天气怎么样", []),
    ],
)
def test_a_message_is_searched_for_names(stops: Names, text: str, words: list[str]) -> None:
    assert [text[m.start : m.end] for m in stops.within(text)] == words


@pytest.mark.parametrize("text", ["3点60分", "360块", "10:360", "13600", "360 minutes"])
def test_a_number_of_something_else_is_no_line(shipped: Timetable, text: str) -> None:
    assert line_names(shipped).within(text) == []


@pytest.mark.parametrize(
    ("feed", "said", "name"),
    [
        ("donan-bus", "絵鞆団地", "絵鞆団地"),
        ("donan-bus", "絵鞆団", "絵鞆団地"),
        ("donan-bus", "東町ターミナル", "東町ターミナル"),
        ("donan-bus", "ターミナル", "東町ターミナル"),
        ("kobe-subway", "新長田", "新長田"),
        ("kobe-subway", "新长田", "新長田"),
        ("kobe-subway", "長田", "長田"),
        ("kobe-subway", "花時計前", "三宮・花時計前"),
        ("kobe-subway", "西神中央", "西神中央"),
    ],
)
def test_real_names_are_found_whole_or_in_part(feed: str, said: str, name: str) -> None:
    timetable = real_timetable(feed)
    found = stop_names(timetable, {}).look_up(said)
    assert timetable.stops[found.ids[0]].name.zh == name


@pytest.mark.parametrize("feed", ["donan-bus", "kobe-subway"])
def test_every_stop_of_a_real_feed_is_found_by_its_own_name(feed: str) -> None:
    timetable = real_timetable(feed)
    names = stop_names(timetable, {})
    for stop in timetable.stops.values():
        assert stop.id in names.look_up(stop.name.zh).ids
        assert stop.id in names.within(f"{stop.name.zh}の次のバス")[0].ids


def test_all_variants_of_a_real_number_are_its_line() -> None:
    timetable = real_timetable("donan-bus")
    (mention,) = line_names(timetable).within("33番のバス")
    numbers = {timetable.lines[line].number.zh for line in mention.ids}
    assert numbers == {"33"}
