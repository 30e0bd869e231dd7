"""The index: passages as vectors and as words (SQLite FTS5), in versioned folders."""

import hashlib
import json
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge import classifier, manifest, words
from knowledge.classifier import Classifier
from knowledge.embedder import Embedder, Vectors
from knowledge.errors import IndexUnusable
from knowledge.passages import LANGUAGES, Passage
from knowledge.records import RecordKey
from knowledge.spelling import Spelling, words_of
from knowledge.text import normalise
from knowledge.vectors import FileStore, VectorStore
from knowledge.vectors.store import OpenVectors

LATEST, CONTENT = "latest", "latest-content"
PASSAGES, WORDS, CALIBRATION = "passages.json", "words.sqlite", "calibration.json"
VERSION = re.compile(r"[0-9a-f]{16}")
BATCH = 128
FILES = FileStore()

Numbers = NDArray[np.int64]
Calibration = dict[str, dict[str, Any]]
Progress = Callable[[int, int], None]  # done, of how many


@dataclass(frozen=True)
class Index:
    """An opened index; `rows` names, per language, the passage of each row of `vectors`."""

    version: str
    passages: tuple[Passage, ...]
    vectors: OpenVectors
    words: sqlite3.Connection
    rows: dict[str, tuple[int, ...]]
    classifier: Classifier | None
    calibration: Calibration
    spelling: Spelling

    def nearest(self, vector: Vectors, language: str, count: int) -> list[tuple[int, float]]:
        """Return (passage number, similarity) of the passages nearest in meaning."""
        rows, similarities = self.vectors.search(language, vector, count)
        numbers = self.rows[language]
        return [
            (numbers[row], similarity)
            for row, similarity in zip(rows.tolist(), similarities.tolist(), strict=True)
        ]

    def nearest_of_each(
        self, vector: Vectors, language: str, without: frozenset[int] = frozenset()
    ) -> list[tuple[int, float]]:
        """Return each record's (passage number, similarity) nearest in meaning, nearest first.

        Passages in `without` are not looked at.
        """
        numbers, records = self._records[language]
        rows, similarities = self.vectors.search(language, vector, len(numbers))
        if without:
            looked_at = ~np.isin(numbers[rows], list(without))
            rows, similarities = rows[looked_at], similarities[looked_at]
        _, first = np.unique(records[rows], return_index=True)
        first.sort()
        near = numbers[rows[first]].tolist(), similarities[first].tolist()
        return list(zip(*near, strict=True))

    @cached_property
    def _records(self) -> dict[str, tuple[Numbers, Numbers]]:
        """For each row of a language the passage's number, and a number for its record."""
        known: dict[RecordKey, int] = {}
        return {
            language: (
                np.array(rows, np.int64),
                np.array(
                    [known.setdefault(self.passages[n].record, len(known)) for n in rows],
                    np.int64,
                ),
            )
            for language, rows in self.rows.items()
        }

    def matching(self, question: str, language: str, count: int) -> list[tuple[int, float]]:
        """Return (passage number, BM25 score, greater is better) by shared words."""
        return words.matching(self.words, question, language, count)

    def matching_among(self, question: str, numbers: Sequence[int]) -> list[tuple[int, float]]:
        """Return (passage number, BM25 score) of these passages, in any index as fast."""
        return words.matching_among(self.words, question, numbers, len(self.passages))

    def close(self) -> None:
        """Let go of the index's files and connections."""
        self.words.close()
        self.vectors.close()


def embed(
    passages: Sequence[Passage],
    embedder: Embedder,
    progress: Progress = lambda _done, _of: None,
) -> Vectors:
    """Embed sample questions as questions and the rest as passages."""
    vectors = np.zeros((len(passages), 384), np.float32)
    for start in range(0, len(passages), BATCH):
        batch = range(start, min(start + BATCH, len(passages)))
        for asked in (True, False):
            rows = [n for n in batch if passages[n].asked is asked]
            if rows:
                leg = embedder.embed_queries if asked else embedder.embed_passages
                vectors[rows] = leg([normalise(passages[n].text) for n in rows])
        progress(batch.stop, len(passages))
    return vectors


