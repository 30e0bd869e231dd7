"""Says aloud what has arrived as text, in conversations where that is wished for.

A voice is made once its text is there, sent at most once, and dropped where there is any
trouble or it would come late: nothing waits for it, and nothing of it is kept.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

import structlog
from starlette.concurrency import run_in_threadpool

from actions import leasing
from actions.channels import CHANNELS
from actions.clock import Clock
from actions.conversations import Conversation, Message
from actions.db import Database, Db
from actions.errors import kind_of
from actions.people.model import Address
from actions.sending import Priority, Sending
from actions.wording import Wording
from bot import metrics
from bot.channels.platform import Letter, Platform
from bot.voice.audio import as_voice
from bot.voice.script import script
from bot.voice.speaker import Speaker

log = structlog.get_logger()

LATE = timedelta(seconds=60)  # after its text: by then one has read on
WITHIN = 30.0  # seconds for the platform


class Outcome(StrEnum):
    """What became of a voice."""

    SAID = "said"
    LATE = "late"
    UNWANTED = "unwanted"  # it was switched off meanwhile, or the words are gone
    FAILED = "failed"


class _Dropped(Exception):
    """A voice that is not to be sent any more."""

    def __init__(self, why: Outcome) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Script:
    """What is to be said, and where."""

    channel: str
    to: str
    text: str
    language: str


@dataclass
class Voices:
    """Says one thing after the other; `follow` is called when a text has arrived."""

    database: Database
    clock: Clock
    wording: Wording
    platforms: Mapping[str, Platform]
    speaker: Speaker
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep
    _waiting: asyncio.Queue[int] = field(default_factory=asyncio.Queue)

    def follow(self, sending_id: int) -> None:
        """Have a voice follow a text that has just arrived; returns at once."""
        self._waiting.put_nowait(sending_id)

    async def run(self) -> None:
        """Say what there is to say for as long as the process lives."""
        while True:
            await self._deal_with(await self._waiting.get())

    async def say_waiting(self) -> None:
        """Say what there is to say now."""
        while not self._waiting.empty():
            await self._deal_with(self._waiting.get_nowait())

    async def _deal_with(self, sending_id: int) -> None:
        try:
            await run_in_threadpool(self._note, sending_id, await self._outcome(sending_id))
        except Exception as error:  # it was only a voice
            log.error("a voice cannot be dealt with", error=kind_of(error))

    async def _outcome(self, sending_id: int) -> Outcome:
        try:
            await self._say(sending_id)
        except _Dropped as dropped:
            return dropped.why
        except Exception as error:
            log.warning("a voice was dropped", sending=sending_id, error=kind_of(error))
            return Outcome.FAILED
        return Outcome.SAID

    async def _say(self, sending_id: int) -> None:
        said = await run_in_threadpool(self._script, sending_id)
        recording = await self.speaker.speak(said.text, said.language)
        voice = await run_in_threadpool(as_voice, recording)
        while wait := await run_in_threadpool(self._take_room, sending_id):
            await self.rest(wait)
        letter = Letter(said.to, "", f"{sending_id}-voice", voice=voice)
        async with asyncio.timeout(WITHIN):
            await self.platforms[said.channel].send(letter)

    # What follows runs in worker threads: one short transaction each, none across a call.

    def _script(self, sending_id: int) -> Script:
        with self.database.reading() as db:
            sending, message, conversation = self._wanted(db, sending_id)
            language = conversation.resident.language
            rest = self.wording.render("utter_aloud_rest", language=language).text
            labels = [choice.label for choice in message.offered]
            to = db.get_one(Address, sending.address_id).address
            text = script(message.text, labels, language, rest)
        return Script(sending.channel, to, text, language)

    def _take_room(self, sending_id: int) -> float:
        """Take room in the chat; returns after how many seconds there may be some, else 0."""
        now = self.clock.now()
        with self.database.transaction() as db:
            sending, _, _ = self._wanted(db, sending_id)
            free = leasing.take_room(db, sending.channel, sending.address_id, now=now)
        return max(0.0, (free - now).total_seconds())

    def _wanted(self, db: Db, sending_id: int) -> tuple[Sending, Message, Conversation]:
        sending = db.get(Sending, sending_id)
        message = db.get(Message, sending.message_id) if sending else None
        if sending is None or message is None or not message.text:
            raise _Dropped(Outcome.UNWANTED)
        conversation = db.get_one(Conversation, message.conversation_id)
        if not conversation.aloud:
            raise _Dropped(Outcome.UNWANTED)
        if (sending.sent_at or self.clock.now()) < self.clock.now() - LATE:
            raise _Dropped(Outcome.LATE)
        return sending, message, conversation

    def _note(self, sending_id: int, outcome: Outcome) -> None:
        with self.database.transaction() as db:
            if sending := db.get(Sending, sending_id):
                sending.voice = outcome
        metrics.VOICES.labels(outcome).inc()


def is_to_follow(sending: Sending, conversation: Conversation, address: Address) -> bool:
    """Whether a voice follows a text: where it is wished for and can be heard by one alone.

    What many are told is not said to each.
    """
    return (
        conversation.aloud
        and CHANNELS[sending.channel].voices
        and not address.is_group
        and sending.priority < Priority.BROADCAST
    )
