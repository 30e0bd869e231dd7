"""The real encoder; that a flipped byte of it is refused is in tests/setup/test_encoder.py."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from knowledge.embedder import Kept, OnnxEmbedder, Remembering, Vectors
from knowledge.errors import EncoderUnusable
from tests.conftest import ENCODER
from tests.knowledge.conftest import Letters


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


def test_several_cores_embed_the_same_as_one(encoder: OnnxEmbedder) -> None:
    texts = [f"第{number}路公交车几点到" * (number % 5 + 1) for number in range(100)]
    several = OnnxEmbedder(ENCODER, cores=3)
    assert np.array_equal(several.embed_passages(texts), encoder.embed_passages(texts))


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


class Tallying(Letters):
    """Counts the texts it embeds."""

    count = 0

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.count += len(texts)
        return super().embed_queries(texts)


def test_a_text_is_embedded_once_whatever_is_built_again(tmp_path: Path) -> None:
    counting = Tallying()
    kept = Kept(counting, tmp_path / "kept.npz")
    first = kept.embed_queries(["借书", "游泳", "借书"])
    kept.embed_passages(["借书"])  # as a passage it is another text
    assert counting.count == 3
    kept.save()
    again = Kept(counting, tmp_path / "kept.npz")
    assert np.array_equal(again.embed_queries(["借书", "游泳", "借书"]), first)
    assert counting.count == 3
    again.embed_queries(["食堂"])
    assert counting.count == 4


def test_vectors_that_cannot_be_read_are_made_anew(tmp_path: Path) -> None:
    (tmp_path / "kept.npz").write_bytes(b"half a file")
    assert Kept(Letters(), tmp_path / "kept.npz").embed_queries(["借书"]).shape == (1, 384)
