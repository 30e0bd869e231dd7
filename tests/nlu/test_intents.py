from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nlu.components import intents
from nlu.components.encoder import Encoder
from nlu.components.intents import (
    NO_ADVICE,
    OUT_OF_SCOPE,
    UNSEEN,
    Advice,
    IntentModel,
    words_of,
)

SAID = {
    "ask_hours": [
        "几点开门",
        "几点关门",
        "现在开着吗",
        "周末开不开",
        "营业到几点",
        "opening hours",
        "is it open now",
    ],
    "ask_departure": [
        "下一班车几点",
        "末班车几点",
        "360路几点来",
        "公交还有多久到",
        "头班车几点",
        "next bus",
        "last bus",
    ],
    "report_problem": [
        "路灯坏了",
        "井盖不见了",
        "水管漏水",
        "电梯坏了",
        "垃圾没人收",
        "the lamp is broken",
        "a pothole",
    ],
    OUT_OF_SCOPE: [
        "讲个笑话",
        "今天天气",
        "股票涨了吗",
        "唱首歌",
        "一加一等于几",
        "tell me a joke",
        "the weather",
    ],
}


def train(
    encoder: Encoder, said: dict[str, Sequence[str]], advice: Advice = NO_ADVICE
) -> IntentModel:
    texts = [text for sentences in said.values() for text in sentences]
    labels = [label for label, sentences in said.items() for _ in sentences]
    names = encoder.embed_all([words_of(label) for label in sorted(said)])
    return intents.train(texts, encoder.embed_all(texts), labels, names, advice=advice)


@pytest.fixture(scope="module")
def model(encoder: Encoder) -> IntentModel:
    return train(encoder, SAID)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("健身房几点开门", "ask_hours"),
        ("下一班740几点", "ask_departure"),
        ("门口路灯又坏了", "report_problem"),
    ],
)
def test_what_is_like_the_examples_is_read_as_they_are(
    model: IntentModel, encoder: Encoder, text: str, intent: str
) -> None:
    assert model.read(text, encoder.embed(text)).intent == intent


def test_probabilities_add_up_and_fall(model: IntentModel, encoder: Encoder) -> None:
    ranking = model.read("几点开门", encoder.embed("几点开门")).ranking
    chances = [chance for _, chance in ranking]
    assert sum(chances) == pytest.approx(1)
    assert chances == sorted(chances, reverse=True)


def test_what_is_out_of_scope_is_rejected_and_scores_lower(
    model: IntentModel, encoder: Encoder
) -> None:
    known = model.read("几点开门呀", encoder.embed("几点开门呀"))
    strange = model.read("给我唱个歌", encoder.embed("给我唱个歌"))
    assert strange.rejected
    assert strange.in_scope < known.in_scope
    assert not known.rejected


@pytest.mark.parametrize("labels", [2, 3])
def test_a_few_labels_are_enough(encoder: Encoder, labels: int) -> None:
    said = dict(list(SAID.items())[:labels])
    model = train(encoder, said)
    right = [model.read(t, encoder.embed(t)).intent == i for i, ts in said.items() for t in ts]
    assert all(right)


def test_one_label_is_always_that(encoder: Encoder) -> None:
    model = train(encoder, {"ask_hours": SAID["ask_hours"]})
    reading = model.read("几点关门", encoder.embed("几点关门"))
    assert reading.ranking == (("ask_hours", pytest.approx(1)),)


@pytest.mark.parametrize("text", ["", " ", "？", "🙂", "x" * 10_000])
def test_any_text_can_be_read(model: IntentModel, encoder: Encoder, text: str) -> None:
    reading = model.read(text, encoder.embed(text))
    assert np.isfinite(reading.confidence)
    assert 0 <= reading.in_scope <= 1


def test_a_label_with_one_example_is_trained_all_the_same(encoder: Encoder) -> None:
    model = train(encoder, {**SAID, "greet": ["你好"]})
    assert model.read("你好", encoder.embed("你好")).intent == "greet"


def test_a_label_without_any_row_stays_out_of_reach() -> None:
    linear = intents._regress(np.eye(4), np.array([0, 0, 2, 2]), np.ones(4), 3)
    assert linear.bias[1] == UNSEEN
    assert (np.eye(4) @ linear.weights + linear.bias).argmax(1).tolist() == [0, 0, 2, 2]


def test_training_twice_gives_the_same_model(encoder: Encoder, model: IntentModel) -> None:
    again = train(encoder, SAID)
    assert np.array_equal(again.meaning.regression.weights, model.meaning.regression.weights)
    assert again.letters.vocabulary == model.letters.vocabulary


def test_it_comes_back_as_it_was_saved(
    encoder: Encoder, model: IntentModel, tmp_path: Path
) -> None:
    model.save(tmp_path)
    kept = IntentModel.load(tmp_path)
    for text in ("几点开门", "下一班车", "讲个笑话", "??"):
        before, after = (m.read(text, encoder.embed(text)) for m in (model, kept))
        assert [name for name, _ in after.ranking] == [name for name, _ in before.ranking]
        assert after.confidence == pytest.approx(before.confidence, abs=1e-4)
        assert after.in_scope == pytest.approx(before.in_scope, abs=1e-4)


def test_nothing_saved_can_run(model: IntentModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    assert {file.suffix for file in tmp_path.iterdir()} == {".npz", ".json"}
    for arrays in tmp_path.glob("*.npz"):
        with np.load(arrays, allow_pickle=False) as kept:
            assert all(kept[name].dtype.kind in "fi" for name in kept.files)


def test_mistyped_copies_teach_and_are_no_neighbours(
    encoder: Encoder, model: IntentModel
) -> None:
    total = sum(map(len, SAID.values()))
    taught = train(encoder, SAID, Advice(worn=(True, *[False] * (total - 1))))
    assert len(taught.meaning.neighbours.rows) == len(model.meaning.neighbours.rows) - 1
    assert np.array_equal(taught.meaning.regression.weights, model.meaning.regression.weights)


def test_the_names_of_intents_are_read_as_words() -> None:
    assert words_of("ask_opening-hours") == "ask opening hours"


def test_every_fold_holds_some_of_each_label() -> None:
    folds = intents._folds(np.repeat(np.arange(7), 10))
    for label in range(7):
        assert np.bincount(folds[label * 10 : label * 10 + 10]).tolist() == [2] * 5


@pytest.mark.parametrize(("righted", "weight"), [(0, 0.0), (1, 0.0), (4, 0.15)])
def test_letters_weigh_only_where_they_surely_help(righted: int, weight: float) -> None:
    labels = np.zeros(20, np.int64)
    meaning = np.tile([1.0, 0.0], (20, 1))
    meaning[:righted] = [0.0, 0.1]
    spelling = np.zeros((20, 2))
    spelling[:righted] = [1.0, 0.0]
    assert intents._letter_weight(intents._Logits(meaning, spelling), labels) == weight
