"""Tells the pages that are open when something is new for them: one look for all of them.

A page that is open waits for minutes. By itself each looked at the store twice a second, which
with some hundreds of them was more than all that residents wrote.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple
from weakref import WeakSet

import structlog
from sqlalchemy import select, tuple_
from starlette.concurrency import run_in_threadpool

from actions.conversations import Author, Conversation, Message
from actions.db import Database
from actions.errors import kind_of
from actions.people.model import Address

log = structlog.get_logger()

EVERY = 0.5  # seconds between two looks


class Whose(NamedTuple):
    """Whose page it is: the address of a resident on a channel."""

    channel: str
    address: str


class State(NamedTuple):
    """What a page may have to show: who answers, and the last thing that was said to them."""

    status: str
    said: int | None


@dataclass(eq=False)
class OpenPage:
    """A page that waits."""

    whose: Whose
    _state: State | None = None
    _new: asyncio.Event = field(default_factory=asyncio.Event)

    async def until_new(self, seconds: float) -> bool:
        """Wait until there may be something new, or for so long; returns whether there is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._new.wait()
        found = self._new.is_set()
        self._new.clear()
        return found

    def see(self, state: State | None) -> None:
        """Note how things are, and wake who waits if that is not how they were."""
        if state != self._state:
            self._state = state
            self._new.set()


@dataclass
class OpenPages:
    """Looks while a page is open, and not otherwise."""

    database: Database
    _pages: WeakSet[OpenPage] = field(default_factory=WeakSet)
    _looking: "asyncio.Task[None] | None" = None

    def open(self, whose: Whose) -> OpenPage:
        """Return a page that is looked after for as long as somebody holds it."""
        page = OpenPage(whose)
        self._pages.add(page)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        return page

    async def close(self) -> None:
        """Look after no page any more; a look that has begun comes to its end."""
        self._pages.clear()
        if self._looking:
            await self._looking

    async def _look_on(self) -> None:
        while self._pages:
            try:
                found = await run_in_threadpool(
                    self._look, {page.whose for page in self._pages}
                )
            except Exception as error:  # the store may be away for a while
                log.warning("open pages cannot be told anything", error=kind_of(error))
            else:
                self._tell(found)
            await asyncio.sleep(EVERY)

    def _tell(self, found: Mapping[Whose, State]) -> None:
        for page in list(self._pages):  # here, so that nothing holds the last one meanwhile
            page.see(found.get(page.whose))

    def _look(self, whose: Collection[Whose]) -> Mapping[Whose, State]:
        last_said = (
            select(Message.id)
            .where(Message.conversation_id == Conversation.id)
            .where(Message.author != Author.RESIDENT)
            .order_by(Message.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        with self.database.reading() as db:
            rows = db.execute(
                select(Address.channel, Address.address, Conversation.status, last_said)
                .join(Conversation, Conversation.address_id == Address.id)
                .where(tuple_(Address.channel, Address.address).in_(whose))
            )
            return {
                Whose(channel, address): State(status, said)
                for channel, address, status, said in rows
            }
