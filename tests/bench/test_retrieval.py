"""The bench reads what people hand it, and searches as the product does."""

import json
from pathlib import Path

from bench import retrieval
from knowledge import index
from knowledge.search import KnowledgeBase
from tests.knowledge.conftest import Letters


def write(file: Path, rows: list[dict[str, object]]) -> Path:
    file.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    return file


def test_shares_are_of_the_place_of_the_first_right_passage(tmp_path: Path) -> None:
    passages = retrieval.read_passages(
        write(
            tmp_path / "p.jsonl",
            [
                {"id": 1, "text": "游泳池每天九点开"},
                {"id": "two", "text": "健身房在三楼"},
                {"id": 3, "text": "借书卡在一楼办"},
            ],
        )
    )
    queries = retrieval.read_queries(
        write(
            tmp_path / "q.jsonl",
            [
                {"query": "游泳池几点开", "positives": [1]},
                {"query": "健身房在几楼", "positives": "two"},
                {"query": "游泳池开到几点", "positives": ["nowhere"]},
            ],
        )
    )
    index.write(passages, index.embed(passages, Letters()), tmp_path / "index")
    base = KnowledgeBase(tmp_path / "index", Letters())
    figures = retrieval.measure(base, queries)
    assert figures["recall@1"] == figures["recall@3"] == figures["mrr@10"] == 0.6667
    assert figures["ms_per_query"] > 0
