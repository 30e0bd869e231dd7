"""Brings in the files of a message, and hears its voices, before it is answered."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import structlog
from starlette.concurrency import run_in_threadpool

from actions.clock import Clock
from actions.conversations import Attachment, Conversation, Message, Upload
from actions.db import Database, Db
from actions.errors import kind_of
from actions.turns import InboxEntry
from bot.channels.platform import Platform, Refused
from bot.photos import KEPT_AS, redraw
from bot.unread import LOST
from bot.voice.answers import answers_that_wait
from bot.voice.audio import Unheard, as_voice
from bot.voice.booth import Booth
from bot.voice.recordings import recorded_as
from bot.voice.transcriber import Expected, Transcriber

log = structlog.get_logger()

LARGEST = 20 * 1024 * 1024  # bytes of a file that is fetched
WITHIN = 15.0  # seconds for one file
SURE, UNSURE = "sure", "unsure"  # how a voice was heard; else why it was not
UNREADABLE, NO_EARS = "unreadable", "no_ears"


@dataclass(frozen=True)
class Files:
    """The attachments of a message, of which some are away or have not been heard."""

    channel: str
    message_id: int
    resident_id: str
    expected: Expected
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True)
class Brought:
    """An attachment as it is now, and the words it was heard to say."""

    attachment: Attachment
    words: str = ""


@dataclass(frozen=True)
class Readable:
    """What a file became: its bytes as they are kept, and their type."""

    content: bytes
    content_type: str


Reader = Callable[[bytes], Readable | None]  # None: it is not what it is said to be


def read_photo(content: bytes) -> Readable | None:
    """Draw a photo anew."""
    photo = redraw(content)
    return Readable(photo, KEPT_AS) if photo else None


def read_voice(content: bytes) -> Readable | None:
    """Keep a recording as it is."""
    content_type = recorded_as(content)
    return Readable(content, content_type) if content_type else None


UNPLAYED = frozenset({"audio/amr", "audio/amr-wb"})  # by any browser: WeChat's
READERS: Mapping[str, Reader] = {"photo": read_photo, "voice": read_voice}


def to_bring(
    db: Db, entry: InboxEntry, conversation: Conversation, message: Message
) -> Files | None:
    """Return what has to be brought in or heard before a message can be answered."""
    attachments = tuple(Attachment(**one) for one in message.attachments)
    if not any(one.remote or _is_unheard(one) for one in attachments):
        return None
    resident = conversation.resident
    spoken = any(one.kind == "voice" for one in attachments)
    answers = answers_that_wait(db, message, resident.language) if spoken else {}
    expected = Expected(resident.language, answers)
    return Files(entry.channel, message.id, resident.id, expected, attachments)


def _is_unheard(attachment: Attachment) -> bool:
    return attachment.kind == "voice" and not attachment.heard


@dataclass(frozen=True)
class Media:
    """Fetches files and keeps them as uploads; what cannot be read becomes `lost`.

    Without a transcriber no voice is heard, and whoever speaks is told so. What no browser
    plays is written anew in the booth, if there is one.
    """

    database: Database
    clock: Clock
    uploads: Path
    platforms: Mapping[str, Platform] = field(default_factory=dict)
    transcriber: Transcriber | None = None
    booth: Booth | None = None

    async def bring_in(self, files: Files) -> None:
        """Bring in what is away and hear what was spoken; afterwards nothing is left to do."""
        brought = await asyncio.gather(*(self._bring(files, one) for one in files.attachments))
        await run_in_threadpool(self._note, files.message_id, brought)

    async def _bring(self, files: Files, attachment: Attachment) -> Brought:
        try:
            if attachment.remote:
                attachment = await self._fetch(files, attachment)
            if _is_unheard(attachment):
                return await self._hear(files, attachment)
        except Exception as error:
            log.warning("a file could not be brought in", error=kind_of(error))
            if attachment.kind == "voice":
                return Brought(replace(attachment, remote="", heard=UNREADABLE))
            return Brought(Attachment(LOST))
        return Brought(attachment)

    async def _fetch(self, files: Files, attachment: Attachment) -> Attachment:
        async with asyncio.timeout(WITHIN):
            platform = self.platforms[files.channel]
            content = await platform.fetch(attachment.remote, LARGEST)
        if attachment.kind == "voice":
            content = await self._playable(content)
        return await run_in_threadpool(self._keep, files, attachment, content)

    async def _playable(self, content: bytes) -> bytes:
        """Return a recording that browsers play; as it came where that cannot be had."""
        if self.booth is None or recorded_as(content) not in UNPLAYED:
            return content
        try:
            return await self.booth.run(as_voice, content)
        except Exception as error:
            log.warning("a recording stays as it came", error=kind_of(error))
            return content

    async def _hear(self, files: Files, attachment: Attachment) -> Brought:
        if self.transcriber is None:
            return Brought(replace(attachment, heard=NO_EARS))
        content = await run_in_threadpool((self.uploads / attachment.upload_id).read_bytes)
        try:
            heard = await self.transcriber.hear(content, files.expected)
        except Unheard as unheard:
            return Brought(replace(attachment, heard=unheard.why))
        return Brought(replace(attachment, heard=SURE if heard.sure else UNSURE), heard.text)

    def _keep(self, files: Files, attachment: Attachment, content: bytes) -> Attachment:
        read = READERS[attachment.kind](content)
        if read is None:
            raise Refused("unreadable")
        upload_id = secrets.token_hex(16)
        self.uploads.mkdir(parents=True, exist_ok=True)
        (self.uploads / upload_id).write_bytes(read.content)
        with self.database.transaction() as db:
            db.add(
                Upload(
                    id=upload_id,
                    resident_id=files.resident_id,
                    content_type=read.content_type,
                    size=len(read.content),
                    created_at=self.clock.now(),
                )
            )
        return replace(attachment, upload_id=upload_id, remote="")

    def _note(self, message_id: int, brought: list[Brought]) -> None:
        spoken = [one.words for one in brought if one.words]
        with self.database.transaction() as db:
            message = db.get_one(Message, message_id)
            message.attachments = [asdict(one.attachment) for one in brought]
            message.words.text = "\n".join(filter(None, [message.text, *spoken]))
