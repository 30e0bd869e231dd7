"""The chat API: the web page uses it, and so may any client (DESIGN §2 has the contract)."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response, StreamingResponse
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from sqlalchemy import String, cast, select
from starlette.concurrency import run_in_threadpool

from actions import conversations
from actions.clock import Clock
from actions.conversations import (
    Attachment,
    Author,
    Complaint,
    Conversation,
    Feedback,
    Message,
    Status,
    Upload,
)
from actions.db import Database, Db
from actions.learning import misses
from actions.people.model import Address
from bot.channels.calls import body_of
from bot.gateway import Gateway
from bot.limits import Limits
from bot.message import InboundMessage, clean
from bot.open_pages import OpenPages, Whose
from bot.photos import KEPT_AS, redraw
from bot.problems import Problem
from bot.replies import Answered
from bot.uploads import LARGEST_PHOTO, read_file
from bot.voice.recordings import LARGEST_RECORDING, recorded_as

NAME = "webchat"
KIOSK = "kiosk"  # the same page on a screen that many use
KIOSK_SESSION = "kiosk."  # how a session of one begins
LONGEST_TEXT = 10_000
LARGEST_BODY = 256 * 1024
ID_DIGITS = 9  # of a message's id; more would not fit its column
AT_A_TIME = 1  # photos being drawn: the largest takes 200 MB meanwhile
FILES = {"photo": "image/", "voice": "audio/"}  # the content type of an attachment's upload
UPLOAD_ID = re.compile(r"[0-9a-f]{32}")
SESSION_COOKIE = "xiaoli_session"
SESSION_HEADER = "x-session"

Clean = BeforeValidator(lambda value: clean(value) if isinstance(value, str) else value)
Body = TypeVar("Body", bound=BaseModel)
Session = Annotated[str, Clean, Field(min_length=16, max_length=200)]


class AttachmentIn(BaseModel):
    """A photo or a recording that was uploaded before, or a place in WGS-84 degrees."""

    kind: Literal["photo", "voice", "location"]
    upload_id: Annotated[str, Clean, Field(max_length=64)] = ""
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = None


class ChatIn(BaseModel):
    """One message of a resident; the same session and message_id are the same message."""

    session: Session
    message_id: Annotated[str, Clean, Field(min_length=1, max_length=90)]
    text: Annotated[str, Clean] = ""
    attachments: Annotated[list[AttachmentIn], Field(max_length=10)] = []


class FeedbackIn(BaseModel):
    """Whether a reply helped and, if they like to say, what was wrong with it."""

    session: Session
    reply_id: Annotated[str, Clean, Field(max_length=ID_DIGITS, pattern=r"^\d+$")]
    good: bool
    complaint: Complaint | None = None


class ChoiceOut(BaseModel):
    """Something to tap; `value` may be sent back as text, as may the label or its number."""

    label: str
    value: str


class ReplyOut(BaseModel):
    """One thing we said."""

    id: str
    text: str
    choices: list[ChoiceOut]


class ChatOut(BaseModel):
    """Our replies, and who answers this conversation: pending the assistant, open a person.

    `elder`: the resident is answered in elder mode, so a page may show itself larger.
    """

    replies: list[ReplyOut]
    status: Literal["pending", "open"]
    elder: bool = False


@dataclass(frozen=True)
class Webchat:
    """The web page's channel: a reply is delivered when its row is written."""

    gateway: Gateway
    database: Database
    clock: Clock
    limits: Limits
    secret_key: str
    uploads: Path
    _drawing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(AT_A_TIME))

    @cached_property
    def open_pages(self) -> OpenPages:
        """The pages that wait for what is said later."""
        return OpenPages(self.database)

    def address(self, session: str) -> str:
        """Return what we know a session by; the session itself is never stored."""
        return hmac.new(self.secret_key.encode(), session.encode(), hashlib.sha256).hexdigest()

    def conversation(self, db: Db, session: str) -> Conversation | None:
        """Find a session's conversation, None before its first message."""
        return db.scalar(
            select(Conversation)
            .join(Address, Address.id == Conversation.address_id)
            .where(Address.channel == channel_of(session))
            .where(Address.address == self.address(session))
        )

    async def chat(self, request: Request) -> ChatOut:
        """Answer one message; see the module for what is refused."""
        return chat_out(await self.hear(request, await read_body(request, ChatIn)))

    async def hear(self, request: Request, said: ChatIn) -> Answered:
        """Hand one message to the gateway, within the limits of its sender.

        Raises:
            Problem: 413 too long, 422 with an attachment that is not theirs, 429 too fast.
        """
        self.limits.check(request, self.address(said.session))
        if len(said.text) > LONGEST_TEXT:
            raise Problem(413, "too_long")
        attachments = (
            await run_in_threadpool(self._attachments, said) if said.attachments else ()
        )
        return await self.gateway.receive(
            InboundMessage(
                channel=channel_of(said.session),
                address=self.address(said.session),
                update_id=f"{self.address(said.session)}:{said.message_id}",
                text=said.text,
                attachments=attachments,
            )
        )

    def _attachments(self, said: ChatIn) -> tuple[Attachment, ...]:
        """Check that files are this resident's own uploads and places are complete."""
        with self.database.reading() as db:
            conversation = self.conversation(db, said.session)
            for attachment in said.attachments:
                if attachment.kind == "location":
                    if attachment.lat is None or attachment.lon is None:
                        raise Problem(422, "bad_place")
                    continue
                upload = db.get(Upload, attachment.upload_id)
                if (
                    not upload
                    or not conversation
                    or upload.resident_id != conversation.resident_id
                    or not upload.content_type.startswith(FILES[attachment.kind])
                ):
                    raise Problem(422, "no_upload")
        return tuple(Attachment(**a.model_dump()) for a in said.attachments)

    async def upload(self, request: Request) -> dict[str, str]:
        """Keep a photo or a recording under a random name; returns its id."""
        session = header_session(request)
        if channel_of(session) == KIOSK:
            raise Problem(403, "own_phone")
        self.limits.check(request, self.address(session))
        content = await read_file(request, LARGEST_RECORDING)
        kind = recorded_as(content)
        if kind is None:
            content, kind = await self._redrawn(content), KEPT_AS
        return {"upload_id": await run_in_threadpool(self._keep, session, content, kind)}

    async def _redrawn(self, content: bytes) -> bytes:
        if len(content) > LARGEST_PHOTO:
            raise Problem(413, "too_large")
        photo = await to_thread.run_sync(redraw, content, limiter=self._drawing)
        if photo is None:
            raise Problem(422, "no_photo")
        return photo

    def _keep(self, session: str, content: bytes, content_type: str) -> str:
        upload_id, now = secrets.token_hex(16), self.clock.now()
        self.uploads.mkdir(parents=True, exist_ok=True)
        (self.uploads / upload_id).write_bytes(content)
        with self.database.transaction() as db:
            conversation = conversations.at_address(
                db, channel=channel_of(session), address=self.address(session), now=now
            )
            db.add(
                Upload(
                    id=upload_id,
                    resident_id=conversation.resident_id,
                    content_type=content_type,
                    size=len(content),
                    created_at=now,
                )
            )
        return upload_id

    async def photo(self, request: Request, upload_id: str) -> Response:
        """Hand a file out to whom it was sent, and to whoever sent it.

        Raises:
            Problem: 404 for everybody else, and where there is none.
        """
        session = session_of(request)
        self.limits.check(request, self.address(session))
        return await run_in_threadpool(self._photo, session, upload_id)

    def _photo(self, session: str, upload_id: str) -> Response:
        with self.database.reading() as db:
            conversation = self.conversation(db, session)
            if conversation is None or not _was_said(db, conversation, upload_id):
                raise Problem(404, "unknown")
            upload = db.get(Upload, upload_id)
        file = self.uploads / upload_id
        if upload is None or not file.is_file():
            raise Problem(404, "unknown")
        return FileResponse(file, media_type=upload.content_type, headers=PRIVATE)

    async def feedback(self, request: Request) -> dict[str, bool]:
        """Note whether a reply helped; the latest word on a reply counts."""
        said = await read_body(request, FeedbackIn)
        self.limits.check(request, self.address(said.session))
        return {"noted": await run_in_threadpool(self._note, said)}

    def _note(self, said: FeedbackIn) -> bool:
        with self.database.transaction() as db:
            conversation = self.conversation(db, said.session)
            reply = db.get(Message, int(said.reply_id)) if conversation else None
            if not conversation or not reply or reply.conversation_id != conversation.id:
                raise Problem(404, "no_reply")
            conversations.hold(db, conversation.id)  # two taps at once are one after the other
            _judge(db, reply, said, now=self.clock.now())
            if said.good:
                misses.liked(db, reply)
            else:
                misses.disliked(db, conversation, reply, said.complaint, now=self.clock.now())
        return True

    async def events(self, request: Request) -> StreamingResponse:
        """Stream what is said later; resumes after Last-Event-ID, else starts from now."""
        session = session_of(request)
        self.limits.check(request, self.address(session))
        resumed = request.headers.get("last-event-id", "")
        start = int(resumed) if resumed.isdecimal() and len(resumed) <= ID_DIGITS else None
        return StreamingResponse(
            self._stream(request, session, start),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _stream(
        self, request: Request, session: str, start: int | None
    ) -> AsyncIterator[str]:
        page = self.open_pages.open(Whose(channel_of(session), self.address(session)))
        status, is_new = None, True
        yield "retry: 2000\n\n"
        while not await request.is_disconnected():
            if is_new:
                found, now_status, start = await run_in_threadpool(self._later, session, start)
                for message in found:
                    yield f"id: {message.id}\nevent: message\ndata: {_event(message)}\n\n"
                if now_status != status:
                    status = now_status
                    yield f'event: status\ndata: {{"status": "{status}"}}\n\n'
            else:
                yield ": still here\n\n"
            is_new = await page.until_new(KEEP_ALIVE_SECONDS)

    def _later(self, session: str, start: int | None) -> tuple[list[Message], str, int]:
        with self.database.reading() as db:
            conversation = self.conversation(db, session)
            if conversation is None:
                return [], "pending", start or 0
            ours = select(Message).where(
                Message.conversation_id == conversation.id, Message.author != Author.RESIDENT
            )
            if start is None:
                latest = db.scalar(ours.order_by(Message.id.desc()).limit(1))
                return [], status_of(conversation.status), latest.id if latest else 0
            found = list(db.scalars(ours.where(Message.id > start).order_by(Message.id)))
            return found, status_of(conversation.status), found[-1].id if found else start


PRIVATE = {"Cache-Control": "private, no-store", "Content-Disposition": "attachment"}
KEEP_ALIVE_SECONDS = 15.0
FILE_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            }
        },
    }
}


