"""Learns, when an index is built, how sure its answers may be: never a fixed similarity.

Evidence of right and wrong answers comes from the pack's golden questions; in a pack without,
from its own sample questions, each asked while it and its fold are left out. Evidence of what
must be declined comes from questions nobody here can answer (`data/unanswerable.yml`) too.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from knowledge import classifier
from knowledge.embedder import Embedder, Vectors
from knowledge.golden import Golden
from knowledge.index import Calibration, Index
from knowledge.passages import LANGUAGES
from knowledge.ranking import Question, Ranker, Ranking, rank, read
from knowledge.text import normalise

FOLDS = 5
LEAST_GOLDEN = 30  # golden questions of a language; with fewer the pack's own are asked
WRONGLY_SURE = 0.04  # at most this share of unanswerable questions is answered
MOST_ASKED = 4000  # of the pack's own questions; more say the same more slowly
WRONGLY_OFFERED = 0.2  # … is met with a guess

Numbers = NDArray[np.float64]
Ask = Callable[[Iterable[str], str], Iterator[Ranking]]


@dataclass(frozen=True)
class Asked:
    """A question of known answer: what was found, and whether its first record is right."""

    language: str
    ranking: Ranking
    right: bool


def probability(evidence: Sequence[float], learned: dict[str, Any]) -> float:
    """Return how probably the first record is the right one."""
    return float(1 / (1 + np.exp(-(np.dot(evidence, learned["weights"]) + learned["bias"]))))


def read_unanswerable(file: Path) -> dict[str, list[str]]:
    """Read the questions nobody can answer, by language."""
    questions: dict[str, list[str]] = yaml.load(
        file.read_text(encoding="utf-8"), yaml.CSafeLoader
    )
    return questions


def calibrate(
    index: Index,
    vectors: Vectors,
    embedder: Embedder,
    unanswerable: dict[str, list[str]],
    golden: Sequence[Golden] = (),
    ranker: Ranker = rank,
) -> Calibration:
    """Learn per language; a language with too few questions of known answer is left out."""
    ask = partial(_rank, index, embedder, ranker)
    tried = list(_ask_golden(ask, golden))
    own: list[Asked] | None = None
    found = {}
    for language in LANGUAGES:
        known = [asked for asked in tried if asked.language == language]
        if len(known) < LEAST_GOLDEN:
            own = list(_ask_own(index, vectors)) if own is None else own
            known = [asked for asked in own if asked.language == language]
        if len({asked.right for asked in known}) == 2:
            foreign = [g.question for g in golden if g.language == language and not g.records]
            rankings = ask([*foreign, *unanswerable[language]], language)
            found[language] = _fit(
                np.array([asked.ranking.evidence for asked in known]),
                np.array([asked.right for asked in known]),
                np.array([ranking.evidence for ranking in rankings]),
            )
    return found


def _ask_golden(ask: Ask, golden: Iterable[Golden]) -> Iterator[Asked]:
    """Ask the golden questions that stand alone and have an answer."""
    for one in golden:
        if one.records and not one.after:
            for ranking in ask([one.question], one.language):
                first = ranking.records[0].record
                yield Asked(one.language, ranking, first[1] in one.records)


def _ask_own(index: Index, vectors: Vectors) -> Iterator[Asked]:
    """Ask every sample question of the articles."""
    asked = [
        n
        for n, passage in enumerate(index.passages)
        if passage.asked and passage.kind == "article"
    ]
    asked = asked[:: 1 + len(asked) // MOST_ASKED]
    for fold in range(FOLDS):
        held_out = asked[fold::FOLDS]
        learned = classifier.fit(index.passages, vectors, frozenset(held_out))
        for n in held_out:
            passage = index.passages[n]
            question = Question(normalise(passage.text), vectors[n], passage.language)
            ranking = rank(index, question, learned=learned, without=frozenset({n}))
            if ranking:
                right = ranking.records[0].record == passage.record
                yield Asked(passage.language, ranking, right)


def _rank(
    index: Index, embedder: Embedder, ranker: Ranker, questions: Iterable[str], language: str
) -> Iterator[Ranking]:
    for text in questions:
        question = read(index, embedder, text, language)
        ranking = ranker(index, question) if question else None
        if ranking:
            yield ranking


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
