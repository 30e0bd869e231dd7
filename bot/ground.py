"""What the gateway and its parts stand on; made once when the bot starts."""

from dataclasses import dataclass, field
from typing import Protocol

from actions.booking.programme import Programme
from actions.clock import Clock
from actions.content.editions import Shelf
from actions.db import Database, Db
from actions.wording import Wording
from bot.assistant import Assistant, Reader
from bot.media import Media
from bot.presence import Alone, Presence
from bot.seats import Seats
from knowledge.pack import NeverRequest, Pack

STORE_SECONDS = 1.8  # how long the store may take, before and again after the turn


class SafetyGate(Protocol):
    """Knows an emergency when it reads one."""

    def check(self, text: str) -> NeverRequest | None:
        """Return what kind of emergency a message tells of, None for everything else."""


@dataclass
class Ground:
    """What the gateway stands on.

    Without a `reader` every message is taken for one thing. Without `seats` there is one Rasa,
    with the usual `presence` one gateway; so many `gateways` ask the same Rasa. `to_forget`
    are trackers of Rasa's that wait to be forgotten. `speaks`: replies can be said aloud.
    """

    database: Database
    clock: Clock
    wording: Wording
    pack: Pack
    gate: SafetyGate
    assistant: Assistant
    media: Media
    reader: Reader | None = None
    seats: Seats | None = None
    presence: Presence = field(default_factory=Alone)
    gateways: int = 1
    shelf: Shelf | None = None  # without one the pack stays what it is
    secret_key: str = ""
    turn_seconds: float = 4.0
    store_seconds: float = STORE_SECONDS
    speaks: bool = False
    to_forget: list[str] = field(default_factory=list)

    def programme(self, db: Db) -> Programme:
        """Return what is on here, as the active edition says."""
        return Programme(self.shelf.pack(db) if self.shelf else self.pack, self.wording)
