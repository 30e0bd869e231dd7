"""Measures the shipped pack on questions nobody tuned on, beside the nearest passage alone.

The book is written as golden questions are (`knowledge/golden.py`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.output import following, share
from knowledge import calibration, index
from knowledge.embedder import Embedder
from knowledge.gate import Asked
from knowledge.golden import Golden, parse_golden
from knowledge.index import Index
from knowledge.pack import Pack
from knowledge.passages import LANGUAGES
from knowledge.search import UNANSWERABLE, KnowledgeBase
from knowledge.text import normalise

BOOK = Path("tests/knowledge/book.tsv")


@dataclass(frozen=True)
class Answer:
    """The first record that was found, and whether it is told without asking back."""

    record_id: str
    sure: bool


Answering = Callable[[Golden], Answer]


def read(file: Path = BOOK) -> tuple[Golden, ...]:
    """Read a book; a file that is none ends the bench with its mistakes."""
    questions, mistakes = parse_golden(file.read_text("utf-8"), file.name)
    if mistakes:
        raise SystemExit("\n".join(mistakes))
    return questions


def measure(
    book: Sequence[Golden], pack: Pack, folder: Path, embedder: Embedder
) -> dict[str, Any]:
    """Ask every question of a pack's latest index; `embedder` must not remember any."""
    base, opened = KnowledgeBase(folder, embedder), index.load(folder / index.latest(folder))
    put = len(book) + sum(bool(question.after) for question in book)
    answer = _as_the_product(base, pack)
    answer(book[0])  # loading is not searching
    began = time.process_time()
    ours = [answer(question) for question in following(book, "questions")]
    spent = time.process_time() - began
    nearest = _nearest_only(opened, embedder)
    plain = [nearest(question) for question in following(book, "to the plain search")]
    base.close()
    opened.close()
    return {
        "questions": len(book),
        "cpu_ms_per_question": round(1000 * spent / put, 2),
        "xiaoli": _by_kind(book, ours),
        "nearest_passage_only": _by_kind(book, plain),
    }


def _as_the_product(base: KnowledgeBase, pack: Pack) -> Answering:
    """Answer as the product does: what adds to a question is asked after its answer."""
    asked = Asked(base, pack)

    def answer(question: Golden) -> Answer:
        found = asked.answers(question)
        return Answer(found[0].record_id, found[0].confident) if found else Answer("", False)

    return answer


def _nearest_only(opened: Index, embedder: Embedder) -> Answering:
    """Answer with the nearest passage, as sure of the unanswerable as the product may be.

    What adds to a question is asked in one text with it: there is nothing else to add it to.
    """

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

    def answer(question: Golden) -> Answer:
        text = f"{question.after} {question.question}".strip()
        record_id, similarity = nearest(text, question.language)
        return Answer(record_id, bool(similarity > bar[question.language]))

    return answer


def _by_kind(book: Sequence[Golden], answers: Sequence[Answer]) -> dict[str, Any]:
    both = list(zip(book, answers, strict=True))
    figures = {"all": _figures(both)}
    for kind in dict.fromkeys(question.kind for question in book):
        figures[kind] = _figures([(q, found) for q, found in both if q.kind == kind])
    return figures


def _figures(both: Sequence[tuple[Golden, Answer]]) -> dict[str, Any]:
    """Shares: right first of what can be answered; sure and wrong, and declined, of all."""
    right = [found.record_id in asked.records for asked, found in both if asked.records]
    return {
        "questions": len(both),
        "right_first": share(right) if right else None,
        "confidently_wrong": share(f.sure and f.record_id not in q.records for q, f in both),
        "declined": share(not found.sure for _, found in both),
    }
