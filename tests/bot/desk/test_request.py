from datetime import timedelta

import pytest
from sqlalchemy import select

from actions.governance import workflow
from actions.governance.model import Status
from actions.outbox import Notice
from bot.desk import labels
from tests.bot.desk.conftest import CANARY, Colleague, Village
from tests.bot.desk.test_conversation import said, worker


async def move(
    who: Colleague,
    village: Village,
    to: str,
    seen: str | None = None,
    words: str = "",
    reference: str = "",
) -> str:
    seen = village.seen(reference) if seen is None else seen
    where = f"/requests/{reference or village.reference}/moves"
    answer = await who.post(where, to=to, seen=seen, words=words)
    return f"{answer.status_code} {answer.text}"


async def test_a_request_shows_what_where_whose_and_by_when(village: Village) -> None:
    page = (await village.colleague("own").get(f"/requests/{village.reference}")).text
    for shown in (
        CANARY,
        "路灯不亮",
        "道路养护",
        "11月26日（周四）10:00",
        "新收到",
        "30.20000, 120.40000",
    ):
        assert shown in page
    assert f"/desk/uploads/{village.upload_id}" in page
    assert "接下" in page
    assert 'value="resolved"' not in page


async def test_a_move_reaches_the_resident_with_the_words(village: Village) -> None:
    own, which = village.colleague("own"), village.file("parking", "车停在盲道上")
    for to, words in (("acknowledged", ""), ("replied", "灯泡换好了")):
        done = await move(own, village, to, words=words, reference=which)
        assert done.startswith("303")
    delivery = worker(village)
    while delivery.deliver_due():
        pass
    first, second, words = said(village)
    assert "已经接下" in first
    assert "已经答复" in second
    assert words == "灯泡换好了"
    page = (await own.get(f"/requests/{which}")).text
    assert "灯泡换好了" in page
    assert "own" in page
    assert "等居民说解决了没有" in page


@pytest.mark.parametrize(
    ("to", "seen", "says"),
    [
        ("declined", None, "请写一句给居民的话"),
        ("resolved", None, "现在不能这样改"),
        ("nonsense", None, "现在不能这样改"),
        ("acknowledged", "0", "刚刚有人动过"),
        ("acknowledged", "", "刚刚有人动过"),
    ],
)
async def test_a_refused_move_is_told_in_a_sentence_and_changes_nothing(
    village: Village, to: str, seen: str | None, says: str
) -> None:
    answer = await move(village.colleague("own"), village, to, seen)
    assert answer.startswith("409")
    assert says in answer
    assert village.request().status == Status.RECEIVED
    with village.bot.parts.database.reading() as db:
        assert db.scalars(select(Notice)).all() == []


async def test_words_of_a_refused_move_are_kept_in_the_form(village: Village) -> None:
    words = "写了很久"
    assert words in await move(village.colleague("own"), village, "declined", "x", words)


async def test_the_second_to_move_sees_that_another_was_faster(village: Village) -> None:
    own, boss = village.colleague("own"), village.colleague("boss")
    seen = village.seen()
    await move(own, village, "acknowledged", seen)
    answer = await move(boss, village, "declined", seen, "不归我们管")
    assert "刚刚有人动过" in answer
    assert "已接下" in answer
    assert village.request().status == Status.ACKNOWLEDGED


async def test_what_is_late_says_so_and_comes_first(village: Village) -> None:
    village.bot.clock.pass_by(timedelta(days=1))
    newer = village.file("road-light", "第二盏灯")
    village.bot.clock.pass_by(timedelta(days=1, hours=3))
    own = village.colleague("own")
    assert "已超时 3 小时" in (await own.get(f"/requests/{village.reference}")).text
    inbox = (await own.get("/")).text
    assert "已超时 3 小时" in inbox
    assert inbox.index(village.reference) < inbox.index(newer)


async def test_an_anonymous_report_names_nobody(village: Village) -> None:
    reference = village.file("road-light", "灯", anonymous=True)
    page = (await village.colleague("own").get(f"/requests/{reference}")).text
    assert "匿名" in page
    assert village.conversation_id[:6] not in page
    assert village.conversation().resident_id not in page


async def test_every_inbox_says_how_many_wait_in_its_title(village: Village) -> None:
    own = village.colleague("own")
    assert "<title>(3) " in (await own.get("/")).text
    assert 'data-count="3"' in (await own.get("/inbox")).text
    assert "<title>工作台" in (await village.colleague("other").get("/")).text


async def test_the_longest_waiting_conversation_comes_first(village: Village) -> None:
    village.bot.clock.pass_by(timedelta(minutes=12))
    assert "等了 12 分钟" in (await village.colleague("own").get("/")).text


def test_every_status_and_every_move_of_staff_has_its_label() -> None:
    assert set(labels.STATUSES) == set(Status)
    assert set(labels.MOVES) == set(workflow.STAFFS_OWN)
