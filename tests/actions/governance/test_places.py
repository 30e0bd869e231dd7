"""Where something is: by name, by a point, and what is not ours."""

from pathlib import Path

import pytest

from actions.governance import places
from knowledge.geo import metres
from knowledge.pack import Pack, load_pack

COMPLEX = (30.1709, 120.4602)


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(Path("knowledge/data/guali"))


def test_a_place_is_named_by_itself_or_by_what_is_in_it(pack: Pack) -> None:
    facility = next(p.facility for p in pack.places.values() if p.facility)
    by_facility = places.named(pack, None, facility)
    assert by_facility is not None
    assert by_facility.facility == facility
    assert places.named(pack, "gz-complex", facility) == pack.places["gz-complex"]
    assert places.named(pack, "nowhere", None) is None


def test_a_point_is_told_by_the_nearest_place(pack: Pack) -> None:
    found = places.nearest(pack, *COMPLEX)
    assert found is not None
    assert found[0].id == "gz-complex"
    assert found[1] < 1


def test_without_points_in_the_pack_nothing_is_nearest(pack: Pack) -> None:
    assert places.nearest(pack.model_copy(update={"places": {}}), *COMPLEX) is None


def test_distances_are_metres_on_the_ground() -> None:
    assert metres(*COMPLEX, *COMPLEX) == 0
    assert metres(30.0, 120.0, 31.0, 120.0) == pytest.approx(111_195, rel=0.001)
    assert metres(30.0, 120.0, 30.0, 121.0) == pytest.approx(96_297, rel=0.001)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("衙前镇的路灯", "衙前镇"),
        ("在衙前那边", "衙前镇"),
        ("靖江的河臭了", "靖江街道"),
        ("黨灣的路壞了", "党湾镇"),
        ("友谊路", None),
    ],
)
def test_a_neighbouring_town_is_not_ours(pack: Pack, text: str, name: str | None) -> None:
    found = places.outside(pack, text)
    assert (found.name if found else None) == name


def test_common_places_lie_in_an_area_and_keep_the_limit(pack: Pack) -> None:
    offered = places.common(pack, 4)
    assert len(offered) == 4
    assert all(place.area and place.kind in places.COMMON_KINDS for place in offered)
