"""News for open desks: which requests and conversations have changed, never how.

All desks of this process share one look at the database a second. What each is told of is
asked within the scope of who is signed in there, once for all of the same scope.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import astuple, dataclass, field
from typing import Any

from sqlalchemy import func, select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from actions.conversations import Conversation, Message
from actions.db import Database, Db
from actions.governance.model import ServiceRequest, Update
from actions.neighbours.model import HelpRequest
from actions.outbox import Notice
from actions.people import scope, staff
from actions.people.scope import Reach
from bot.desk.conversation import is_at_desk
from bot.desk.visit import COOKIE, Desk

EVERY = 1.0  # seconds between two looks
KEEP_ALIVE = 15.0  # and as often it is asked whether whoever listens is still signed in
MOST = 100  # of one kind are named at once; a page that was not named looks by itself
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(frozen=True)
class Marks:
    """The newest of everything that may be news."""

    update_id: int
    message_id: int
    notice_id: int
    need_id: int

    def written(self) -> str:
        """Write them as the id of an event."""
        return ".".join(map(str, astuple(self)))


@dataclass
class Pulse:
    """Looks whether there is news, once for all who wait for it."""

    database: Database
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _looked_at: float = float("-inf")
    _marks: Marks = Marks(0, 0, 0, 0)
    _told: dict[tuple[Reach, Marks], dict[str, Any]] = field(default_factory=dict)

    async def marks(self) -> Marks:
        """Return the newest, at most a second old."""
        async with self._looking:
            now = asyncio.get_running_loop().time()
            if now - self._looked_at >= EVERY:
                marks = await run_in_threadpool(self._look)
                if marks != self._marks:
                    self._marks, self._told = marks, {}
                self._looked_at = now
            return self._marks

    async def news(self, of: Reach, since: Marks, until: Marks) -> dict[str, Any]:
        """Return what has changed for somebody of a scope; empty when nothing has."""
        async with self._looking:
            if until != self._marks:
                return await run_in_threadpool(self._news, of, since, until)
            if (of, since) not in self._told:
                found = await run_in_threadpool(self._news, of, since, until)
                self._told[of, since] = found
            return self._told[of, since]

    def _look(self) -> Marks:
        newest = (func.max(table.id) for table in (Update, Message, Notice, HelpRequest))
        with self.database.reading() as db:
            found = [db.scalar(select(each)) or 0 for each in newest]
        return Marks(*found)

    def _news(self, of: Reach, since: Marks, until: Marks) -> dict[str, Any]:
        with self.database.reading() as db:
            scope.limit(db, of)
            found = {
                "requests": _requests(db, since, until),
                "talks": _talks(db, since, until),
                "inbox": _owed(db, since, until),
            }
        return {kind: news for kind, news in found.items() if news}


@dataclass
class Events:
    """Streams the news to those who are signed in."""

    desk: Desk
    pulse: Pulse = field(init=False)

    def __post_init__(self) -> None:
        self.pulse = Pulse(self.desk.database)

    async def see(self, request: Request) -> Response:
        """Stream what changes from now on, or since the event the browser had last."""
        secret = request.cookies.get(COOKIE, "")
        if await run_in_threadpool(self._who, secret) is None:
            raise HTTPException(403)
        since = _read(request.headers.get("last-event-id", ""))
        stream = self._stream(request, secret, since or await self.pulse.marks())
        return StreamingResponse(stream, media_type="text/event-stream", headers=HEADERS)

    async def _stream(self, request: Request, secret: str, since: Marks) -> AsyncIterator[str]:
        quiet = 0.0
        yield "retry: 2000\n\n"
        while not await request.is_disconnected():
            marks = await self.pulse.marks()
            if marks != since or quiet >= KEEP_ALIVE:
                who = await run_in_threadpool(self._who, secret)
                if who is None:
                    yield "event: over\ndata: {}\n\n"
                    return
                news = await self.pulse.news(who, since, marks) if marks != since else {}
                since, quiet = marks, 0.0
                yield _event(marks, news) if news else ": still here\n\n"
            quiet += EVERY
            await asyncio.sleep(EVERY)

    def _who(self, secret: str) -> Reach | None:
        """Return the scope of who is signed in by a secret, while they are."""
        with self.desk.database.reading() as db:
            found = staff.session_of(db, secret, now=self.desk.clock.now())
            return staff.reach_of(found[0]) if found else None


def _requests(db: Db, since: Marks, until: Marks) -> dict[int, int]:
    """Return requests that something happened to, each with its last update."""
    found = db.execute(
        select(Update.request_id, func.max(Update.id))
        .join(ServiceRequest, ServiceRequest.id == Update.request_id)
        .where(Update.id > since.update_id, Update.id <= until.update_id)
        .group_by(Update.request_id)
        .limit(MOST)
    )
    return {number: last for number, last in found}


def _talks(db: Db, since: Marks, until: Marks) -> list[str]:
    """Return conversations at the desk in which something was said."""
    found = db.scalars(
        select(Conversation.id)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Message.id > since.message_id, Message.id <= until.message_id, is_at_desk())
        .distinct()
        .limit(MOST)
    )
    return list(found)


def _owed(db: Db, since: Marks, until: Marks) -> bool:
    """Whether somebody of ours is owed something, or asked for help: the inbox may differ."""
    owed = (
        select(Notice.id)
        .join(Conversation, Conversation.id == Notice.conversation_id)
        .where(Notice.id > since.notice_id, Notice.id <= until.notice_id)
    )
    asked = select(HelpRequest.id).where(
        HelpRequest.id > since.need_id, HelpRequest.id <= until.need_id
    )
    return any(db.scalar(each.limit(1)) is not None for each in (owed, asked))


def _event(marks: Marks, news: dict[str, Any]) -> str:
    return f"id: {marks.written()}\nevent: changed\ndata: {json.dumps(news)}\n\n"


def _read(written: str) -> Marks | None:
    """Read the marks of an event that was had; None when they are none."""
    parts = written.split(".")
    if len(parts) != 4 or not all(p.isascii() and p.isdigit() and len(p) < 10 for p in parts):
        return None
    return Marks(*map(int, parts))