def write(
    passages: Sequence[Passage],
    vectors: Vectors,
    into: Path,
    calibrate: Callable[[Index], Calibration] = lambda _index: {},
    store: VectorStore = FILES,
) -> str:
    """Write a version, make it the latest, and return its name.

    The name is a hash of what was learned from what: the same of both is the same version.

    Raises:
        IndexUnusable: the vectors cannot be kept in `store`; nothing has changed.
    """
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="draft-", dir=into) as made:
        draft = Path(made) / "version"
        draft.mkdir()
        version = _write_draft(draft, passages, vectors, calibrate, store)
        shutil.rmtree(into / version, ignore_errors=True)
        draft.rename(into / version)
    pointer = into / f"{LATEST}.draft"
    pointer.write_text(version, encoding="utf-8")
    pointer.replace(into / LATEST)
    return version


def latest(folder: Path) -> str:
    """Return the name of the version built last.

    Raises:
        IndexUnusable: nothing was built yet.
    """
    pointer = folder / LATEST
    if not pointer.is_file():
        raise IndexUnusable(f"There is no index in {folder}; run python -m knowledge build")
    return pointer.read_text(encoding="utf-8").strip()


def note_content(folder: Path, content: str, version: str) -> None:
    """Note which content a version was built from (as `documents.version_of` names it)."""
    pointer = folder / f"{CONTENT}.draft"
    pointer.write_text(f"{content} {version}", encoding="utf-8")
    pointer.replace(folder / CONTENT)


def built_from(folder: Path) -> tuple[str, str] | None:
    """Return the content noted last and the version built from it; None when there is none."""
    pointer = folder / CONTENT
    if not pointer.is_file():
        return None
    content, _, version = pointer.read_text(encoding="utf-8").strip().partition(" ")
    return content, version


def folder_of(folder: Path, version: str) -> Path:
    """Return the folder of a version.

    Raises:
        IndexUnusable: that is no name of a version.
    """
    if not VERSION.fullmatch(version):
        raise IndexUnusable(f"“{version}” is no version of an index; they are 16 hex digits")
    return folder / version


def load(folder: Path, store: VectorStore = FILES) -> Index:
    """Open one version's folder.

    Raises:
        IndexUnusable: a file is missing or not the one that was built, or `store` has lost
            the vectors or cannot be reached.
    """
    files = [PASSAGES, WORDS, CALIBRATION, *store.files(folder)]
    if (folder / classifier.FILE).is_file():
        files.append(classifier.FILE)
    wrong = manifest.changed(folder, *files)
    if wrong:
        raise IndexUnusable(
            f"The index's {wrong} in {folder} is missing or not as built; "
            "run python -m knowledge build"
        )
    passages = tuple(Passage(**p) for p in json.loads((folder / PASSAGES).read_text("utf-8")))
    return Index(
        version=folder.name,
        passages=passages,
        vectors=store.open(folder),
        words=words.open_words(folder / WORDS),
        rows={lang: _rows(passages, lang) for lang in LANGUAGES},
        classifier=classifier.load(folder),
        calibration=json.loads((folder / CALIBRATION).read_text("utf-8")),
        spelling=Spelling(words_of(passage.text for passage in passages if passage.asked)),
    )


def _rows(passages: Sequence[Passage], language: str) -> tuple[int, ...]:
    return tuple(n for n, passage in enumerate(passages) if passage.language == language)


def _write_draft(
    draft: Path,
    passages: Sequence[Passage],
    vectors: Vectors,
    calibrate: Callable[[Index], Calibration],
    store: VectorStore,
) -> str:
    """Fill the folder of a version, and return the version's name."""
    content = json.dumps([asdict(p) for p in passages], ensure_ascii=False)
    (draft / PASSAGES).write_text(content, encoding="utf-8")
    (draft / CALIBRATION).write_text("{}", encoding="utf-8")
    store.write(draft, {lang: vectors[list(_rows(passages, lang))] for lang in LANGUAGES})
    if learned := classifier.fit(passages, vectors):
        learned.save(draft)
    words.write(draft / WORDS, passages)
    _calibrate(draft, calibrate, store)
    sureness = (draft / CALIBRATION).read_bytes()
    return hashlib.sha256(content.encode() + vectors.tobytes() + sureness).hexdigest()[:16]


def _calibrate(
    draft: Path, calibrate: Callable[[Index], Calibration], store: VectorStore
) -> None:
    """Search the draft itself to learn how sure to be, and seal the folder."""
    manifest.write(draft)
    opened = load(draft, store)
    (draft / CALIBRATION).write_text(json.dumps(calibrate(opened)), encoding="utf-8")
    opened.close()
    manifest.write(draft)
