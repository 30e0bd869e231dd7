"""Publishing is all or nothing: what breaks a question, or is broken, changes nothing."""

import shutil
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from actions.content import editions, publications, publishing, revisions
from actions.content.editions import Change, Changeover
from actions.content.model import Edition, Publication, State
from actions.content.revisions import Edit, Part
from actions.db import Db
from actions.errors import Refusal
from knowledge.embedder import Embedder
from knowledge.golden import FILE as GOLDEN
from knowledge.search import Found, KnowledgeBase
from knowledge.vectors import PostgresStore
from tests.actions.content.conftest import BOOK, Newsroom
from tests.conftest import StandingClock
from tests.knowledge.conftest import Letters


def to_be_about_machines(text: str) -> str:
    """The pool is no longer spoken of: its golden question goes astray."""
    return text.replace("游泳池", "大型自动饮料售货机器")


def test_the_files_are_the_first_edition(newsroom: Newsroom) -> None:
    published = newsroom.set_up()
    assert published
    assert published.state == State.PUBLISHED, published.report
    assert set(newsroom.pack().articles) == {"card", "pool", "meal", "gym"}
    assert newsroom.set_up() is None


def test_what_the_desk_publishes_is_told_from_the_next_turn_on(newsroom: Newsroom) -> None:
    newsroom.set_up()
    newsroom.write("card", lambda text: text.replace("在一楼", "在三楼"))
    assert "一楼" in newsroom.pack().articles["card"].body.zh
    published = newsroom.publish()
    assert published.state == State.PUBLISHED, published.report
    assert "三楼" in newsroom.pack().articles["card"].body.zh
    assert published.report["changed"] == 1
    assert newsroom.set_up() is None


def test_a_publish_that_breaks_a_golden_question_is_refused(newsroom: Newsroom) -> None:
    newsroom.set_up()
    before = newsroom.active()
    newsroom.write("pool", to_be_about_machines)
    published = newsroom.publish()
    assert published.state == State.REFUSED
    (broken,) = published.report["regressions"]
    assert (broken["question"], broken["expected"]) == ("哪里有游泳池", "pool")
    assert broken["now"] != "article:pool"
    assert newsroom.active() == before
    assert "游泳池" in newsroom.pack().articles["pool"].title.zh
    assert not list(newsroom.press.home.index_dir.glob("candidate-*"))


def test_without_the_question_the_same_content_is_published(newsroom: Newsroom) -> None:
    """The negative control: nothing but the gate had refused it."""
    (newsroom.files / GOLDEN).unlink()
    newsroom.set_up()
    newsroom.write("pool", to_be_about_machines)
    published = newsroom.publish()
    assert published.state == State.PUBLISHED
    assert any(GOLDEN in warning for warning in published.report["warnings"])


def test_an_intended_change_edits_its_question_in_the_same_publish(newsroom: Newsroom) -> None:
    newsroom.set_up()
    newsroom.write("pool", to_be_about_machines)
    with newsroom.database.transaction() as db:
        last = revisions.latest(db, GOLDEN)
        assert last
        text = BOOK.replace("哪里有游泳池", "哪里有大型自动饮料售货机器")
        now = newsroom.press.clock.now()
        revisions.save(
            db, Edit(Part(GOLDEN), text, last.id), staff_id=newsroom.staff_id, now=now
        )
    assert newsroom.publish().state == State.PUBLISHED


def test_a_mistake_is_refused_with_its_line_and_the_old_goes_on(newsroom: Newsroom) -> None:
    newsroom.set_up()
    before = newsroom.active()
    newsroom.write("card", lambda text: text.replace("'2026-11-23'", "yesterday"))
    published = newsroom.publish()
    assert published.state == State.REFUSED
    assert published.report["mistakes"][0].startswith("articles/card.md, line 7: as_of")
    assert newsroom.active() == before


def test_a_golden_question_about_nothing_is_a_mistake(newsroom: Newsroom) -> None:
    (newsroom.files / GOLDEN).write_text(BOOK + "daily\tzh\t电影\tcinema\t\nx\tfr\tq\t\t\n")
    published = newsroom.set_up()
    assert published
    assert published.state == State.REFUSED
    assert published.report["mistakes"] == [
        "golden.tsv, line 5: language “fr” is unknown; write zh or en"
    ]


