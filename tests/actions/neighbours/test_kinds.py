"""What kind of help a text asks for, when neighbours may be asked, and how far it goes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from actions.neighbours import kinds, meaning
from knowledge.pack import HelpKind, Pack, load_pack
from knowledge.sorting import Sorter

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
    found = kinds.kind_of(pack, text)
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
    assert kinds.forbidden(pack, text)


def test_only_what_the_policy_names_is_forbidden(pack: Pack) -> None:
    lenient = pack.model_copy(
        update={"help_policy": pack.help_policy.model_copy(update={"never": ()})}
    )
    assert not kinds.forbidden(lenient, "帮我保管现金")
    assert not kinds.forbidden(pack, "帮我取个快递，借个梯子，陪我聊聊")


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
    found = kinds.within_window(kind, ZONE, (moment(start), moment(end)))
    assert found == (left and (moment(left[0]), moment(left[1])))


def test_a_kind_for_all_hours_has_no_closing_time(pack: Pack) -> None:
    late = datetime(2026, 11, 25, 23, 59, tzinfo=ZONE)
    assert kinds.within_window(pack.help_kinds["find-pet"], ZONE, (late, late))
    assert kinds.within_window(None, ZONE, (late, late))


def test_a_need_without_an_area_is_heard_in_the_whole_town(pack: Pack) -> None:
    kind = pack.help_kinds["fetch-parcel"]
    assert kinds.reaches(kind, (None, "guali/meilin/"), timedelta())
    assert not kinds.reaches(kind, ("guali/qicai/", None), timedelta(minutes=59))
    assert kinds.reaches(kind, ("guali/qicai/", None), timedelta(minutes=60))


def test_neighbours_of_an_unknown_building_are_not_next_door(pack: Pack) -> None:
    kind = pack.help_kinds["fetch-parcel"]
    assert not kinds.reaches(kind, ("guali/qicai/", "guali/qicai/"), timedelta())
    assert kinds.reaches(kind, ("guali/qicai/", "guali/qicai/"), timedelta(minutes=20))


def kinds_of(file: str) -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / file).read_text(encoding="utf-8").splitlines()
    return [(text, kind) for text, kind in (line.split("\t") for line in lines)]


def share_right(told: list[tuple[str, str]], guess: Callable[[str], HelpKind | None]) -> float:
    """Which share of what fits a kind is given that kind."""
    fitting = [(text, kind) for text, kind in told if kind != kinds.OTHER]
    right = [kind for text, kind in fitting if (found := guess(text)) and found.id == kind]
    return len(right) / len(fitting)


def test_the_meaning_tells_the_kind_where_no_keyword_does(pack: Pack, sorter: Sorter) -> None:
    held = kinds_of("kinds_held_back.tsv")
    assert share_right(held, lambda text: meaning.guess(pack, text, sorter)) >= 0.8
    taken = [meaning.guess(pack, t, sorter) for t, kind in held if kind == kinds.OTHER]
    assert len([kind for kind in taken if kind]) <= 1


def test_without_the_meaning_few_are_told(pack: Pack) -> None:
    """Negative control: the same messages by keywords alone."""
    held = kinds_of("kinds_held_back.tsv")
    assert share_right(held, lambda text: meaning.guess(pack, text)) < 0.4


def test_who_only_asks_for_help_has_not_said_what_it_is(pack: Pack, sorter: Sorter) -> None:
    for text in ("我想请邻居帮个忙", "找人帮忙", "I need help from a neighbour"):
        assert meaning.guess(pack, text, sorter) is None


def test_a_whole_keyword_counts_more_than_the_meaning(pack: Pack, sorter: Sorter) -> None:
    found = meaning.guess(pack, "陪诊", sorter)
    assert found is not None
    assert found.id == "go-to-clinic"


def test_the_meaning_is_kept_small(sorter: Sorter) -> None:
    assert meaning.vector_of(None, "取快递") is None
    kept = meaning.vector_of(sorter, "取快递")
    assert kept is not None
    assert np.frombuffer(kept, np.float16).shape == sorter.embed("取快递").shape
