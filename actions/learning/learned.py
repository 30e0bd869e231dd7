"""Questions staff have taught: they count at once, until a publish folds them in."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import func, select, update

from actions.content import editions
from actions.content.folding import Taught
from actions.content.model import Edition
from actions.db import Db
from actions.learning.model import LearnedQuestion
from knowledge.passages import Kind, Passage

Mark = tuple[int, int, int]


@dataclass(frozen=True)
class Question:
    """A question as somebody asks it, and the record that answers it."""

    kind: str
    record_id: str
    language: str
    text: str


def mark(db: Db) -> Mark:
    """Return as of when the taught questions are: it changes whenever one comes or goes."""
    latest, retired, edition = db.execute(
        select(
            func.coalesce(func.max(LearnedQuestion.id), 0),
            func.count(LearnedQuestion.retired_at),
            select(func.coalesce(func.max(Edition.id), 0)).scalar_subquery(),
        )
    ).one()
    return int(latest), int(retired), int(edition)


def passages(db: Db) -> list[Passage]:
    """Return what was taught the way the knowledge base compares questions with."""
    return [
        Passage(cast("Kind", row.kind), row.record_id, row.language, row.question, asked=True)
        for row in present(db)
    ]


def to_fold(db: Db) -> list[Taught]:
    """Return what was taught and not taken back, for a publish to fold into the content."""
    return [
        Taught(row.id, row.kind, row.record_id, row.language, row.question)
        for row in _standing(db)
    ]


def present(db: Db) -> list[LearnedQuestion]:
    """Return the taught questions that count beside the content, the oldest first.

    Those the active edition was folded with count by its content; after a roll-back to an
    edition without them they count here again.
    """
    folded = editions.folded(db)
    return [row for row in _standing(db) if row.id not in folded]


def teach(db: Db, question: Question, *, staff_id: int | None, now: datetime) -> None:
    """Count a question as one of a record's from now on; the latest word on it holds."""
    same = [
        row.id
        for row in _standing(db)
        if (row.language, row.question) == (question.language, question.text)
    ]
    retire(db, same, now=now)
    db.add(
        LearnedQuestion(
            kind=question.kind,
            record_id=question.record_id,
            language=question.language,
            question=question.text,
            staff_id=staff_id,
            accepted_at=now,
        )
    )
    db.flush()


def retire(db: Db, numbers: Collection[int], *, now: datetime) -> int:
    """Count these no longer; returns how many did until now."""
    retired = db.execute(
        update(LearnedQuestion)
        .where(LearnedQuestion.id.in_(numbers), LearnedQuestion.retired_at.is_(None))
        .values(retired_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(retired.rowcount)  # type: ignore[attr-defined]


def _standing(db: Db) -> list[LearnedQuestion]:
    not_taken_back = select(LearnedQuestion).where(LearnedQuestion.retired_at.is_(None))
    return list(db.scalars(not_taken_back.order_by(LearnedQuestion.id)))