def test_one_that_was_taken_for_dead_activates_nothing(newsroom: Newsroom) -> None:
    """The fence: a process that was only asleep must not publish after somebody gave it up."""
    newsroom.set_up()
    before = newsroom.active()
    newsroom.write("card", lambda text: text.replace("在一楼", "在三楼"))

    def give_up(db: Db, changeover: Changeover, now: object) -> None:
        raise AssertionError("it must not come so far")

    number = newsroom.order()
    press = newsroom.press
    build = press.embedder

    def while_building() -> Embedder:
        with press.database.transaction() as db:
            db.get_one(Publication, number).state = State.FAILED
        return build()

    home = replace(press.home, follow=give_up)
    publishing.run_ordered(replace(press, home=home, embedder=while_building))
    assert newsroom.active() == before


def test_what_follows_is_told_which_records_changed_and_shares_the_transaction(
    newsroom: Newsroom,
) -> None:
    newsroom.set_up()
    before, old = newsroom.active(), newsroom.pack().articles["card"].fingerprint
    told: list[tuple[Change, ...]] = []

    def break_down(db: Db, changeover: Changeover, now: object) -> None:
        told.append(changeover.changes)
        raise RuntimeError

    home = newsroom.press.home
    newsroom.write("card", lambda text: text.replace("在一楼", "在三楼"))
    press = newsroom.press
    newsroom.press = replace(press, home=replace(home, follow=break_down))
    assert newsroom.publish().report["error"] == "RuntimeError"
    ((change,),) = told
    assert (change.kind, change.record_id, change.old) == ("article", "card", old)
    assert change.new not in {None, old}
    assert newsroom.active() == before


def test_rolling_back_is_one_row_and_holds_at_once(newsroom: Newsroom) -> None:
    newsroom.set_up()
    newsroom.write("card", lambda text: text.replace("在一楼", "在三楼"))
    newsroom.publish()
    newsroom.roll_back_to(1)
    assert "一楼" in newsroom.pack().articles["card"].body.zh
    assert newsroom.set_up() is None  # set-up does not undo it
    assert "一楼" in newsroom.pack().articles["card"].body.zh


def test_what_follows_a_publication_follows_a_roll_back_too(newsroom: Newsroom) -> None:
    newsroom.set_up()
    old = newsroom.pack().articles["card"].fingerprint
    newsroom.write("card", lambda text: text.replace("在一楼", "在三楼"))
    newsroom.publish()
    told: list[tuple[Change, ...]] = []

    def hear(db: Db, changeover: Changeover, now: object) -> None:
        told.append(changeover.changes)

    home, now = replace(newsroom.press.home, follow=hear), newsroom.press.clock.now()
    with newsroom.database.transaction() as db:
        earlier = db.get_one(Edition, 1)
        editions.roll_back(db, home, earlier, staff_id=newsroom.staff_id, now=now)
    ((change,),) = told
    assert (change.kind, change.record_id, change.new) == ("article", "card", old)
    assert change.old not in {None, old}


def test_what_cannot_be_opened_any_more_is_not_rolled_back_to(newsroom: Newsroom) -> None:
    newsroom.set_up()
    newsroom.write("card", lambda text: text.replace("在一楼", "在三楼"))
    newsroom.publish()
    with newsroom.database.reading() as db:
        earlier = db.get_one(Edition, 1)
    (newsroom.press.home.index_dir / earlier.index_version / "manifest.json").unlink()
    with pytest.raises(Refusal, match="edition_gone"):
        newsroom.roll_back_to(1)


def test_what_residents_get_is_published_again_where_only_the_store_was_brought_back(
    newsroom: Newsroom,
) -> None:
    newsroom.set_up()
    newsroom.write("card", lambda text: text.replace("在一楼", "在三楼"))
    newsroom.publish()
    active = newsroom.active()
    assert active
    shutil.rmtree(newsroom.press.home.index_dir / active.index_version)
    shutil.rmtree(newsroom.press.home.shelf.folder)
    again = newsroom.set_up()
    assert again
    assert again.state == State.PUBLISHED
    assert asked(newsroom, "借书卡怎么办").record_id == "card"
    assert "三楼" in newsroom.pack().articles["card"].body.zh
    assert newsroom.set_up() is None


