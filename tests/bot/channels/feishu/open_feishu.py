"""Feishu's side, strict about what Feishu refuses: its server for apps, and its calls.

Rules and codes as in docs/feishu.md and `bot/channels/feishu/sending.py`.
"""

import base64
import copy
import hashlib
import io
import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from actions.clock import Clock

EVENTS = Path(__file__).parent / "events"
APP_ID, SECRET = "cli_9f5343c580712544", "s3cr3t-" + "x" * 25
KEY, TOKEN = "test key of Feishu".replace(" ", "-"), "rvaYgkND1GOiu5MM0E1rncYC6PLtF7JV"
ROBOT = "ou_7d8a6e6df7621556ce0d21922b676706"
WHO, COLLEAGUE = "ou_84aad35d084aa403a838cf73ee18467e", "ou_155184d1e73cbfb8973e5a9e698e74f2"
GROUP, TALK = "oc_5ce6d572455d361153b7cb51da133945", "oc_a0553eda9014c201e6969b478895c230"
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
A_CHAT, A_SECOND, A_MINUTE = 5, 50, 1000  # messages
LARGEST, LARGEST_IMAGE = 30 * 1024, 10 * 1024 * 1024  # bytes
LONGEST_UUID, LONGEST_LABEL, MOST_ELEMENTS = 50, 100, 200


@dataclass
class Message:
    """A message as it stands in a chat."""

    id: str
    to: str
    type: str
    text: str
    at: datetime
    buttons: list[Any] = field(default_factory=list)
    image: str = ""


