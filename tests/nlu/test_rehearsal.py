"""What an encoder was not taught at first tells how sure the intent model may be."""

from pathlib import Path

import numpy as np
import pytest

from nlu.components import intents, rehearsal
from nlu.components.intents import Advice, words_of
from nlu.components.rehearsal import Rehearsal

WIDTH = 8
INTENTS = ("ask_hours", "greet", "thank")
EACH = 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Examples the rehearsal told apart badly where it had not been taught them."""
    noise = np.random.default_rng(7)
    texts, rows, held = [], [], []
    for number, intent in enumerate(INTENTS):
        for example in range(EACH):
            texts.append(f"{intent} {'甲乙丙丁戊己庚辛壬癸'[example]}")
            held.append(example % 5 == 0)
            seen_as = (number + 1) % len(INTENTS) if example == 5 else number
            rows.append(np.eye(WIDTH)[seen_as] + noise.normal(0, 0.3 if held[-1] else 0, WIDTH))
        texts.append(words_of(intent))
        held.append(False)
        rows.append(np.eye(WIDTH)[number])
    rehearsal.save(tmp_path, texts, np.array(rows, np.float32), np.array(held))
    return tmp_path


def train(found: Rehearsal | None) -> intents.IntentModel:
    """Train on the vectors of an encoder to which every example is clear."""
    texts = [f"{i} {'甲乙丙丁戊己庚辛壬癸'[n]}" for i in INTENTS for n in range(EACH)]
    labels = [i for i in INTENTS for _ in range(EACH)]
    clear = np.eye(WIDTH, dtype=np.float32)
    vectors = np.stack([clear[INTENTS.index(label)] for label in labels])
    names = clear[: len(INTENTS)]
    return intents.train(texts, vectors, labels, names, advice=Advice(found))


def test_a_text_is_found_however_it_is_written(folder: Path) -> None:
    found = Rehearsal.load(folder)
    assert found
    assert found.holds("ＧＲＥＥＴ 甲 ")
    assert not found.holds("greet 乙")
    assert found.vector("greet 乙") == pytest.approx(np.eye(WIDTH)[1], abs=1e-3)
    assert found.vector("greet 子") is None


def test_an_encoder_that_was_taught_nothing_has_none(tmp_path: Path) -> None:
    assert Rehearsal.load(tmp_path) is None


def test_a_model_is_less_sure_when_the_rehearsal_was(folder: Path) -> None:
    message = np.eye(WIDTH, dtype=np.float32)[0] * 0.7 + 0.1
    boasting, honest = train(None), train(Rehearsal.load(folder))
    assert honest.temperature > boasting.temperature
    assert honest.scope.edge < boasting.scope.edge
    said = [model.read("几点开门", message).confidence for model in (boasting, honest)]
    assert said[1] < said[0]


def test_a_rehearsal_of_other_examples_is_no_rehearsal(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    rehearsal.save(other, ["x"], np.ones((1, WIDTH), np.float32), np.array([True]))
    assert train(Rehearsal.load(other)).temperature == train(None).temperature
