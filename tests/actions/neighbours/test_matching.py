"""What kind of help a text asks for, when neighbours may be asked, and how far it goes."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from actions.neighbours import matching
from knowledge.pack import Pack, load_pack

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(Path("knowledge/data/guali"))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("想请邻居帮我取个快递", "fetch-parcel"),
        ("我的快递还在驿站", "fetch-parcel"),
        ("幫我買點菜", "buy-groceries"),
        ("谁能陪我去医院看病", "go-to-clinic"),
        ("家里水龙头坏了谁会修一下", "small-repairs"),
        ("手机不会用，谁教教我", "phone-lesson"),
        ("放学接一下小孩", "pick-up-child"),
        ("借个梯子用用", "borrow-tools"),
        ("我的猫丢了", "find-pet"),
        ("帮忙搬一下沙发", "move-things"),
        ("想找人下下棋", "company"),
        ("给我爸理个发", "haircut"),
        ("Could a neighbour fetch a parcel for me?", "fetch-parcel"),
        ("somebody to walk my dog", "walk-dog"),
        ("I need groceries", "buy-groceries"),
        ("pick up my child from school", "pick-up-child"),
        ("请邻居帮个忙", None),
        ("帮我浇花", None),
        ("I need a hand", None),
    ],
)
def test_the_kind_is_told_by_its_keywords(pack: Pack, text: str, kind: str | None) -> None:
    found = matching.kind_of(pack, text)
    assert (found.id if found else None) == kind


@pytest.mark.parametrize(
    "text",
    [
        "帮我保管现金",
        "帮我记一下密码",
        "给我妈打针",
        "修一下煤气",
        "上房顶",
        "keep my bank card",
    ],
)
def test_what_the_policy_forbids_is_seen(pack: Pack, text: str) -> None:
    assert matching.forbidden(pack, text)


def test_only_what_the_policy_names_is_forbidden(pack: Pack) -> None:
    lenient = pack.model_copy(
        update={"help_policy": pack.help_policy.model_copy(update={"never": ()})}
    )
    assert not matching.forbidden(lenient, "帮我保管现金")
    assert not matching.forbidden(pack, "帮我取个快递，借个梯子，陪我聊聊")


@pytest.mark.parametrize(
    ("start", "end", "left"),
    [
        ("25T15:00", "25T15:00", ("25T15:00", "25T15:00")),
        ("25T07:00", "25T07:00", ("25T07:00", "25T07:00")),
        ("25T06:59", "25T06:59", None),
        ("25T21:00", "25T21:00", None),
        ("25T00:00", "26T00:00", ("25T07:00", "25T21:00")),
        ("25T18:00", "26T00:00", ("25T18:00", "25T21:00")),
        ("25T22:00", "26T00:00", None),
        ("28T00:00", "30T00:00", ("28T00:00", "30T00:00")),
    ],
)
def test_a_time_is_kept_within_the_kinds_hours(
    pack: Pack, start: str, end: str, left: tuple[str, str] | None
) -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=ZONE)

    kind = pack.help_kinds["fetch-parcel"]
    found = matching.within_window(kind, ZONE, (moment(start), moment(end)))
    assert found == (left and (moment(left[0]), moment(left[1])))


def test_a_kind_for_all_hours_has_no_closing_time(pack: Pack) -> None:
    late = datetime(2026, 11, 25, 23, 59, tzinfo=ZONE)
    assert matching.within_window(pack.help_kinds["find-pet"], ZONE, (late, late))
    assert matching.within_window(None, ZONE, (late, late))


def test_a_need_without_an_area_is_heard_in_the_whole_town(pack: Pack) -> None:
    kind = pack.help_kinds["fetch-parcel"]
    assert matching.reaches(kind, (None, "guali/meilin/"), timedelta())
    assert not matching.reaches(kind, ("guali/qicai/", None), timedelta(minutes=59))
    assert matching.reaches(kind, ("guali/qicai/", None), timedelta(minutes=60))


def test_neighbours_of_an_unknown_building_are_not_next_door(pack: Pack) -> None:
    kind = pack.help_kinds["fetch-parcel"]
    assert not matching.reaches(kind, ("guali/qicai/", "guali/qicai/"), timedelta())
    assert matching.reaches(kind, ("guali/qicai/", "guali/qicai/"), timedelta(minutes=20))
