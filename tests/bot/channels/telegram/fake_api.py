"""A Bot API over real HTTP that refuses what Telegram refuses, on the test's own clock."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from PIL import Image
from starlette.datastructures import UploadFile

from bot.channels.parts import utf16
from tests.conftest import StandingClock

TOKEN = "6839275410:AAFx-canary_token-0123456789abcdefgh"
SELF = {"id": 6839275410, "is_bot": True, "first_name": "小沥", "username": "xiaoli_guali_bot"}
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
A_SECOND, A_MINUTE = 28, 20  # of a bot, in a group
MEGABYTE = 1024 * 1024
SENDS = frozenset({"sendMessage", "sendPhoto", "sendMediaGroup", "sendVoice"})
OPUS = re.compile(rb"OggS.{24}OpusHead\x01\x01", re.DOTALL)  # of one channel


class No(Exception):
    """A refusal, as Telegram words it."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass
class Sent:
    """A message that stands in a chat."""

    id: int
    chat: str
    text: str
    at: datetime
    markup: dict[str, Any] = field(default_factory=dict)
    photos: int = 0
    voice: bytes = b""
    rings: bool = True

    @property
    def buttons(self) -> list[dict[str, str]]:
        return [button for row in self.markup.get("inline_keyboard", ()) for button in row]

    @property
    def keys(self) -> list[list[str]]:
        return [[key["text"] for key in row] for row in self.markup.get("keyboard", ())]


@dataclass
class FakeApi:
    """What the Bot API knows of our bot."""

    clock: StandingClock
    sent: list[Sent] = field(default_factory=list)
    answered: list[tuple[str, str]] = field(default_factory=list)
    edited: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    menus: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    hook: dict[str, str] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    taps: set[str] = field(default_factory=set)  # ids that may still be answered
    files: dict[str, bytes] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)  # chats
    blocked: set[str] = field(default_factory=set)
    moved: dict[str, int] = field(default_factory=dict)
    deaf: set[str] = field(default_factory=set)  # chats that take no voices
    storm_until: datetime | None = None
    answers_lost: int = 0  # so many messages arrive and we do not hear of it
    down: bool = False

    def texts(self, chat: str) -> list[str]:
        return [one.text for one in self.sent if one.chat == chat and not one.voice]

    def call(self, method: str, said: Mapping[str, Any]) -> Any:
        """Do what a method does.

        Raises:
            No: Telegram would not.
        """
        do = METHODS.get(method)
        if do is None:
            raise No(404, "Not Found")
        self.called.append(method)
        if method in SENDS:
            self._check_room(str(said["chat_id"]))
        return do(self, said)

    def _check_room(self, chat: str) -> None:
        now = self.clock.now()
        if self.storm_until and now < self.storm_until:
            self._flood((self.storm_until - now).total_seconds())
        if chat in self.unknown:
            raise No(400, "Bad Request: chat not found")
        if chat in self.blocked:
            raise No(403, "Forbidden: bot was blocked by the user")
        if chat in self.moved:
            raise No(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=self.moved[chat],
            )
        here = [one.at for one in self.sent if one.chat == chat]
        if here and now - here[-1] < SECOND:
            self._flood(1)
        if chat.startswith("-") and sum(now - at < MINUTE for at in here) >= A_MINUTE:
            self._flood(30)
        if sum(now - one.at < SECOND for one in self.sent) >= A_SECOND:
            self._flood(1)

    def _flood(self, seconds: float) -> None:
        after = max(1, round(seconds))
        raise No(429, f"Too Many Requests: retry after {after}", retry_after=after)

    def put(self, said: Mapping[str, Any], text: str, photos: int = 0) -> dict[str, Any]:
        markup = _markup(said.get("reply_markup"))
        one = Sent(
            1000 + len(self.sent), str(said["chat_id"]), text, self.clock.now(), markup, photos
        )
        self.sent.append(one)
        if self.answers_lost:
            self.answers_lost -= 1
            raise No(502, "Bad Gateway")
        chat = {"id": int(one.chat), "type": "private"}
        return {"message_id": one.id, "date": 1795485600, "chat": chat, "text": text}


def _markup(written: Any) -> dict[str, Any]:
    markup: dict[str, Any] = json.loads(written) if written else {}
    rows = markup.get("inline_keyboard", markup.get("keyboard", []))
    buttons = [button for row in rows for button in row]
    if len(buttons) > 100 or len(str(written).encode()) > 10_240:
        raise No(400, "Bad Request: reply markup is too long")
    for button in buttons:
        if not button["text"].strip():
            raise No(400, "Bad Request: BUTTON text must be non-empty")
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
            raise No(400, "Bad Request: BUTTON_DATA_INVALID")
    return markup


def _plain(said: Mapping[str, Any], name: str, longest: int) -> str:
    """Take a text as it is: whoever asks for markup would have to escape."""
    if said.get("parse_mode"):
        raise No(400, "Bad Request: can't parse entities")
    text = str(said.get(name) or "").strip()
    if utf16(text) > longest:
        raise No(400, f"Bad Request: message {name} is too long".replace("text ", ""))
    return text


def send_message(api: FakeApi, said: Mapping[str, Any]) -> Any:
    text = _plain(said, "text", 4096)
    if not text:
        raise No(400, "Bad Request: message text is empty")
    return api.put(said, text)


