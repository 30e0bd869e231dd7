"""Measures the shipped pack on questions nobody tuned on, beside the nearest passage alone.

A book's rows are kind, language, question, the ids of the records that answer (none when nobody
here can) and, for a follow-up, the question before it; or, without a first row that names these
columns, language, question and ids.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.output import following, share
from knowledge import calibration, index
from knowledge.embedder import Embedder
from knowledge.index import Index
from knowledge.passages import LANGUAGES
from knowledge.search import UNANSWERABLE, KnowledgeBase
from knowledge.text import normalise

HEADER = ["kind", "language", "question", "records", "after"]
BOOKS = (  # the first of these that is there
    (Path("tests/knowledge/book.tsv"),),
    (Path("tests/knowledge/questions.tsv"), Path("tests/knowledge/unknown.tsv")),
)


@dataclass(frozen=True)
class Asked:
    """A question and the records that answer it."""

    kind: str
    language: str
    text: str
    answers: frozenset[str]


@dataclass(frozen=True)
class Answer:
    """The first record that was found, and whether it is told without asking back."""

    record_id: str
    sure: bool


Answering = Callable[[Asked], Answer]


def shipped_book() -> tuple[Path, ...]:
    """Return the files of the book that the project has."""
    return next(files for files in BOOKS if all(file.is_file() for file in files))


def read(files: Iterable[Path]) -> list[Asked]:
    """Read the rows of a book's files."""
    return [asked for file in files for asked in _read(file)]


def _read(file: Path) -> list[Asked]:
    rows = [line.split("\t") for line in file.read_text("utf-8").splitlines() if line.strip()]
    if rows and rows[0] == HEADER:
        return [
            Asked(kind, language, f"{after} {question}".strip(), _ids(records))
            for kind, language, question, records, after in rows[1:]
        ]
    return [_asked(*row) for row in rows]


def _asked(language: str, question: str, records: str = "") -> Asked:
    return Asked(language if records else "unanswerable", language, question, _ids(records))


def _ids(records: str) -> frozenset[str]:
    return frozenset(records.split(",")) - {""}


def measure(book: Sequence[Asked], folder: Path, embedder: Embedder) -> dict[str, Any]:
    """Ask every question of an index's latest version; `embedder` must not remember any."""
    base, opened = KnowledgeBase(folder, embedder), index.load(folder / index.latest(folder))
    base.search(book[0].text, book[0].language)  # loading is not searching
    began = time.process_time()
    ours = [_ask(base, asked) for asked in following(book, "questions")]
    spent = time.process_time() - began
    nearest = _nearest_only(opened, embedder)
    plain = [nearest(asked) for asked in following(book, "questions to the plain search")]
    base.close()
    opened.close()
    return {
        "questions": len(book),
        "cpu_ms_per_question": round(1000 * spent / len(book), 2),
        "xiaoli": _by_kind(book, ours),
        "nearest_passage_only": _by_kind(book, plain),
    }


def _ask(base: KnowledgeBase, asked: Asked) -> Answer:
    found = base.search(asked.text, asked.language)
    return Answer(found[0].record_id, found[0].confident) if found else Answer("", False)


def _nearest_only(opened: Index, embedder: Embedder) -> Answering:
    """Answer with the nearest passage, as sure of the unanswerable as the product may be."""

    def nearest(text: str, language: str) -> tuple[str, float]:
        vector = embedder.embed_queries([normalise(text)])[0]
        ((number, similarity),) = opened.nearest(vector, language, 1)
        return opened.passages[number].record_id, similarity

    foreign = calibration.read_unanswerable(UNANSWERABLE)
    bar = {
        language: np.quantile(
            [nearest(text, language)[1] for text in foreign[language]],
            1 - calibration.WRONGLY_SURE,
        )
        for language in LANGUAGES
    }

    def answer(asked: Asked) -> Answer:
        record_id, similarity = nearest(asked.text, asked.language)
        return Answer(record_id, bool(similarity > bar[asked.language]))

    return answer


def _by_kind(book: Sequence[Asked], answers: Sequence[Answer]) -> dict[str, Any]:
    both = list(zip(book, answers, strict=True))
    figures = {"all": _figures(both)}
    for kind in dict.fromkeys(asked.kind for asked in book):
        figures[kind] = _figures([(a, found) for a, found in both if a.kind == kind])
    return figures


def _figures(both: Sequence[tuple[Asked, Answer]]) -> dict[str, Any]:
    """Shares: right first of what can be answered; sure and wrong, and declined, of all."""
    right = [found.record_id in asked.answers for asked, found in both if asked.answers]
    return {
        "questions": len(both),
        "right_first": share(right) if right else None,
        "confidently_wrong": share(f.sure and f.record_id not in a.answers for a, f in both),
        "declined": share(not found.sure for _, found in both),
    }
