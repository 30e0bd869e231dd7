"""One face for where vectors are kept: in the version's folder, or in a shared database."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.embedder import Vectors

Nearest = tuple[NDArray[np.int64], NDArray[np.float32]]  # rows and their similarities


class OpenVectors(Protocol):
    """The vectors of one index version; row n of a language is its n-th passage.

    Not safe to use from several threads at once.
    """

    def search(self, language: str, vector: Vectors, count: int) -> Nearest:
        """Return the `count` rows nearest to `vector`, nearest first; fewer if there are fewer.

        Similarities are inner products. Raises IndexUnusable when they cannot be reached.
        """

    def close(self) -> None:
        """Let go of files and connections."""


class VectorStore(Protocol):
    """Keeps the vectors of index versions."""

    def write(self, draft: Path, vectors: dict[str, Vectors]) -> None:
        """Keep vectors by language; leave in the version's `draft` folder what finds them.

        Raises:
            IndexUnusable: they cannot be kept.
        """

    def files(self, folder: Path) -> list[str]:
        """Name the files of a version's folder without which `open` cannot do."""

    def open(self, folder: Path) -> OpenVectors:
        """Open the vectors of a version's folder; its files were checked before.

        Raises:
            IndexUnusable: the vectors are not where the folder says.
        """
