"""Ranks the records for a question, and gathers what speaks for the first of them."""

from dataclasses import dataclass

import numpy as np

from knowledge.classifier import Classifier
from knowledge.embedder import Vectors
from knowledge.index import Index
from knowledge.passages import RecordKey

CANDIDATES = 60  # passages each leg looks at when there is no classifier
WORDS_WEIGHT = 0.15  # of the word leg beside nearness; 0.3 measured worse
WORDS_LOGIT = 0.1  # of the word leg beside the classifier; 0.25 and more measured worse


@dataclass(frozen=True)
class Question:
    """What is asked: normalised text, its vector, its language."""

    text: str
    vector: Vectors
    language: str


@dataclass(frozen=True)
class Ranked:
    """A record, its score, and the number of its passage nearest to the question."""

    record: RecordKey
    score: float
    passage: int


@dataclass(frozen=True)
class Ranking:
    """Records, best first, and the evidence for the first of them.

    The evidence, in both the greater the better: its score, and its share against all others.
    Nearness would only flatter: the pack's own questions lie nearer to one another than what
    residents ask lies to them.
    """

    records: list[Ranked]
    evidence: tuple[float, float]


@dataclass(frozen=True)
class _Legs:
    """The best similarity and BM25 score of each record, and its nearest passage."""

    nearness: dict[RecordKey, float]
    words: dict[RecordKey, float]
    passage: dict[RecordKey, int]


def rank(
    index: Index,
    question: Question,
    *,
    learned: Classifier | None = None,
    without: frozenset[int] = frozenset(),
) -> Ranking | None:
    """Rank the records; None without any. Passages in `without` are not looked at."""
    learned = learned or index.classifier
    count = len(index.rows[question.language]) if learned else CANDIDATES + len(without)
    legs = _legs(index, question, count, without)
    if not legs.nearness:
        return None
    scores = _learned_scores(legs, question, learned) if learned else _near_scores(legs)
    ordered = sorted(scores, key=lambda record: -scores[record])
    return Ranking(
        [Ranked(record, scores[record], legs.passage[record]) for record in ordered],
        _evidence(scores, ordered[0]),
    )


def _legs(index: Index, question: Question, count: int, without: frozenset[int]) -> _Legs:
    legs = _Legs({}, {}, {})
    passages, nearness = index.passages, legs.nearness  # looked at for every passage there is
    for number, similarity in index.nearest(question.vector, question.language, count):
        record = passages[number].record
        if record not in nearness and number not in without:
            nearness[record], legs.passage[record] = similarity, number
    for number, score in index.matching(question.text, question.language, CANDIDATES):
        record = index.passages[number].record
        if number not in without and record in legs.nearness:
            legs.words[record] = max(score, legs.words.get(record, 0.0))
    return legs


def _near_scores(legs: _Legs) -> dict[RecordKey, float]:
    """Nearness and words, each by how far it stands out."""
    nearness = _standard(np.array(list(legs.nearness.values())))
    words = _standard(np.array([legs.words.get(record, 0.0) for record in legs.nearness]))
    return dict(zip(legs.nearness, (nearness + WORDS_WEIGHT * words).tolist(), strict=True))


def _learned_scores(
    legs: _Legs, question: Question, learned: Classifier
) -> dict[RecordKey, float]:
    """What was learned of the records, and words."""
    logits = learned.scores(question.vector, question.language)
    by_record = dict(zip(learned.records, logits.tolist(), strict=True))
    words = _standard(np.array([legs.words.get(record, 0.0) for record in legs.nearness]))
    return {
        record: by_record[record] + WORDS_LOGIT * word
        for record, word in zip(legs.nearness, words.tolist(), strict=True)
        if record in by_record
    }


def _standard(values: Vectors) -> Vectors:
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 1e-6 else np.zeros_like(values)


def _evidence(scores: dict[RecordKey, float], first: RecordKey) -> tuple[float, float]:
    best = scores[first]
    return best, float(1 / np.exp(np.array(list(scores.values())) - best).sum())
