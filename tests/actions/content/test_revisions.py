"""Whoever wrote last is right, files or staff; nobody's words are lost."""

import threading

import pytest

from actions.content import drafts, importing, revisions
from actions.content.model import Revision, State
from actions.content.revisions import Edit, Overtaken, Part
from knowledge import index
from knowledge.documents import LISTS
from knowledge.errors import PackInvalid
from tests.actions.content.conftest import Newsroom

CARD = "articles/card.md"


def change_file(newsroom: Newsroom, old: str, new: str, path: str = CARD) -> None:
    file = newsroom.files / path
    file.write_text(file.read_text("utf-8").replace(old, new), encoding="utf-8")


def texts(newsroom: Newsroom) -> list[tuple[str, bool]]:
    """The floor each revision of the article speaks of, and whether staff wrote it."""
    with newsroom.database.reading() as db:
        found = revisions.history(db, CARD)
        return [
            ((r.text or "")[(r.text or "").index("楼") - 1], bool(r.staff_id)) for r in found
        ]


def test_a_file_that_did_not_change_leaves_what_the_desk_wrote(newsroom: Newsroom) -> None:
    newsroom.set_up()
    newsroom.write("card", lambda text: text.replace("一楼", "三楼"))
    newsroom.publish()
    change_file(newsroom, "在一楼", "在二楼", "articles/pool.md")
    published = newsroom.set_up()
    assert published
    assert published.state == State.PUBLISHED, published.report
    assert "三楼" in newsroom.pack().articles["card"].body.zh
    assert "二楼" in newsroom.pack().articles["pool"].body.zh


def test_a_file_that_changed_after_the_desk_did_is_newer(newsroom: Newsroom) -> None:
    newsroom.set_up()
    newsroom.write("card", lambda text: text.replace("一楼", "三楼"))
    newsroom.publish()
    change_file(newsroom, "一楼", "四楼")
    newsroom.set_up()
    assert "四楼" in newsroom.pack().articles["card"].body.zh
    assert texts(newsroom) == [("四", False), ("三", True), ("一", False)]


def test_set_up_does_not_publish_what_the_desk_has_not(newsroom: Newsroom) -> None:
    newsroom.set_up()
    newsroom.write("card", lambda text: text.replace("一楼", "三楼"))
    change_file(newsroom, "在一楼", "在二楼", "articles/pool.md")
    newsroom.set_up()
    assert "一楼" in newsroom.pack().articles["card"].body.zh
    assert "二楼" in newsroom.pack().articles["pool"].body.zh
    with newsroom.database.reading() as db:
        assert [pair.revision.path for pair in drafts.unpublished(db)] == [CARD]
        assert (
            "三楼" in drafts.draft_pack(db, newsroom.press.home.shelf).articles["card"].body.zh
        )


def test_files_that_break_a_golden_question_are_refused_and_tried_again(
    newsroom: Newsroom,
) -> None:
    newsroom.set_up()
    before = newsroom.active()
    change_file(newsroom, "游泳池", "大型自动饮料售货机器", "articles/pool.md")
    for _ in range(2):
        published = newsroom.set_up()
        assert published
        assert published.state == State.REFUSED
    assert newsroom.active() == before


def test_a_file_that_was_removed_takes_its_article_out(newsroom: Newsroom) -> None:
    newsroom.set_up()
    (newsroom.files / "articles" / "gym.md").unlink()
    newsroom.set_up()
    assert set(newsroom.pack().articles) == {"card", "pool", "meal"}
    with newsroom.database.reading() as db:
        assert revisions.history(db, "articles/gym.md")[1].text


def test_an_index_set_up_has_built_anew_is_published(newsroom: Newsroom) -> None:
    newsroom.set_up()
    first = newsroom.active()
    assert first
    index.note_content(newsroom.press.home.index_dir, "another", "f" * 16)
    assert importing.take_over(newsroom.press)
    assert importing.take_over(newsroom.press) is None


@pytest.mark.both_stores
def test_of_two_who_save_at_once_one_is_told(newsroom: Newsroom) -> None:
    newsroom.set_up()
    with newsroom.database.reading() as db:
        opened = revisions.latest(db, CARD)
        assert opened
        assert opened.text
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def save(staff_id: int, floor: str) -> None:
        edit = Edit(Part(CARD), (opened.text or "").replace("一楼", floor), opened.id)
        together.wait()
        try:
            with newsroom.database.transaction() as db:
                revisions.save(db, edit, staff_id=staff_id, now=newsroom.press.clock.now())
            outcomes.append("saved")
        except Overtaken as overtaken:
            outcomes.append(overtaken.details["name"])

    threads = [
        threading.Thread(target=save, args=(newsroom.staff_id, "三楼")),
        threading.Thread(target=save, args=(newsroom.other_id, "四楼")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "saved" in outcomes
    assert {"anna", "bo"} & set(outcomes)
    assert len(texts(newsroom)) == 2


def test_a_revision_is_never_changed(newsroom: Newsroom) -> None:
    newsroom.set_up()
    with newsroom.database.reading() as db:
        before = {r.id: r.text for r in db.query(Revision)}
    newsroom.write("card", lambda text: text.replace("一楼", "三楼"))
    newsroom.publish()
    with newsroom.database.reading() as db:
        after = {r.id: r.text for r in db.query(Revision)}
    assert before.items() <= after.items()


@pytest.mark.parametrize("wrong", ["id: another\n", "id: [\n"])
def test_a_record_keeps_its_id(wrong: str) -> None:
    part = Part("facilities.yml", LISTS["facility"], "hall")
    with pytest.raises(PackInvalid):
        part.put_into("facilities: []\n", wrong)
