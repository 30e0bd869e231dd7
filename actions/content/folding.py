"""Folding: at a publish, what staff have taught becomes sample questions of its records.

A question counts beside the content from the moment it is taught. An edition that has it in its
records says so (`Edition.folded`): while that is active the question counts by the content
alone, and after a roll-back to one without it, beside the content again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import yaml
from sqlalchemy import select

from actions.content import revisions
from actions.content.model import Revision
from actions.content.revisions import part_of
from actions.db import Db
from actions.people.locks import alone
from knowledge.asking import with_question
from knowledge.errors import PackInvalid
from knowledge.pack import Answering, Pack, key_of, title_of
from knowledge.records import RecordKey


@dataclass(frozen=True)
class Taught:
    """A question staff taught, its number, and the record that answers it."""

    number: int
    kind: str
    record_id: str
    language: str
    text: str

    @property
    def record(self) -> RecordKey:
        """The kind and id of the record."""
        return self.kind, self.record_id

    @property
    def path(self) -> str:
        """The document the record is written in."""
        return part_of(self.kind, self.record_id).path


@dataclass
class Folded:
    """The documents of an edition, and what of them was folded in now.

    `numbers` are all questions its content has; `elsewhere` are sentences about those that are
    not folded, as another record is asked the same.
    """

    texts: dict[str, str]
    now: list[Taught] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


def fold(
    texts: Mapping[str, str],
    pack: Pack,
    taught: Sequence[Taught],
    *,
    removable: Collection[int] = (),
) -> Folded:
    """Put each taught question into its record; `texts` are the documents of `pack`.

    A question in `removable` that its record is not asked has been taken out by an editor, and
    stays out. One that another record is asked goes on counting as it was taught: in both
    lists it would have two answers.
    """
    folded = Folded(dict(texts))
    for one in taught:
        record, others = pack.record(one.record), _others_asked(pack, one)
        if one.number in removable or (record and _is_asked(record, one)):
            folded.numbers.append(one.number)
        elif others:
            folded.elsewhere.append(_elsewhere(one, others))
        elif record and one.path in texts:
            folded.texts[one.path] = _with(folded.texts[one.path], one)
            folded.now.append(one)
            folded.numbers.append(one.number)
    return folded


def write(
    db: Db, ordered: Mapping[str, int], folded: Folded, *, now: datetime
) -> dict[str, int]:
    """Write the documents that were folded as revisions; return those of the edition, by path.

    What somebody has written since the order stays the latest text, the questions in it too.
    """
    alone(db, Revision)
    found = dict(ordered)
    for path in sorted({one.path for one in folded.now}):
        last = revisions.latest(db, path)
        written = Revision(path=path, text=folded.texts[path], folds=True, written_at=now)
        db.add(written)
        db.flush()
        found[path] = written.id
        if last and last.id != ordered[path]:
            _write_again(db, last, [t for t in folded.now if t.path == path])
    return found


def from_files(db: Db, ordered: Mapping[str, int]) -> set[str]:
    """Return the paths whose text came from the pack's files."""
    named = Revision.id.in_(ordered.values())
    return set(db.scalars(select(Revision.path).where(named, revisions.FROM_FILES)))


def _write_again(db: Db, last: Revision, taught: Sequence[Taught]) -> None:
    """Put a text that waits to be published above the edition's, which is older."""
    text = last.text
    if text is not None and last.staff_id is not None:
        for one in taught:
            try:
                text = _with(text, one)
            except (PackInvalid, yaml.YAMLError):  # a draft may be broken
                break
    db.add(
        Revision(
            path=last.path,
            text=text,
            staff_id=last.staff_id,
            restores_id=last.restores_id,
            folds=last.folds,
            written_at=last.written_at,
        )
    )
    db.flush()


def _with(document: str, one: Taught) -> str:
    part = part_of(*one.record)
    text = part.text_in(document)
    return (
        document
        if text is None
        else part.put_into(document, with_question(text, one.language, one.text))
    )


def _is_asked(record: Answering, one: Taught) -> bool:
    return one.text in record.questions.in_(one.language)


def _others_asked(pack: Pack, one: Taught) -> list[Answering]:
    return [r for r in pack.records() if key_of(r) != one.record and _is_asked(r, one)]


def _elsewhere(one: Taught, others: Sequence[Answering]) -> str:
    names = ", ".join(title_of(other).in_(one.language) for other in others)
    return (
        f"“{one.text}” is taught for {one.record_id} and stands in the questions of {names}; "
        "take it out there"
    )
