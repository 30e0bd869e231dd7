"""Several Rasa processes as one assistant: a conversation sits with one while that one answers.

Which one is told by rendezvous hashing: when one goes, only the conversations that sit there
move, each to a place of its own, and when it is back they return.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2s
from itertools import count
from time import monotonic

import httpx
import structlog

from actions.wording import Said
from bot.assistant import NO_TURN, AssistantAway, AssistantSilent, Meant, RasaAssistant
from bot.channels.servers import is_here

log = structlog.get_logger()

SILENT = 3  # times in a row: then it counts as away, though it can be reached
RESTS = 5.0  # seconds until it is looked at again
EVERY = 1.0  # seconds between looks whether who was away is back


@dataclass
class Seats:
    """Rasa processes by the names of their seats; a name stands for one place in the world."""

    rasas: Mapping[str, RasaAssistant]
    _silent: Counter[str] = field(default_factory=Counter)
    _away: dict[str, float] = field(default_factory=dict)  # until when it is not looked at
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def all(self) -> Sequence[str]:
        """The names of all seats."""
        return tuple(self.rasas)

    @property
    def there(self) -> Sequence[str]:
        """The names of those that answer; of all where none does."""
        return tuple(seat for seat in self.rasas if seat not in self._away) or self.all

    def of(self, conversation_id: str) -> str:
        """Return with which one a conversation sits at this moment."""
        return max(self.there, key=lambda seat: _digest(f"{seat} {conversation_id}"))

    async def reply(
        self, *, seat: str, tracker_id: str, turn_id: str, text: str, within: float
    ) -> list[Said]:
        """Ask the one at a seat. Raises: as `Assistant.reply`."""
        asked = self.rasas[seat].reply(
            tracker_id=tracker_id, turn_id=turn_id, text=text, within=within
        )
        if turn_id == NO_TURN:
            return await asked
        with self._watched(seat):
            return await asked

    async def read(self, texts: Sequence[str], *, within: float) -> list[Meant]:
        """Ask each in turn, as nobody's tracker is wanted. Raises: as `Reader.read`."""
        there = self.there
        seat = there[next(self._numbers) % len(there)]
        try:
            with self._watched(seat):
                return await self.rasas[seat].read(texts, within=within)
        except AssistantAway:
            if self.there == there:
                raise
            return await self.read(texts, within=within)

    @contextmanager
    def _watched(self, seat: str) -> Iterator[None]:
        try:
            yield
        except AssistantAway:
            self._leave_alone(seat, 0)
            raise
        except AssistantSilent:
            self._silent[seat] += 1
            if self._silent[seat] >= SILENT:
                self._leave_alone(seat, RESTS)
            raise
        self._silent[seat] = 0

    def _leave_alone(self, seat: str, seconds: float) -> None:
        if seat not in self._away:
            log.warning("a Rasa is away", seat=seat, there=len(self.there))
        self._away[seat] = monotonic() + seconds

    async def watch(self) -> None:
        """Look whether who was away is back, for as long as the process lives."""
        while True:
            await asyncio.sleep(EVERY)
            for seat in [seat for seat, until in self._away.items() if until <= monotonic()]:
                if await self.rasas[seat].is_there():
                    del self._away[seat]
                    self._silent[seat] = 0
                    log.info("a Rasa is back", seat=seat)


def open_seats(urls: Sequence[str], client: httpx.AsyncClient) -> Seats:
    """Return the Rasa processes at these addresses as one assistant."""
    return Seats({name_of(url): RasaAssistant(url, client) for url in urls})


def name_of(url: str) -> str:
    """Return the name of an address's seat: on loopback it differs from machine to machine."""
    here = socket.gethostname() if is_here(url) else ""
    return _digest(f"{here} {url}")


def _digest(text: str) -> str:
    return blake2s(text.encode(), digest_size=8).hexdigest()
