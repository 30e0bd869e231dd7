"""The texts of the pack's documents: whoever wrote last is right, and nothing is ever lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from actions.content.model import Revision
from actions.db import Db
from actions.errors import Refusal
from actions.people.locks import alone
from actions.people.model import Staff
from knowledge.documents import (
    LISTS,
    Documents,
    Listed,
    mapping,
    record_text,
    with_record,
)
from knowledge.errors import PackInvalid

FILES, PUBLISH = "files", "publish"  # who wrote what nobody of the staff did
FROM_FILES = and_(Revision.staff_id.is_(None), Revision.folds.is_(False))


class Overtaken(Refusal):
    """Somebody else has changed the same text since it was opened."""

    def __init__(self, by: Revision, name: str) -> None:
        super().__init__("utter_content_overtaken", name=name)
        self.by = by


@dataclass(frozen=True)
class Part:
    """What is edited as one: a whole document, or one record listed in it."""

    path: str
    listed: Listed | None = None
    record_id: str = ""

    def text_in(self, document: str | None) -> str | None:
        """Return its text in a document; None where it is not."""
        if document is None or self.listed is None:
            return document
        return record_text(document, self.listed, self.record_id)

    def put_into(self, document: str | None, text: str) -> str:
        """Return the document with this part's text.

        Raises:
            PackInvalid: a record is no YAML, or calls itself something else.
        """
        if self.listed is None:
            return text
        named = mapping(text, self.path).get(self.listed.key)
        if str(named) != self.record_id:
            raise PackInvalid(
                [f"{self.path}: {self.listed.key} is “{named}”; leave it {self.record_id}"]
            )
        return with_record(document or "", self.listed, self.record_id, text)


def part_of(kind: str, record_id: str) -> Part:
    """Return where a record of a kind (article, facility, activity) is written."""
    if kind in LISTS:
        return Part(LISTS[kind].path, LISTS[kind], record_id)
    return Part(f"articles/{record_id}.md")


@dataclass(frozen=True)
class Edit:
    """A text somebody wrote; `seen` is the document's latest revision when they opened it."""

    part: Part
    text: str
    seen: int
    restores_id: int | None = None


def save(db: Db, edit: Edit, *, staff_id: int, now: datetime) -> Revision | None:
    """Keep what somebody wrote; None when nothing differs from what is there.

    Two may work on different records of one document.

    Raises:
        Overtaken: somebody else changed the same part since `seen`.
        PackInvalid: a record is no YAML.
    """
    alone(db, Revision)
    part, last = edit.part, latest(db, edit.part.path)
    current = last.text if last else None
    if last and last.id != edit.seen:
        seen = db.get(Revision, edit.seen)
        if part.text_in(current) != part.text_in(seen.text if seen else None):
            raise Overtaken(last, _author(db, last))
    text = part.put_into(current, edit.text)
    if text == current:
        return None
    written = Revision(
        path=part.path,
        text=text,
        staff_id=staff_id,
        restores_id=edit.restores_id,
        written_at=now,
    )
    db.add(written)
    db.flush()
    return written


def import_files(db: Db, documents: Documents, *, now: datetime) -> dict[str, int]:
    """Take over what changed in the pack's files since they were last imported.

    Returns the new revisions by path. What staff wrote stays in the history, also where a file
    that changed is newer.
    """
    alone(db, Revision)
    before = {path: r.text for path, r in _latest_of_each(db, from_files=True).items()}
    changed: dict[str, str | None] = {
        path: text for path, text in documents.items() if before.get(path) != text
    }
    changed |= dict.fromkeys(
        path for path, text in before.items() if text is not None and path not in documents
    )
    written = [Revision(path=p, text=t, written_at=now) for p, t in sorted(changed.items())]
    db.add_all(written)
    db.flush()
    return {revision.path: revision.id for revision in written}


def latest(db: Db, path: str) -> Revision | None:
    """Return a document's latest revision."""
    newest_first = select(Revision).where(Revision.path == path).order_by(Revision.id.desc())
    return db.scalar(newest_first.limit(1))


def latest_of_each(db: Db) -> dict[str, Revision]:
    """Return the latest revision of every document that is not taken out, by path."""
    found = _latest_of_each(db, from_files=False)
    return {path: revision for path, revision in found.items() if revision.text is not None}


def history(db: Db, path: str, limit: int = 50) -> Sequence[Revision]:
    """Return a document's revisions, the latest first."""
    newest_first = select(Revision).where(Revision.path == path).order_by(Revision.id.desc())
    return db.scalars(newest_first.limit(limit)).all()


def before(db: Db, revision: Revision) -> Revision | None:
    """Return the revision a revision replaced."""
    earlier = Revision.path == revision.path, Revision.id < revision.id
    return db.scalar(select(Revision).where(*earlier).order_by(Revision.id.desc()).limit(1))


def documents_of(db: Db, revisions: Mapping[str, int]) -> dict[str, str]:
    """Return the texts these revisions name, by path."""
    found = db.execute(
        select(Revision.id, Revision.text).where(Revision.id.in_(revisions.values()))
    )
    texts = {number: text for number, text in found if text is not None}
    return {path: texts[number] for path, number in revisions.items() if number in texts}


def _author(db: Db, revision: Revision) -> str:
    staff = db.get(Staff, revision.staff_id) if revision.staff_id else None
    if staff:
        return staff.username
    return PUBLISH if revision.folds else FILES


def _latest_of_each(db: Db, *, from_files: bool) -> dict[str, Revision]:
    newest = select(func.max(Revision.id)).group_by(Revision.path)
    if from_files:
        newest = newest.where(FROM_FILES)
    return {r.path: r for r in db.scalars(select(Revision).where(Revision.id.in_(newest)))}
