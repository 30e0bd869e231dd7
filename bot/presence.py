"""Who of several gateways and workers is there, and what only one of them does at a time.

What a process holds hangs on one session with PostgreSQL, as advisory locks: they end with the
session, however the process ends. A conversation is held by the number of a gateway in its row,
which counts for as long as that gateway is there. On SQLite there is one of each, alone.
"""

import asyncio
import fcntl
import secrets
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol
from zlib import crc32

import psycopg
import structlog
from sqlalchemy import make_url, or_, select, text, update

from actions.conversations import Conversation
from actions.db import Db
from actions.errors import SettingInvalid, kind_of

log = structlog.get_logger()

HERE, JOB = 0x786C01, 0x786C02  # the two kinds of our advisory locks
EVERY = 1.0  # seconds between two signs of life, and two tries for what another holds
GONE_AFTER = 10  # seconds without a sign, after which PostgreSQL ends the session
LOOKS = 0.5  # seconds between two looks of who waits for a job, or does it
SESSION: dict[str, Any] = {
    "connect_timeout": 3,
    "tcp_user_timeout": 3000,  # ms: we notice being cut off before PostgreSQL gives us up
    "options": f"-c idle_session_timeout={GONE_AFTER * 1000} -c lock_timeout=1000",
}
THERE = text(
    "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = :kind "
    "AND objsubid = 2 AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class Presence(Protocol):
    """What a process holds among those that share its store."""

    def claim(self, db: Db, conversation_id: str) -> bool:
        """Hold a conversation; False while another gateway that is there holds it."""

    def let_go(self, db: Db, conversation_id: str) -> None:
        """Hold a conversation no longer."""

    def others(self, db: Db) -> set[int]:
        """Return the numbers of the other gateways that are there."""

    def holds(self, job: str) -> bool:
        """Whether a job is this process's; asking for it is to want it."""

    def close(self) -> None:
        """Let everything go."""


class Alone:
    """The only gateway and the only worker of its store: all is theirs."""

    def __init__(self, lock: IO[Any] | None = None) -> None:
        self._lock = lock

    def claim(self, _db: Db, _conversation_id: str) -> bool:
        return True

    def let_go(self, _db: Db, _conversation_id: str) -> None:
        """Nobody else waits for it."""

    def others(self, _db: Db) -> set[int]:
        return set()

    def holds(self, _job: str) -> bool:
        return True

    def close(self) -> None:
        if self._lock:
            self._lock.close()


@dataclass
class Among:
    """One of several, by a session of its own that a thread keeps up."""

    url: str
    number: int = field(default_factory=lambda: secrets.randbelow(2**31 - 1) + 1)
    _wanted: set[str] = field(default_factory=set)
    _held: set[str] = field(default_factory=set)
    _session: psycopg.Connection[Any] | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Be there.

        Raises:
            psycopg.Error: PostgreSQL does not answer.
        """
        self._look()
        self._thread = threading.Thread(target=self._keep_up, name="presence", daemon=True)
        self._thread.start()

    # Conversations: in the caller's transaction.

    def claim(self, db: Db, conversation_id: str) -> bool:
        free = or_(Conversation.held_by.is_(None), Conversation.held_by == self.number)
        if self._take(db, conversation_id, free):
            return True
        here = select(Conversation.held_by).where(Conversation.id == conversation_id)
        holder = db.scalar(here)
        if holder in self.others(db):
            return False
        return self._take(
            db, conversation_id, Conversation.held_by.is_not_distinct_from(holder)
        )

    def _take(self, db: Db, conversation_id: str, free: Any) -> bool:
        taken = db.execute(
            update(Conversation)
            .where(Conversation.id == conversation_id, free)
            .values(held_by=self.number)
            .execution_options(synchronize_session=False)
        )
        return bool(taken.rowcount == 1)  # type: ignore[attr-defined]

    def let_go(self, db: Db, conversation_id: str) -> None:
        db.execute(
            update(Conversation)
            .where(Conversation.id == conversation_id, Conversation.held_by == self.number)
            .values(held_by=None)
            .execution_options(synchronize_session=False)
        )

    def others(self, db: Db) -> set[int]:
        return set(db.scalars(THERE, {"kind": HERE})) - {self.number}

    # Jobs, and being there at all.

    def holds(self, job: str) -> bool:
        self._wanted.add(job)
        return job in self._held

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._lose()

    def _keep_up(self) -> None:
        while not self._over.wait(EVERY):
            try:
                self._look()
            except psycopg.Error as error:
                log.warning("not there for the others", error=kind_of(error))
                self._lose()

    def _look(self) -> None:
        """Show that we are there, and try for every job that is wanted."""
        if self._session is None:
            session = psycopg.connect(self.url, autocommit=True, **SESSION)
            try:
                session.execute("SELECT pg_advisory_lock(%s, %s)", (HERE, self.number))
            except psycopg.Error:
                session.close()  # PostgreSQL does not yet know that the one before has ended
                raise
            self._session = session
        self._session.execute("SELECT 1")
        for job in self._wanted - self._held:
            key = (JOB, crc32(job.encode()) >> 1)
            found = self._session.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone()
            if found and found[0]:
                log.info("a job is ours", job=job)
                self._held.add(job)

    def _lose(self) -> None:
        self._held.clear()
        if self._session is not None:
            with suppress(psycopg.Error):
                self._session.close()
            self._session = None


async def while_ours(presence: Presence, job: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do a job whenever it is ours, for as long as the process lives.

    What ends by itself is done; what breaks is begun again.
    """
    while True:
        while not presence.holds(job):
            await asyncio.sleep(LOOKS)
        doing = asyncio.ensure_future(work())
        try:
            while presence.holds(job) and not _broke(doing, job):
                await asyncio.sleep(LOOKS)
        finally:
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)


def _broke(doing: "asyncio.Future[None]", job: str) -> bool:
    if not doing.done() or doing.cancelled() or (error := doing.exception()) is None:
        return False
    log.error("a job broke", job=job, error=kind_of(error))
    return True


def among_gateways(url: str) -> Presence:
    """Take one's place among the gateways of a store.

    Raises:
        SettingInvalid: there is another one, on SQLite.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return among(url)
    if not parsed.database or parsed.database == ":memory:":
        return Alone()
    lock = Path(f"{parsed.database}.gateway").open("a")  # noqa: SIM115 - held while we live
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise SettingInvalid(
            "Another gateway runs on this SQLite file; several need PostgreSQL: "
            "set DATABASE_URL (docs/growing.md)"
        ) from None
    return Alone(lock)


def among(url: str) -> Presence:
    """Take one's place among the processes of a store."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        return Alone()
    plain = parsed.set(drivername="postgresql")
    return Among(plain.render_as_string(hide_password=False))
