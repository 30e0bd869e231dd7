"""Measures how fast and exactly the nearest vectors are found: `make bench-search N=100000`.

Vectors are those of public texts by the shipped encoder, with seeded noise to make so many;
questions are other texts of the same source. The kind of search the product chooses for that
many is measured beside the exact one, on one thread, as `knowledge/vectors` opens them.
"""

import argparse
import ctypes
import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import psutil
from numpy.typing import NDArray

from bench import texts
from bench.output import finish, following, say
from knowledge import index
from knowledge.embedder import OnnxEmbedder, Vectors
from knowledge.errors import KnowledgeError
from knowledge.pack import load_pack
from knowledge.passages import LANGUAGES, Passage, passages_of
from knowledge.ranking import Question, rank
from knowledge.settings import Settings
from knowledge.vectors import files
from knowledge.vectors.files import EXACT, Kind, OpenFiles, kind_for

QUESTIONS = 1000
TOP = 10
RANKED_UP_TO = 200_000  # whole passages, words and all: a million would take half an hour
LANGUAGE = LANGUAGES[0]


@dataclass(frozen=True)
class Material:
    """The texts that are searched and asked, and the vectors of both."""

    texts: list[str]
    vectors: Vectors
    questions: list[str]
    asked: Vectors


def material(folder: Path) -> Material:
    """Embed the texts under `folder`, or the pack's own passages when it has none."""
    found = texts.read(folder)
    if len(found) < 2 * QUESTIONS:
        say(f"{folder} has no dialogues and intents: the pack's own passages are taken")
        found = sorted({p.text for p in passages_of(load_pack(Settings().community_dir))})
    few = min(QUESTIONS, len(found) // 10)
    vectors = texts.embed(found, OnnxEmbedder(Settings().encoder_dir))
    return Material(found[few:], vectors[few:], found[:few], vectors[:few])


def measure(given: Material, count: int, folder: Path) -> dict[str, Any]:
    """Build both kinds, then ask each alone in memory; the exact one first."""
    made = texts.multiply(given.vectors, count)
    kinds = {"exact": EXACT, "chosen": kind_for(count)}
    built = {name: _build(made, kind, folder / name) for name, kind in kinds.items()}
    del made
    right, exact = _ask(given.asked, folder / "exact")
    found, chosen = _ask(given.asked, folder / "chosen")
    recall = np.mean([len(set(f) & set(r)) / TOP for f, r in zip(found, right, strict=True)])
    return {
        "vectors": count,
        "texts_embedded": len(given.vectors),
        "questions": len(given.asked),
        "chosen": {**built["chosen"], **chosen, f"recall@{TOP}": round(float(recall), 4)},
        "exact": {**built["exact"], **exact, f"recall@{TOP}": 1.0},
    }


def _build(made: Vectors, kind: Kind, file: Path) -> dict[str, Any]:
    say(f"building {kind.recipe}")
    began = time.perf_counter()
    built = files.build(made, kind)
    seconds = time.perf_counter() - began
    faiss.write_index(built, str(file))
    return {
        "kind": kind.recipe,
        "lists_read": kind.read or None,
        "build_s": round(seconds, 1),
        "file_mb": round(file.stat().st_size / 1e6, 1),
    }


def _ask(asked: Vectors, file: Path) -> tuple[list[NDArray[np.int64]], dict[str, Any]]:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what was freed must not hide what is taken now
    before = psutil.Process().memory_info().rss
    opened = OpenFiles({LANGUAGE: faiss.read_index(str(file))})
    grown = psutil.Process().memory_info().rss - before
    found, spent = _timed(
        lambda n: opened.search(LANGUAGE, asked[n], TOP)[0], len(asked), f"asking {file.name}"
    )
    opened.close()
    return found, {"memory_mb": round(grown / 1e6, 1), **spent}


def _timed(
    ask: Callable[[int], Any], count: int, what: str
) -> tuple[list[Any], dict[str, float]]:
    """Ask questions 0 to `count`; return what was found, and what a question cost."""
    ask(0)  # loading is not searching
    found, spent, worked = [], [], time.process_time()
    for n in following(range(count), what):
        began = time.perf_counter()
        found.append(ask(n))
        spent.append(1000 * (time.perf_counter() - began))
    worked = time.process_time() - worked
    p50, p95 = np.percentile(spent, [50, 95]).round(3).tolist()
    return found, {"p50_ms": p50, "p95_ms": p95, "cpu_ms": round(1000 * worked / count, 3)}


def measure_ranking(given: Material, count: int, folder: Path) -> dict[str, Any]:
    """Rank an index of so many passages, each a record: all of a search but embedding."""
    say(f"indexing {count} passages with their words")
    passages = _passages(given.texts, count)
    version = index.write(passages, texts.multiply(given.vectors, count), folder)
    opened = index.load(folder / version)
    asked = [
        Question(text, vector, LANGUAGE)
        for text, vector in zip(given.questions, given.asked, strict=True)
    ]
    _, spent = _timed(lambda n: rank(opened, asked[n]), len(asked), "ranking")
    opened.close()
    return spent


def _passages(said: Sequence[str], count: int) -> list[Passage]:
    return [Passage("article", str(n), LANGUAGE, said[n % len(said)]) for n in range(count)]


def main() -> None:
    """Read the command line and measure."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--count", type=int, default=100_000)
    arguments.add_argument("--texts", type=Path, default=Path("../shared/data"))
    said = arguments.parse_args()
    if said.count < 1:
        raise SystemExit("N must be at least 1.")
    given = material(said.texts)
    faiss.omp_set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="xiaoli-bench-") as folder:
        figures = measure(given, said.count, Path(folder))
        if said.count <= RANKED_UP_TO:
            figures["whole_ranking"] = measure_ranking(given, said.count, Path(folder))
    finish(figures)


if __name__ == "__main__":
    try:
        main()
    except KnowledgeError as error:
        raise SystemExit(str(error)) from None
