"""The bench makes its vectors, measures both kinds, and ranks whole passages."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench import search, texts
from knowledge.vectors import files
from knowledge.vectors.files import Kind
from tests.knowledge.conftest import Letters

SAID = [f"第{n}路公交车{n % 7}点半从{n % 11}号站出发" for n in range(300)]


@pytest.fixture
def given() -> search.Material:
    vectors = Letters().embed_queries(SAID)
    return search.Material(SAID[20:], vectors[20:], SAID[:20], vectors[:20])


def test_texts_are_read_from_dialogues_and_intents_each_once(tmp_path: Path) -> None:
    (tmp_path / "dialogues").mkdir()
    (tmp_path / "intents" / "some").mkdir(parents=True)
    turns = {"turns": [{"text": "你好"}, {"text": "再见"}]}
    rows = [json.dumps({"text": "你好"}), json.dumps(turns)]
    (tmp_path / "dialogues" / "d.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "intents" / "some" / "t.tsv").write_text("Good bye\tleave\n", encoding="utf-8")
    assert sorted(texts.read(tmp_path)) == ["good bye", "你好", "再见"]
    assert texts.read(tmp_path / "nowhere") == []


def test_what_was_embedded_is_kept(tmp_path: Path) -> None:
    first = texts.embed(SAID, Letters(), tmp_path)
    assert np.array_equal(texts.embed(SAID, Letters(), tmp_path), first)
    (kept,) = tmp_path.iterdir()
    np.save(kept, np.zeros((1, 1), np.float32))
    assert texts.embed(SAID, Letters(), tmp_path).shape == (1, 1)


def test_noise_makes_as_many_as_wanted_and_the_same_each_time() -> None:
    vectors = Letters().embed_queries(SAID)
    made = texts.multiply(vectors, 1000)
    assert made.shape == (1000, 384)
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert np.allclose(made[:300], vectors, atol=1e-6)
    assert not np.allclose(made[300:600], vectors, atol=1e-3)
    assert np.array_equal(made, texts.multiply(vectors, 1000))


def test_the_chosen_kind_is_compared_with_the_exact_one(
    given: search.Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "KINDS", ((None, Kind("IVF4,SQ8", 4, 1)),))
    figures = search.measure(given, 500, tmp_path)
    assert figures["exact"]["recall@10"] == 1
    assert 0 < figures["chosen"]["recall@10"] < 1
    assert figures["chosen"]["file_mb"] < figures["exact"]["file_mb"]


def test_whole_passages_are_ranked(given: search.Material, tmp_path: Path) -> None:
    assert search.measure_ranking(given, 400, tmp_path)["p95_ms"] > 0
