"""Waits for what another gateway answers, by one look at the store for all who wait here."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from actions.db import Database
from actions.errors import kind_of
from actions.turns import EntryState, InboxEntry

log = structlog.get_logger()

EVERY = 0.05  # seconds between two looks: a double tap waits no longer


@dataclass
class Awaiting:
    """Looks while somebody waits, and not otherwise."""

    database: Database
    _entries: WeakValueDictionary[int, asyncio.Event] = field(
        default_factory=WeakValueDictionary
    )
    _looking: "asyncio.Task[None] | None" = None

    async def until_dealt_with(self, entry_id: int, seconds: float) -> None:
        """Return once an entry does not wait any more, or after so many seconds."""
        dealt_with = self._entries.setdefault(entry_id, asyncio.Event())
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await dealt_with.wait()

    async def _look_on(self) -> None:
        while self._entries:
            await asyncio.sleep(EVERY)
            try:
                found = await run_in_threadpool(self._look, list(self._entries))
            except Exception as error:  # the store may be away for a while
                log.warning("another gateway's answers cannot be seen", error=kind_of(error))
                continue
            for dealt_with in filter(None, map(self._entries.get, found)):
                dealt_with.set()

    def _look(self, entries: Collection[int]) -> list[int]:
        with self.database.reading() as db:
            dealt_with = select(InboxEntry.id).where(
                InboxEntry.id.in_(entries), InboxEntry.state != EntryState.WAITING
            )
            return list(db.scalars(dealt_with))
