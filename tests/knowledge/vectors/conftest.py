"""Vectors that lie in heaps as those of texts do."""

import numpy as np

from knowledge.embedder import WIDTH, Vectors


def heaps(count: int, seed: int = 7) -> Vectors:
    """`count` vectors of length one in some fifty heaps."""
    chance = np.random.default_rng(seed)
    middles = np.random.default_rng(1).standard_normal((50, WIDTH), np.float32)
    noise = chance.standard_normal((count, WIDTH), np.float32)
    vectors = middles[chance.integers(50, size=count)] + 0.7 * noise
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