def routes(webchat: Webchat) -> APIRouter:
    """Return the chat API's routes."""
    router = APIRouter(prefix="/api/chat", tags=["chat"])

    @router.post("", openapi_extra=_takes(ChatIn))
    async def chat(request: Request) -> ChatOut:
        return await webchat.chat(request)

    @router.post("/session")
    async def session() -> dict[str, str]:
        return {"session": secrets.token_urlsafe(24)}

    @router.post("/uploads", openapi_extra=FILE_FORM)
    async def upload(request: Request) -> dict[str, str]:
        return await webchat.upload(request)

    @router.get("/uploads/{upload_id}", response_class=FileResponse)
    async def photo(request: Request, upload_id: str) -> Response:
        return await webchat.photo(request, upload_id)

    @router.post("/feedback", openapi_extra=_takes(FeedbackIn))
    async def feedback(request: Request) -> dict[str, bool]:
        return await webchat.feedback(request)

    @router.get("/events")
    async def events(request: Request) -> StreamingResponse:
        return await webchat.events(request)

    return router


def _takes(kind: type[BaseModel]) -> dict[str, Any]:
    """Describe a JSON body; its parts are written out, for nobody outside finds a reference."""
    described = kind.model_json_schema()
    written = json.dumps(described)
    for name, part in described.pop("$defs", {}).items():
        written = written.replace(json.dumps({"$ref": f"#/$defs/{name}"}), json.dumps(part))
    schema = json.loads(written)
    schema.pop("$defs", None)
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


