"""A small community that publishes: a pack of four articles, a real index, no encoder."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from actions import changeover
from actions.content import editions, importing, publications, publishing, revisions
from actions.content.editions import Active, Home, Shelf
from actions.content.model import Edition, Publication
from actions.content.publishing import Press
from actions.content.revisions import Edit, Part, part_of
from actions.db import Database
from actions.people.model import Area, Role, Staff
from knowledge.embedder import Embedder
from knowledge.golden import FILE as GOLDEN
from knowledge.pack import Pack, load_pack
from knowledge.vectors import VectorStore
from tests.conftest import StandingClock
from tests.knowledge.conftest import Letters, write_pack

BOOK = (
    "kind\tlanguage\tquestion\trecords\tafter\n"
    "daily\tzh\t借书卡怎么办\tcard\t\ndaily\tzh\t哪里有游泳池\tpool\t\n"
)


@dataclass
class Newsroom:
    """Somebody writes, somebody publishes."""

    press: Press
    files: Path
    staff_id: int
    other_id: int

    @property
    def database(self) -> Database:
        return self.press.database

    def set_up(self) -> Publication | None:
        return importing.take_over(self.press)

    def write(self, record_id: str, change: Callable[[str], str]) -> None:
        """Change an article at the desk."""
        path = part_of("article", record_id).path
        now = self.press.clock.now()
        with self.database.transaction() as db:
            last = revisions.latest(db, path)
            assert last
            assert last.text
            edit = Edit(Part(path), change(last.text), last.id)
            revisions.save(db, edit, staff_id=self.staff_id, now=now)

    def order(self) -> int:
        now = self.press.clock.now()
        with self.database.transaction() as db:
            wanted = {path: r.id for path, r in revisions.latest_of_each(db).items()}
            return publications.order(db, wanted, staff_id=self.staff_id, now=now).id

    def publish(self) -> Publication:
        self.order()
        ended = publishing.run_ordered(self.press)
        assert ended
        return ended

    def active(self) -> Active | None:
        with self.database.reading() as db:
            return editions.active(db)

    def pack(self) -> Pack:
        """The content as another process gets it at its next turn."""
        with self.database.reading() as db:
            return Shelf(load_pack(self.files), self.press.home.shelf.folder).pack(db)

    def roll_back_to(self, edition_id: int) -> Edition:
        now = self.press.clock.now()
        with self.database.transaction() as db:
            wanted = db.get_one(Edition, edition_id)
            return editions.roll_back(
                db, self.press.home, wanted, staff_id=self.staff_id, now=now
            )

    def keep_vectors_in(self, store: VectorStore) -> None:
        home = replace(self.press.home, store=store)
        self.press = replace(self.press, home=home)


@pytest.fixture
def embedder() -> Embedder:
    return Letters()


@pytest.fixture
def newsroom(
    database: Database, clock: StandingClock, tmp_path: Path, embedder: Embedder
) -> Newsroom:
    files = tmp_path / "files"
    write_pack(files)
    (files / GOLDEN).write_text(BOOK, encoding="utf-8")
    with database.transaction() as db:
        db.add(Area(id="town/", tier="town"))
        db.flush()
        staff = [
            Staff(username=name, role=Role.EDITOR, area_id="town/", created_at=clock.now())
            for name in ("anna", "bo")
        ]
        for member in staff:
            member.password_hash = ""
        db.add_all(staff)
        db.flush()
        anna, bo = (member.id for member in staff)
    shelf = Shelf(load_pack(files), tmp_path / "content")
    home = Home(shelf, tmp_path / "index", changeover.follow)
    return Newsroom(Press(database, clock, home, lambda: embedder), files, anna, bo)
