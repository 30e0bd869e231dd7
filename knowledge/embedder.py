"""Turns texts into vectors: the same int8 encoder for passages, questions and intents."""

import hashlib
import os
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge import manifest
from knowledge.errors import EncoderUnusable

Vectors = NDArray[np.float32]

MODEL, PIECES = "onnx/model_int8.onnx", "sentencepiece.model"
WIDTH = 384
LONGEST = 256  # tokens; a longer text is cut, its meaning is in its beginning
BATCH = 16
KEPT = 50_000  # vectors in the file, 1.5 kB each
REMEMBERED = 2048  # vectors of recent questions: residents say the same things


class Embedder(Protocol):
    """Embeds texts as rows of a float32 matrix, each row of length one."""

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed what somebody asks."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed what can be answered."""


class OnnxEmbedder:
    """The encoder set-up builds, run by onnxruntime on one thread, or one a core.

    Raises:
        EncoderUnusable: the folder is missing or a file is not the one that was built.
    """

    def __init__(self, folder: Path, cores: int = 1) -> None:
        self._cores = cores
        wrong = manifest.changed(folder, MODEL, PIECES)
        if wrong:
            raise EncoderUnusable(
                f"The encoder's {wrong} in {folder} is missing or not as built; run make setup"
            )
        import onnxruntime
        from sentencepiece import SentencePieceProcessor

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / MODEL), options, providers=["CPUExecutionProvider"]
        )
        self._pieces: Any = SentencePieceProcessor(model_file=str(folder / PIECES))

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed([f"query: {text}" for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed([f"passage: {text}" for text in texts])

    def _embed(self, texts: list[str]) -> Vectors:
        """Embed in batches of like length, so that little is padded."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        said = [[texts[i] for i in batch] for batch in batches]
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        with ThreadPoolExecutor(self._cores) if self._cores > 1 else nullcontext() as pool:
            read = pool.map(self._batch, said) if pool else map(self._batch, said)
            for batch, rows in zip(batches, read, strict=True):
                vectors[batch] = rows
        return vectors

    def _batch(self, texts: Sequence[str]) -> Vectors:
        tokens = [self._tokens(text) for text in texts]
        ids = np.full((len(texts), max(map(len, tokens))), self._pieces.pad_id(), np.int64)
        for row, one in zip(ids, tokens, strict=True):
            row[: len(one)] = one
        mask = (ids != self._pieces.pad_id()).astype(np.int64)
        rows: Vectors = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return rows

    def _tokens(self, text: str) -> list[int]:
        within = self._pieces.encode(text)[: LONGEST - 2]
        return [self._pieces.bos_id(), *within, self._pieces.eos_id()]


class Remembering:
    """An embedder that remembers recent questions; safe to use from several threads.

    Questions are embedded one at a time: in a batch int8 makes a vector depend a little on
    those beside it.
    """

    def __init__(self, embedder: Embedder, most: int = REMEMBERED) -> None:
        self._embedder = embedder
        self._recent = lru_cache(maxsize=most)(self._query)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return np.array(list(map(self._recent, texts)), np.float32).reshape(-1, WIDTH)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.embed_passages(texts)

    def _query(self, text: str) -> Vectors:
        vector: Vectors = self._embedder.embed_queries([text])[0]
        return vector


class Kept:
    """An embedder that keeps its vectors in a file: a text is embedded once, not every time.

    For building an index again after a small change.
    """

    def __init__(self, embedder: Embedder, file: Path) -> None:
        self._embedder, self._file = embedder, file
        self._known = _read_vectors(file)  # the most recently used last

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._look_up("query", texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._look_up("passage", texts)

    def save(self) -> None:
        """Keep the vectors for the next time, those not used for longest left out."""
        kept = dict(list(self._known.items())[-KEPT:])
        draft = self._file.with_suffix(".draft.npz")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        rows = np.array(list(kept.values()), np.float32).reshape(-1, WIDTH)
        np.savez(draft, keys=np.array(list(kept), "U32"), rows=rows)
        os.replace(draft, self._file)

    def _look_up(self, leg: str, texts: Sequence[str]) -> Vectors:
        keys = [hashlib.sha256(f"{leg}: {text}".encode()).hexdigest()[:32] for text in texts]
        lacking = {k: t for k, t in zip(keys, texts, strict=True) if k not in self._known}
        if lacking:
            passages = leg == "passage"
            embed = self._embedder.embed_passages if passages else self._embedder.embed_queries
            self._known |= zip(lacking, embed(list(lacking.values())), strict=True)
        for key in keys:
            self._known[key] = self._known.pop(key)
        return np.array([self._known[key] for key in keys], np.float32).reshape(-1, WIDTH)


def keeping(encoder: Path, folder: Path, cores: int = 1) -> Kept:
    """Open the encoder with the vectors it has made before; another encoder begins anew.

    `cores`: so many read at once.

    Raises:
        EncoderUnusable: as `OnnxEmbedder`.
    """
    embedder = OnnxEmbedder(encoder, cores)
    made_by = manifest.digest(encoder / manifest.NAME)[:16]
    return Kept(embedder, folder / f"embedded-{made_by}.npz")


def _read_vectors(file: Path) -> dict[str, Vectors]:
    """Read what was kept; a file that cannot be read only costs embedding again."""
    try:
        with np.load(file) as kept:
            return dict(zip(kept["keys"].tolist(), kept["rows"], strict=True))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return {}