def _judge(db: Db, reply: Message, said: FeedbackIn, *, now: datetime) -> None:
    """Write the latest word on a reply down; a complaint that was made with it, too."""
    judged = db.scalar(select(Feedback).where(Feedback.message_id == reply.id))
    if judged is None:
        judged = Feedback(message_id=reply.id)
        db.add(judged)
    judged.good, judged.given_at = said.good, now
    judged.complaint = None if said.good else said.complaint


def _was_said(db: Db, conversation: Conversation, upload_id: str) -> bool:
    """Whether a file is part of a conversation."""
    if not UPLOAD_ID.fullmatch(upload_id):
        return False
    named = cast(Message.attachments, String).contains(upload_id)
    found = db.scalars(
        select(Message.attachments).where(Message.conversation_id == conversation.id, named)
    )
    return any(each["upload_id"] == upload_id for said in found for each in said)


def chat_out(answered: Answered) -> ChatOut:
    """Write replies the way the API gives them."""
    return ChatOut(
        replies=[reply_out(message) for message in answered.replies],
        status=status_of(answered.status),
        elder=answered.elder,
    )


def reply_out(message: Message) -> ReplyOut:
    """Write one message the way the API gives it."""
    return ReplyOut(
        id=str(message.id),
        text=message.text,
        choices=[ChoiceOut(label=c.label, value=c.id) for c in message.offered],
    )


