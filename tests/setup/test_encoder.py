"""The encoder that set-up built, as the assistant loads it."""

import random
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from sentencepiece import SentencePieceProcessor

from knowledge import manifest
from knowledge.embedder import OnnxEmbedder
from knowledge.errors import EncoderUnusable
from setup import encoder, steps, tuning
from setup.settings import BUILD, ROOT

BUILT = BUILD / "encoder"
MODEL = "onnx/model_int8.onnx"
ODD = "的车站几 ab  \t，。！１２ＡＢ\u3000\u00a0\u200b🙂é한ไяم½℃\n"


@pytest.fixture(autouse=True)
def built() -> None:
    assert BUILT.is_dir(), "make setup builds the encoder"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the assistant loads, for the test to damage."""
    (tmp_path / "onnx").mkdir()
    for name in (MODEL, encoder.PIECES, "manifest.json"):
        shutil.copyfile(BUILT / name, tmp_path / name)
    return tmp_path


def flip_a_byte(file: Path) -> None:
    with file.open("r+b") as content:
        content.seek(file.stat().st_size // 2)  # among the weights
        byte = content.read(1)[0]
        content.seek(-1, 1)
        content.write(bytes([byte ^ 1]))


def test_every_file_is_in_the_manifest_and_is_the_one_named_there() -> None:
    files = {str(f.relative_to(BUILT)) for f in BUILT.rglob("*") if f.is_file()}
    names = files - {manifest.NAME, steps.MARK}

    assert MODEL in names
    assert manifest.changed(BUILT, *names) is None


@pytest.mark.parametrize("name", [MODEL, encoder.PIECES])
def test_a_flipped_byte_is_refused(copy: Path, name: str) -> None:
    flip_a_byte(copy / name)

    with pytest.raises(EncoderUnusable, match=name):
        OnnxEmbedder(copy)


def test_without_the_manifest_a_flipped_byte_would_go_unnoticed(copy: Path) -> None:
    flip_a_byte(copy / MODEL)

    onnxruntime.InferenceSession(copy / MODEL, providers=["CPUExecutionProvider"])


def test_a_missing_manifest_is_refused(copy: Path) -> None:
    (copy / manifest.NAME).unlink()

    with pytest.raises(EncoderUnusable, match=manifest.NAME):
        OnnxEmbedder(copy)


def test_the_two_forms_of_the_encoder_agree(copy: Path) -> None:
    from sentence_transformers import SentenceTransformer

    texts = ["图书馆几点关门？", "When does the library close?", "预约周六的书法课 📚"]
    whole = SentenceTransformer(str(BUILT), device="cpu").encode(
        texts, prompt_name="query", normalize_embeddings=True
    )

    small = OnnxEmbedder(copy).embed_queries(texts)

    assert np.all((small * whole).sum(1) > 0.999)


def test_both_forms_cut_texts_the_same() -> None:
    """But where two ways are worth the same (BBB), and before a sign that joins (U+FE0F)."""
    from tokenizers import Tokenizer

    whole = Tokenizer.from_file(str(BUILT / "tokenizer.json"))
    small = SentencePieceProcessor(model_file=str(BUILT / encoder.PIECES))
    texts = [example.text for example in tuning.read_training(ROOT / "nlu" / "training")]
    chance = random.Random(1)
    texts += ["".join(chance.sample(ODD, k=12)) for _ in range(2000)]
    for text in texts:
        assert whole.encode(text).ids[1:-1] == small.encode(text), text


def test_meanings_that_are_close_have_vectors_that_are_close() -> None:
    embedder = OnnxEmbedder(BUILT)
    passages = embedder.embed_passages(
        ["图书馆周一至周日 9:00–21:00 开放", "公交 740 路每 10 分钟一班"]
    )
    question = embedder.embed_queries(["what are the library's opening hours"])

    assert (passages @ question.T).argmax() == 0
