"""What an encoder made of its examples when a part of them was kept from it.

An encoder that was taught the examples finds every one of them clear: how sure it may be of
a new message cannot be seen from them. Set-up therefore teaches it twice, first without some
of the examples, and leaves the vectors of that rehearsal beside the encoder.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.components.text import fold, one_code

NAME = "rehearsal.npz"

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Rehearsal:
    """Vectors by text, and which texts the encoder had not been taught."""

    rows: dict[str, Vectors]
    held: frozenset[str]

    def vector(self, text: str) -> Vectors | None:
        """Return the text's vector, None for a text that was not there."""
        return self.rows.get(key(text))

    def holds(self, text: str) -> bool:
        """Tell whether the text was kept from the encoder."""
        return key(text) in self.held

    @classmethod
    def load(cls, folder: Path) -> "Rehearsal | None":
        """Read what lies beside an encoder; None where it was taught nothing."""
        file = folder / NAME
        if not file.is_file():
            return None
        with np.load(file, allow_pickle=False) as arrays:
            keys, held = arrays["keys"].tolist(), arrays["held"]
            rows = dict(zip(keys, arrays["vectors"].astype(np.float32), strict=True))
        return cls(rows, frozenset(k for k, h in zip(keys, held, strict=True) if h))


def save(folder: Path, texts: Sequence[str], vectors: Vectors, held: NDArray[np.bool_]) -> None:
    """Write the rehearsal's vectors, one a text, beside the encoder."""
    keys = np.array([key(text) for text in texts])
    np.savez(folder / NAME, keys=keys, vectors=vectors.astype(np.float16), held=held)


def key(text: str) -> str:
    """Return what a text is found by, however it is written."""
    return hashlib.sha256(fold(one_code(text)).strip().encode()).hexdigest()[:32]
