"""Staff name a team as they call it; what could be several is asked, and nothing is guessed."""

from pathlib import Path

import pytest

from actions.errors import Refusal
from actions.governance import teams
from knowledge.pack import Pack, load_pack


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(Path("knowledge/data/guali"))


@pytest.mark.parametrize(
    ("text", "team", "rest"),
    [
        ("物业", "property-team", ""),
        ("物业 楼道灯", "property-team", "楼道灯"),
        ("物业楼道灯归他们", "property-team", "楼道灯归他们"),
        ("物业公司，他们的", "property-team", "他们的"),
        ("派出所 有人打架", "police-post", "有人打架"),
        ("警务 有人打架", "police-post", "有人打架"),
        ("道路養護 坑", "road-team", "坑"),
        ("ROAD-TEAM pothole", "road-team", "pothole"),
        ("Property management their lamp", "property-team", "their lamp"),
        ("prop their lamp", "property-team", "their lamp"),
    ],
)
def test_a_team_goes_by_its_name_an_alias_or_a_part(
    pack: Pack, text: str, team: str, rest: str
) -> None:
    found, behind = teams.read(pack, text)
    assert (found.id, behind) == (team, rest)


@pytest.mark.parametrize(
    ("text", "response", "named"),
    [
        ("在线 归他们", "utter_staff_which_team", "在线警务站"),
        ("物页 归他们", "utter_staff_no_such_team", "物业"),
        ("业", "utter_staff_no_such_team", "物业"),
        ("Roadz", "utter_staff_no_such_team", "道路养护"),
        ("", "utter_staff_no_such_team", ""),
    ],
)
def test_what_is_no_one_team_is_refused_with_the_nearest(
    pack: Pack, text: str, response: str, named: str
) -> None:
    with pytest.raises(Refusal) as refused:
        teams.read(pack, text)
    assert refused.value.response == response
    assert named in refused.value.details["teams"].zh
