"""Puts the intent model into Rasa's pipeline, and says which message is a fallback."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components import intents, questions, settings
from nlu.components.encoder import open_encoder
from nlu.components.intents import OUT_OF_SCOPE, IntentModel, Reading
from nlu.components.plain import in_plain_words
from nlu.components.sources import MadeOfMore
from nlu.components.text import fold

IN_SCOPE = "in_scope"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SentenceIntentClassifier(MadeOfMore, GraphComponent, IntentClassifier):
    """Writes intent, ranking and `in_scope` into each message.

    What is nothing we know gets Rasa's `nlu_fallback`, with the confidence that it is none
    of ours; the ranking after it still says what it would have been.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [Featurizer]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentenceIntentClassifier":
        return cls(model_storage, resource, None)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "SentenceIntentClassifier":
        with model_storage.read_from(resource) as folder:
            return cls(model_storage, resource, IntentModel.load(folder))

    def __init__(
        self, model_storage: ModelStorage, resource: Resource, model: IntentModel | None
    ) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    def train(self, training_data: TrainingData) -> Resource:
        """Train on the examples that have an intent and words, and on the pack's questions."""
        examples = [e for e in training_data.intent_examples if e.get(TEXT)]
        labels = [str(e.get(INTENT)) for e in examples]
        names = [intents.words_of(label) for label in sorted(set(labels))]
        encoder, asked = open_encoder(settings.reading_dir()), _asked(examples, labels)
        vectors = [np.stack([_vector(e) for e in examples])]
        vectors += [encoder.embed_all(asked)] if asked else []
        self._model = intents.train(
            [*(in_plain_words(e.get(TEXT)) for e in examples), *asked],
            np.vstack(vectors),
            labels + [questions.INTENT] * len(asked),
            encoder.embed_all(names),
            _even(labels) + [questions.WEIGHT] * len(asked),
            encoder.rehearsal,
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if message.get(TEXT) and self._model is not None:
                said = in_plain_words(message.get(TEXT))
                _write(message, self._model.read(said, _vector(message)))
        return messages


def _asked(examples: list[Message], labels: list[str]) -> list[str]:
    """Return the pack's questions nobody wrote as an example of an intent, in plain words."""
    if questions.INTENT not in labels:  # other data than ours, as a bench trains on
        return []
    written = {fold(e.get(TEXT)) for e in examples}
    asked = questions.read_questions(settings.community_dir())
    return [in_plain_words(question) for question in asked if fold(question) not in written]


def _even(labels: Sequence[str]) -> list[float]:
    """Return how much each example counts: all intents the same, however many each has."""
    counts = Counter(labels)
    return [len(labels) / len(counts) / counts[label] for label in labels]


def _vector(message: Message) -> Any:
    _, sentence = message.get_dense_features(TEXT)
    return sentence.features[0]


def _write(message: Message, reading: Reading) -> None:
    ranking = [_ranked(name, chance) for name, chance in reading.ranking]
    if reading.rejected and reading.intent != OUT_OF_SCOPE:
        ranking.insert(0, _ranked(DEFAULT_NLU_FALLBACK_INTENT_NAME, 1 - reading.in_scope))
    message.set(INTENT, ranking[0], add_to_output=True)
    message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
    message.set(IN_SCOPE, reading.in_scope, add_to_output=True)


def _ranked(name: str, chance: float) -> dict[str, Any]:
    return {INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: chance}
