"""The cockpit: figures that lead to their lists, for those whose area it is."""

import re
from datetime import timedelta

import pytest

from actions.governance import handling, moves
from actions.governance.handling import By
from actions.governance.model import ServiceRequest, Status
from actions.people.model import Staff
from bot.desk import labels
from bot.desk.figures import FIGURES
from knowledge.boards import Figure
from tests.bot.conftest import PACK
from tests.bot.desk.conftest import CANARY, MISSED, Colleague, Village

DAY = timedelta(days=1)


async def tile(who: Colleague, name: str, board: str = "/cockpit") -> str:
    """What a figure says, and where it leads, as "value → path"."""
    page = (await who.get(board)).text
    found = re.search(
        rf'<li class="tile[^"]*">(?:<a href="/desk([^"]*)">)?\s*<strong>(.*?)</strong> '
        rf"<span><span>{name}</span>",
        page,
    )
    assert found, page
    return f"{found[2]} → {found[1]}"


def test_every_figure_of_the_pack_can_be_counted_and_has_a_name() -> None:
    assert set(FIGURES) == set(labels.FIGURES) == set(Figure)


def test_the_shipped_cockpit_has_its_six_boards_and_four_named_ones() -> None:
    names = [board.name.zh for board in PACK.boards.values()]
    assert names[:4] == ["村社运行", "平安村社", "清廉村社", "特色场景"]
    assert len(names) == 6
    groups = {category.group for category in PACK.categories.values()}
    assert all(set(board.groups) <= groups for board in PACK.boards.values())


async def test_figures_follow_what_happens_and_lead_to_their_lists(village: Village) -> None:
    own = village.colleague("own")
    assert await tile(own, "没人接") == "1 → /requests?view=new"
    village.file("rubbish", "垃圾")
    assert await tile(own, "没人接") == "2 → /requests?view=new"
    village.bot.clock.pass_by(3 * DAY)
    own = village.colleague("own")
    assert await tile(own, "已超时") == "2 → /requests?view=late"
    board = (await own.get("/cockpit/village-operation")).text
    assert "/desk/requests?view=late&amp;category=rubbish" in board
    assert "/desk/requests?view=late&amp;area=guali/qicai/" in board
    assert "/desk/requests?view=late&amp;team=cleaning-team" in board


async def test_a_board_counts_its_own_groups_of_categories(village: Village) -> None:
    own = village.colleague("own")
    assert await tile(own, "在办", "/cockpit/clean-village") == (
        "0 → /cockpit/clean-village#requests"
    )
    village.file("suggestion", "多种点树")
    assert (await tile(own, "在办", "/cockpit/clean-village")).startswith("1 →")
    assert (await tile(own, "在办", "/cockpit/village-operation")).startswith("2 →")


@pytest.mark.parametrize(
    ("who", "seen"), [("own", 1), ("town", 1), ("other", 0), ("police", 2), ("mayor", 1)]
)
async def test_nobody_counts_what_they_may_not_see(
    village: Village, who: str, seen: int
) -> None:
    village.file("scam-report", "骗子打电话")  # for the police post alone
    shown = await tile(village.colleague(who), "没人接")
    assert shown == f"{seen} → /requests?view=new"
    board = (await village.colleague(who).get("/cockpit/safe-village")).text
    assert ("/desk/requests?view=new&amp;category=scam-report" in board) is (who == "police")


async def test_a_trend_is_a_table_first(village: Village) -> None:
    page = (await village.colleague("own").get("/cockpit/service-quality?days=7")).text
    assert page.count("<figure") == page.count("<details open>") == 4
    assert page.count('<time datetime="2026-11-') == 4 * 7
    for days in ("7", "30", "90", "-1", "a", "９０"):
        answer = await village.colleague("own").get(f"/cockpit/service-quality?days={days}")
        assert answer.status_code == 200


async def test_only_the_board_with_charts_loads_what_draws_them(village: Village) -> None:
    own = village.colleague("own")
    pages = {path: (await own.get(path)).text for path in ("/", "/cockpit", "/cockpit/unknown")}
    assert not any("echarts" in page for page in pages.values())
    assert "echarts.min.js" in (await own.get("/cockpit/service-quality")).text
    assert "echarts" not in (await own.get("/cockpit/featured-scenes")).text
    drawing = await village.bot.client.get("/desk/static/vendor/echarts.min.js")
    assert b"Licensed to the Apache Software Foundation" in drawing.content[:300]


def pass_around(village: Village) -> None:
    """The request is given back, replied to, and nobody says whether it is solved."""
    now = village.bot.clock.now()
    with village.bot.parts.database.transaction() as db:
        request = db.query(ServiceRequest).filter_by(reference=village.reference).one()
        by = By(db.query(Staff).filter_by(username="town").one().id, now)
        handling.give_back(
            db, PACK, request, by=by, team_id="property-team", reason="小区里的灯"
        )
        moves.change(db, PACK, request, Status.ACKNOWLEDGED, now=now)
        moves.change(db, PACK, request, Status.REPLIED, now=now)
        moves.change(db, PACK, request, Status.UNCONFIRMED, now=now)


async def test_what_nobody_sees_is_shown(village: Village) -> None:
    village.learn()
    pass_around(village)
    village.file("rubbish", "垃圾")
    village.bot.clock.pass_by(8 * DAY)
    page = (await village.colleague("boss").get("/cockpit/unknown")).text
    assert "/desk/requests?view=still&amp;team=cleaning-team" in page
    assert "/desk/requests?view=unconfirmed&amp;category=road-light" in page
    assert re.search(r"category=road-light.*?道路养护.*?<td>1</td>", page, re.DOTALL)
    assert MISSED in page  # an editor may read it
    assert 'href="/desk/content/tasks"' in page
    assert CANARY not in page


async def test_missed_questions_are_read_by_editors_and_counted_by_all(
    village: Village,
) -> None:
    village.learn()
    page = (await village.colleague("own").get("/cockpit/unknown")).text
    assert MISSED not in page
    assert "1 次提问" in page
    assert "/desk/misses" not in page


async def test_restricted_requests_nobody_can_see_are_told_to_the_towns_admins(
    village: Village,
) -> None:
    reference = village.file("fire-hazard", "楼道堆满纸箱")
    page = (await village.colleague("mayor").get("/cockpit/unknown")).text
    assert re.search(r"在线消防站.*1 件限定事项没有人看得到", page, re.DOTALL)
    assert reference not in page
    for name in ("boss", "town"):
        other = (await village.colleague(name).get("/cockpit/unknown")).text
        assert "件限定事项" not in other


async def test_there_is_no_board_the_pack_does_not_have(village: Village) -> None:
    assert (await village.colleague("own").get("/cockpit/nothing")).status_code == 404
