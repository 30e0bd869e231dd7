"""Which part works, and since when: looked at together, told once when it changes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from time import monotonic

import structlog
from sqlalchemy.exc import SQLAlchemyError

from actions.clock import Clock
from actions.errors import kind_of

log = structlog.get_logger()

EVERY = 10.0  # seconds between two looks of our own
FRESH = 1.0  # seconds for which a look is good enough for whoever asks
WITHIN = 2.5  # seconds for one part
# Without these nobody is answered: a balancer sends nobody here.
ESSENTIAL = frozenset({"database", "rasa", "actions"})


class State(StrEnum):
    """How a part works; the worst comes last."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True)
class Found:
    """What a look at a part found; `why` is a word `bot/desk/findings.py` has a sentence for.

    `since` where the part itself tells; else it is the moment of the first look that found it.
    """

    state: State
    why: str
    since: datetime | None = None


@dataclass(frozen=True)
class Part:
    """A part as it was last found, since when, and how long the look took."""

    name: str
    state: State
    why: str
    since: datetime
    seconds: float


Check = Callable[[], Awaitable[Found]]
WORKS = Found(State.OK, "works")


@dataclass
class Health:
    """Looks at every part; several who ask at once share one look."""

    clock: Clock
    checks: Mapping[str, Check]
    parts: dict[str, Part] = field(default_factory=dict)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _looked_at: float = float("-inf")

    @property
    def state(self) -> State:
        """How the whole works: down where nobody is answered, else degraded if any part is."""
        if any(self._is(name, State.DOWN) for name in ESSENTIAL):
            return State.DOWN
        if all(part.state == State.OK for part in self.parts.values()):
            return State.OK
        return State.DEGRADED

    def _is(self, name: str, state: State) -> bool:
        return name in self.parts and self.parts[name].state == state

    async def look(self, fresh: float = FRESH) -> Mapping[str, Part]:
        """Return every part, as it was so many seconds ago at most."""
        async with self._looking:
            if monotonic() - self._looked_at > fresh:
                looks = (self._look_at(name, check) for name, check in self.checks.items())
                for part in await asyncio.gather(*looks):
                    self._note(part)
                self._looked_at = monotonic()
        return self.parts

    async def watch(self) -> None:
        """Look now and then for as long as the process lives, so that changes are logged."""
        while True:
            try:
                await self.look(EVERY / 2)
            except Exception as error:  # residents are answered whether or not we look
                log.error("nobody looks after the parts", error=kind_of(error))
            await asyncio.sleep(EVERY)

    async def _look_at(self, name: str, check: Check) -> Part:
        began = monotonic()
        try:
            async with asyncio.timeout(WITHIN):
                found = await check()
        except TimeoutError:
            found = Found(State.DOWN, "silent")
        except (SQLAlchemyError, OSError):  # what is seen through the store or the disk
            found = Found(State.DEGRADED, "unseen")
        since = found.since or self._since(name, found)
        return Part(name, found.state, found.why, since, monotonic() - began)

    def _since(self, name: str, found: Found) -> datetime:
        before = self.parts.get(name)
        same = before is not None and before.state == found.state
        return before.since if before and same else self.clock.now()

    def _note(self, part: Part) -> None:
        before = self.parts.get(part.name)
        self.parts[part.name] = part
        if (before.state if before else State.OK) == part.state:
            return
        tell = log.info if part.state == State.OK else log.warning
        tell(
            "a part has changed",
            part=part.name,
            state=part.state.value,
            was=before.state.value if before else "",
            why=part.why,
        )
