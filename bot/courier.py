"""The courier: brings what was said on a platform to it, in order and within its limits."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import exc
from starlette.concurrency import run_in_threadpool

from actions import leasing, pacing
from actions.channels import CHANNELS
from actions.clock import Clock
from actions.conversations import Conversation, Message
from actions.db import Database, Db
from actions.errors import kind_of
from actions.people.model import Address
from actions.sending import Priority, Sending
from bot import metrics
from bot.channels.parts import in_pieces
from bot.channels.platform import Letter, Platform
from bot.mishaps import MISHAPS, give_up
from bot.voices import Voices, is_to_follow

log = structlog.get_logger()

TRIES = 10  # of one part; the pauses between them add up to a day and a half
LONGEST_PAUSE = timedelta(hours=24)
EVERY = 0.1  # seconds between looks: a reply waits no longer
AFTER_TROUBLE = 2.0  # seconds: the store may be away
WITHIN = 40.0  # seconds for one letter, well before its lease ends
# Seconds until the next letter goes though one is still on its way: a courier that is killed
# sends again what it had sent and not recorded. What many are told is worth the haste.
APART, APART_OF_MANY = 0.5, 0.05
ON_THEIR_WAY = 40  # letters at one time, of one channel
STORE_AWAY = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)
AWAY_AFTER = 3  # messages that failed with nothing between: the platform itself is away
UNCHANGED = {"key_share": True}  # a lock that lets others refer to the row
AWAY_FOR = timedelta(seconds=15)  # between looks whether it is back


@dataclass(frozen=True)
class Errand:
    """A part of a message, which way it goes, the how-manieth of how many parts."""

    sending_id: int
    channel: str
    letter: Letter
    number: int
    parts: int
    apart: float
    is_followed: bool = False  # by a voice, once all parts are there


@dataclass(frozen=True)
class Courier:
    """Drains the sendings of the platforms it is given; several may run.

    `went_round` is told of each channel it has just looked at.
    """

    database: Database
    clock: Clock
    platforms: Mapping[str, Platform]
    uploads: Path
    voices: Voices | None = None
    went_round: Callable[[str], None] = lambda _channel: None
    _failing: dict[str, set[int]] = field(default_factory=dict)  # since one arrived, by channel

    async def run(self, over: threading.Event) -> None:
        """Bring what is due until it is over: no channel waits for another.

        Letters that are on their way then are waited for, so that none is sent again.
        """
        saying = asyncio.create_task(self.voices.run()) if self.voices else None
        await asyncio.gather(*(self._serve(channel, over) for channel in self.platforms))
        if saying:
            saying.cancel()

    async def _serve(self, channel: str, over: threading.Event) -> None:
        on_way: set[asyncio.Task[None]] = set()
        while not over.is_set():
            try:
                busy = await self._send_due(channel, on_way)
                self.went_round(channel)
                _let_go_of_ended(on_way)
                while len(on_way) >= ON_THEIR_WAY:
                    await asyncio.wait(on_way, return_when=asyncio.FIRST_COMPLETED)
                    _let_go_of_ended(on_way)
                pause = 0 if busy else EVERY
            except Exception as error:
                log.error("the courier failed", channel=channel, error=kind_of(error))
                metrics.FAILURES.labels(f"courier/{channel}").inc()
                pause = AFTER_TROUBLE
            await asyncio.sleep(pause)
        await asyncio.gather(*on_way, return_exceptions=True)

    async def bring_due(self) -> int:
        """Bring one part to the first chats that wait for one; returns how many were tried."""
        on_way: set[asyncio.Task[None]] = set()
        tried = [await self._send_due(channel, on_way) for channel in self.platforms]
        await asyncio.gather(*on_way)
        return sum(tried)

    async def _send_due(self, channel: str, on_way: set[asyncio.Task[None]]) -> int:
        """Send what is due on a channel, one after the other where the platform is quick.

        So a courier that is killed has hardly ever sent more than one it has not recorded, and
        a chat whose letter takes long holds no other up.
        """
        errands = await run_in_threadpool(self._take, channel)
        for errand in errands:
            task = asyncio.create_task(self._bring(errand))
            on_way.add(task)
            await asyncio.wait({task}, timeout=errand.apart)
        return len(errands)

    async def _bring(self, errand: Errand) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                platform_id = await self.platforms[errand.channel].send(errand.letter)
        except Exception as error:  # each kind has its end; none may stop the others
            trouble = error
            await self._record(lambda: self._not_sent(errand, trouble))
        else:
            await self._record(lambda: self._sent(errand, platform_id))
            if self.voices and errand.is_followed:
                self.voices.follow(errand.sending_id)

    async def _record(self, what: Callable[[], None]) -> None:
        """Write down what came of a letter, also when the store is away for a while.

        Else what has arrived would be sent again.
        """
        while True:
            try:
                return await run_in_threadpool(what)
            except STORE_AWAY as error:
                log.error("the courier cannot record", error=kind_of(error))
                await asyncio.sleep(AFTER_TROUBLE)

    # What follows runs in worker threads: one short transaction each, none across a call.

    def _take(self, channel: str) -> list[Errand]:
        now = self.clock.now()
        with self.database.reading() as db:  # most often there is nothing, and nobody waits
            if not leasing.is_any_due(db, [channel], now=now):
                return []
        with self.database.transaction() as db:
            leased = leasing.lease_due(db, [channel], now=now)
            return [self._errand(db, one) for one in leased]

    def _errand(self, db: Db, one: Sending) -> Errand:
        message = db.get_one(Message, one.message_id)
        address = db.get_one(Address, one.address_id)
        conversation = db.get_one(Conversation, message.conversation_id)
        resident = conversation.resident
        facts = CHANNELS[one.channel]
        pieces = in_pieces(message, self._photos(message), facts)
        number = min(one.parts_sent, len(pieces) - 1)
        letter = Letter(
            to=address.address,
            text=pieces[number].text,
            key=f"{one.id}-{number}",
            choices=pieces[number].choices,
            photos=pieces[number].photos,
            is_group=address.is_group,
            language=resident.language,
            elder=resident.elder,
        )
        apart = APART_OF_MANY if one.priority == Priority.BROADCAST else APART
        is_last = number + 1 == len(pieces)
        return Errand(
            one.id,
            one.channel,
            letter,
            number,
            len(pieces),
            apart,
            is_followed=is_last and is_to_follow(one, conversation, address),
        )

    def _photos(self, message: Message) -> tuple[Path, ...]:
        photos = (one for one in message.attachments if one["kind"] == "photo")
        return tuple(self.uploads / one["upload_id"] for one in photos)

    def _sent(self, errand: Errand, platform_id: str) -> None:
        now = self.clock.now()
        self._failing.pop(errand.channel, None)
        metrics.DELIVERIES.labels(errand.channel, "sent").inc()
        with self.database.transaction() as db:
            leasing.mark_part_sent(
                db,
                errand.sending_id,
                number=errand.number,
                parts=errand.parts,
                platform_id=platform_id[:80],
                now=now,
            )

    def _not_sent(self, errand: Errand, error: Exception) -> None:
        """Decide what becomes of what did not arrive."""
        now = self.clock.now()
        log.warning("not sent", sending=errand.sending_id, error=kind_of(error))
        metrics.DELIVERIES.labels(errand.channel, outcome_of(error)).inc()
        with self.database.transaction() as db:
            one = leasing.failed(db, errand.sending_id, number=errand.number)
            if one is None:
                return
            one.trouble = kind_of(error)
            if (happened := MISHAPS.get(type(error))) is not None:
                address = db.get_one(Address, one.address_id, with_for_update=UNCHANGED)
                happened(db, one, address, error, now)
            else:
                self._try_later(db, one, now)
            one.lease_until = None

    def _try_later(self, db: Db, one: Sending, now: datetime) -> None:
        if self._is_away(one):
            pacing.pause(db, one.channel, until=now + AWAY_FOR, now=now)
            one.tries, one.due_at = one.tries - 1, now
        elif one.tries >= TRIES:
            give_up(db, one, one.trouble, now=now)
        else:
            one.due_at = now + pause_after(one.tries)

    def _is_away(self, one: Sending) -> bool:
        """Whether it is the platform that fails, not this message."""
        failing = self._failing.setdefault(one.channel, set())
        failing.add(one.id)
        return len(failing) >= AWAY_AFTER


def _let_go_of_ended(on_way: set[asyncio.Task[None]]) -> None:
    ended = {task for task in on_way if task.done()}
    on_way -= ended
    for error in filter(None, (task.exception() for task in ended)):
        log.error("the courier stumbled", error=kind_of(error))


def outcome_of(error: Exception) -> str:
    """Return what is counted of a try that failed: slowed, refused …, else failed."""
    return type(error).__name__.lower() if type(error) in MISHAPS else "failed"


def pause_after(tries: int) -> timedelta:
    """Return how long to wait after so many tries: 2 s, 8 s, 32 s … a day at most."""
    pause: timedelta = timedelta(seconds=2) * 4 ** (tries - 1)
    return min(pause, LONGEST_PAUSE)
