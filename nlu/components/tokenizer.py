"""Cuts Chinese, English and mixtures of both into tokens."""

import re
from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from nlu.components.sources import MadeOfMore
from nlu.components.text import fold

TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+|[^\s]")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class MixedTokenizer(MadeOfMore, Tokenizer):
    """One token a Chinese character, a run of Latin letters or a run of digits."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "MixedTokenizer":
        return cls(config)

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        folded = fold(message.get(attribute))
        tokens = [Token(found.group(), found.start()) for found in TOKEN.finditer(folded)]
        return list(self._apply_token_pattern(tokens))
