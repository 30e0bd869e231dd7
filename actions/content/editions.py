"""Editions: the content and index residents get, in every process from the next turn on."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import select

from actions.content import revisions
from actions.content.model import Edition
from actions.db import Db
from actions.errors import Refusal, kind_of
from knowledge import documents, index
from knowledge.errors import KnowledgeError
from knowledge.pack import Pack, load_pack
from knowledge.records import Sourced
from knowledge.vectors import VectorStore

log = structlog.get_logger()


@dataclass(frozen=True)
class Active:
    """The active edition, as every turn reads it."""

    id: int
    version: str | None
    index_version: str


@dataclass(frozen=True)
class Change:
    """A record that says something else than before; None where it is new, or gone."""

    kind: str
    record_id: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Changeover:
    """What residents got before, and what they get now; `changes` are the records' versions."""

    before: Pack
    after: Pack
    changes: tuple[Change, ...]


Follow = Callable[
    [Db, Changeover, datetime], None
]  # what else happens, in the same transaction


def active(db: Db) -> Active | None:
    """Return what is active; None before the first edition."""
    columns = Edition.id, Edition.version, Edition.index_version
    row = db.execute(select(*columns).order_by(Edition.id.desc()).limit(1)).one_or_none()
    return Active(*row) if row else None


def folded(db: Db) -> frozenset[int]:
    """Return the numbers of the taught questions that the active edition's content has."""
    newest_first = select(Edition.folded).order_by(Edition.id.desc())
    return frozenset(db.scalar(newest_first.limit(1)) or ())


def activate(db: Db, edition: Edition) -> Edition:
    """Make an edition the active one, from the next turn on, once this is committed."""
    db.add(edition)
    db.flush()
    return edition


@dataclass
class Shelf:
    """Where a process takes its content from: the active edition, opened once.

    `files` is the pack as it lies in its folder, for as long as nothing was published; `folder`
    holds the editions, and is made again from the store where something is missing.
    """

    files: Pack
    folder: Path

    def __post_init__(self) -> None:
        self._opening = threading.Lock()
        self._now: tuple[int, str | None, Pack] = (0, None, self.files)
        self._unusable = 0

    def pack(self, db: Db) -> Pack:
        """Return what residents get now; costs one small row.

        An edition that cannot be opened is logged once, and the one before goes on.
        """
        return self.open(db, active(db))

    def open(self, db: Db, found: Active | None) -> Pack:
        """Return the pack of what was found active."""
        number, _, pack = self._now
        if found is None or found.id in (number, self._unusable):
            return pack
        with self._opening:
            self._change_to(db, found)
        return self._now[2]

    def read(self, db: Db, edition: Active) -> Pack:
        """Return an edition's pack.

        Raises:
            KnowledgeError: it cannot be read.
            OSError: its folder cannot be written.
        """
        if edition.version is None:
            return self.files
        return load_pack(self.lay_out(edition.version, lambda: _texts(db, edition.id)))

    def lay_out(self, version: str, texts: Callable[[], Mapping[str, str]]) -> Path:
        """Return the folder with a version's documents, written if it is not sound."""
        into, timetable = self.folder / version, self.files.folder / documents.TIMETABLE
        link = into / documents.TIMETABLE
        sound = link.is_symlink() and link.resolve() == timetable.resolve()
        if not (sound and documents.version_of(documents.read_documents(into)) == version):
            documents.write_documents(texts(), into, timetable)
        return into

    def _change_to(self, db: Db, found: Active) -> None:
        if found.id in (self._now[0], self._unusable):
            return
        try:
            same = found.version is not None and found.version == self._now[1]
            self._now = (
                found.id,
                found.version,
                self._now[2] if same else self.read(db, found),
            )
        except (KnowledgeError, OSError) as error:
            self._unusable = found.id
            log.error("edition unusable", edition=found.id, error=kind_of(error))


@dataclass(frozen=True)
class Home:
    """Where editions live, and what else happens when another becomes active.

    `store` keeps the vectors of the indexes in `index_dir`.
    """

    shelf: Shelf
    index_dir: Path
    follow: Follow
    store: VectorStore = index.FILES


def roll_back(db: Db, home: Home, edition: Edition, *, staff_id: int, now: datetime) -> Edition:
    """Make an earlier edition the active one again, at once.

    Raises:
        Refusal: it is the active one, or its content or index cannot be opened any more.
    """
    current = active(db)
    wanted = Active(edition.id, edition.version, edition.index_version)
    if current is None or _same(current, wanted):
        raise Refusal("utter_content_same_edition")
    before = home.shelf.open(db, current)
    try:
        folder = index.folder_of(home.index_dir, edition.index_version)
        index.load(folder, home.store).close()
        after = home.shelf.read(db, wanted)
    except (KnowledgeError, OSError):
        raise Refusal("utter_content_edition_gone") from None
    again = activate(
        db,
        Edition(
            version=edition.version,
            index_version=edition.index_version,
            set_up_index=_set_up_index(db, current.id),
            revisions=edition.revisions,
            folded=edition.folded,
            staff_id=staff_id,
            again_id=edition.id,
            published_at=now,
        ),
    )
    home.follow(db, Changeover(before, after, changes(before, after)), now)
    return again


def changes(before: Pack, after: Pack) -> tuple[Change, ...]:
    """Return the records whose text differs, with their versions."""
    old, new = _versions(before), _versions(after)
    return tuple(
        Change(*key, old.get(key), new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )


def records(pack: Pack) -> dict[tuple[str, str], Sourced]:
    """Return everything that answers, by kind and id."""
    kinds: dict[str, Mapping[str, Sourced]] = {
        "article": pack.articles,
        "facility": pack.facilities,
        "activity": pack.activities,
    }
    return {(kind, key): r for kind, found in kinds.items() for key, r in found.items()}


def _same(one: Active, other: Active) -> bool:
    return (one.version, one.index_version) == (other.version, other.index_version)


def _versions(pack: Pack) -> dict[tuple[str, str], str]:
    return {key: record.fingerprint for key, record in records(pack).items()}


def _texts(db: Db, edition_id: int) -> dict[str, str]:
    return revisions.documents_of(db, db.get_one(Edition, edition_id).revisions)


def _set_up_index(db: Db, edition_id: int) -> str | None:
    return db.get_one(Edition, edition_id).set_up_index
