"""Puts the gazetteer into Rasa's pipeline; it is made from the pack when a model is trained."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components import settings
from nlu.components.gazetteer import Found, Gazetteer, read_pack
from nlu.components.sources import MadeOfMore

FILE = "gazetteer.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class PackEntityExtractor(MadeOfMore, GraphComponent, EntityExtractorMixin):
    """Finds what the pack names (facilities, lines, stops …); the value is the pack's id."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "PackEntityExtractor":
        return cls(model_storage, resource, Gazetteer({}))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "PackEntityExtractor":
        with model_storage.read_from(resource) as folder:
            return cls(model_storage, resource, Gazetteer.load(folder / FILE))

    def __init__(
        self, model_storage: ModelStorage, resource: Resource, gazetteer: Gazetteer
    ) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._gazetteer = gazetteer

    @staticmethod
    def required_packages() -> list[str]:
        return ["opencc"]  # Rasa wants names that are module and package at once

    def train(self, training_data: TrainingData) -> Resource:
        """Read the community pack and keep its names in the model."""
        self._gazetteer = read_pack(settings.community_dir())
        with self._model_storage.write_to(self._resource) as folder:
            self._gazetteer.save(folder / FILE)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            found = [_entity(hit) for hit in self._gazetteer.find(message.get(TEXT) or "")]
            entities = self.add_extractor_name(found)
            message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
        return messages


def _entity(hit: Found) -> dict[str, Any]:
    return {"entity": hit.kind, "value": hit.id, "start": hit.start, "end": hit.end}
