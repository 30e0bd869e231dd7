"""WeChat's side, strict about what WeChat refuses: its server for accounts, and its calls."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from actions.clock import Clock
from bot.channels.tencent.callback import fields
from bot.channels.tencent.sealed import Seal

APP_ID, SECRET, TOKEN = "wx5823bf96d3bd56c7", "s" * 32, "guali2026"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
OPENID = re.compile(r"o[A-Za-z0-9_-]{27}")
KNOWN = "oGuali0000000000000000000001"
PHOTO_ID = "J8x2-photo_1"


@dataclass
class Allowance:
    """What WeChat lets an account write to somebody."""

    until: datetime
    left: int


@dataclass
class Weixin:
    """WeChat's server. `faults` go wrong one after the other, at the next messages sent."""

    clock: Clock
    token: str = "token-1"
    asked_for_tokens: int = 0
    allowed: dict[str, Allowance] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    over: int = 0  # messages tried beyond what is allowed
    files: dict[str, bytes] = field(default_factory=dict)
    menus: list[Any] = field(default_factory=list)

    def wrote(self, openid: str) -> None:
        """Somebody has written: five in 48 hours."""
        self.allowed[openid] = Allowance(self.clock.now() + timedelta(hours=48), 5)

    def tapped(self, openid: str) -> None:
        """Somebody has tapped: three in a minute, unless more or longer is open."""
        now = self.clock.now()
        open_ = self.allowed.get(openid, Allowance(now, 0))
        left = open_.left if open_.until > now else 0
        until = max(open_.until, now + timedelta(minutes=1))
        self.allowed[openid] = Allowance(until, max(left, 3))

    def heard_by(self, openid: str) -> list[str]:
        return [text for to, text in self.sent if to == openid]

    def ends_token(self) -> None:
        self.token = f"token-{int(self.token.rpartition('-')[2]) + 1}"

    def app(self) -> ASGIApp:
        post = ["POST"]
        return Starlette(
            routes=[
                Route("/cgi-bin/stable_token", self._stable_token, methods=post),
                Route("/cgi-bin/message/custom/send", self._checked(self._send), methods=post),
                Route("/cgi-bin/media/upload", self._checked(self._upload), methods=post),
                Route("/cgi-bin/media/get", self._checked(self._file)),
                Route("/cgi-bin/menu/create", self._checked(self._menu), methods=post),
                Route("/cgi-bin/qrcode/create", self._checked(self._code), methods=post),
            ]
        )

    def _checked(self, answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def checked(request: Request) -> Response:
            if request.query_params.get("access_token") != self.token:
                return error(40001)
            found: Response = await answer(request)
            return found

        return checked

    async def _stable_token(self, request: Request) -> Response:
        said = await request.json()
        if (said["appid"], said["secret"]) != (APP_ID, SECRET):
            return error(40125)
        self.asked_for_tokens += 1
        return JSONResponse({"access_token": self.token, "expires_in": 7200})

    async def _send(self, request: Request) -> Response:
        body = await request.body()
        assert b"\\u" not in body, "WeChat would show the escapes"
        said = await request.json()
        fault = self.faults.pop(0) if self.faults else ""
        if fault.isdecimal() or fault == "-1":
            return error(int(fault))
        if fault == "down":
            return Response(status_code=502)
        refused = self._refused(said)
        if refused:
            return error(refused)
        self.allowed[said["touser"]].left -= 1
        self.sent.append((said["touser"], _shown(said)))
        return Response(status_code=504) if fault == "lost" else error(0)

    def _refused(self, said: Any) -> int:
        whom = said["touser"]
        if not OPENID.fullmatch(whom):
            return 40003
        if whom in self.gone:
            return 43004
        allowed, now = self.allowed.get(whom), self.clock.now()
        if allowed is None or allowed.until <= now:
            self.over += 1
            return 45015
        if allowed.left <= 0:
            self.over += 1
            return 45047
        return 45002 if len(_shown(said).encode()) > 2048 else 0

    async def _upload(self, request: Request) -> Response:
        async with request.form() as form:
            content = await form["media"].read()  # type: ignore[union-attr]
        media_id = f"media-{len(self.files)}"
        self.files[media_id] = content
        return JSONResponse(
            {"type": request.query_params["type"], "media_id": media_id, "created_at": 1}
        )

    async def _file(self, request: Request) -> Response:
        found = self.files.get(request.query_params["media_id"])
        if found is None:
            return Response('{"errcode":40007,"errmsg":"x"}', media_type="text/plain")
        return Response(found, media_type="image/jpeg")

    async def _menu(self, request: Request) -> Response:
        menu = await request.json()
        assert 1 <= len(menu["button"]) <= 3
        for column in menu["button"]:
            assert len(column["name"].encode()) <= 16
            assert 1 <= len(column["sub_button"]) <= 5
            assert all(len(one["name"].encode()) <= 60 for one in column["sub_button"])
        self.menus.append(menu)
        return error(0)

    async def _code(self, request: Request) -> Response:
        scene = (await request.json())["action_info"]["scene"]["scene_str"]
        assert 1 <= len(scene) <= 64
        return JSONResponse({"ticket": "t", "url": f"http://weixin.qq.com/q/{scene}"})


def _shown(said: Any) -> str:
    kind = said["msgtype"]
    return str(said["text"]["content"] if kind == "text" else said[kind]["media_id"])


def error(code: int) -> Response:
    return JSONResponse({"errcode": code, "errmsg": "ok" if not code else "no"})


@dataclass
class Caller:
    """WeChat's calls to an account's webhook."""

    client: httpx.AsyncClient
    clock: Clock
    seal: Seal
    weixin: Weixin
    path: str = "/wechat"
    calls: int = 0

    async def call(self, xml: str | bytes, **stamp: str) -> httpx.Response:
        """Call with a message, sealed and signed as WeChat does; a stamp may be given."""
        self.calls += 1
        content = xml.encode() if isinstance(xml, str) else xml
        sealed = stamp.pop("sealed", "") or self.seal.close(content)
        at = stamp.get("timestamp", str(int(self.clock.now().timestamp())))
        nonce = stamp.get("nonce", f"n{self.calls}")
        signature = stamp.get("signature") or self.seal.signature(at, nonce, sealed)
        params = {"msg_signature": signature, "timestamp": at, "nonce": nonce}
        body = f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{sealed}</Encrypt></xml>"
        return await self.client.post(self.path, params=params, content=body)

    def read(self, answer: httpx.Response) -> str:
        """Open a passive answer; returns its text, empty for none."""
        assert answer.status_code == 200, answer.text
        if answer.text == "success":
            return ""
        found = fields(answer.content)
        signed = found["TimeStamp"], found["Nonce"], found["Encrypt"]
        self.seal.check(found["MsgSignature"], *signed)
        reply = fields(self.seal.open(found["Encrypt"]))
        assert OPENID.fullmatch(reply["ToUserName"])
        assert reply["FromUserName"].startswith("gh_")
        assert reply["MsgType"] == "text"
        assert 0 < len(reply["Content"].encode()) <= 2048
        return reply["Content"]

    async def say(self, text: str, *, who: str = KNOWN, number: int = 0) -> str:
        """Somebody writes; returns the passive answer."""
        self.weixin.wrote(who)
        return self.read(await self.call(self.words(text, who=who, number=number)))

    def words(self, text: str, *, who: str = KNOWN, number: int = 0) -> str:
        at = int(self.clock.now().timestamp())
        return (
            f"<xml><ToUserName>gh_7f083739789a</ToUserName><FromUserName>{who}</FromUserName>"
            f"<CreateTime>{at}</CreateTime><MsgType>text</MsgType><Content>{text}</Content>"
            f"<MsgId>{number or 10_000 + self.calls}</MsgId></xml>"
        )

    def event(self, kind: str, key: str = "", *, who: str = KNOWN) -> str:
        at = int(self.clock.now().timestamp())
        return (
            f"<xml><ToUserName>gh_7f083739789a</ToUserName><FromUserName>{who}</FromUserName>"
            f"<CreateTime>{at}</CreateTime><MsgType>event</MsgType><Event>{kind}</Event>"
            f"<EventKey>{key}</EventKey></xml>"
        )
