"""Puts the intent model into Rasa's pipeline, and says which message is a fallback."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from nlu.components.intents import OUT_OF_SCOPE, Advice, IntentModel, Reading
from nlu.components.plain import in_plain_words
from nlu.components.rewriter import PLAIN
from nlu.components.slips import slipped
from nlu.components.sources import MadeOfMore
from nlu.components.text import says_something

IN_SCOPE = "in_scope"
LETTER_WEIGHT = "letter_weight"
SLIP_WEIGHT = 0.5  # of an example's own; two slips of .25 cost more time for the same
SEED = 7


@dataclass(frozen=True)
class Example:
    """A text in plain words, its intent, how much it counts, and whether it is mistyped."""

    text: str
    intent: str
    weight: float
    worn: bool = False


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SentenceIntentClassifier(MadeOfMore, GraphComponent, IntentClassifier):
    """Writes intent, ranking and `in_scope` into each message.

    `letter_weight` says how much a message's letters count beside its meaning; what is trained
    on finds it where it is not given.

    What is nothing we know gets Rasa's `nlu_fallback`, with the confidence that it is none
    of ours; the ranking after it still says what it would have been.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [Featurizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {LETTER_WEIGHT: None}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentenceIntentClassifier":
        return cls(model_storage, resource, None, config.get(LETTER_WEIGHT))

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
        self,
        model_storage: ModelStorage,
        resource: Resource,
        model: IntentModel | None,
        letter_weight: float | None = None,
    ) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._letter_weight = letter_weight

    def train(self, training_data: TrainingData) -> Resource:
        """Train on examples with intent and words, a slip in each, and the pack's questions."""
        messages = [e for e in training_data.intent_examples if e.get(PLAIN)]
        written = _even([(e.get(PLAIN), str(e.get(INTENT))) for e in messages])
        more = [*_asked(written), *_slips(written)]
        names = sorted({example.intent for example in written})
        encoder = open_encoder(settings.reading_dir())
        vectors = [
            np.stack([_vector(e) for e in messages]),
            encoder.embed_all([example.text for example in more]),
        ]
        everything = [*written, *more]
        worn = tuple(example.worn for example in everything)
        self._model = intents.train(
            [example.text for example in everything],
            np.vstack(vectors),
            [example.intent for example in everything],
            encoder.embed_all([intents.words_of(name) for name in names]),
            [example.weight for example in everything],
            Advice(encoder.rehearsal, self._letter_weight, worn),
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if (plain := message.get(PLAIN)) and self._model is not None:
                reading = self._model.read(plain, _vector(message))
                known = says_something(plain)  # “／” alone would agree to something
                _write(message, reading if known else replace(reading, in_scope=0.0))
        return messages


def _even(said: Sequence[tuple[str, str]]) -> list[Example]:
    """Weigh texts with their intents: all intents count the same, however many each has."""
    counts = Counter(intent for _, intent in said)
    return [
        Example(text, intent, len(said) / len(counts) / counts[intent]) for text, intent in said
    ]


def _asked(written: Sequence[Example]) -> list[Example]:
    """Return the pack's questions nobody wrote as an example of an intent."""
    if all(example.intent != questions.INTENT for example in written):
        return []  # other data than ours, as a bench trains on
    known = {example.text for example in written}
    plain = map(in_plain_words, questions.read_questions(settings.community_dir()))
    return [
        Example(text, questions.INTENT, questions.WEIGHT) for text in plain if text not in known
    ]


def _slips(written: Sequence[Example]) -> list[Example]:
    """Mistype each example once, where it is long enough for that."""
    dealer = random.Random(SEED)  # noqa: S311 - no secret hangs on it
    mistyped = [
        replace(e, text=slipped(e.text, dealer), weight=SLIP_WEIGHT * e.weight, worn=True)
        for e in written
    ]
    return [slip for slip, e in zip(mistyped, written, strict=True) if slip.text != e.text]


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
