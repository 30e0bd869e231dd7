import logging
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from nlu.components import settings
from nlu.components.encoder import (
    MODEL,
    PIECES,
    REMEMBERED,
    WIDTH,
    Encoder,
    EncoderChanged,
    OnnxNetwork,
    PackagedNetwork,
    Vector,
    open_encoder,
)


class CountingNetwork:
    """Says how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, text: str) -> Vector:
        self.asked.append(text)
        return np.ones(WIDTH, np.float32)


@pytest.fixture
def copy(encoder: Encoder, tmp_path: Path) -> Path:
    """A copy of the encoder, for the test to damage."""
    (tmp_path / "onnx").mkdir()
    for name in (MODEL, PIECES, "manifest.json"):
        shutil.copyfile(settings.encoder_dir() / name, tmp_path / name)
    return tmp_path


def flip_a_byte(file: Path) -> None:
    with file.open("r+b") as content:
        content.seek(file.stat().st_size // 2)
        byte = content.read(1)[0]
        content.seek(-1, 1)
        content.write(bytes([byte ^ 1]))


def test_a_vector_has_length_one(encoder: Encoder) -> None:
    vector = encoder.embed("下一班车几点")
    assert vector.shape == (WIDTH,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-3)


def test_script_width_case_and_spaces_around_make_no_difference(encoder: Encoder) -> None:
    assert np.array_equal(encoder.embed("圖書館ＯＰＥＮ嗎"), encoder.embed(" 图书馆open吗 "))


def test_what_means_the_same_is_nearer_in_either_language(encoder: Encoder) -> None:
    question, same, other = encoder.embed_all(
        ["图书馆几点关门", "when does the library close", "I need a ladder"]
    )
    assert question @ same > question @ other


@pytest.mark.parametrize("text", ["", " ", "\x00", "字" * 10_000, "🙂" * 300, "ا"])
def test_any_text_has_a_vector(encoder: Encoder, text: str) -> None:
    assert np.isfinite(encoder.embed(text)).all()


def test_recent_messages_are_remembered_and_old_ones_forgotten() -> None:
    network = CountingNetwork()
    encoder = Encoder(network)
    for text in ("你好", "你好 ", *(str(n) for n in range(REMEMBERED)), "你好"):
        encoder.embed(text)
    assert network.asked.count("query: 你好") == 2


def test_many_are_read_at_once_and_each_as_if_it_were_alone(encoder: Encoder) -> None:
    texts = [f"{n}路车几点到" for n in range(200)]
    rows = encoder.embed_all(texts)
    again = Encoder(OnnxNetwork(settings.encoder_dir()))
    assert all(np.array_equal(row, again.embed(t)) for row, t in zip(rows, texts, strict=True))
    assert encoder.embed_all([]).shape == (0, WIDTH)


@pytest.mark.parametrize("name", [MODEL, PIECES])
def test_a_flipped_byte_is_refused(copy: Path, name: str) -> None:
    flip_a_byte(copy / name)
    with pytest.raises(EncoderChanged, match=name):
        OnnxNetwork(copy)


def test_without_the_check_a_flipped_byte_would_go_unnoticed(copy: Path) -> None:
    flip_a_byte(copy / MODEL)
    onnxruntime.InferenceSession(str(copy / MODEL), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("name", [MODEL, "manifest.json"])
def test_a_missing_file_is_refused(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(EncoderChanged):
        OnnxNetwork(copy)


def test_without_the_folder_the_packaged_network_is_used_and_said_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        encoder = open_encoder.__wrapped__(tmp_path / "nowhere")
    assert "make setup" in caplog.text
    assert encoder.embed("你好").shape == (WIDTH,)


def test_both_networks_agree(encoder: Encoder) -> None:
    packaged = Encoder(PackagedNetwork())
    for text in ("图书馆几点关门", "我要报名书法课", "when is the next bus"):
        assert float(encoder.embed(text) @ packaged.embed(text)) > 0.95
