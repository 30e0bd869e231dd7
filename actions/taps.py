"""A tap on an issued button, and what is answered: the deeds are the topics'."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from actions.conversations import Conversation


@dataclass(frozen=True)
class Tap:
    """A button that was tapped: whose, what it stands for, when."""

    conversation: Conversation
    value: str
    now: datetime


@dataclass(frozen=True)
class Done:
    """What is answered: a response, with its values as they were just written."""

    response: str
    values: Mapping[str, Any] = field(default_factory=dict)
