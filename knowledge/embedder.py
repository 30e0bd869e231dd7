"""Turns texts into vectors: the same int8 encoder for passages, questions and intents."""

import hashlib
import os
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge import manifest
from knowledge.errors import EncoderUnusable

Vectors = NDArray[np.float32]

MODEL, TOKENIZER = "onnx/model_int8.onnx", "tokenizer.json"
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
    """The encoder set-up builds, run by onnxruntime on one thread.

    Raises:
        EncoderUnusable: the folder is missing or a file is not the one that was built.
    """

    def __init__(self, folder: Path) -> None:
        wrong = manifest.changed(folder, MODEL, TOKENIZER)
        if wrong:
            raise EncoderUnusable(
                f"The encoder's {wrong} in {folder} is missing or not as built; run make setup"
            )
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / MODEL), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer: Any = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.enable_padding(pad_id=self._tokenizer.token_to_id("<pad>"))

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed([f"query: {text}" for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed([f"passage: {text}" for text in texts])

    def _embed(self, texts: list[str]) -> Vectors:
        """Embed in batches of like length, so that little is padded."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            tokens = self._tokenizer.encode_batch([texts[i] for i in rows])
            vectors[rows] = self._session.run(
                None,
                {
                    "input_ids": np.array([t.ids for t in tokens], np.int64),
                    "attention_mask": np.array([t.attention_mask for t in tokens], np.int64),
                },
            )[0]
        return vectors


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


def keeping(encoder: Path, folder: Path) -> Kept:
    """Open the encoder with the vectors it has made before; another encoder begins anew.

    Raises:
        EncoderUnusable: as `OnnxEmbedder`.
    """
    embedder = OnnxEmbedder(encoder)
    made_by = manifest.digest(encoder / manifest.NAME)[:16]
    return Kept(embedder, folder / f"embedded-{made_by}.npz")


def _read_vectors(file: Path) -> dict[str, Vectors]:
    """Read what was kept; a file that cannot be read only costs embedding again."""
    try:
        with np.load(file) as kept:
            return dict(zip(kept["keys"].tolist(), kept["rows"], strict=True))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return {}
