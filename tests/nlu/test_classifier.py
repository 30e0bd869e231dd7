from pathlib import Path

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.classifier import SentenceIntentClassifier, _write
from nlu.components.encoder import Encoder
from nlu.components.featurizer import SentenceFeaturizer
from nlu.components.intents import OUT_OF_SCOPE, Reading
from nlu.components.rewriter import PLAIN

CONTEXT = ExecutionContext(GraphSchema({}))
EXAMPLES = {
    "ask_hours": ["几点开门", "几点关门", "现在开着吗", "营业时间", "周末开吗", "开到几点"],
    "ask_departure": ["下一班车", "末班车几点", "车几点来", "公交几点", "下趟车", "头班车"],
}


@pytest.fixture
def featurizer(encoder: Encoder) -> SentenceFeaturizer:
    return SentenceFeaturizer(SentenceFeaturizer.get_default_config(), encoder)


@pytest.fixture
def loaded(tmp_path: Path, featurizer: SentenceFeaturizer) -> SentenceIntentClassifier:
    return trained({}, tmp_path, featurizer)


def said_plainly(text: str, intent: str | None = None) -> Message:
    return Message({TEXT: text, PLAIN: text} | ({INTENT: intent} if intent else {}))


def trained(
    config: dict[str, float], folder: Path, featurizer: SentenceFeaturizer
) -> SentenceIntentClassifier:
    """The classifier as a server loads it from a trained model."""
    said = [said_plainly(t, i) for i, texts in EXAMPLES.items() for t in texts]
    data = featurizer.process_training_data(TrainingData([*said, Message({INTENT: "greet"})]))
    folder.mkdir(exist_ok=True)
    storage, resource = LocalModelStorage(folder), Resource("intents")
    SentenceIntentClassifier.create(config, storage, resource, CONTEXT).train(data)
    return SentenceIntentClassifier.load(config, storage, resource, CONTEXT)


def test_a_message_gets_intent_ranking_and_how_much_it_is_in_scope(
    loaded: SentenceIntentClassifier, featurizer: SentenceFeaturizer
) -> None:
    message = said_plainly("几点关门呀")
    loaded.process(featurizer.process([message]))
    read = message.as_dict(only_output_properties=True)
    assert read["intent"]["name"] == "ask_hours"
    assert {r["name"] for r in read["intent_ranking"]} == set(EXAMPLES)
    assert read["in_scope"] > 0.5


def test_how_much_letters_weigh_is_said_in_the_pipeline(
    tmp_path: Path, featurizer: SentenceFeaturizer
) -> None:
    [asked] = featurizer.process([said_plainly("下趟公交")])
    sure = []
    for weight in (0.0, 4.0):
        model = trained({"letter_weight": weight}, tmp_path / str(weight), featurizer)
        [read] = model.process([asked])
        assert read.get(INTENT)["name"] == "ask_departure"
        sure.append(read.get(INTENT)["confidence"])
    assert sure[0] != sure[1]


@pytest.mark.parametrize("marks", ["/", "。。。", "?!", "--", " . "])
def test_marks_alone_are_nothing_we_know(
    loaded: SentenceIntentClassifier, featurizer: SentenceFeaturizer, marks: str
) -> None:
    message = said_plainly(marks)
    loaded.process(featurizer.process([message]))
    assert message.get(INTENT) == {"name": "nlu_fallback", "confidence": 1.0}


def test_a_message_without_words_is_left_as_it_is(loaded: SentenceIntentClassifier) -> None:
    tapped = Message({TEXT: ""})
    loaded.process([tapped])
    assert tapped.get(INTENT) is None


def written(reading: Reading) -> list[str]:
    message = Message.build("x")
    _write(message, reading)
    assert message.get(INTENT) == message.get("intent_ranking")[0]
    return [ranked["name"] for ranked in message.get("intent_ranking")]


def test_what_is_sure_enough_keeps_its_intent() -> None:
    assert written(Reading((("greet", 0.9), ("thank", 0.1)), 0.7)) == ["greet", "thank"]


def test_what_is_nothing_we_know_is_a_fallback_before_what_it_might_have_been() -> None:
    reading = Reading((("greet", 0.9), ("thank", 0.1)), 0.2)
    assert written(reading) == ["nlu_fallback", "greet", "thank"]


def test_a_fallback_is_as_sure_as_the_message_is_strange() -> None:
    message = Message.build("x")
    _write(message, Reading((("greet", 0.9),), 0.2))
    assert message.get(INTENT)["confidence"] == pytest.approx(0.8)


def test_out_of_scope_stays_out_of_scope() -> None:
    assert written(Reading(((OUT_OF_SCOPE, 0.9), ("greet", 0.1)), 0.2))[0] == OUT_OF_SCOPE
