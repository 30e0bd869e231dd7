"""The golden questions of a pack: what its answers are held to before they are published.

`golden.tsv` has four columns: kind, language, question, and the ids of the records that answer,
separated by commas (`ed-card` or `article:ed-card`); without ids the question must be declined.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from knowledge.documents import GOLDEN, Documents
from knowledge.errors import PackInvalid
from knowledge.passages import LANGUAGES
from knowledge.search import Found

COLUMNS = ["kind", "language", "question", "records"]
DECLINED = "declined"


class Searches(Protocol):
    """What answers questions, as `KnowledgeBase` does."""

    def search(self, question: str, language: str, limit: int = 3) -> list[Found]:
        """Return the records that answer best, best first."""


@dataclass(frozen=True)
class Golden:
    """One question, and the records that answer it; none of them: it must be declined."""

    kind: str
    language: str
    question: str
    records: tuple[str, ...]

    @property
    def expected(self) -> str:
        """What is right, in a word."""
        return ", ".join(self.records) or DECLINED


@dataclass(frozen=True)
class Regression:
    """A golden question that was answered right and no longer is."""

    question: str
    language: str
    expected: str
    now: str


@dataclass(frozen=True)
class Outcome:
    """What the golden questions came to: how many, how many right, and what broke."""

    asked: int
    right_before: int
    right: int
    regressions: tuple[Regression, ...]


def read_book(documents: Documents) -> list[Golden]:
    """Read a pack's golden questions; none when it has no book.

    Raises:
        PackInvalid: each sentence names the line and what to do.
    """
    lines = documents.get(GOLDEN, "").splitlines()
    rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    mistakes = [
        f"{GOLDEN}, line {number}: {reason}"
        for number, row in enumerate(rows, start=1)
        if (reason := _unfit(row, number))
    ]
    if mistakes:
        raise PackInvalid(mistakes)
    return [
        Golden(row[0], row[1], row[2], _ids(row))
        for row in rows
        if _speaks(row) and row[:3] != COLUMNS[:3]
    ]


def compare(
    book: Sequence[Golden], candidate: Searches, active: Searches | None = None
) -> Outcome:
    """Ask both; a regression is what only the active one answers right."""
    right_before = right = 0
    broken = []
    for golden in book:
        found = candidate.search(golden.question, golden.language, 1)
        was_right = active is not None and is_right(
            golden, active.search(golden.question, golden.language, 1)
        )
        is_now = is_right(golden, found)
        right_before, right = right_before + was_right, right + is_now
        if was_right and not is_now:
            now = _named(golden, found)
            broken.append(Regression(golden.question, golden.language, golden.expected, now))
    return Outcome(len(book), right_before, right, tuple(broken))


def is_right(golden: Golden, found: Sequence[Found]) -> bool:
    """Whether a right record comes first, or what must be declined surely is not answered."""
    first = found[0] if found else None
    if not golden.records:
        return first is None or not first.confident
    return first is not None and bool(
        {first.record_id, f"{first.kind}:{first.record_id}"} & set(golden.records)
    )


def strangers(book: Iterable[Golden], known: Iterable[tuple[str, str]]) -> list[str]:
    """Return a sentence for each expected record there is not."""
    names = {name for kind, record in known for name in (record, f"{kind}:{record}")}
    return [
        f"{GOLDEN}: “{golden.question}” expects {record}, which is not in the pack"
        for golden in book
        for record in golden.records
        if record not in names
    ]


def _named(golden: Golden, found: Sequence[Found]) -> str:
    if not found or (golden.records and not found[0].likely):
        return DECLINED
    return f"{found[0].kind}:{found[0].record_id}"


def _ids(row: Sequence[str]) -> tuple[str, ...]:
    """Return the records expected; an empty last column may have lost its tab."""
    return tuple(i.strip() for i in row[3].split(",") if i.strip()) if row[3:] else ()


def _speaks(row: Sequence[str]) -> bool:
    return bool(row) and not row[0].startswith("#")


def _unfit(row: Sequence[str], number: int) -> str | None:
    if not _speaks(row) or (number == 1 and list(row[:3]) == COLUMNS[:3]):
        return None
    if len(row) not in (len(COLUMNS) - 1, len(COLUMNS)):
        return f"{len(row)} columns; write kind, language, question, records, with tabs between"
    if row[1] not in LANGUAGES:
        return f"language “{row[1]}” is unknown; write zh or en"
    return None if row[2].strip() else "the question is empty; write it or take the line out"
