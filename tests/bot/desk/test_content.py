"""Editing content at the desk: nothing typed is lost, nothing is told unpublished."""

import re
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from actions.booking.model import EntryStatus, Session, WaitlistEntry
from actions.booking.schedule import write_sessions
from actions.content import offline, publications, revisions
from actions.content.model import Edition, Publication, Revision, State
from actions.content.tasks import Reason
from actions.conversations import Conversation
from actions.db import Database
from bot.desk import labels
from bot.desk.article_form import fields_of, text_of
from bot.desk.editing import BLANKS
from knowledge.article import read_article
from knowledge.conflicts import READERS
from knowledge.documents import LISTS
from knowledge.vectors import FileStore, PostgresStore
from tests.bot.conftest import PACK
from tests.bot.desk.conftest import DOCUMENTS, Colleague, Village

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

CARD = "/content/article/ed-card"
TYPED = fields_of(DOCUMENTS["articles/ed-card.md"])


@pytest.fixture
def editor(village: Village) -> Colleague:
    return village.colleague("editor")


def seen(page: httpx.Response) -> str:
    """What the form remembers of when it was opened."""
    found = re.search(r'name="seen" value="(\d+)"', page.text)
    assert found
    return found[1]


def latest(village: Village, path: str = "articles/ed-card.md") -> Revision:
    with village.bot.parts.database.reading() as db:
        found = revisions.latest(db, path)
        assert found
        return found


async def save(who: Colleague, opened: httpx.Response, **fields: str) -> httpx.Response:
    return await who.post(f"{CARD}/save", **TYPED | {"seen": seen(opened)} | fields)


def test_every_article_survives_its_form(database: Database) -> None:
    for path, text in DOCUMENTS.items():
        if path.startswith("articles/"):
            article = read_article(text)
            assert read_article(text_of(fields_of(text), article.id, text)) == article


def test_everything_the_desk_speaks_of_has_its_label(database: Database) -> None:
    assert set(labels.PUBLICATIONS) == set(State)
    assert set(labels.TASK_REASONS) == set(Reason)
    assert set(labels.CONFLICTS) == {*READERS, "noted"}
    assert set(BLANKS) == set(LISTS)


def test_the_desk_returns_to_editions_where_their_vectors_are(village: Village) -> None:
    parts = village.bot.parts
    settings = parts.settings.model_copy(update={"vector_store": "postgresql://db/vectors"})
    assert isinstance(replace(parts, settings=settings).home.store, PostgresStore)
    assert isinstance(parts.home.store, FileStore)


async def test_what_was_saved_waits_for_a_publication(
    village: Village, editor: Colleague
) -> None:
    opened = await editor.get(CARD)
    saved = await save(editor, opened, body_zh="在三楼办。")
    assert (saved.status_code, saved.headers["location"]) == (303, f"/desk{CARD}")
    assert "在三楼办。" in (latest(village).text or "")
    assert "在三楼办。" in (await editor.get(CARD)).text
    assert "+ 在三楼办。" in (await editor.get("/content/changes")).text
    with village.bot.parts.database.reading() as db:
        assert "三楼" not in village.bot.parts.home.shelf.pack(db).articles["ed-card"].body.zh


async def test_saving_the_same_again_is_no_revision(
    village: Village, editor: Colleague
) -> None:
    await save(editor, await editor.get(CARD), body_zh="在三楼办。")
    before = latest(village).id
    await save(editor, await editor.get(CARD), body_zh="在三楼办。")
    assert latest(village).id == before


async def test_the_second_of_two_editors_is_told_and_loses_nothing(
    village: Village, editor: Colleague
) -> None:
    boss = village.colleague("boss")
    first, second = await editor.get(CARD), await boss.get(CARD)
    await save(editor, first, body_zh="在三楼办。")
    told = await save(boss, second, body_zh="在四楼办。")
    assert told.status_code == 409
    assert "editor改过这里" in told.text  # who
    assert "+ 在三楼办。" in told.text  # what
    assert ">在四楼办。</textarea>" in told.text  # and mine is still in the form
    assert "在三楼办。" in (latest(village).text or "")
    again = await save(boss, told, body_zh="在四楼办。")
    assert again.status_code == 303
    with village.bot.parts.database.reading() as db:
        texts = [r.text or "" for r in revisions.history(db, "articles/ed-card.md")]
    assert ["四楼" in texts[0], "三楼" in texts[1]] == [True, True]


