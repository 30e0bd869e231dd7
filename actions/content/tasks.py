"""What owners have to do about their records: look again, settle what disagrees."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from actions.content.editions import records
from knowledge import conflicts
from knowledge.article import Article
from knowledge.conflicts import Conflict
from knowledge.pack import Pack

SOON = timedelta(days=14)


class Reason(StrEnum):
    """Why a record needs its owner, the most pressing first."""

    EXPIRED = "expired"
    CONFLICT = "conflict"
    SOON = "soon"


@dataclass(frozen=True)
class Task:
    """One thing for one owner (a team of the pack); `conflicts` say who disagrees on what."""

    reason: Reason
    kind: str
    record_id: str
    owner: str
    valid_until: date | None = None
    conflicts: tuple[Conflict, ...] = ()


def tasks(pack: Pack, today: date) -> list[Task]:
    """Return what is to be done, the most pressing first."""
    order = list(Reason)
    return sorted(
        _tasks(pack, today),
        key=lambda task: (
            order.index(task.reason),
            task.owner,
            task.valid_until or today,
            task.record_id,
        ),
    )


def _tasks(pack: Pack, today: date) -> Iterator[Task]:
    for (kind, record_id), record in records(pack).items():
        owner, until = record.owner or "", record.valid_until
        if until is not None and until < today:
            yield Task(Reason.EXPIRED, kind, record_id, owner, until)
        elif until is not None and until <= today + SOON:
            yield Task(Reason.SOON, kind, record_id, owner, until)
        if isinstance(record, Article) and (found := tuple(conflicts.of(pack, record))):
            yield Task(Reason.CONFLICT, kind, record_id, owner, until, found)
