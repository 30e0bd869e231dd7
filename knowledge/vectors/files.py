"""Vectors as FAISS files in the version's folder: exact while there are few, then in lists."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.embedder import Vectors
from knowledge.passages import LANGUAGES
from knowledge.vectors.store import Nearest

FILES = {language: f"vectors.{language}.faiss" for language in LANGUAGES}
SAMPLE = 50  # vectors a list that find where the lists lie
SEED = 7


@dataclass(frozen=True)
class Kind:
    """How vectors are searched: FAISS's recipe, and how many of its lists a question reads."""

    recipe: str
    lists: int = 0
    read: int = 0


EXACT = Kind("Flat")
# Up to how many vectors which kind; figures of `make bench-search` are in the README.
KINDS = (
    (20_000, EXACT),
    (50_000, Kind("IVF256,SQ8", 256, 32)),
    (300_000, Kind("IVF1024,SQ8", 1024, 64)),
    (None, Kind("IVF4096,SQ8", 4096, 64)),
)


def kind_for(count: int) -> Kind:
    """Return the kind for so many vectors."""
    return next(kind for most, kind in KINDS if most is None or count <= most)


def build(vectors: Vectors, kind: Kind) -> Any:
    """Build a FAISS index of vectors of length one, in the order of their rows."""
    import faiss

    built: Any = faiss.index_factory(vectors.shape[1], kind.recipe, faiss.METRIC_INNER_PRODUCT)
    if kind.lists:
        chance = np.random.default_rng(SEED)
        few = min(len(vectors), SAMPLE * kind.lists)
        built.train(vectors[np.sort(chance.choice(len(vectors), few, replace=False))])
        built.nprobe = kind.read
    built.add(vectors)
    return built


class FileStore:
    """Keeps vectors in the version's folder, one file a language."""

    def write(self, draft: Path, vectors: dict[str, Vectors]) -> None:
        import faiss

        for language, rows in vectors.items():
            built = build(rows, kind_for(len(rows)))
            faiss.write_index(built, str(draft / FILES[language]))

    def files(self, folder: Path) -> list[str]:
        return list(FILES.values())

    def open(self, folder: Path) -> "OpenFiles":
        import faiss  # here and above: 15 MB, and only who searches or publishes needs it

        return OpenFiles(
            {language: faiss.read_index(str(folder / name)) for language, name in FILES.items()}
        )


@dataclass(frozen=True)
class OpenFiles:
    """Opened FAISS indexes, by language."""

    indexes: dict[str, Any]

    def search(self, language: str, vector: Vectors, count: int) -> Nearest:
        similarities, rows = self.indexes[language].search(vector.reshape(1, -1), count)
        found = rows[0] >= 0
        return rows[0][found], similarities[0][found]

    def close(self) -> None:
        self.indexes.clear()