async def test_two_editors_may_change_two_records_of_one_document(
    village: Village, editor: Colleague
) -> None:
    boss = village.colleague("boss")
    mine, yours = "/content/activity/club-calligraphy", "/content/activity/club-wushu"
    other = next(a for a in PACK.activities if a != "club-calligraphy")
    yours = f"/content/activity/{other}"
    first, second = await editor.get(mine), await boss.get(yours)
    for who, address, opened in ((editor, mine, first), (boss, yours, second)):
        text = typed_in(opened).replace("places: ", "places: 1")
        saved = await who.post(f"{address}/save", seen=seen(opened), text=text)
        assert saved.status_code == 303
    kept = latest(village, "activities.yml").text or ""
    assert kept.count("places: 1") >= DOCUMENTS["activities.yml"].count("places: 1") + 1
    assert kept.count("#") == DOCUMENTS["activities.yml"].count("#")  # comments stay


def typed_in(page: httpx.Response) -> str:
    found = re.search(r'name="text"[^>]*>(.*?)</textarea>', page.text, re.DOTALL)
    assert found
    return found[1].replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("places: 20", "places: 0"), "activities.yml, line {line}: places"),
        (("kind: club", "kind: [club"), "activities.yml, line "),
        (("id: club-calligraphy", "id: another"), "leave it club-calligraphy"),
    ],
)
async def test_a_mistake_is_told_by_its_line_and_what_was_typed_stays(
    village: Village, editor: Colleague, change: tuple[str, str], said: str
) -> None:
    address = "/content/activity/club-calligraphy"
    opened = await editor.get(address)
    wrong = typed_in(opened).replace(*change)
    assert wrong != typed_in(opened)
    told = await editor.post(f"{address}/save", seen=seen(opened), text=wrong)
    assert told.status_code == 409
    line = wrong[: wrong.find(change[1])].count("\n") + 1
    assert said.format(line=line) in told.text
    assert typed_in(told).strip() == wrong.strip()
    assert latest(village, "activities.yml").staff_id is None


async def test_a_form_far_too_large_is_refused(village: Village, editor: Colleague) -> None:
    opened = await editor.get(CARD)
    told = await save(editor, opened, body_zh="a" * 1_500_000)
    assert told.status_code == 409
    assert "is the most" in told.text
    assert (await save(editor, opened, body_zh="a" * 5_000_000)).status_code == 413


async def test_the_preview_is_what_the_resident_would_be_told(editor: Colleague) -> None:
    shown = await editor.post(
        f"{CARD}/preview", **TYPED | {"body_zh": "在<三>楼。", "seen": "1"}
    )
    assert "在&lt;三&gt;楼。" in shown.text
    assert "据存档报道" in shown.text  # where it comes from, as the action tells it
    assert "An archived article on Zhishu Library" in shown.text
    shown = await editor.post(f"{CARD}/preview", **TYPED | {"as_of": "soon", "seen": "1"})
    assert "as_of" in shown.text


@pytest.mark.parametrize("kind", ["article", "facility", "activity"])
async def test_a_new_record_is_begun_with_a_form(editor: Colleague, kind: str) -> None:
    begun = await editor.post("/content/new", kind=kind, record_id="brand-new")
    assert begun.status_code == 303
    form = await editor.get(begun.headers["location"].removeprefix("/desk"))
    assert form.status_code == 200
    assert (await editor.get(f"/content/{kind}/brand-new")).status_code == 404


async def test_a_new_article_is_listed_before_it_is_published(editor: Colleague) -> None:
    address = "/content/article/brand-new"
    fields = TYPED | {"title_zh": "雨伞借用", "seen": "0", "created": "1"}
    assert (await editor.post(f"{address}/save", **fields)).status_code == 303
    assert "雨伞借用" in (await editor.get("/content?flag=changed")).text
    taken = await editor.post("/content/new", kind="article", record_id="brand-new")
    assert taken.status_code == 409


async def test_the_list_is_searched_and_sifted(editor: Colleague) -> None:
    found = (await editor.get("/content?q=借书证&kind=article")).text
    assert "/article/ed-card" in found
    assert "/article/tr-fare" not in found
    assert "/article/tr-fare" in (await editor.get("/content?flag=conflict")).text
    expired = (await editor.get("/content?flag=expired")).text
    assert "/article/tr-senior" in expired
    assert "/article/ed-card" not in expired


