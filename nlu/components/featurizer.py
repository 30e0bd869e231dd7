"""Gives Rasa a sentence's vector as the one feature of a message."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components import settings
from nlu.components.encoder import Encoder, Vector, open_encoder
from nlu.components.rewriter import PLAIN
from nlu.components.sources import MadeOfMore


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeaturizer(MadeOfMore, DenseFeaturizer, GraphComponent):
    """Embeds the plain words of each message with the encoder that was taught the intents."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {**DenseFeaturizer.get_default_config(), "alias": "sentence"}

    @staticmethod
    def required_packages() -> list[str]:
        return ["onnxruntime", "sentencepiece"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentenceFeaturizer":
        return cls(config, open_encoder(settings.reading_dir()))

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Accept any configuration: there is nothing to get wrong."""

    def __init__(self, config: dict[str, Any], encoder: Encoder) -> None:
        super().__init__("SentenceFeaturizer", config)
        self._alias = config["alias"]
        self._encoder = encoder

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        messages = [one for one in training_data.training_examples if one.get(PLAIN)]
        rows = self._encoder.embed_all([message.get(PLAIN) for message in messages])
        for message, row in zip(messages, rows, strict=True):
            self._add(message, row)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if plain := message.get(PLAIN):
                self._add(message, self._encoder.embed(plain))
        return messages

    def _add(self, message: Message, vector: Vector) -> None:
        row = vector[None, :]
        message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, self._alias))
