"""What in a report's words tells its problem from another like it."""

from pathlib import Path

import pytest

from actions.governance import marks, places
from knowledge.pack import Pack, load_pack


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(Path("knowledge/data/guali"))


def read(pack: Pack, code: str, text: str) -> dict[str, set[str]]:
    return {s: set(v) for s, v in marks.marks(pack, pack.categories[code], text).items()}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12幢二单元电梯坏了", {"building": {"12"}, "unit": {"2"}}),
        ("十二號樓的電梯不動了", {"building": {"12"}}),
        ("building 12, unit 3: the lift is out", {"building": {"12"}, "unit": {"3"}}),
        ("3幢五楼没电", {"building": {"3"}, "floor": {"5"}}),
        ("12幢601天花板渗水", {"building": {"12"}, "flat": {"601"}}),
        ("第三根灯杆不亮", {"which": {"3"}}),
        ("8号灯杆不亮", {"which": {"8"}}),
        ("740路的站牌倒了", {"line": {"740"}}),
        ("等了五分钟还是红的，三天了", {}),
        ("楼道里积水十厘米", {}),
    ],
)
def test_figures_that_say_which_are_read(
    pack: Pack, text: str, found: dict[str, set[str]]
) -> None:
    figures = read(pack, "lift", text)
    figures.pop("landmark", None)
    assert figures == found


def test_things_and_landmarks_are_named(pack: Pack) -> None:
    swing = marks.marks(pack, pack.categories["public-facility"], "公园的秋千断了")
    bench = marks.marks(pack, pack.categories["public-facility"], "公园的长椅断了")
    both = marks.marks(pack, pack.categories["public-facility"], "秋千旁边的长椅断了")
    assert marks.differ(swing, bench)
    assert not marks.differ(swing, both)
    market = marks.marks(pack, pack.categories["road-light"], "友谊路菜场门口的灯")
    assert market["landmark"] == {"gz-market"}  # a road is too long to find anything by


def test_who_names_nothing_is_told_apart_from_nobody(pack: Pack) -> None:
    lift = pack.categories["lift"]
    named, silent = (
        marks.marks(pack, lift, "二单元电梯坏了"),
        marks.marks(pack, lift, "电梯坏了"),
    )
    assert not marks.differ(named, silent)
    assert not marks.share(named, silent)
    assert marks.share(named, marks.marks(pack, lift, "2单元的电梯"))


def test_of_names_within_one_another_the_longest_is_read(pack: Pack) -> None:
    found = [place.id for place in places.in_text(pack, "瓜沥公交中心站对面，Block A那边")]
    assert found == ["gz-centralstop", "gz-ablock"]
    assert places.in_text(pack, "不知道在哪里") == []
