"""Learns from the pack's examples which category a report belongs to.

A linear layer over the encoder's vectors (`classifier.py`) and the two examples nearest in
meaning speak together: the layer alone is right less often, the nearest alone is less sure.
Learning takes seconds, for the embedding: `python -m knowledge build` keeps what was learned.
"""

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge import classifier, manifest
from knowledge.classifier import Classifier
from knowledge.embedder import Embedder, Vectors
from knowledge.pack import Pack
from knowledge.passages import Passage
from knowledge.text import has_han, normalise

FILE = "examples.npz"
NEAREST = 2  # examples of a category that speak for it
# Chosen on the messages that may be tuned on, never on those held back.
NEARNESS = 8.0  # how much they count beside the layer


@dataclass(frozen=True)
class Sorting:
    """What was learned of one pack; `codes` names the category of each row of `vectors`."""

    learned_from: str
    layer: Classifier
    codes: tuple[str, ...]
    vectors: Vectors

    def scores(self, text: str, embedder: Embedder) -> dict[str, float]:
        """Return, for each category, the logarithm of how likely it is, but for a constant."""
        said, language = normalise(text), _language(text)
        vector = embedder.embed_queries([said])[0]
        logits = self.layer.scores(vector, language)
        near = self.vectors @ self.direction(text, vector)
        codes = np.array(self.codes)
        return {
            code: float(logit + NEARNESS * np.sort(near[codes == code])[-NEAREST:].mean())
            for (_, code), logit in zip(self.layer.records, logits, strict=True)
        }

    def direction(self, text: str, vector: Vectors) -> Vectors:
        """Return what a vector of a text says beyond being a report in its language."""
        away = vector - self.layer.centres[_language(text)]
        unit: Vectors = away / max(float(np.linalg.norm(away)), 1e-9)
        return unit

    def save(self, folder: Path) -> None:
        """Write what was learned to a folder of its own, and seal it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.layer.save(folder)
        np.savez(
            folder / FILE,
            learned_from=self.learned_from,
            codes=np.array(self.codes),
            vectors=self.vectors.astype(np.float16),
        )
        manifest.write(folder)


class Sorter:
    """Sorts reports into the categories of whatever pack is asked about.

    `learned` is the folder `python -m knowledge build` wrote. A pack with other examples is
    learned from its first report on, which takes seconds; meanwhile what was learned of the
    pack before goes on. Safe to use from several threads.
    """

    def __init__(self, embedder: Embedder, learned: Path | None = None) -> None:
        self._embedder = embedder
        self._folder = learned
        self._changing = threading.Lock()
        self._now: tuple[Pack | None, Sorting | None] = (None, None)
        self._learning: Pack | None = None

    def scores(self, pack: Pack, text: str) -> Mapping[str, float]:
        """Return scores as `Sorting.scores`; nothing for a pack with too few examples."""
        sorting = self._sorting(pack)
        return sorting.scores(text, self._embedder) if sorting and text.strip() else {}

    def embed(self, text: str) -> Vectors:
        """Return the vector of a resident's words."""
        vector: Vectors = self._embedder.embed_queries([normalise(text)])[0]
        return vector

    def direction(self, pack: Pack, text: str, vector: Vectors) -> Vectors | None:
        """Return as `Sorting.direction`; None for a pack with too few examples."""
        sorting = self._sorting(pack)
        return sorting.direction(text, vector) if sorting else None

    def _sorting(self, pack: Pack) -> Sorting | None:
        with self._changing:
            if pack is not self._now[0] and pack is not self._learning:
                self._change_to(pack)
            return self._now[1]

    def _change_to(self, pack: Pack) -> None:
        wanted, before = fingerprint(pack), self._now[1]
        same = before if before and before.learned_from == wanted else None
        ready = same or (load(self._folder, wanted) if self._folder else None)
        if ready or self._now[0] is None:
            self._now = pack, ready or learn(pack, self._embedder)
        else:
            self._learning = pack
            threading.Thread(target=self._learn, args=(pack,), daemon=True).start()

    def _learn(self, pack: Pack) -> None:
        learned = learn(pack, self._embedder)
        with self._changing:
            self._now = pack, learned


def build(pack: Pack, embedder: Embedder, folder: Path) -> None:
    """Learn what the sorter learns, and keep it in a folder."""
    learned = learn(pack, embedder)
    if learned:
        learned.save(folder)


def load(folder: Path, learned_from: str) -> Sorting | None:
    """Read what was learned; None when missing, not as written, or of other examples."""
    if manifest.changed(folder, FILE, classifier.FILE):
        return None
    layer = classifier.load(folder)
    with np.load(folder / FILE) as file:
        if layer is None or str(file["learned_from"]) != learned_from:
            return None
        codes = tuple(str(code) for code in file["codes"])
        return Sorting(learned_from, layer, codes, file["vectors"].astype(np.float32))


def fingerprint(pack: Pack) -> str:
    """Return a hash of everything that is learned from."""
    told = [[code, category.examples] for code, category in pack.categories.items()]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def learn(pack: Pack, embedder: Embedder) -> Sorting | None:
    """Learn from the categories' examples; None when there are too few."""
    examples = [
        Passage("category", code, _language(text), text, asked=True)
        for code, category in pack.categories.items()
        for text in category.examples
    ]
    if not examples:
        return None
    vectors = embedder.embed_queries([normalise(example.text) for example in examples])
    layer = classifier.fit(examples, vectors)
    if layer is None:
        return None
    centres = {"zh": vectors.mean(0), "en": vectors.mean(0)} | layer.centres
    layer = Classifier(layer.records, layer.weights, layer.bias, centres)
    return Sorting(
        fingerprint(pack),
        layer,
        tuple(example.record_id for example in examples),
        _centred(vectors, examples, layer),
    )


def _centred(vectors: Vectors, examples: Sequence[Passage], layer: Classifier) -> Vectors:
    away = vectors - np.array([layer.centres[example.language] for example in examples])
    unit: Vectors = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    return unit.astype(np.float32)


def _language(text: str) -> str:
    return "zh" if has_han(text) else "en"
