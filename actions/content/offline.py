"""Taking a topic or a record offline, in one step: from the next question on it is not told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from actions.content.model import Offline
from actions.db import Db
from actions.people.locks import alone
from knowledge.pack import Pack

TOPIC = "topic"

Subject = tuple[str, str]  # kind (topic, article, facility, activity) and id


@dataclass(frozen=True)
class Hidden:
    """What is offline now."""

    subjects: frozenset[Subject]

    def covers(self, pack: Pack, kind: str, record_id: str) -> bool:
        """Whether a record is offline, by itself or by its topic."""
        if (kind, record_id) in self.subjects:
            return True
        article = pack.articles.get(record_id) if kind == "article" else None
        return article is not None and (TOPIC, article.topic) in self.subjects

    def activity(self, activity_id: str) -> bool:
        """Whether an activity is offline: it is not listed then, nor booked."""
        return ("activity", activity_id) in self.subjects


def hidden(db: Db) -> Hidden:
    """Return what is offline at this moment."""
    found = db.execute(
        select(Offline.kind, Offline.subject_id).where(Offline.until_at.is_(None))
    )
    return Hidden(frozenset((kind, subject) for kind, subject in found))


def now_offline(db: Db) -> Sequence[Offline]:
    """Return the rows of what is offline, the oldest first."""
    return db.scalars(
        select(Offline).where(Offline.until_at.is_(None)).order_by(Offline.id)
    ).all()


def take_offline(db: Db, subject: Subject, *, staff_id: int, now: datetime) -> None:
    """Take something offline; nothing happens when it is."""
    alone(db, Offline)
    if _row(db, subject) is None:
        kind, subject_id = subject
        db.add(Offline(kind=kind, subject_id=subject_id, staff_id=staff_id, since_at=now))
        db.flush()


def bring_back(db: Db, subject: Subject, *, staff_id: int, now: datetime) -> None:
    """Let something be answered again; nothing happens when it is."""
    row = _row(db, subject)
    if row is not None:
        row.until_at, row.back_by_id = now, staff_id
        db.flush()


def _row(db: Db, subject: Subject) -> Offline | None:
    is_it = (Offline.kind == subject[0], Offline.subject_id == subject[1])
    return db.scalar(select(Offline).where(*is_it, Offline.until_at.is_(None)))
