"""The real encoder; that a flipped byte of it is refused is in tests/setup/test_encoder.py."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.embedder import OnnxEmbedder
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
