"""What a messaging platform is to us: letters go out, files come in, and things go wrong.

An adapter knows its platform's requests and nothing of conversations, limits or retries.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from actions.conversations import Choice


@dataclass(frozen=True)
class Letter:
    """One message, or one part of a long one, as it is to appear on a platform.

    `to` is the platform's id of the chat. The text is plain: an adapter escapes what its
    platform would take for markup. Choices come with the last part only. `key` is the same at
    every try, for platforms that know a repeated request by it. A `voice` (Ogg with Opus) comes
    alone, and only where the channel's facts say that it can.
    """

    to: str
    text: str
    key: str
    choices: tuple[Choice, ...] = ()
    photos: tuple[Path, ...] = ()
    is_group: bool = False
    language: str = "zh"
    elder: bool = False
    voice: bytes = b""


class Platform(Protocol):
    """Brings letters to a platform, and files from it."""

    name: str

    async def send(self, letter: Letter) -> str:
        """Bring a letter; returns the platform's id of it.

        Raises:
            Slowed, Closed, Blocked, Moved, Refused: as they say.
            Exception: anything else is tried again later; it may have arrived.
        """

    async def fetch(self, remote: str, most: int) -> bytes:
        """Return a file the platform holds for us.

        Raises:
            Refused: there is none any more, or it has more than so many bytes.
            Exception: anything else may be tried again.
        """


class Slowed(Exception):
    """The platform wants no more for so many seconds: of this chat, or of anybody."""

    def __init__(self, seconds: float, *, everywhere: bool = False) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds, self.everywhere = seconds, everywhere


class Closed(Exception):
    """The platform takes nothing more for this chat until we hear from them again."""


class Blocked(Exception):
    """They have blocked us or gone; nothing arrives until they write again."""


class Moved(Exception):
    """The chat has another id now."""

    def __init__(self, to: str) -> None:
        super().__init__("the chat has moved")
        self.to = to


class Refused(Exception):
    """The platform will never take this; the message is its error code, no words of anybody."""