@dataclass
class OpenFeishu:
    """Feishu's server. `faults` go wrong one after the other, at the next messages sent."""

    clock: Clock
    sent: list[Message] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    groups: set[str] = field(default_factory=lambda: {GROUP})  # that our robot is in
    dissolved: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)  # users our app is not for
    images: dict[str, bytes] = field(default_factory=dict)
    files: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    uuids: dict[str, Message] = field(default_factory=dict)
    tokens: int = 1
    asked_for_tokens: int = 0
    asked_who: int = 0

    @property
    def token(self) -> str:
        return f"t-{self.tokens:04d}"

    def heard_in(self, to: str) -> list[str]:
        return [one.text for one in self.sent if one.to == to]

    def app(self) -> ASGIApp:
        post, checked = ["POST"], self._checked
        messages = "/open-apis/im/v1/messages"
        file = f"{messages}/{{message}}/resources/{{key}}"
        token = "/open-apis/auth/v3/tenant_access_token/internal"
        return Starlette(
            routes=[
                Route(token, self._issue, methods=post),
                Route(messages, checked(self._create), methods=post),
                Route("/open-apis/im/v1/images", checked(self._upload), methods=post),
                Route(file, checked(self._file)),
                Route("/open-apis/bot/v3/info", checked(self._who)),
            ]
        )

    async def _issue(self, request: Request) -> Response:
        said = await request.json()
        if said != {"app_id": APP_ID, "app_secret": SECRET}:
            return no(10014, 200)
        self.asked_for_tokens += 1
        issued = {"tenant_access_token": self.token, "expire": 7200}
        return JSONResponse({"code": 0, "msg": "ok", **issued})

    def _checked(self, answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def checked(request: Request) -> Response:
            bearer = request.headers.get("authorization", "")
            if not bearer.startswith("Bearer "):
                return no(99991661)
            if bearer != f"Bearer {self.token}":
                return no(99991663)
            found: Response = await answer(request)
            return found

        return checked

    async def _create(self, request: Request) -> Response:
        assert request.headers["content-type"] == "application/json; charset=utf-8"
        said, kind = await request.json(), request.query_params.get("receive_id_type", "")
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "down":
            return Response("<html>bad gateway</html>", status_code=502)
        if fault == "slow down":
            return no(99991400, 429, {"x-ogw-ratelimit-reset": "7"})
        if fault and fault != "lost":
            return self._no(int(fault))
        if code := self._refuses(said, kind):
            return self._no(code)
        message = self._take(said)
        if fault == "lost":
            return Response("<html>gateway timeout</html>", status_code=504)
        told = {"message_id": message.id, "chat_id": message.to, "msg_type": message.type}
        return JSONResponse({"code": 0, "msg": "success", "data": told})

    def _no(self, code: int) -> Response:
        self.refused.append(code)
        return no(code, 429 if code == 99991400 else 400)

    def _refuses(self, said: Any, kind: str) -> int:
        to, uuid = said["receive_id"], said["uuid"]
        if kind != ("open_id" if to.startswith("ou_") else "chat_id"):
            return 230001
        if code := self._is_closed(to):
            return code
        if not isinstance(said["content"], str) or not 0 < len(uuid) <= LONGEST_UUID:
            return 230001
        if len(said["content"].encode()) > LARGEST:
            return 230025
        return self._wrong(said["msg_type"], json.loads(said["content"])) or self._over(to)

    def _is_closed(self, to: str) -> int:
        if to in self.dissolved:
            return 232009
        if to.startswith("oc_"):
            return 0 if to in self.groups else 230002
        return 230013 if to in self.unknown else 0

    def _wrong(self, type_: str, content: Any) -> int:
        """A text message is none of ours: it would read residents' words for markup."""
        if type_ == "image":
            return 0 if content["image_key"] in self.images else 230001
        if type_ == "post":
            parts = [part for line in content["zh_cn"]["content"] for part in line]
            lines = content["zh_cn"]["content"]
            plain = {part["tag"] for part in parts} == {"text"} and all(lines)
            return 0 if plain and all(part["text"] for part in parts) else 230001
        if type_ == "interactive":
            return 0 if _is_card(content) else 230099
        return 230001

    def _over(self, to: str) -> int:
        """Feishu counts what was tried in any second and any minute."""
        now = self.clock.now()
        lately = [one for one in self.sent if one.at > now - SECOND]
        if len(lately) >= A_SECOND:
            return 99991400
        if sum(one.at > now - MINUTE for one in self.sent) >= A_MINUTE:
            return 99991400
        return 230020 if sum(one.to == to for one in lately) >= A_CHAT else 0

    def _take(self, said: Any) -> Message:
        """Take a message; one of a `uuid` that was taken in this hour is that one."""
        now, before = self.clock.now(), self.uuids.get(said["uuid"])
        if before is not None and before.at > now - HOUR:
            return before
        content = json.loads(said["content"])
        made = Message(
            f"om_{len(self.sent):032x}",
            said["receive_id"],
            said["msg_type"],
            _text(said["msg_type"], content),
            now,
            _buttons(content),
            content.get("image_key", ""),
        )
        self.sent.append(made)
        self.uuids[said["uuid"]] = made
        return made

    async def _upload(self, request: Request) -> Response:
        async with request.form() as form:
            kind = form["image_type"]
            content = await form["image"].read()  # type: ignore[union-attr]
        if kind != "message" or len(content) > LARGEST_IMAGE or not _is_image(content):
            return no(234001)
        key = f"img_v3_{len(self.images):04d}"
        self.images[key] = content
        return JSONResponse({"code": 0, "msg": "success", "data": {"image_key": key}})

    async def _file(self, request: Request) -> Response:
        asked = request.path_params["message"], request.query_params["type"]
        found = self.files.get((*asked, request.path_params["key"]))
        return no(234003) if found is None else Response(found, media_type="image/jpeg")

    async def _who(self, _request: Request) -> Response:
        self.asked_who += 1
        robot = {"activate_status": 2, "app_name": "小沥", "open_id": ROBOT}
        return JSONResponse({"code": 0, "msg": "ok", "bot": robot})


def no(code: int, status: int = 400, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"code": code, "msg": "no"}, status, headers)


def _is_image(content: bytes) -> bool:
    try:
        Image.open(io.BytesIO(content)).verify()
    except OSError:
        return False
    return True


