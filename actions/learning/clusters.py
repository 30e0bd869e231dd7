"""Puts missed questions together that mean the same, so that staff answer each meaning once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from actions.learning.model import Miss
from knowledge.embedder import Embedder, Vectors
from knowledge.text import normalise

# Average cosine distance up to which questions are one: “停车多少钱” and “停车收费不” lie .044
# apart, opening hours of different places .06 and more. Rather too many than mixed ones.
APART = 0.055
LIKELY = 3  # records offered for a cluster


@dataclass(frozen=True)
class Cluster:
    """Questions of one meaning. `question` is the most typical, `likely` records as kind:id."""

    question: str
    language: str
    misses: tuple[Miss, ...]
    likely: tuple[str, ...]

    @property
    def newest_at(self) -> datetime:
        """When it was asked last."""
        return max(miss.asked_at for miss in self.misses)

    @property
    def conversations(self) -> int:
        """How many conversations asked it: somebody who asks five times is one."""
        return len({miss.conversation_id for miss in self.misses})

    @property
    def reasons(self) -> Counter[str]:
        """Why they were missed, and what residents complained of, each with how often."""
        return Counter(miss.complaint or miss.reason for miss in self.misses)

    @property
    def shown(self) -> tuple[str, ...]:
        """The records whose answers were disliked, as kind:id."""
        return tuple(dict.fromkeys(miss.shown for miss in self.misses if miss.shown))


def together(misses: Sequence[Miss], embedder: Embedder) -> list[Cluster]:
    """Return the clusters, the one asked last first."""
    found = [
        _cluster(of_language, vectors, rows)
        for language in sorted({miss.language for miss in misses})
        for of_language in [[miss for miss in misses if miss.language == language]]
        for vectors in [embed([miss.text for miss in of_language], embedder)]
        for rows in alike(vectors)
    ]
    return sorted(found, key=lambda cluster: cluster.newest_at, reverse=True)


def embed(texts: Sequence[str], embedder: Embedder) -> Vectors:
    """Embed questions; what is slow about `together`, so it may be done ahead."""
    return embedder.embed_queries([normalise(text) for text in texts])


def alike(vectors: Vectors, apart: float = APART) -> list[list[int]]:
    """Return the rows of each cluster: of vectors no farther apart on average."""
    if len(vectors) < 2:
        return [[row] for row in range(len(vectors))]
    from sklearn.cluster import AgglomerativeClustering

    clustering = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=apart
    )
    labels = clustering.fit_predict(vectors)
    return [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]


def _cluster(misses: Sequence[Miss], vectors: Vectors, rows: Sequence[int]) -> Cluster:
    centre = vectors[rows].mean(0)
    typical = max(rows, key=lambda row: float(vectors[row] @ centre))
    members = tuple(misses[row] for row in rows)
    votes = Counter(record for miss in members for record in miss.likely)
    return Cluster(
        question=misses[typical].text,
        language=misses[typical].language,
        misses=members,
        likely=tuple(record for record, _ in votes.most_common(LIKELY)),
    )
