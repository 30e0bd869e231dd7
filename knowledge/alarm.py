"""Learns from the pack which messages mean an emergency, and which kind.

Two linear layers over the encoder's vectors: a logistic regression tells emergencies from near
misses and from what people say every day (`data/ordinary.yml`, `data/unanswerable.yml`), a
ridge regression tells the kinds apart. Learning takes seconds, for the embedding: `python -m
knowledge build` keeps what was learned in a folder.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from knowledge import manifest
from knowledge.embedder import Embedder, Vectors
from knowledge.pack import NeverRequest
from knowledge.text import has_han, normalise

FILE = "alarm.npz"
DATA = Path(__file__).parent / "data"
EVERYDAY = (DATA / "ordinary.yml", DATA / "unanswerable.yml")
# Cross-validated on the pack's examples, never on the held-out messages.
STRENGTH, RIDGE, ROUNDS = 10.0, 0.3, 10
EMERGENCY_WEIGHT = 2.0  # to miss one is worse than a false alarm

SIGN_COUNTS = 10.0  # more than any score: a kind with a sign comes before one without

Numbers = NDArray[np.float64]
Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Alarm:
    """What was learned; `centres` are the mean messages in English and in Chinese."""

    learned_from: str
    centres: Vectors
    weights: Vectors
    bias: float
    kinds: Vectors

    def of(
        self, vectors: Vectors, pieces: Sequence[str], signs: Sequence[Sequence[int]]
    ) -> list[tuple[float, int]]:
        """Return, a piece, how probably it tells of an emergency, and the likeliest kind.

        Where a piece has signs of some kinds, it is one of those.
        """
        centred = _centred(vectors, pieces, self.centres)
        probabilities = 1 / (1 + np.exp(-(centred @ self.weights + self.bias)))
        scores = centred @ self.kinds
        for row, signed in enumerate(signs):
            scores[row, list(signed)] += SIGN_COUNTS
        return list(zip(probabilities.tolist(), scores.argmax(1).tolist(), strict=True))

    def save(self, folder: Path) -> None:
        """Write what was learned to a folder of its own, and seal it."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = self.__dict__
        np.savez(folder / FILE, **arrays)
        manifest.write(folder)


def load(folder: Path, learned_from: str) -> Alarm | None:
    """Read what was learned; None when missing, not as written, or of other examples."""
    if manifest.changed(folder, FILE):
        return None
    with np.load(folder / FILE) as file:
        if str(file["learned_from"]) != learned_from:
            return None
        return Alarm(
            learned_from,
            file["centres"],
            file["weights"],
            float(file["bias"]),
            file["kinds"],
        )


def fingerprint(kinds: Sequence[NeverRequest]) -> str:
    """Return a hash of everything that is learned from."""
    told = [[kind.id, kind.examples, kind.near_misses] for kind in kinds]
    everyday = b"".join(file.read_bytes() for file in EVERYDAY)
    return hashlib.sha256(json.dumps(told).encode() + everyday).hexdigest()


def learn(kinds: Sequence[NeverRequest], embedder: Embedder) -> Alarm | None:
    """Learn from the kinds' examples; None when they have none."""
    told = [(text, n) for n, kind in enumerate(kinds) for text in kind.examples]
    if not told:
        return None
    told += [(text, -1) for kind in kinds for text in kind.near_misses]
    told += [(text, -1) for text in everyday()]
    texts = [normalise(text) for text, _ in told]
    numbers = np.array([n for _, n in told])
    vectors, emergencies = embedder.embed_queries(texts), numbers >= 0
    centres = _centres(vectors, texts)
    centred = _centred(vectors, texts, centres)
    weights, bias = _regress(centred, emergencies)
    columns = _tell_apart(centred[emergencies], np.eye(len(kinds))[numbers[emergencies]])
    return Alarm(fingerprint(kinds), centres, weights, bias, columns)


def everyday() -> list[str]:
    """Return what people say every day, in both languages."""
    files = [yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader) for file in EVERYDAY]
    return [text for by_language in files for texts in by_language.values() for text in texts]


def _chinese(texts: Sequence[str]) -> NDArray[np.intp]:
    return np.array([has_han(text) for text in texts], np.intp)


def _centres(vectors: Vectors, texts: Sequence[str]) -> Vectors:
    chinese = _chinese(texts)
    means = [
        vectors[chinese == n if (chinese == n).any() else slice(None)].mean(0) for n in range(2)
    ]
    return np.array(means, np.float32)


def _centred(vectors: Vectors, texts: Sequence[str], centres: Vectors) -> Vectors:
    """Take the mean of its language from each vector, and give it length one."""
    away = vectors - centres[_chinese(texts)]
    unit: Vectors = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    return unit


def _regress(vectors: Vectors, truth: Truths) -> tuple[Vectors, float]:
    """Fit a logistic regression by Newton's method: some hundred rows take milliseconds."""
    rows: Numbers = np.hstack([vectors, np.ones((len(vectors), 1))]).astype(np.float64)
    heavy = np.where(truth, EMERGENCY_WEIGHT, 1.0)
    penalty = np.eye(rows.shape[1]) / STRENGTH
    penalty[-1, -1] = 1e-6  # the bias is free
    weights = np.zeros(rows.shape[1])
    for _ in range(ROUNDS):
        said = 1 / (1 + np.exp(-(rows @ weights)))
        slope = rows.T @ (heavy * (said - truth)) + penalty @ weights
        curve = (rows * (heavy * said * (1 - said))[:, None]).T @ rows + penalty
        weights -= np.linalg.solve(curve, slope)
    return weights[:-1].astype(np.float32), float(weights[-1])


def _tell_apart(vectors: Vectors, kinds: Numbers) -> Vectors:
    """Fit one column a kind by ridge regression."""
    square = vectors.T @ vectors + RIDGE * np.eye(vectors.shape[1])
    columns: Vectors = np.linalg.solve(square, vectors.T @ (kinds - kinds.mean(0)))
    return columns.astype(np.float32)