def _is_card(content: Any) -> bool:
    """A card of the first kind: plain words, and buttons that carry an object."""
    elements = content["elements"]
    buttons, texts = _buttons(content), [one for one in elements if one["tag"] == "div"]
    words = [one["text"] for one in (*texts, *buttons)]
    return (
        {one["tag"] for one in elements} <= {"div", "action"}
        and bool(elements)
        and all(one["tag"] == "plain_text" and one["content"] for one in words)
        and all(len(one["text"]["content"]) <= LONGEST_LABEL for one in buttons)
        and all(isinstance(one["value"], dict) for one in buttons)
        and len(elements) + 2 * len(buttons) + len(texts) <= MOST_ELEMENTS
    )


def _buttons(content: Any) -> list[Any]:
    rows = [one for one in content.get("elements", []) if one["tag"] == "action"]
    return [button for row in rows for button in row["actions"]]


def _text(type_: str, content: Any) -> str:
    """What is read on the screen."""
    if type_ == "post":
        lines = content["zh_cn"]["content"]
        return "\n".join("".join(part["text"] for part in line).rstrip() for line in lines)
    if type_ == "interactive":
        words = [one for one in content["elements"] if one["tag"] == "div"]
        return "\n".join(str(one["text"]["content"]) for one in words)
    return ""


def sealed(made: Any, key: str = KEY) -> bytes:
    """Seal an event as Feishu does."""
    content = made if isinstance(made, bytes) else json.dumps(made).encode()
    filled = 16 - len(content) % 16
    start, digest = secrets.token_bytes(16), hashlib.sha256(key.encode()).digest()
    encryptor = Cipher(algorithms.AES(digest), modes.CBC(start)).encryptor()
    closed = encryptor.update(content + bytes([filled]) * filled) + encryptor.finalize()
    return json.dumps({"encrypt": base64.b64encode(start + closed).decode()}).encode()


@dataclass
class Caller:
    """Feishu's calls to an app: sealed with its key, and signed when they are sent."""

    client: httpx.AsyncClient
    clock: Clock
    path: str = "/feishu"
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def event(self, name: str, **message: Any) -> Any:
        """A payload of the kind, new, with some of its message said otherwise."""
        made = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
        number = next(self.numbers)
        made["header"]["event_id"] = f"{number:032x}"
        if said := made["event"].get("message"):
            said["message_id"] = f"om_{number:030x}xx"
            said |= message
        return made

    def words(
        self,
        text: str,
        who: str = WHO,
        *,
        group: str = "",
        quoted: str = "",
        named: bool = True,
    ) -> Any:
        """Somebody writes, alone with us or in a group where they call our name."""
        made = self.event("group_mention" if group and named else "text")
        said = made["event"]["message"]
        made["event"]["sender"]["sender_id"]["open_id"] = who
        begin = "@_user_1 " if group and named else ""
        said["content"] = json.dumps({"text": begin + text}, ensure_ascii=False)
        if group:
            said |= {"chat_id": group, "chat_type": "group"}
        if quoted:
            said |= {"parent_id": quoted, "root_id": quoted}
        return made

    def tap(self, on: Message, label: str, who: str = WHO) -> Any:
        """Somebody taps a button of a card."""
        made = self.event("tap_in_group")
        (button,) = [one for one in on.buttons if one["text"]["content"] == label]
        chat = on.to if on.to.startswith("oc_") else TALK
        made["event"]["operator"]["open_id"] = who
        made["event"]["action"]["value"] = copy.deepcopy(button["value"])
        made["event"]["context"] = {"open_message_id": on.id, "open_chat_id": chat}
        return made

    def signed(self, body: bytes, key: str = KEY, **stamp: str) -> dict[str, str]:
        at = stamp.get("timestamp", str(int(self.clock.now().timestamp())))
        nonce = stamp.get("nonce", secrets.token_hex(4))
        signature = hashlib.sha256(f"{at}{nonce}{key}".encode() + body).hexdigest()
        return {
            "X-Lark-Request-Timestamp": at,
            "X-Lark-Request-Nonce": nonce,
            "X-Lark-Signature": signature,
        }

    async def post(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        return await self.client.post(self.path, content=body, headers=headers)

    async def call(self, made: Any, **stamp: str) -> httpx.Response:
        body = sealed(made)
        return await self.post(body, self.signed(body, **stamp))
