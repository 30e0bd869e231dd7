"""Questions staff have taught: they count at once, until a publish takes them over."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import func, select, update

from actions.db import Db
from actions.learning.model import LearnedQuestion
from knowledge.passages import Kind, Passage

Mark = tuple[int, int]


@dataclass(frozen=True)
class Question:
    """A question as somebody asks it, and the record that answers it."""

    kind: str
    record_id: str
    language: str
    text: str


def mark(db: Db) -> Mark:
    """Return as of when the taught questions are: it changes whenever one comes or goes."""
    latest, retired = db.execute(
        select(
            func.coalesce(func.max(LearnedQuestion.id), 0),
            func.count(LearnedQuestion.retired_at),
        )
    ).one()
    return int(latest), int(retired)


def passages(db: Db) -> list[Passage]:
    """Return what was taught the way the knowledge base compares questions with."""
    return [
        Passage(cast("Kind", row.kind), row.record_id, row.language, row.question, asked=True)
        for row in present(db)
    ]


def as_questions(db: Db) -> list[tuple[int, Question]]:
    """Return what was taught, each with its number, for a publish to fold into the pack.

    A publish that has done so retires them by their numbers, in its own transaction.
    """
    return [
        (row.id, Question(row.kind, row.record_id, row.language, row.question))
        for row in present(db)
    ]


def present(db: Db) -> list[LearnedQuestion]:
    """Return the taught questions that count, the oldest first."""
    return list(
        db.scalars(
            select(LearnedQuestion)
            .where(LearnedQuestion.retired_at.is_(None))
            .order_by(LearnedQuestion.id)
        )
    )


def teach(db: Db, question: Question, *, staff_id: int | None, now: datetime) -> None:
    """Count a question as one of a record's from now on; the latest word on it holds."""
    same = [
        row.id
        for row in present(db)
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
