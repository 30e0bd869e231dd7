"""Learns, when an index is built, how sure its answers may be: never a fixed similarity.

Evidence of right answers comes from the pack's own sample questions, each asked while it and
its fold are left out; evidence of wrong ones from those, and from questions nobody here can
answer (`data/unanswerable.yml`).
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from knowledge import classifier
from knowledge.embedder import Embedder, Vectors
from knowledge.index import Calibration, Index
from knowledge.passages import LANGUAGES
from knowledge.ranking import Question, Ranking, rank
from knowledge.text import normalise

FOLDS = 5
AT_ONCE = 2  # folds
WRONGLY_SURE = 0.05  # at most this share of unanswerable questions is answered
WRONGLY_OFFERED = 0.2  # … is met with a guess

Numbers = NDArray[np.float64]


def probability(evidence: Sequence[float], learned: dict[str, Any]) -> float:
    """Return how probably the first record is the right one."""
    return float(1 / (1 + np.exp(-(np.dot(evidence, learned["weights"]) + learned["bias"]))))


def read_unanswerable(file: Path) -> dict[str, list[str]]:
    """Read the questions nobody can answer, by language."""
    questions: dict[str, list[str]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return questions


def calibrate(
    index: Index, vectors: Vectors, embedder: Embedder, unanswerable: dict[str, list[str]]
) -> Calibration:
    """Learn per language; a language with too few sample questions is left out."""
    asked = list(_ask_own(index, vectors))
    found = {}
    for language in LANGUAGES:
        own = [(ranking, right) for of, ranking, right in asked if of == language]
        if len({right for _, right in own}) == 2:
            foreign = _ask_foreign(index, embedder, unanswerable[language], language)
            found[language] = _fit(
                np.array([ranking.evidence for ranking, _ in own]),
                np.array([right for _, right in own]),
                np.array([ranking.evidence for ranking in foreign]),
            )
    return found


def _ask_own(index: Index, vectors: Vectors) -> Iterator[tuple[str, Ranking, bool]]:
    """Ask every sample question of the articles: (language, ranking, whether it is right)."""
    asked = [
        n
        for n, passage in enumerate(index.passages)
        if passage.asked and passage.kind == "article"
    ]
    folds = [asked[fold::FOLDS] for fold in range(FOLDS)]
    with ThreadPoolExecutor(AT_ONCE) as pool:  # learning leaves the other core to ranking
        for fold in pool.map(lambda held_out: _ask_fold(index, vectors, held_out), folds):
            yield from fold


def _ask_fold(
    index: Index, vectors: Vectors, held_out: Sequence[int]
) -> list[tuple[str, Ranking, bool]]:
    """Ask these sample questions while all of them are left out of what is learned."""
    learned = classifier.fit(index.passages, vectors, frozenset(held_out))
    found = []
    for n in held_out:
        passage = index.passages[n]
        question = Question(normalise(passage.text), vectors[n], passage.language)
        ranking = rank(index, question, learned=learned, without=frozenset({n}))
        if ranking:
            right = ranking.records[0].record == passage.record
            found.append((passage.language, ranking, right))
    return found


def _ask_foreign(
    index: Index, embedder: Embedder, questions: Sequence[str], language: str
) -> list[Ranking]:
    texts = [normalise(question) for question in questions]
    rankings = (
        rank(index, Question(text, vector, language))
        for text, vector in zip(texts, embedder.embed_queries(texts), strict=True)
    )
    return [ranking for ranking in rankings if ranking]


def _fit(own: Numbers, right: NDArray[np.bool_], foreign: Numbers) -> dict[str, Any]:
    """Fit a logistic regression; find from which probability on to be sure, and to guess."""
    from sklearn.linear_model import LogisticRegression

    rows = np.vstack([own, foreign])
    truth = np.concatenate([right, np.zeros(len(foreign), bool)])
    mean, spread = rows.mean(0), rows.std(0) + 1e-9
    fitted = LogisticRegression().fit((rows - mean) / spread, truth)
    weights = fitted.coef_[0] / spread
    learned: dict[str, Any] = {
        "weights": weights.tolist(),
        "bias": float(fitted.intercept_[0] - np.dot(weights, mean)),
    }
    wrongly = [probability(row, learned) for row in foreign]
    rightly = np.array([probability(row, learned) for row in own])
    sure = float(np.quantile(wrongly, 1 - WRONGLY_SURE))
    return learned | {
        "sure": sure,
        "likely": float(np.quantile(wrongly, 1 - WRONGLY_OFFERED)),
        "answered": float((rightly > sure).mean()),
        "right_when_sure": float(right[rightly > sure].mean())
        if (rightly > sure).any()
        else 0.0,
    }
