"""The work list: what is shown to whom, in which order, and what is done to many at once."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions import conversations
from actions.governance import following, handling
from actions.governance.handling import By
from actions.governance.model import SavedFilter, ServiceRequest, Status
from actions.people.model import AuditEntry, Staff
from tests.bot.conftest import PACK
from tests.bot.desk.conftest import CANARY, Colleague, Village

REFERENCE = re.compile(r'href="/desk/requests/(GQ-\d{6}-\d{4})"')


async def shown(who: Colleague, **wanted: str) -> list[str]:
    """The references of a page of the list, in its order."""
    answer = await who.get("/requests", params=wanted)
    assert answer.status_code == 200
    return REFERENCE.findall(answer.text)


def change(village: Village, reference: str, **facts: Any) -> None:
    with village.bot.parts.database.transaction() as db:
        request = db.query(ServiceRequest).filter_by(reference=reference).one()
        for name, value in facts.items():
            setattr(request, name, value)


def number_of(village: Village, name: str) -> int:
    with village.bot.parts.database.reading() as db:
        return db.scalars(select(Staff.id).where(Staff.username == name)).one()


def notes(village: Village, deed: str) -> list[str]:
    with village.bot.parts.database.reading() as db:
        entries = select(AuditEntry.subject).where(AuditEntry.deed == deed)
        return list(db.scalars(entries.order_by(AuditEntry.id)))


async def test_every_view_shows_what_it_says(village: Village) -> None:
    own, now = village.colleague("own"), village.bot.clock.now()
    facts: dict[str, dict[str, Any]] = {
        "late": {"due_at": now - timedelta(hours=1)},
        "soon": {"due_at": now + timedelta(hours=2)},
        "mine": {"staff_id": number_of(village, "own"), "status": Status.ACKNOWLEDGED},
        "raised": {"tier": "village", "category_id": "road-light", "status": "in_progress"},
        "flagged": {"flagged": True, "status": Status.ACKNOWLEDGED},
        "waiting": {"paused_at": now, "due_at": now - timedelta(days=1)},
        "replied": {"status": Status.REPLIED},
        "resolved": {"status": Status.RESOLVED},
    }
    lower = next(c.service_code for c in PACK.categories.values() if c.tier == "grid")
    facts["raised"]["category_id"] = lower
    references = {}
    for name, changed in facts.items():
        changed.setdefault("due_at", now + timedelta(days=9))
        references[name] = village.file("road-light", "灯")
        change(village, references[name], **changed)
    is_new = {village.reference, *(references[name] for name in ("late", "soon"))}
    is_new.add(references["waiting"])
    assert set(await shown(own, view="new")) == is_new
    for view in ("late", "soon", "mine", "raised", "flagged", "waiting", "replied"):
        assert await shown(own, view=view) == [references[view]], view
    everything = await shown(own, view="all")
    assert everything[-1] == village.reference  # the newest first
    assert len(everything) == len(facts) + 1
    open_ones = await shown(own)
    assert len(open_ones) == len(facts) - 1
    assert open_ones[:2] == [references["waiting"], references["late"]]
    assert await shown(own, view="nonsense") == open_ones


async def test_the_team_s_own_requests_are_a_view(village: Village) -> None:
    change(village, village.reference, team_id="police-post")
    village.file("road-light", "另一盏")
    assert await shown(village.colleague("police"), view="team") == [village.reference]
    assert await shown(village.colleague("own"), view="team") == []  # of no team


async def test_what_concerns_most_households_comes_first_when_asked_for(
    village: Village,
) -> None:
    now, many = village.bot.clock.now(), village.file("road-light", "大家都遇到")
    with village.bot.parts.database.transaction() as db:
        for name in ("a", "b"):
            talk = conversations.at_address(db, channel="webchat", address=name, now=now)
            request = db.query(ServiceRequest).filter_by(reference=many).one()
            following.follow(db, request=request, conversation=talk, now=now)
    own = village.colleague("own")
    assert await shown(own, order="households") == [many, village.reference]
    assert await shown(own) == [village.reference, many]
    assert "3 户" in (await own.get("/requests")).text


@pytest.mark.parametrize("order", ["", "households", "new"])
async def test_the_list_is_turned_page_by_page_and_nothing_is_lost(
    village: Village, order: str
) -> None:
    filed = {village.reference}
    for _ in range(60):
        village.bot.clock.pass_by(timedelta(microseconds=1))
        filed.add(village.file("road-light", "灯"))
    own = village.colleague("own")
    first = (await own.get("/requests", params={"order": order})).text
    (onward,) = re.findall(r'rel="next" href="/desk([^"]+)"', first)
    second = (await own.get(onward.replace("&amp;", "&"))).text
    pages = [REFERENCE.findall(page) for page in (first, second)]
    assert [len(page) for page in pages] == [50, 11]
    assert set(pages[0]) | set(pages[1]) == filed
    assert 'rel="next"' not in second


@pytest.mark.parametrize("after", ["x", "1", "1_2_3_4", "-1_²", "9" * 30 + "_1"])
async def test_a_page_that_cannot_be_is_the_first(village: Village, after: str) -> None:
    assert await shown(village.colleague("own"), after=after) == [village.reference]


async def test_the_list_is_narrowed_by_category_team_area_status_and_point(
    village: Village,
) -> None:
    own, other = village.colleague("own"), village.file("parking", "车")
    change(village, other, area_id="guali/qicai/a/", place_id="gz-youyi", lat=30.3)
    for wanted in (
        {"category": "parking"},
        {"team": PACK.categories["parking"].team},
        {"area": "guali/qicai/a/"},
        {"place": "gz-youyi"},
        {"box": "30.29,120.39,30.31,120.41"},
    ):
        assert await shown(own, **wanted) == [other], wanted
    assert await shown(own, box="anywhere") == []
    assert await shown(own, view="all", status="resolved") == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("50%", ["50% 的灯不亮"]),
        ("_", ["a_b"]),
        ("LAMP", ["The lamp is out"]),
        ("灯 亮", ["50% 的灯不亮"]),
        ("\\", ["back\\slash"]),
        (CANARY, None),  # where it is, told in words of all of them
        ("没有这样的话", []),
    ],
)
async def test_words_are_found_as_they_were_said(
    village: Village, words: str, found: list[str] | None
) -> None:
    said = ("50% 的灯不亮", "a_b", "The lamp is out", "back\\slash")
    filed = {what: village.file("road-light", what) for what in said}
    own = village.colleague("own")
    wanted = [filed[what] for what in found] if found is not None else None
    got = await shown(own, view="all", words=words)
    assert got == wanted if wanted is not None else len(got) == len(said) + 1
    assert await shown(village.colleague("other"), view="all", words=words) == []


async def test_a_search_is_written_down_by_what_it_found(village: Village) -> None:
    own = village.colleague("own")
    for _ in range(30):
        village.file("road-light", "灯")
    await shown(own)
    await shown(own, words=village.reference)
    assert notes(village, "searched_requests") == []  # nothing was learned of any words
    found = await shown(own, words="灯")
    assert len(found) == 30
    written = notes(village, "searched_requests")
    with village.bot.parts.database.reading() as db:
        ids = set(
            db.scalars(select(ServiceRequest.id).where(ServiceRequest.reference.in_(found)))
        )
    assert {int(n) for each in written for n in each.partition(":")[2].split()} == ids
    assert all(len(each) <= 80 and "灯" not in each for each in written)
    await shown(own, words="没有")
    assert notes(village, "searched_requests")[-1] == "requests:"


async def test_a_reference_is_found_wherever_it_stands(village: Village) -> None:
    change(village, village.reference, status=Status.RESOLVED)
    own, short = village.colleague("own"), village.reference.partition("-")[2].lower()
    assert await shown(own, words=short) == [village.reference]
    assert await shown(village.colleague("other"), words=short) == []


async def test_a_filter_is_kept_under_a_name_without_what_was_searched(
    village: Village,
) -> None:
    own = village.colleague("own")
    await own.post(
        "/requests/filters/save", name="超时的路灯", view="late", category="road-light"
    )
    page = (await own.get("/requests")).text
    assert 'href="/desk/requests?view=late&amp;category=road-light"><bdi>超时的路灯' in page
    assert "超时的路灯" not in (await village.colleague("boss").get("/requests")).text
    await own.post("/requests/filters/save", name="超时的路灯", view="soon", words=CANARY)
    with village.bot.parts.database.reading() as db:
        (kept,) = db.scalars(select(SavedFilter))
    assert kept.query == "view=soon"
    theirs = await village.colleague("boss").post(f"/requests/filters/{kept.id}/drop")
    assert theirs.status_code == 404
    await own.post(f"/requests/filters/{kept.id}/drop")
    assert "超时的路灯" not in (await own.get("/requests")).text


async def test_filters_have_a_name_and_an_end(village: Village) -> None:
    own = village.colleague("own")
    for name in ("", "长" * 21):
        answer = await own.post("/requests/filters/save", name=name)
        assert "请给这个筛选起个名字" in answer.text
    for number in range(13):
        answer = await own.post("/requests/filters/save", name=f"第{number}个")
    assert "请先删掉一个" in answer.text


async def bulk(who: Colleague, village: Village, *references: str, **fields: str) -> str:
    picks = {f"pick-{one}": village.seen(one) for one in references}
    answer = await who.post("/requests/picked/deeds", **picks, **fields)
    return answer.text


async def test_many_are_taken_on_and_each_refusal_is_a_sentence(village: Village) -> None:
    own = village.colleague("own")
    done, gone = village.file("parking", "车"), village.file("parking", "车")
    change(village, gone, status=Status.RESOLVED)
    seen = {f"pick-{one}": village.seen(one) for one in (village.reference, done, gone)}
    by = By(number_of(village, "boss"), village.bot.clock.now())
    with village.bot.parts.database.transaction() as db:
        overtaken = db.query(ServiceRequest).filter_by(reference=village.reference).one()
        handling.note(db, overtaken, by=by, words="刚打过电话")
    answer = await own.post(
        "/requests/picked/deeds", **seen, **{"pick-GQ-261124-9999": "1"}, deed="acknowledged"
    )
    said = dict(
        re.findall(r'/(GQ-[\d-]+)">.*?<span class="what[^>]*>(.*?)</li>', answer.text, re.S)
    )
    assert "办好了" in said[done]
    assert "不能这样改" in said[gone]
    assert "刚刚有人动过" in said[village.reference]
    assert answer.text.count("没有这个编号") == 1
    assert "GQ-261124-9999" not in answer.text
    assert village.request(done).status == Status.ACKNOWLEDGED
    assert village.request(gone).status == Status.RESOLVED
    assert village.request().status == Status.RECEIVED
    assert notes(village, "acknowledged_request") == [f"request:{village.request(done).id}"]


async def test_many_are_passed_on_put_elsewhere_and_merged(village: Village) -> None:
    own, second = village.colleague("own"), village.file("road-light", "同一盏")
    both = (village.reference, second)
    text = await bulk(own, village, *both, deed="assigned", owner="cleaning-team")
    assert text.count("请写一句为什么转交") == 2
    await bulk(own, village, *both, deed="assigned", owner="cleaning-team", words="是垃圾")
    assert {village.request(one).team_id for one in both} == {"cleaning-team"}
    await bulk(own, village, *both, deed="categorised", category="parking")
    assert {village.request(one).category_id for one in both} == {"parking"}
    await bulk(own, village, *both, deed="merged")
    assert village.request(second).merged_into_id == village.request().id
    assert village.request().status == Status.RECEIVED


async def test_what_another_village_has_cannot_be_picked(village: Village) -> None:
    other = village.colleague("other")
    text = await bulk(other, village, village.reference, deed="acknowledged")
    assert "没有这个编号" in text
    merged = await bulk(other, village, village.reference, deed="merged")
    assert "不能这样做" in merged
    assert village.request().status == Status.RECEIVED
    assert "还没有勾选" in await bulk(other, village, deed="acknowledged")


async def test_the_table_has_no_words_of_residents_and_calculates_nothing(
    village: Village,
) -> None:
    own = village.colleague("own")
    change(village, village.reference, team_id="=1+1")
    table = (await own.get("/requests/list.csv")).text
    assert CANARY not in table
    head, row = csv.reader(io.StringIO(table.removeprefix("\ufeff")))
    assert (head[0], row[0], row[3]) == ("编号", village.reference, "'=1+1")
    assert notes(village, "exported_requests") == ["requests:1"]


async def test_the_map_draws_what_the_list_shows(village: Village) -> None:
    own = village.colleague("own")
    for number in range(3):
        place = village.file("road-light", "灯")
        change(village, place, lat=30.21, lon=120.41 + number * 1e-7)
    nowhere = village.file("road-light", "灯")
    change(village, nowhere, lat=None, lon=None)
    page = (await own.get("/requests/map")).text
    assert f'href="/desk/requests/{village.reference}"' in page
    assert "1 件没有地点" in page
    (several,) = re.findall(r'href="/desk(/requests\?[^"]*box=[^"]*)" aria-label="3 件', page)
    several = several.replace("&amp;", "&")
    assert len(REFERENCE.findall((await own.get(several)).text)) == 3
    change(village, village.reference, lat=30.2104, lon=120.41)
    change(village, nowhere, lat=30.29, lon=120.41)
    crowd = (await own.get("/requests/map", params={"view": "all"})).text
    (farther,) = re.findall(r'href="/desk(/requests/map\?[^"]*box=[^"]*)" aria-label', crowd)
    within = (await own.get(farther.replace("&amp;", "&"))).text
    assert f'href="/desk/requests/{village.reference}"' in within
    assert "<circle class" not in (await village.colleague("other").get("/requests/map")).text


async def test_the_inbox_shows_the_first_by_due_time_and_leads_to_the_rest(
    village: Village,
) -> None:
    for _ in range(25):
        village.file("road-light", "灯")
    change(village, village.reference, due_at=village.bot.clock.now() - timedelta(hours=1))
    inbox = (await village.colleague("own").get("/")).text
    found = REFERENCE.findall(inbox)
    assert len(found) == 20
    assert found[0] == village.reference
    assert "看全部 26 件" in inbox
    assert 'href="/desk/requests?view=late"' in inbox
