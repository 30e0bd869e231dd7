"""Turns texts into vectors: the same int8 encoder for passages, questions and intents."""

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
