"""What staff taught becomes content at a publish, is never lost and never told twice."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from actions.content import drafts, folding, revisions
from actions.content.folding import Taught
from actions.content.model import Edition, Revision, State
from actions.db import Db
from actions.learning import learned
from actions.learning.learned import Question
from knowledge import documents
from knowledge.embedder import Embedder
from knowledge.pack import Pack, load_pack
from tests.actions.content.conftest import Newsroom
from tests.actions.content.test_publishing import to_be_about_machines

SWIM = "孩子去哪儿戏水"
GUALI = Path("knowledge/data/guali")


@pytest.fixture
def teaching(newsroom: Newsroom) -> Newsroom:
    """A newsroom whose first edition is out, and whose staff teach."""
    newsroom.press = replace(newsroom.press, taught=learned.to_fold)
    newsroom.set_up()
    return newsroom


def teach(newsroom: Newsroom, text: str = SWIM, record_id: str = "pool") -> None:
    question = Question("article", record_id, "zh", text)
    with newsroom.database.transaction() as db:
        now = newsroom.press.clock.now()
        learned.teach(db, question, staff_id=newsroom.staff_id, now=now)


def beside(newsroom: Newsroom) -> list[str]:
    """The taught questions that count beside the content."""
    with newsroom.database.reading() as db:
        return [row.question for row in learned.present(db)]


def asked(newsroom: Newsroom, record_id: str = "pool") -> int:
    """How often the content has the question at a record."""
    return newsroom.pack().articles[record_id].questions.zh.count(SWIM)


def publish(newsroom: Newsroom) -> int:
    """Publish some change of another record; returns how many questions were folded."""
    newsroom.write("card", lambda text: text.replace("在一楼", "在三楼里"))
    newsroom.write("card", lambda text: text.replace("三楼里", "三楼的那边"))
    ended = newsroom.publish()
    assert ended.state == State.PUBLISHED, ended.report
    return int(ended.report["folded"])


def test_what_was_taught_counts_by_the_content_once_it_is_published(teaching: Newsroom) -> None:
    teach(teaching)
    with teaching.database.reading() as db:
        before = learned.mark(db)
    assert (beside(teaching), asked(teaching)) == ([SWIM], 0)
    assert publish(teaching) == 1
    assert (beside(teaching), asked(teaching)) == ([], 1)
    with teaching.database.reading() as db:
        assert learned.mark(db) != before  # or nobody would look again
        assert drafts.unpublished(db) == []
    assert publish(teaching) == 0
    assert (beside(teaching), asked(teaching)) == ([], 1)


def test_a_publish_that_is_refused_folds_nothing(teaching: Newsroom) -> None:
    teach(teaching, record_id="card")
    teaching.write("pool", to_be_about_machines)
    assert teaching.publish().state == State.REFUSED
    assert (beside(teaching), asked(teaching, "card")) == ([SWIM], 0)
    assert folds(teaching) == []


def test_questions_are_folded_in_the_transaction_that_activates(teaching: Newsroom) -> None:
    def break_down(db: Db, changeover: object, now: object) -> None:
        raise RuntimeError

    teach(teaching)
    press = teaching.press
    teaching.press = replace(press, home=replace(press.home, follow=break_down))
    assert teaching.publish().report["error"] == "RuntimeError"
    assert (beside(teaching), asked(teaching), folds(teaching)) == ([SWIM], 0, [])


def test_after_a_roll_back_the_question_counts_beside_the_content_again(
    teaching: Newsroom,
) -> None:
    teach(teaching)
    publish(teaching)
    teaching.roll_back_to(1)
    assert (beside(teaching), asked(teaching)) == ([SWIM], 0)
    teaching.roll_back_to(2)
    assert (beside(teaching), asked(teaching)) == ([], 1)


def test_what_is_published_after_a_roll_back_has_the_question_once(teaching: Newsroom) -> None:
    teach(teaching)
    publish(teaching)
    teaching.roll_back_to(1)
    card = teaching.files / "articles" / "card.md"
    card.write_text(card.read_text("utf-8").replace("在一楼", "在二楼"), "utf-8")
    assert teaching.set_up()  # from the old edition's texts, without the question
    assert (beside(teaching), asked(teaching)) == ([], 1)
    publish(teaching)  # from the latest texts
    assert (beside(teaching), asked(teaching)) == ([], 1)


def test_what_an_editor_takes_out_again_stays_out(teaching: Newsroom) -> None:
    teach(teaching)
    publish(teaching)
    teaching.write("pool", lambda text: text.replace(f", {SWIM}", ""))
    publish(teaching)
    publish(teaching)
    assert (beside(teaching), asked(teaching)) == ([], 0)


def test_a_file_that_changes_does_not_undo_what_was_taught(teaching: Newsroom) -> None:
    teach(teaching)
    publish(teaching)
    assert teaching.set_up() is None  # the fold is no change of the files
    pool = teaching.files / "articles" / "pool.md"
    pool.write_text(pool.read_text("utf-8").replace("在一楼", "在二楼"), "utf-8")
    assert teaching.set_up()
    assert "二楼" in teaching.pack().articles["pool"].body.zh
    assert (beside(teaching), asked(teaching)) == ([], 1)
    assert teaching.set_up() is None


def test_a_file_that_is_read_while_a_publish_folds_is_published_next(
    teaching: Newsroom,
) -> None:
    teach(teaching)
    card = teaching.files / "articles" / "card.md"

    def read_files() -> None:
        card.write_text(card.read_text("utf-8").replace("在一楼", "在二楼"), "utf-8")
        texts = documents.read_documents(teaching.files)
        with teaching.database.transaction() as db:
            revisions.import_files(db, texts, now=teaching.press.clock.now())

    while_building(teaching, read_files)
    assert "一楼" in teaching.pack().articles["card"].body.zh
    assert teaching.set_up()
    assert "二楼" in teaching.pack().articles["card"].body.zh


@pytest.mark.parametrize("draft", ["在二楼", "在二楼\n## 中文\n"])
def test_a_draft_written_meanwhile_stays_the_latest(teaching: Newsroom, draft: str) -> None:
    """Its author finds it at the desk as it was left, with the question where that can be."""
    teach(teaching)
    written = {"text": ""}

    def write() -> None:
        teaching.write("pool", lambda text: text.replace("在一楼", draft))
        written["text"] = latest(teaching).text or ""

    while_building(teaching, write)
    assert "一楼" in teaching.pack().articles["pool"].body.zh
    assert asked(teaching) == 1
    found = latest(teaching)
    assert found.staff_id == teaching.staff_id
    assert (found.text or "").replace(f", {SWIM}", "") == written["text"]
    assert SWIM in (found.text or "")


def test_a_question_another_record_is_asked_is_not_given_two_answers(
    teaching: Newsroom,
) -> None:
    teach(teaching, "哪里有游泳池", "gym")
    ended = teaching.publish()
    assert ended.state == State.PUBLISHED
    assert beside(teaching) == ["哪里有游泳池"]
    assert any("is taught for gym" in warning for warning in ended.report["warnings"])
    teaching.write("pool", lambda text: text.replace("哪里有游泳池, ", ""))
    teaching.write("gym", lambda text: text.replace("健身房", "健身泳池"))
    with teaching.database.reading() as db:
        texts = {path: r.text or "" for path, r in revisions.latest_of_each(db).items()}
        folded = folding.fold(texts, drafted(teaching, texts), learned.to_fold(db))
    assert [one.record_id for one in folded.now] == ["gym"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_record_of_the_shipped_pack_can_be_taught(language: str, tmp_path: Path) -> None:
    texts, pack = documents.read_documents(GUALI), load_pack(GUALI)
    taught = [
        Taught(number, kind, record_id, language, f"{kind}: {record_id}?")
        for number, (kind, record_id) in enumerate(
            [("article", key) for key in pack.articles]
            + [("facility", key) for key in pack.facilities]
            + [("activity", key) for key in pack.activities]
        )
    ]
    folded = folding.fold(texts, pack, taught)
    assert folded.now == taught
    documents.write_documents(folded.texts, tmp_path / "pack", GUALI / "gtfs")
    read = load_pack(tmp_path / "pack")
    for one in taught:
        before, after = pack.record(one.record), read.record(one.record)
        assert before
        assert after
        assert after.questions.in_(language) == (*before.questions.in_(language), one.text)
        asked_before = before.model_dump(exclude={"questions"})
        assert after.model_dump(exclude={"questions"}) == asked_before


def test_a_question_of_a_record_that_is_gone_goes_on_as_it_was(teaching: Newsroom) -> None:
    teach(teaching, record_id="gone")
    assert publish(teaching) == 0
    assert beside(teaching) == [SWIM]


def while_building(newsroom: Newsroom, deed: Callable[[], None]) -> None:
    """Publish, and do something between the order and the new edition."""
    press, tried = newsroom.press, iter([deed])

    def embedder() -> Embedder:
        for once in tried:
            once()
        return press.embedder()

    newsroom.press = replace(press, embedder=embedder)
    ended = newsroom.publish()
    newsroom.press = press
    assert ended.state == State.PUBLISHED, ended.report
    assert next(tried, None) is None


def latest(newsroom: Newsroom) -> Revision:
    with newsroom.database.reading() as db:
        found = revisions.latest(db, "articles/pool.md")
        assert found
        return found


def folds(newsroom: Newsroom) -> list[int]:
    with newsroom.database.reading() as db:
        assert not any(db.scalars(select(Edition.folded)))
        return list(db.scalars(select(Revision.id).where(Revision.folds)))


def drafted(newsroom: Newsroom, texts: dict[str, str]) -> Pack:
    shelf = newsroom.press.home.shelf
    return load_pack(shelf.lay_out(documents.version_of(texts), lambda: texts))
