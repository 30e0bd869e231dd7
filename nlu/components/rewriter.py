"""Writes each message a second time, in plain words and rightly spelt.

What is read for its meaning is this; names, times and slots are read in what was typed.
"""

import json
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge.sounds import syllables
from knowledge.spelling import Spelling, words_of
from nlu.components.plain import in_plain_words
from nlu.components.sources import MadeOfMore
from nlu.components.text import ALL, characters, one_code

PLAIN = "plain"  # where it stands in a message
FILE = "spelling.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class PlainRewriter(MadeOfMore, GraphComponent):
    """Writes `PLAIN` into messages and examples that have words.

    Words of the examples are put right where other characters of the same sound stand for
    them. How characters sound is kept with the words: pypinyin is needed to train alone.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {}

    @staticmethod
    def required_packages() -> list[str]:
        return ["rjieba", "opencc"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "PlainRewriter":
        return cls(model_storage, resource, Spelling([]))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "PlainRewriter":
        with model_storage.read_from(resource) as folder:
            kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
        sounds = kept["sounds"]
        spelling = Spelling(kept["words"], lambda text: [sounds.get(one, one) for one in text])
        return cls(model_storage, resource, spelling)

    def __init__(
        self, model_storage: ModelStorage, resource: Resource, spelling: Spelling
    ) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._spelling = spelling

    def train(self, training_data: TrainingData) -> Resource:
        """Keep the words of the examples, and how every character may sound."""
        texts = [e.get(TEXT) for e in training_data.intent_examples if e.get(TEXT)]
        kept = {
            "words": words_of(in_plain_words(text) for text in texts),
            "sounds": {one: syllables(one)[0] for one in characters(ALL)},
        }
        with self._model_storage.write_to(self._resource) as folder:
            (folder / FILE).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if text := message.get(TEXT):
                message.set(PLAIN, self._spelling.restore(in_plain_words(one_code(text))))
        return messages
