"""The seam to a recogniser of speech."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Heard:
    """What was said. Where the recogniser is not `sure` of it, it is read back first."""

    text: str
    sure: bool


@dataclass(frozen=True)
class Expected:
    """What may be said: its language (zh, en), and the answers that wait, if any do.

    `answers` are the words of each → what they stand for. What sounds like one of them
    is taken for it, and not for sure.
    """

    language: str
    answers: Mapping[str, str] = field(default_factory=dict)


class Transcriber(Protocol):
    """Turns a recording into words."""

    async def hear(self, content: bytes, expected: Expected) -> Heard:
        """Return what a recording says.

        Raises:
            bot.voice.audio.Unheard: there is nothing to understand; it says why.
            Exception: the recogniser itself failed; another try may succeed.
        """
