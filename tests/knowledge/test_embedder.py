"""The real encoder; that a flipped byte of it is refused is in tests/setup/test_encoder.py."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from knowledge.embedder import OnnxEmbedder, Remembering, Vectors
from knowledge.errors import EncoderUnusable


def test_rows_have_length_one_and_keep_their_order(encoder: OnnxEmbedder) -> None:
    texts = ["公交", "图书馆几点开门，周末也开吗" * 3, "bus"]
    together = encoder.embed_queries(texts)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-3)
    for row, text in zip(together, texts, strict=True):
        assert float(row @ encoder.embed_queries([text])[0]) > 0.98


def test_what_means_the_same_is_near(encoder: OnnxEmbedder) -> None:
    asked, same, other = encoder.embed_queries(
        ["图书馆什么时候开门", "书房几点开始营业", "公交车票多少钱"]
    )
    assert asked @ same > asked @ other


def test_nothing_is_embedded_as_nothing(encoder: OnnxEmbedder) -> None:
    assert encoder.embed_passages([]).shape == (0, 384)


def test_a_text_of_any_length_has_a_vector(encoder: OnnxEmbedder) -> None:
    assert encoder.embed_passages(["长" * 10_000]).shape == (1, 384)


def test_a_missing_encoder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnusable, match="make setup"):
        OnnxEmbedder(tmp_path)


class Counting:
    """Embeds everything as its length, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.asked.extend(texts)
        return np.array([[len(text)] * 384 for text in texts], np.float32)

    embed_passages = embed_queries


def test_recent_questions_are_remembered_and_old_ones_forgotten() -> None:
    counting = Counting()
    remembering = Remembering(counting, most=2)
    assert remembering.embed_queries(["一", "二二", "一"])[:, 0].tolist() == [1, 2, 1]
    assert counting.asked == ["一", "二二"]
    remembering.embed_queries(["三三三", "一", "二二"])
    assert counting.asked == ["一", "二二", "三三三", "二二"]
    assert remembering.embed_queries([]).shape == (0, 384)


def test_a_remembered_vector_does_not_depend_on_what_was_asked_beside_it(
    encoder: OnnxEmbedder,
) -> None:
    asked, beside = "图书馆几点开门", "我家楼下的路灯坏了三天了还没有人来修"
    together = Remembering(encoder).embed_queries([asked, beside])
    assert np.array_equal(together[0], encoder.embed_queries([asked])[0])
