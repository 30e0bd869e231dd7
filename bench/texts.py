"""Vectors of public texts by the shipped encoder, and as many as one likes by adding noise.

The texts' vectors are kept in `.build/bench`: embedding them takes minutes.
"""

import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from bench.output import following
from knowledge.embedder import Embedder, Vectors
from knowledge.text import normalise

KEPT = Path(".build/bench")
SEED = 7
MOST = 20_000  # texts that are embedded
NOISE = 0.5  # standard deviations of what each dimension of the texts' vectors has itself
BATCH = 128  # texts between two lines of progress


def read(folder: Path) -> list[str]:
    """Read what people said in the dialogues and intent files under `folder`, in a fixed order.

    At most `MOST` different texts; none when the folder has no such files.
    """
    found = {normalise(text) for file in _files(folder) for text in _texts(file)} - {""}
    texts = sorted(found)
    random.Random(SEED).shuffle(texts)
    return texts[:MOST]


def embed(texts: Sequence[str], embedder: Embedder, keep: Path = KEPT) -> Vectors:
    """Embed texts as questions, one row each; what was embedded once is read from `keep`."""
    name = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    file = keep / f"vectors-{name}.npy"
    if file.is_file():
        kept: Vectors = np.load(file)
        return kept
    starts = range(0, len(texts), BATCH)
    vectors = np.vstack(
        [
            embedder.embed_queries(texts[start : start + BATCH])
            for start in following(starts, f"batches of {BATCH} texts to embed")
        ]
    )
    keep.mkdir(parents=True, exist_ok=True)
    np.save(file, vectors)
    return vectors


def multiply(vectors: Vectors, count: int) -> Vectors:
    """Return `count` rows of length one: `vectors`, then copies of them with seeded noise."""
    made = np.empty((count, vectors.shape[1]), np.float32)
    chance, spread = np.random.default_rng(SEED), NOISE * vectors.std(0)
    for start in range(0, count, len(vectors)):
        rows = vectors[: count - start]
        noise = chance.standard_normal(rows.shape, np.float32) * spread if start else 0
        noisy = rows + noise
        made[start : start + len(rows)] = noisy / np.linalg.norm(noisy, axis=1, keepdims=True)
    return made


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("dialogues/*.jsonl"), *folder.glob("intents/*/*.tsv")])


def _texts(file: Path) -> Iterator[str]:
    lines: Iterable[str] = file.read_text("utf-8").splitlines()
    if file.suffix == ".tsv":
        yield from (line.rpartition("\t")[0] for line in lines)
        return
    for row in map(json.loads, lines):
        turns = row.get("turns", [row])
        yield from (turn["text"] for turn in turns)