def test_a_roll_back_finds_the_vectors_that_are_kept_in_postgresql(
    newsroom: Newsroom, pgvector_url: str
) -> None:
    """They are no files of the edition: without the store no edition could be returned to."""
    newsroom.keep_vectors_in(PostgresStore(pgvector_url))
    newsroom.set_up()
    newsroom.write("pool", lambda text: text.replace("哪里有游泳池", "孩子去哪儿戏水"))
    assert newsroom.publish().state == State.PUBLISHED
    assert asked(newsroom, "孩子去哪儿戏水").passage.text == "孩子去哪儿戏水"
    newsroom.roll_back_to(1)
    assert asked(newsroom, "哪里有游泳池").passage.text == "哪里有游泳池"
    assert asked(newsroom, "孩子去哪儿戏水").passage.text != "孩子去哪儿戏水"


def test_vectors_the_database_has_lost_are_not_rolled_back_to(
    newsroom: Newsroom, pgvector_url: str
) -> None:
    newsroom.keep_vectors_in(PostgresStore(pgvector_url))
    newsroom.set_up()
    with psycopg.connect(pgvector_url) as connection:
        (lost,) = connection.execute("SELECT version FROM vector_versions").fetchone() or ("",)
    newsroom.write("pool", lambda text: text.replace("哪里有游泳池", "孩子去哪儿戏水"))
    newsroom.publish()
    before = newsroom.active()
    with psycopg.connect(pgvector_url) as connection:
        connection.execute(f"DROP TABLE vectors_{lost}_zh")
    with pytest.raises(Refusal, match="edition_gone"):
        newsroom.roll_back_to(1)
    assert newsroom.active() == before


def asked(newsroom: Newsroom, question: str) -> Found:
    """What a process that opens the active edition now finds first."""
    home, active = newsroom.press.home, newsroom.active()
    assert active
    base = KnowledgeBase(home.index_dir, Letters(), home.store, active.index_version)
    first, *_ = base.search(question, "zh")
    base.close()
    return first


def test_a_publisher_killed_in_the_middle_leaves_the_old_edition(
    newsroom: Newsroom, clock: StandingClock, tmp_path: Path
) -> None:
    """A real process, killed while it builds: nothing is half published, the next one works."""
    newsroom.set_up()
    before = newsroom.active()
    newsroom.write("card", lambda text: text.replace("在一楼", "在三楼"))
    number = newsroom.order()
    building = tmp_path / "building"
    program = PUBLISHER.format(
        url=newsroom.database.engine.url.render_as_string(hide_password=False),
        files=newsroom.files,
        content=newsroom.press.home.shelf.folder,
        index=newsroom.press.home.index_dir,
        now=clock.now().isoformat(),
        building=building,
    )
    process = subprocess.Popen([sys.executable, "-c", program])
    while not building.exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert newsroom.active() == before
    with newsroom.database.reading() as db:
        assert db.get_one(Publication, number).state == State.RUNNING
    clock.pass_by(publications.LOST_AFTER + timedelta(seconds=1))
    assert newsroom.publish().state == State.PUBLISHED
    assert "三楼" in newsroom.pack().articles["card"].body.zh
    assert not list(newsroom.press.home.index_dir.glob("candidate-*"))


PUBLISHER = """
import time
from datetime import datetime
from pathlib import Path
from actions import migrate
from actions.content import publishing
from actions.content.editions import Home, Shelf
from actions.content.publishing import Press
from actions.db import Database
from actions.changeover import follow
from knowledge.pack import load_pack
from tests.conftest import StandingClock
from tests.knowledge.conftest import Letters

class Slow(Letters):
    def embed_queries(self, texts):
        Path("{building}").touch()
        time.sleep(60)

home = Home(Shelf(load_pack(Path("{files}")), Path("{content}")), Path("{index}"), follow)
clock = StandingClock(datetime.fromisoformat("{now}"))
publishing.run_ordered(Press(Database("{url}"), clock, home, Slow))
"""