async def test_an_old_text_comes_back_as_a_new_revision(
    village: Village, editor: Colleague
) -> None:
    await save(editor, await editor.get(CARD), body_zh="在三楼办。")
    changed = latest(village)
    shown = await editor.get(f"{CARD}/history/{changed.id}")
    assert "+ 在三楼办。" in shown.text
    await editor.post(f"{CARD}/restore", revision_id=str(village.revision_id))
    restored = latest(village)
    assert restored.id > changed.id
    assert (restored.text, restored.restores_id) == (
        DOCUMENTS["articles/ed-card.md"],
        village.revision_id,
    )


async def test_a_topic_goes_offline_and_comes_back_in_one_step(
    village: Village, editor: Colleague
) -> None:
    def covered() -> bool:
        with village.bot.parts.database.reading() as db:
            return offline.hidden(db).covers(PACK, "article", "tr-fare")

    await editor.post("/content/offline", subject="topic:交通")
    assert covered()
    assert "已下线" in (await editor.get("/content/article/tr-fare")).text
    await editor.post("/content/online", subject="topic:交通")
    assert not covered()
    nothing = await editor.post("/content/offline", subject="topic:天气")
    assert nothing.status_code == 409


async def test_an_order_to_publish_is_followed_on_its_page(
    village: Village, editor: Colleague
) -> None:
    await save(editor, await editor.get(CARD), body_zh="在三楼办。")
    ordered = await editor.post("/content/publish")
    address = ordered.headers["location"].removeprefix("/desk")
    assert 'http-equiv="refresh"' in (await editor.get(address)).text
    assert (await editor.post("/content/publish")).status_code == 409
    report: dict[str, Any] = {
        "regressions": [
            {
                "question": "借书证怎么办",
                "language": "zh",
                "expected": "ed-card",
                "now": "declined",
            }
        ]
    }
    with village.bot.parts.database.transaction() as db:
        placed = db.scalars(select(Publication).order_by(Publication.id.desc())).first()
        assert placed
        assert placed.revisions["articles/ed-card.md"] == latest(village).id
        placed.state, placed.report = State.REFUSED, report
    page = (await editor.get(address)).text
    assert 'http-equiv="refresh"' not in page
    assert "<td>ed-card</td>" in page
    assert "居民看到的没有变" in page


async def test_a_publication_whose_process_was_stopped_is_shown_as_failed(
    village: Village, editor: Colleague
) -> None:
    ordered = await editor.post("/content/publish")
    address = ordered.headers["location"].removeprefix("/desk")
    with village.bot.parts.database.transaction() as db:
        placed = db.scalars(select(Publication).order_by(Publication.id.desc())).first()
        assert placed
        placed.state = State.RUNNING
    assert "正在发布" in (await editor.get(address)).text
    village.bot.clock.pass_by(publications.LOST_AFTER * 2)
    assert "没有做完" in (await editor.get(address)).text


async def test_an_edition_that_is_no_more_cannot_be_returned_to(
    village: Village, editor: Colleague
) -> None:
    now = village.bot.clock.now()
    with village.bot.parts.database.transaction() as db:
        db.add(Edition(index_version="f" * 16, revisions={}, published_at=now))
    told = await editor.post(f"/content/editions/{village.edition_id}/roll-back")
    assert told.status_code == 409
    assert "打不开" in told.text


async def test_what_owners_have_to_do_is_listed_for_them(editor: Colleague) -> None:
    page = (await editor.get("/content/tasks")).text
    assert "原文范围为市公共交通集团常规线路" in page  # a conflict says what the sources say
    assert "有效到 2024-12-31" in page


async def test_records_that_disagree_are_found_and_flagged_in_one_way(
    village: Village, editor: Colleague
) -> None:
    address = "/article/he-gym-fee"
    assert address not in (await editor.get("/content?flag=conflict")).text
    village.publish(he_gym_fee=("## 中文\n", "## 中文\n\n电话 0571-0000-0199。\n"))
    assert address in (await editor.get("/content?flag=conflict")).text
    page = (await editor.get("/content/tasks")).text
    task = page[page.index(address) :].split("</li>")[0]
    for said in ("057100000199", "电话", "七彩健身房"):
        assert said in task


async def test_the_preview_says_that_a_fact_is_disputed_and_that_it_has_run_out(
    editor: Colleague,
) -> None:
    disputed = preview_of((await editor.get("/content/article/tr-fare")).text)
    assert disputed.count("另有资料和这个说法不一样") == 2  # residents, and elder mode
    assert "Another source says something else" in disputed
    assert "截至 2024-12-31 有效，现在可能变了" in disputed
    agreed = preview_of((await editor.get(CARD)).text)
    assert "另有资料" not in agreed
    assert "有效，现在可能变了" not in agreed
    assert "示例数据" in preview_of((await editor.get("/content/article/he-gym-fee")).text)


