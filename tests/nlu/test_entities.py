from pathlib import Path

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.entities import PackEntityExtractor

CONTEXT = ExecutionContext(GraphSchema({}))


@pytest.fixture
def loaded(tmp_path: Path) -> PackEntityExtractor:
    """The extractor as a server loads it from a trained model."""
    storage, resource = LocalModelStorage(tmp_path), Resource("entities")
    PackEntityExtractor.create({}, storage, resource, CONTEXT).train(TrainingData())
    return PackEntityExtractor.load({}, storage, resource, CONTEXT)


def test_entities_are_the_packs_with_their_place_in_the_message(
    loaded: PackEntityExtractor,
) -> None:
    message = Message.build("３６０路幾點到")
    loaded.process([message])
    line = next(e for e in message.get(ENTITIES) if e["entity"] == "line")
    assert (line["value"], line["start"], line["end"]) == ("r360", 0, 4)
    assert line["extractor"] == "PackEntityExtractor"


def test_entities_found_before_are_kept(loaded: PackEntityExtractor) -> None:
    message = Message({TEXT: "永兴书房", ENTITIES: [{"entity": "choice", "value": "x"}]})
    loaded.process([message])
    assert message.get(ENTITIES)[0]["entity"] == "choice"
    assert len(message.get(ENTITIES)) > 1


def test_a_message_without_words_has_none(loaded: PackEntityExtractor) -> None:
    tapped = Message({TEXT: None})
    loaded.process([tapped])
    assert tapped.get(ENTITIES) == []
