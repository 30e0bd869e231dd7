"""The desk's one step: this was wrong, tell those who got it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions.conversations import Conversation
from actions.learning.model import Recall
from actions.outbox import Notice
from actions.people.model import AuditEntry
from actions.told import Told
from knowledge.transit import RECORD as TIMETABLE
from tests.bot.conftest import PACK
from tests.bot.desk.conftest import Village

CARD = {"kind": "article", "id": "ed-card"}
ONCE = "a" * 32


@pytest.fixture
def told(village: Village) -> Village:
    village.learn()
    return village


def notices(village: Village) -> list[Notice]:
    with village.bot.parts.database.reading() as db:
        return list(db.scalars(select(Notice).where(Notice.about.startswith("recall:"))))


async def test_an_editor_sees_who_was_told_what_and_tells_them_once(told: Village) -> None:
    editor = told.colleague("editor")
    assert "article" in (await editor.get("/recalls")).text
    page = (await editor.get("/recalls/new", params=CARD)).text
    assert "0" * 16 in page
    assert "1 段对话" in page
    assert "身份证" in page  # the answer as it is now
    for _ in range(2):  # a double click
        answer = await editor.post("/recalls", **CARD, once=ONCE, words="写成了户口本")
        assert answer.headers["location"] == "/desk/recalls"
    (notice,) = notices(told)
    assert notice.conversation_id == told.conversation_id
    page = (await editor.get("/recalls")).text
    for words in ("写成了户口本", "告诉 1 段对话", "等着发", "editor"):
        assert words in page


async def test_what_was_recalled_is_in_the_audit_log_without_words(told: Village) -> None:
    await told.colleague("mayor").post("/recalls", **CARD, once=ONCE, words="写成了户口本")
    with told.bot.parts.database.reading() as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.deed == "recalled")).one()
        made = db.scalars(select(Recall)).one()
    assert entry.subject == f"recall:{made.id} article:ed-card"


async def test_when_nobody_is_to_be_told_the_page_says_so(told: Village) -> None:
    editor = told.colleague("editor")
    nobody = {"kind": "article", "id": "ed-kids-class"}
    answer = await editor.post("/recalls", **nobody, once="b" * 32, words="写错了")
    assert answer.status_code == 409
    assert "没有人需要更正" in answer.text
    assert notices(told) == []


async def test_at_night_the_page_says_when_it_goes_out(told: Village) -> None:
    told.bot.clock.pass_by(timedelta(hours=11, minutes=30))  # 21:30
    page = (await told.colleague("boss").get("/recalls/new", params=CARD)).text
    assert "11月25日（周三）07:00" in page


@pytest.mark.parametrize("once", ["", "x", "A" * 32])
async def test_an_order_that_is_not_of_our_form_is_refused(told: Village, once: str) -> None:
    answer = await told.colleague("boss").post("/recalls", **CARD, once=once)
    assert answer.status_code == 409
    assert notices(told) == []


@pytest.mark.parametrize(("kind", "id_"), [("article", "gone"), ("x", "y"), ("", "")])
async def test_a_record_that_is_not_there_is_not_found(
    told: Village, kind: str, id_: str
) -> None:
    boss = told.colleague("boss")
    assert (await boss.get("/recalls/new", params={"kind": kind, "id": id_})).status_code == 404


async def test_the_conversations_themselves_stay_out_of_an_editors_sight(told: Village) -> None:
    editor = told.colleague("editor")
    await editor.post("/recalls", **CARD, once=ONCE)
    page = (await editor.get("/recalls")).text
    with told.bot.parts.database.reading() as db:
        talk = db.get_one(Conversation, told.conversation_id)
    assert talk.id[:6] not in page
    assert talk.resident_id not in page


async def test_what_is_right_is_what_residents_get_now_not_what_they_got_at_the_start(
    told: Village,
) -> None:
    told.publish(ed_card=("身份证", "身份证或护照"))
    editor = told.colleague("editor")
    assert "身份证或护照" in (await editor.get("/recalls/new", params=CARD)).text
    told.tell(Told("article", "ed-card", PACK.articles["ed-card"].fingerprint))
    assert "怎么办借书证" in outdated((await editor.get("/recalls")).text)
    await editor.post("/recalls", **CARD, once=ONCE)
    (notice,) = notices(told)
    assert "身份证或护照" in str(notice.values)


async def test_a_wrong_timetable_is_recalled_like_any_answer(told: Village) -> None:
    editor, wrong = told.colleague("editor"), Told(*TIMETABLE, "0" * 16)
    told.tell(wrong)
    page = (await editor.get("/recalls")).text
    assert "公交时刻" in outdated(page)
    assert "kind=timetable&amp;id=gtfs" in page
    sent = {"kind": TIMETABLE[0], "id": TIMETABLE[1]}
    assert "1 段对话" in (await editor.get("/recalls/new", params=sent)).text
    assert (await editor.post("/recalls", **sent, once=ONCE)).status_code == 303
    (notice,) = notices(told)
    assert notice.response == "utter_recall_timetable"


def outdated(page: str) -> str:
    """What the page says has changed since somebody was told it."""
    return page.split("</h2>")[1]
