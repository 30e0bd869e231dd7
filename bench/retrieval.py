"""Measures the search: `make bench-retrieval [PASSAGES=p.jsonl QUERIES=q.jsonl]`.

Without files, the shipped pack is asked the project's own book of questions (`bench/book.py`).
Otherwise passages are `{"id", "text"}` a line, questions `{"query", "positives": [ids]}`. The
passages go through the shipped encoder into an index as set-up builds it, and are searched as
residents' questions are. All in one language: which of them makes no difference here.
"""

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import book
from bench.drills.verdict import Verdict, told
from bench.output import finish, following, say
from knowledge import index, search
from knowledge.embedder import OnnxEmbedder
from knowledge.errors import KnowledgeError
from knowledge.pack import load_pack
from knowledge.passages import Passage
from knowledge.search import KnowledgeBase
from knowledge.settings import Settings

LANGUAGE = "zh"
DEPTH = 10  # of mrr@10
RIGHT_FIRST, SURELY_WRONG = 0.92, 0.01  # of questions somebody can answer


@dataclass(frozen=True)
class Query:
    """A question and the passages that answer it."""

    text: str
    positives: frozenset[str]


def read_passages(file: Path) -> list[Passage]:
    """Read the passages; each is a record of its own."""
    return [
        Passage("article", str(row["id"]), LANGUAGE, str(row["text"])) for row in _rows(file)
    ]


def read_queries(file: Path) -> list[Query]:
    """Read the questions; `positives` may be one id or several."""
    return [Query(str(row["query"]), _ids(row["positives"])) for row in _rows(file)]


def _ids(positives: Any) -> frozenset[str]:
    ids = positives if isinstance(positives, list) else [positives]
    return frozenset(str(one) for one in ids)


def _rows(file: Path) -> list[dict[str, Any]]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def build(passages: list[Passage], embedder: OnnxEmbedder, folder: Path) -> KnowledgeBase:
    """Build an index of the passages and open it."""
    told = [0.0]

    def progress(done: int, of: int) -> None:
        if time.monotonic() - told[0] >= 2:
            told[0] = time.monotonic()
            say(f"passages: {done} of {of}")

    index.write(passages, index.embed(passages, embedder, progress), folder)
    return KnowledgeBase(folder, embedder)


def place_of_first(base: KnowledgeBase, query: Query) -> int | None:
    """Return at which place (1 is best) the first right passage is found, None when not."""
    found = base.search(query.text, LANGUAGE, DEPTH)
    places = (n for n, one in enumerate(found, 1) if one.record_id in query.positives)
    return next(places, None)


def measure(base: KnowledgeBase, queries: list[Query]) -> dict[str, float]:
    """Ask every question and return the figures."""
    base.search(queries[0].text, LANGUAGE, DEPTH)  # loading is not searching
    began = time.perf_counter()
    places = [place_of_first(base, query) for query in following(queries, "queries")]
    spent = time.perf_counter() - began
    count = len(queries)
    return {
        "recall@1": round(sum(place == 1 for place in places) / count, 4),
        "recall@3": round(sum(place is not None and place <= 3 for place in places) / count, 4),
        "mrr@10": round(sum(1 / place for place in places if place) / count, 4),
        "ms_per_query": round(spent * 1000 / count, 3),
    }


def measure_files(
    passages: Path, queries: Path, folder: Path, embedder: OnnxEmbedder
) -> dict[str, Any]:
    """Search the passages of one file for what answers the questions of another."""
    searched, asked = read_passages(passages), read_queries(queries)
    if not searched or not asked:
        raise SystemExit("Give at least one passage and one question.")
    base = build(searched, embedder, folder)
    figures = measure(base, asked)
    base.close()
    return {"passages": len(searched), "queries": len(asked), **figures}


def measure_pack(folder: Path, embedder: OnnxEmbedder) -> dict[str, Any]:
    """Ask an index of the shipped pack the questions of the book."""
    say("building the pack's index")
    pack = load_pack(Settings().community_dir)
    search.build(pack, embedder, folder)
    return book.measure(book.read(), pack, folder, embedder)


def verdicts(found: dict[str, Any]) -> dict[str, Any]:
    """Say whether answers are right first, and hardly ever surely wrong; the nearest is not."""
    ours, nearest = (_of_answerable(found[name]) for name in ("xiaoli", "nearest_passage_only"))
    figure = (
        f"of {ours['questions']} questions {ours['right_first']:.3f} right first "
        f"(the nearest passage {nearest['right_first']:.3f}), "
        f"{ours['confidently_wrong']:.3f} surely and wrong ({nearest['confidently_wrong']:.3f})"
    )
    return told(A3=Verdict(_is_good(ours), ours["questions"], figure, not _is_good(nearest)))


def _of_answerable(by_kind: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of all questions that somebody here can answer."""
    kinds = [one for kind, one in by_kind.items() if kind != "all" and one["right_first"]]
    count = sum(one["questions"] for one in kinds)
    shares = {
        name: sum(one["questions"] * one[name] for one in kinds) / count
        for name in ("right_first", "confidently_wrong")
    }
    return {"questions": count, **shares}


def _is_good(figures: dict[str, Any]) -> bool:
    right, wrong = figures["right_first"], figures["confidently_wrong"]
    return bool(right >= RIGHT_FIRST and wrong <= SURELY_WRONG)


def main() -> None:
    """Read the command line and measure."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--passages", type=Path)
    arguments.add_argument("--queries", type=Path)
    given = arguments.parse_args()
    if (given.passages is None) != (given.queries is None):
        raise SystemExit("Give both PASSAGES and QUERIES, or neither.")
    with tempfile.TemporaryDirectory(prefix="xiaoli-bench-") as folder:
        embedder = OnnxEmbedder(Settings().encoder_dir)
        if given.passages:
            finish(measure_files(given.passages, given.queries, Path(folder), embedder))
        else:
            found = measure_pack(Path(folder), embedder)
            finish({**found, **verdicts(found)})


if __name__ == "__main__":
    try:
        main()
    except KnowledgeError as error:
        raise SystemExit(str(error)) from None
