"""Learns from the passages which record a question is about: one linear layer over the vectors.

The nearest passage alone is right for three in four questions that share few words with it; a
layer learned from all passages of both languages for nine in ten (figures in DECISIONS.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.embedder import Vectors
from knowledge.passages import Passage
from knowledge.records import RecordKey

FILE = "classifier.npz"
LEAST_PASSAGES = 2  # a record, on average: with fewer there is nothing to generalise from
MOST_PASSAGES = 10_000  # one fit takes 20 s there, and an index fits six
STRENGTH = 20.0  # inverse regularisation; 10 to 100 measured alike
ROUNDS = 300


@dataclass(frozen=True)
class Classifier:
    """Scores every record for a question. `centres` are the mean question of each language."""

    records: tuple[RecordKey, ...]
    weights: Vectors
    bias: Vectors
    centres: dict[str, Vectors]

    def scores(self, vector: Vectors, language: str) -> Vectors:
        """Return one logit a record, in the order of `records`."""
        away = vector - self.centres[language]
        scores: Vectors = self.weights @ (away / np.linalg.norm(away)) + self.bias
        return scores

    def save(self, folder: Path) -> None:
        """Write the layer to the index's folder."""
        arrays: dict[str, Any] = {f"centre_{lang}": mean for lang, mean in self.centres.items()}
        np.savez(
            folder / FILE,
            records=np.array(self.records),
            weights=self.weights,
            bias=self.bias,
            **arrays,
        )


def load(folder: Path) -> Classifier | None:
    """Read the layer from the index's folder, None when it has none."""
    if not (folder / FILE).is_file():
        return None
    with np.load(folder / FILE) as file:
        return Classifier(
            records=tuple((str(kind), str(record_id)) for kind, record_id in file["records"]),
            weights=file["weights"],
            bias=file["bias"],
            centres={
                name.removeprefix("centre_"): file[name]
                for name in file.files
                if name.startswith("centre_")
            },
        )


def fit(
    passages: Sequence[Passage], vectors: Vectors, without: frozenset[int] = frozenset()
) -> Classifier | None:
    """Learn the layer, passages in `without` left out.

    None with too few passages a record, or with too many passages to learn from.
    """
    if len(passages) > MOST_PASSAGES:
        return None
    rows = [n for n in range(len(passages)) if n not in without]
    records = tuple(sorted({passages[n].record for n in rows}))
    if len(records) < 2 or len(passages) < LEAST_PASSAGES * len(records):
        return None
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    place = {record: number for number, record in enumerate(records)}
    targets = np.array([place[passages[n].record] for n in rows])
    learner = LogisticRegression(C=STRENGTH, max_iter=ROUNDS)
    with threadpool_limits(1):  # two threads on two busy cores took five times as long
        learner.fit(_centred(passages, vectors)[rows], targets)
    weights, bias = learner.coef_, learner.intercept_
    if len(records) == 2:  # scikit-learn keeps one row for two classes
        weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
    return Classifier(
        records=records,
        weights=weights.astype(np.float32),
        bias=bias.astype(np.float32),
        centres=_centres(passages, vectors),
    )


def _centred(passages: Sequence[Passage], vectors: Vectors) -> Vectors:
    """Take from each vector the mean of its kind: what language it is says nothing here."""
    centred = vectors.copy()
    for language, asked in {(p.language, p.asked) for p in passages}:
        rows = _rows(passages, language, asked)
        centred[rows] -= vectors[rows].mean(0)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    unit: Vectors = centred / np.maximum(lengths, 1e-9)
    return unit


def _centres(passages: Sequence[Passage], vectors: Vectors) -> dict[str, Vectors]:
    """Return each language's mean sample question, the mean passage where nobody asks."""
    centres = {}
    for language in {p.language for p in passages}:
        rows = _rows(passages, language, asked=True)
        rows = rows if rows.any() else _rows(passages, language, asked=False)
        centres[language] = vectors[rows].mean(0)
    return centres


def _rows(passages: Sequence[Passage], language: str, asked: bool) -> NDArray[np.bool_]:
    return np.array([p.language == language and p.asked is asked for p in passages])