async def test_the_preview_shows_what_is_told_in_place_of_a_record_that_is_not_believed(
    editor: Colleague,
) -> None:
    address = "/content/article/he-gym-fee"
    typed = fields_of(DOCUMENTS["articles/he-gym-fee.md"]) | {"as_of": "2020-01-01"}
    typed |= {"body_zh": "电话 0571-0000-0199。", "seen": "1"}
    shown = preview_of((await editor.post(f"{address}/preview", **typed)).text)
    assert "另一条更可信" in shown
    assert "电话：0571-0000-0103" in shown
    assert "0199" not in shown


def preview_of(page: str) -> str:
    return page.split('id="preview"')[1].split("</section>")[0]


async def test_a_new_article_begins_with_the_question_it_answers(
    village: Village, editor: Colleague
) -> None:
    page = (await editor.get("/content/new?question=金丝雀怎么养")).text
    assert re.search(r'name="questions_zh"[^>]*>金丝雀怎么养</textarea>', page)
    assert 'name="record_id" value="jin-si-que-zen-me"' in page
    fields = TYPED | {"seen": "0", "record_id": "canary", "questions_zh": "金丝雀怎么养"}
    saved = await editor.post("/content/article", **fields)
    assert saved.headers["location"] == "/desk/content/article/canary"
    assert "金丝雀怎么养" in (latest(village, "articles/canary.md").text or "")


async def test_an_english_question_goes_where_english_questions_stand(
    editor: Colleague,
) -> None:
    page = (await editor.get("/content/new?question=How do I feed a canary%3F")).text
    assert re.search(r'name="questions_en"[^>]*>How do I feed a canary\?</textarea>', page)
    assert 'value="how-do-i-feed-a"' in page


async def test_an_id_that_is_taken_or_none_is_refused_and_what_was_typed_stays(
    village: Village, editor: Colleague
) -> None:
    for record_id in ("ed-card", "Ä", "../ed-card"):
        fields = TYPED | {"seen": "0", "record_id": record_id, "body_zh": "喂小米。"}
        told = await editor.post("/content/article", **fields)
        assert told.status_code == 409
        assert ">喂小米。</textarea>" in told.text
    assert latest(village).id == village.revision_id


async def test_a_proposed_id_is_one_that_is_free(editor: Colleague) -> None:
    fields = TYPED | {"seen": "0", "record_id": "jin-si-que-zen-me"}
    await editor.post("/content/article", **fields)
    page = (await editor.get("/content/new?question=金丝雀怎么养")).text
    assert 'value="jin-si-que-zen-me-2"' in page


@pytest.mark.parametrize("address", ["article/ed-card", "facility/fac-gym"])
async def test_a_record_says_where_to_see_who_was_told_it(
    editor: Colleague, address: str
) -> None:
    kind, _, record_id = address.partition("/")
    page = (await editor.get(f"/content/{address}")).text
    recalls = f"/recalls/new?kind={kind}&id={record_id}"
    assert f'href="/desk{recalls}"'.replace("&", "&amp;") in page
    assert (await editor.get(recalls)).status_code == 200


async def test_what_is_not_published_was_told_to_nobody(editor: Colleague) -> None:
    await editor.post("/content/article", **TYPED | {"seen": "0", "record_id": "canary"})
    assert "/recalls/new" not in (await editor.get("/content/article/canary")).text


async def test_an_activity_that_comes_back_is_offered_to_who_waits(
    village: Village, editor: Colleague
) -> None:
    """Whoever of the staff brings it back: a line is of the area where the activity is."""
    await editor.post("/content/offline", subject="activity:club-wushu")
    with village.bot.parts.database.transaction() as db:
        write_sessions(db, PACK, now=village.bot.clock.now())
        session = db.query(Session).filter_by(activity_id="club-wushu").first()
        assert session
        entry = WaitlistEntry(
            session_id=session.id,
            conversation_id=village.conversation_id,
            resident_id=db.get_one(Conversation, village.conversation_id).resident_id,
            places=1,
            position=1,
            status=EntryStatus.WAITING,
            joined_at=village.bot.clock.now(),
            area_id="guali/qicai/",
        )
        db.add(entry)
    await editor.post("/content/online", subject="activity:club-wushu")
    with village.bot.parts.database.reading() as db:
        assert db.query(WaitlistEntry).one().status == EntryStatus.OFFERED