def _check_photo(content: bytes) -> None:
    if len(content) > 10 * MEGABYTE:
        raise No(413, "Request Entity Too Large")
    try:
        width, height = Image.open(BytesIO(content)).size
    except OSError:
        raise No(400, "Bad Request: IMAGE_PROCESS_FAILED") from None
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise No(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")


def send_photo(api: FakeApi, said: Mapping[str, Any]) -> Any:
    _check_photo(said["photo"])
    return api.put(said, _plain(said, "caption", 1024), photos=1)


def send_media_group(api: FakeApi, said: Mapping[str, Any]) -> Any:
    media = json.loads(said["media"])
    if not 2 <= len(media) <= 10:
        raise No(400, "Bad Request: wrong number of media")
    for one in media:
        _check_photo(said[one["media"].removeprefix("attach://")])
    text = _plain(media[0], "caption", 1024)
    return [api.put(said, text, photos=len(media))]


def send_voice(api: FakeApi, said: Mapping[str, Any]) -> Any:
    if str(said["chat_id"]) in api.deaf:
        raise No(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN")
    if len(said["voice"]) > 50 * MEGABYTE:
        raise No(413, "Request Entity Too Large")
    if not OPUS.match(said["voice"]):  # what is none arrives as a document
        raise No(400, "Bad Request: wrong file")
    answer = api.put(said, _plain(said, "caption", 1024))
    api.sent[-1].voice = said["voice"]
    api.sent[-1].rings = said.get("disable_notification") != "true"
    return answer


def edit_message_reply_markup(api: FakeApi, said: Mapping[str, Any]) -> Any:
    chat, number = str(said["chat_id"]), int(said["message_id"])
    found = next((one for one in api.sent if (one.chat, one.id) == (chat, number)), None)
    if found is None:
        raise No(400, "Bad Request: message to edit not found")
    markup = _markup(said.get("reply_markup"))
    if markup == found.markup:
        raise No(400, "Bad Request: message is not modified")
    found.markup = markup
    api.edited.append(number)
    chat_of = {"id": int(chat), "type": "private"}
    return {"message_id": number, "date": 1795485600, "chat": chat_of}


def answer_callback_query(api: FakeApi, said: Mapping[str, Any]) -> Any:
    if said["callback_query_id"] not in api.taps:
        raise No(400, "Bad Request: query is too old and response timeout expired")
    api.taps.remove(said["callback_query_id"])
    api.answered.append((said["callback_query_id"], str(said.get("text") or "")))
    return True


def set_my_commands(api: FakeApi, said: Mapping[str, Any]) -> Any:
    menu = json.loads(said["commands"])
    for one in menu:
        if not re.fullmatch("[a-z0-9_]{1,32}", one["command"]):
            raise No(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(one["description"]) <= 256:
            raise No(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    api.menus[str(said.get("language_code") or "")] = menu
    return True


def set_webhook(api: FakeApi, said: Mapping[str, Any]) -> Any:
    if not said["url"].startswith("https://"):
        raise No(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if not re.fullmatch("[A-Za-z0-9_-]{1,256}", said["secret_token"]):
        raise No(400, "Bad Request: secret token contains unallowed characters")
    api.hook = dict(said)
    return True


def delete_webhook(api: FakeApi, _said: Mapping[str, Any]) -> Any:
    api.hook = {}
    return True


def get_updates(api: FakeApi, said: Mapping[str, Any]) -> Any:
    if api.hook:
        raise No(409, "Conflict: can't use getUpdates method while webhook is active")
    if "offset" in said:
        first = int(said["offset"])
        api.updates = [one for one in api.updates if one["update_id"] >= first]
    return api.updates[:100]


def get_file(api: FakeApi, said: Mapping[str, Any]) -> Any:
    content = api.files.get(said["file_id"])
    if content is None:
        raise No(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
    if len(content) > 20 * MEGABYTE:
        raise No(400, "Bad Request: file is too big")
    known = {"file_id": said["file_id"], "file_unique_id": "u", "file_size": len(content)}
    return {**known, "file_path": f"photos/{said['file_id']}.jpg"}


METHODS: Mapping[str, Callable[[FakeApi, Mapping[str, Any]], Any]] = {
    "getMe": lambda _api, _said: SELF,
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendMediaGroup": send_media_group,
    "sendVoice": send_voice,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "answerCallbackQuery": answer_callback_query,
    "setMyCommands": set_my_commands,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getUpdates": get_updates,
    "getFile": get_file,
}


@dataclass
class Stand:
    """Where the API of the test at hand stands."""

    api: FakeApi | None = None


def app(stand: Stand) -> FastAPI:
    served = FastAPI()

    @served.api_route("/bot{token}/{method}", methods=["GET", "POST"])
    async def method(request: Request, token: str, method: str) -> Response:
        said = dict(request.query_params) | await _form(request)
        assert stand.api is not None
        try:
            if token != TOKEN:
                raise No(401, "Unauthorized")
            if stand.api.down:
                raise No(502, "Bad Gateway")
            return JSONResponse({"ok": True, "result": stand.api.call(method, said)})
        except No as no:
            stand.api.refused.append(no.description)
            answer: dict[str, Any] = {"ok": False, "error_code": no.status}
            answer["description"] = no.description
            if no.parameters:
                answer["parameters"] = no.parameters
            return JSONResponse(answer, no.status)

    @served.get("/file/bot{token}/photos/{name}")
    async def file(token: str, name: str) -> Response:
        assert stand.api is not None
        content = stand.api.files.get(name.removesuffix(".jpg"))
        known = token == TOKEN and content is not None
        return Response(content if known else b"", 200 if known else 404)

    return served


async def _form(request: Request) -> dict[str, Any]:
    async with request.form() as form:
        return {
            name: await value.read() if isinstance(value, UploadFile) else value
            for name, value in form.items()
        }
