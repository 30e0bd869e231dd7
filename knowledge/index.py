"""The index: passages as vectors (FAISS) and as words (SQLite FTS5), in versioned folders."""

import hashlib
import json
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import rjieba

from knowledge import classifier, manifest
from knowledge.classifier import Classifier
from knowledge.embedder import Embedder, Vectors
from knowledge.errors import IndexUnusable
from knowledge.passages import LANGUAGES, Passage
from knowledge.text import normalise

LATEST, CONTENT = "latest", "latest-content"
PASSAGES, WORDS, CALIBRATION = "passages.json", "words.sqlite", "calibration.json"
VECTORS = {language: f"vectors.{language}.faiss" for language in LANGUAGES}
VERSION = re.compile(r"[0-9a-f]{16}")
BATCH = 128

Calibration = dict[str, dict[str, Any]]
Progress = Callable[[int, int], None]  # done, of how many


@dataclass(frozen=True)
class Index:
    """An opened index; `rows` names, per language, the passage of each row of `vectors`."""

    version: str
    passages: tuple[Passage, ...]
    vectors: dict[str, Any]
    words: sqlite3.Connection
    rows: dict[str, tuple[int, ...]]
    classifier: Classifier | None
    calibration: Calibration

    def nearest(self, vector: Vectors, language: str, count: int) -> list[tuple[int, float]]:
        """Return (passage number, similarity) of the passages nearest in meaning."""
        similarities, found = self.vectors[language].search(vector.reshape(1, -1), count)
        rows = self.rows[language]
        pairs = zip(found[0].tolist(), similarities[0].tolist(), strict=True)
        return [(rows[n], similarity) for n, similarity in pairs if n >= 0]

    def matching(self, question: str, language: str, count: int) -> list[tuple[int, float]]:
        """Return (passage number, BM25 score, greater is better) by shared words."""
        words = [f'"{word}"' for word in tokens(question)]
        if not words:
            return []
        rows = self.words.execute(
            "SELECT rowid, -bm25(words) FROM words WHERE words MATCH ? AND language = ?"
            " ORDER BY bm25(words) LIMIT ?",
            (" OR ".join(words), language, count),
        )
        return [(int(number), float(score)) for number, score in rows]

    def close(self) -> None:
        """Let go of the index's files."""
        self.words.close()


def tokens(text: str) -> list[str]:
    """Cut text into words: FTS5's own tokenizer does not know Chinese."""
    cut = rjieba.cut(normalise(text))
    return [word for word in cut if any(character.isalnum() for character in word)]


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
) -> str:
    """Write a version, make it the latest, and return its name.

    The name is a hash of what was learned from what: the same of both is the same version.
    """
    into.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=into))
    content = json.dumps([asdict(p) for p in passages], ensure_ascii=False)
    (draft / PASSAGES).write_text(content, encoding="utf-8")
    (draft / CALIBRATION).write_text("{}", encoding="utf-8")
    _write_vectors(draft, passages, vectors)
    _write_words(draft / WORDS, passages)
    _calibrate(draft, calibrate)
    learned = (draft / CALIBRATION).read_bytes()
    version = hashlib.sha256(content.encode() + vectors.tobytes() + learned).hexdigest()[:16]
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


def load(folder: Path) -> Index:
    """Open one version's folder.

    Raises:
        IndexUnusable: a file is missing or not the one that was built.
    """
    files = [PASSAGES, WORDS, CALIBRATION, *VECTORS.values()]
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
        vectors={lang: faiss.read_index(str(folder / name)) for lang, name in VECTORS.items()},
        words=sqlite3.connect(
            f"{(folder / WORDS).absolute().as_uri()}?mode=ro&immutable=1",
            uri=True,
            check_same_thread=False,
        ),
        rows={lang: _rows(passages, lang) for lang in LANGUAGES},
        classifier=classifier.load(folder),
        calibration=json.loads((folder / CALIBRATION).read_text("utf-8")),
    )


def _rows(passages: Sequence[Passage], language: str) -> tuple[int, ...]:
    return tuple(n for n, passage in enumerate(passages) if passage.language == language)


def _write_vectors(draft: Path, passages: Sequence[Passage], vectors: Vectors) -> None:
    for language, name in VECTORS.items():
        flat = faiss.IndexFlatIP(vectors.shape[1])
        rows = list(_rows(passages, language))
        if rows:
            flat.add(vectors[rows])
        faiss.write_index(flat, str(draft / name))
    learned = classifier.fit(passages, vectors)
    if learned:
        learned.save(draft)


def _write_words(file: Path, passages: Sequence[Passage]) -> None:
    words = sqlite3.connect(file)
    words.execute("CREATE VIRTUAL TABLE words USING fts5(text, language UNINDEXED)")
    words.executemany(
        "INSERT INTO words (rowid, text, language) VALUES (?, ?, ?)",
        [(n, " ".join(tokens(p.text)), p.language) for n, p in enumerate(passages)],
    )
    words.commit()
    words.close()


def _calibrate(draft: Path, calibrate: Callable[[Index], Calibration]) -> None:
    """Search the draft itself to learn how sure to be, and seal the folder."""
    manifest.write(draft)
    opened = load(draft)
    (draft / CALIBRATION).write_text(json.dumps(calibrate(opened)), encoding="utf-8")
    opened.close()
    manifest.write(draft)
