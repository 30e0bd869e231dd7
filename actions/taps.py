"""What the gateway answers without understanding: taps on issued buttons, awaited words.

The deeds are the topics'. Each guards itself: a button may be old.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from actions.conversations import Choice, Conversation
from actions.db import Db
from actions.square import Square


@dataclass(frozen=True)
class Tap:
    """A button that was tapped: whose, what it stands for, when; `key` is the secret key."""

    conversation: Conversation
    value: str
    now: datetime
    key: str = ""


@dataclass(frozen=True)
class Spoken:
    """Words that may be what we wait for; `channel` is where, `key` the secret key.

    `text` is empty when only a photo or a place came: then something is `attached`.
    """

    conversation: Conversation
    text: str
    now: datetime
    channel: str = ""
    key: str = ""
    attached: bool = False


@dataclass(frozen=True)
class Done:
    """What is answered: a response, with its values as they were just written.

    `for_neighbour`: what was said is for a neighbour, and not for staff to read.
    `trackers` are those Rasa has of whoever was forgotten: it is to forget them too.
    """

    response: str
    values: Mapping[str, Any] = field(default_factory=dict)
    choices: Sequence[Choice] = ()
    for_neighbour: bool = False
    trackers: Sequence[str] = ()


Deed = Callable[[Db, Square, Tap], Done]  # raises Refusal when a rule says no
Taker = Callable[[Db, Square, Spoken], Done | None]  # None: we do not wait for these words
