"""The encoder is taught the intents: a few steps of it, on a few sentences."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from knowledge import manifest
from knowledge.embedder import MODEL, PIECES, OnnxEmbedder
from nlu.components.rehearsal import Rehearsal
from setup import encoder, tuning
from setup.settings import BUILD, ROOT
from setup.tuning import Example, Network

BASE = BUILD / "encoder"
FEW_STEPS = replace(tuning.USUAL, most_steps=4)
SAID = {
    "ask_hours": ["几点开门", "几点关门", "现在开着吗", "周末开不开", "opening hours"],
    "ask_departure": ["下一班车几点", "末班车几点", "公交还有多久到", "头班车", "next bus"],
    "report_problem": ["路灯坏了", "井盖不见了", "水管漏水", "电梯坏了", "a pothole"],
}
EXAMPLES = [Example(text, intent) for intent, texts in SAID.items() for text in texts]
TEXTS = [example.text for example in EXAMPLES]


@pytest.fixture(scope="module")
def base() -> Network:
    assert BASE.is_dir(), "make setup builds the encoder"
    return Network.load(BASE)


@pytest.fixture(scope="module")
def taught(base: Network) -> Network:
    return tuning.tune(base, EXAMPLES, 7, FEW_STEPS)


def kinship(network: Network) -> float:
    """How much nearer sentences of one intent are to each other than to the rest."""
    vectors = network.embed(TEXTS)
    intents = np.array([example.intent for example in EXAMPLES])
    nearness, alike = vectors @ vectors.T, intents[:, None] == intents[None, :]
    return float(nearness[alike].mean() - nearness[~alike].mean())


def test_sentences_that_want_the_same_come_closer(base: Network, taught: Network) -> None:
    assert kinship(taught) > kinship(base) * 1.2


def test_the_same_seed_teaches_the_same_and_another_something_else(
    base: Network, taught: Network
) -> None:
    again, another = (tuning.tune(base, EXAMPLES, seed, FEW_STEPS) for seed in (7, 8))
    assert np.array_equal(again.embed(TEXTS), taught.embed(TEXTS))
    assert not np.array_equal(another.embed(TEXTS), taught.embed(TEXTS))


def test_words_and_the_lowest_layers_are_left_as_they_are(
    base: Network, taught: Network
) -> None:
    before, after = base.model.state_dict(), taught.model.state_dict()
    changed = {name for name in before if not before[name].equal(after[name])}
    assert changed
    assert all(int(name.split(".")[2]) >= FEW_STEPS.frozen for name in changed)


def test_what_is_read_in_two_parts_is_what_the_whole_encoder_reads(
    base: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "_quick_in_halves", lambda: False)
    exact = {"dtype": torch.float32}
    whole = SentenceTransformer(str(BASE), device="cpu", model_kwargs=exact)
    expected = whole.encode([f"query: {text}" for text in TEXTS], normalize_embeddings=True)
    network = Network.load(BASE)
    for _ in ("read", "kept"):
        assert np.allclose(network.embed(TEXTS), expected, atol=1e-5)


def test_between_two_networks_there_is_one_for_every_share(
    base: Network, taught: Network
) -> None:
    assert np.array_equal(tuning.between(base, taught, 0).embed(TEXTS), base.embed(TEXTS))
    half = kinship(tuning.between(base, taught, 0.5))
    assert kinship(base) < half < kinship(taught)


def test_what_is_built_is_whole_and_says_what_it_was_not_taught_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "USUAL", FEW_STEPS)
    folder = tmp_path / "encoder"
    tuning.build(BASE, EXAMPLES, folder)
    names = [str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()]
    assert {MODEL, PIECES, "rehearsal.npz"} <= set(names)
    assert manifest.changed(folder, *(set(names) - {manifest.NAME})) is None
    rehearsal = Rehearsal.load(folder)
    assert rehearsal
    held = [example for example in EXAMPLES if rehearsal.holds(example.text)]
    assert sorted(example.intent for example in held) == sorted(SAID)
    assert rehearsal.vector("Ask Hours") is not None
    assert rehearsal.vector("never said") is None


def test_what_is_written_is_next_to_what_was_taught(
    taught: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "_quick_in_halves", lambda: False)  # compared with the whole
    (tmp_path / "onnx").mkdir()
    shutil.copyfile(BASE / PIECES, tmp_path / PIECES)
    encoder.write_onnx(taught.model, tmp_path)
    manifest.write(tmp_path)
    small = OnnxEmbedder(tmp_path).embed_queries(TEXTS)
    assert float((small * taught.embed(TEXTS)).sum(1).min()) > 0.998


def test_the_same_examples_are_taught_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[Path] = []

    def build(_base: Path, _examples: object, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "taught").touch()
        taught.append(folder)

    monkeypatch.setattr(tuning, "build", build)
    for examples in (EXAMPLES, EXAMPLES, EXAMPLES[1:]):
        tuning.build_once(BASE, examples, tmp_path / "state" / "encoder", tmp_path / "kept")
        assert (tmp_path / "state" / "encoder" / "taught").exists()
    assert len(taught) == 2


def test_all_that_is_written_for_rasa_is_taught() -> None:
    examples = tuning.read_training(ROOT / "nlu" / "training")
    assert Example("国庆开不开", "ask_hours") in examples
    assert len(examples) > 3000
    assert len({example.intent for example in examples}) > 40