async def read_bounded(request: Request) -> bytes:
    """Read a body of bounded size.

    Raises:
        Problem: 413 when too large.
    """
    return await body_of(request, LARGEST_BODY)


async def read_body(request: Request, kind: type[Body]) -> Body:
    """Read a JSON body of bounded size.

    Raises:
        Problem: 413 when too large, 422 when it is not what the API takes.
    """
    content = await read_bounded(request)
    try:
        return kind.model_validate(json.loads(content))
    except ValidationError as invalid:
        field = ".".join(str(part) for part in invalid.errors()[0]["loc"])
        raise Problem(422, "bad_field", field=field[:60]) from None
    except (ValueError, RecursionError):
        raise Problem(422, "bad_json") from None


def channel_of(session: str) -> str:
    """Return the channel a session is of: a kiosk's says so itself, and cannot take it back."""
    return KIOSK if session.startswith(KIOSK_SESSION) else NAME


def session_of(request: Request) -> str:
    """Return the session from its header or cookie, never from the address.

    Raises:
        Problem: 422 without one of at least 16 characters.
    """
    if SESSION_HEADER in request.headers:
        return header_session(request)
    return _checked(request.cookies.get(SESSION_COOKIE) or "")


def header_session(request: Request) -> str:
    """Return the session from its header alone, for whatever changes something.

    Another site can make a browser send its cookie along, but not a header.

    Raises:
        Problem: 422 without one of at least 16 characters.
    """
    return _checked(request.headers.get(SESSION_HEADER) or "")


def _checked(said: str) -> str:
    session = clean(said)
    if not 16 <= len(session) <= 200:
        raise Problem(422, "no_session")
    return session


def status_of(status: str) -> Literal["pending", "open"]:
    """Say who answers the way the API says it."""
    return "open" if status == Status.OPEN else "pending"


def _event(message: Message) -> str:
    """Write what is said later; its photos are at `/api/chat/uploads/<upload_id>`."""
    more = {"author": message.author, "attachments": message.attachments}
    return json.dumps(reply_out(message).model_dump() | more, ensure_ascii=False)
