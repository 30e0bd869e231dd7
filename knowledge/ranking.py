"""Ranks the records for a question, and gathers what speaks for the first of them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from knowledge.classifier import Classifier
from knowledge.embedder import Embedder, Vectors
from knowledge.index import Index
from knowledge.records import RecordKey
from knowledge.text import normalise

CANDIDATES = 60  # passages that are looked at when there is no classifier
WORDS_WEIGHT = 0.15  # of the word leg beside nearness; 0.3 measured worse
ALONE = 0.6  # of a question by itself, beside what it adds to; .5 measured alike
WORDS_LOGIT = 0.1  # of the word leg beside the classifier; 0.25 and more measured worse

Scored = list[tuple[int, float]]  # passage numbers and how near, or how many words they share


@dataclass(frozen=True)
class Question:
    """What is asked: normalised text, its vector, its language."""

    text: str
    vector: Vectors
    language: str


def read(index: Index, embedder: Embedder, asked: str, language: str) -> Question | None:
    """Bring what somebody asks to the form it is compared in; None when it says nothing."""
    text = index.spelling.restore(normalise(asked))
    if not text:
        return None
    return Question(text, embedder.embed_queries([text])[0], language)


class Ranked(NamedTuple):
    """A record, its score, and the number of its passage nearest to the question."""

    record: RecordKey
    score: float
    passage: int


@dataclass(frozen=True)
class Ranking:
    """Records, best first, and the evidence for the first of them.

    The evidence, in each the greater the better: its score, the logarithm of its share against
    all others, and how near its nearest passage is.
    """

    records: list[Ranked]
    evidence: tuple[float, float, float]

    def shares(self) -> dict[RecordKey, float]:
        """Return the share of each record; together they are 1."""
        scores = np.array([ranked.score for ranked in self.records])
        shares = np.exp(scores - scores.max())
        records = [ranked.record for ranked in self.records]
        return dict(zip(records, (shares / shares.sum()).tolist(), strict=True))


Ranker = Callable[[Index, Question], Ranking | None]


class RememberingRanker:
    """Ranks for one index as `rank` does, and remembers: the same may be asked again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Ranking | None] = {}

    def __call__(self, index: Index, question: Question) -> Ranking | None:
        """Rank the records for a question; None without any."""
        asked = question.text, question.language
        if asked not in self._known:
            self._known[asked] = rank(index, question)
        return self._known[asked]


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
    if learned:
        legs = _all_legs(index, question, without)
    else:
        legs = _nearest_legs(index, question, without)
    if not legs.nearness:
        return None
    scores = _learned_scores(legs, question, learned) if learned else _near_scores(legs)
    ordered = sorted(scores, key=lambda record: -scores[record])
    return Ranking(
        [Ranked(record, scores[record], legs.passage[record]) for record in ordered],
        _evidence(scores, ordered[0], legs),
    )


def together(rankings: Sequence[Ranking]) -> list[Ranked]:
    """Order the records by their shares in the question alone and in what it adds to."""
    alone, *added = rankings
    if not added:
        return alone.records
    shares, shares_added = alone.shares(), added[0].shares()
    return sorted(
        alone.records,
        key=lambda ranked: (
            -ALONE * shares[ranked.record] - (1 - ALONE) * shares_added.get(ranked.record, 0.0)
        ),
    )


def _all_legs(index: Index, question: Question, without: frozenset[int]) -> _Legs:
    """Look at every passage: what was learned scores every record."""
    near = index.nearest_of_each(question.vector, question.language, without)
    shared = index.matching(question.text, question.language, CANDIDATES)
    return _legs(index, near, shared, without)


def _nearest_legs(index: Index, question: Question, without: frozenset[int]) -> _Legs:
    """Look at the nearest passages: it costs the same among two thousand and a million."""
    near = index.nearest(question.vector, question.language, CANDIDATES + len(without))
    shared = index.matching_among(question.text, [number for number, _ in near])
    return _legs(index, near, shared, without)


def _legs(index: Index, near: Scored, shared: Scored, without: frozenset[int]) -> _Legs:
    legs = _Legs({}, {}, {})
    for number, similarity in near:
        record = index.passages[number].record
        if number not in without and record not in legs.nearness:
            legs.nearness[record], legs.passage[record] = similarity, number
    for number, score in shared:
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


def _evidence(
    scores: dict[RecordKey, float], first: RecordKey, legs: _Legs
) -> tuple[float, float, float]:
    best = scores[first]
    others = sum(math.exp(score - best) for score in scores.values())
    return best, -math.log(others), legs.nearness[first]
