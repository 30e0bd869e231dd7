"""WeCom's side: its server for customer-service accounts, strict about its rules."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from actions.clock import Clock
from tests.bot.channels.wechat.weixin import Allowance, error

CORP_ID, SECRET, TOKEN = "ww12345678910", "s" * 43, "guali2026"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
ACCOUNT = "wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q"
PERSON = "wmAJ2GCAAAme1XQRC-NI-q0_ZM9ukoAw"
CALL_TOKEN = "ENCApHxnGDNAVNY4AaSJKj4Tb5mwsEMzxhFmHVGcra996NR"
MSG_ID = re.compile(r"[0-9A-Za-z_-]{1,32}")
AT_ONCE = 3  # messages of a page: fewer than WeCom's, so that there are several


@dataclass
class Kf:
    """WeCom's server. `faults` go wrong one after the other, at the next messages sent."""

    clock: Clock
    token: str = "token-1"
    asked_for_tokens: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    allowed: dict[str, Allowance] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    down: bool = False
    sent: list[tuple[str, str]] = field(default_factory=list)
    welcomed: list[tuple[str, str]] = field(default_factory=list)
    over: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    read_with: list[str] = field(default_factory=list)  # tokens, at each reading

    def says(self, text: str, **more: Any) -> None:
        """Somebody writes."""
        told = {
            "msgid": f"m{len(self.messages)}",
            "open_kfid": ACCOUNT,
            "external_userid": PERSON,
            "send_time": int(self.clock.now().timestamp()),
            "origin": 3,
            "msgtype": "text",
            "text": {"content": text},
        } | more
        self.messages.append(told)
        if told["origin"] == 3:
            until = self.clock.now() + timedelta(hours=48)
            self.allowed[str(told["external_userid"])] = Allowance(until, 5)

    def enters(self, code: str) -> None:
        """Somebody opens the chat."""
        event = {"event_type": "enter_session", "welcome_code": code}
        more = {"msgtype": "event", "origin": 4, "event": event}
        self.messages.append({"msgid": f"m{len(self.messages)}", **more})

    def app(self) -> ASGIApp:
        post = ["POST"]
        return Starlette(
            routes=[
                Route("/cgi-bin/gettoken", self._gettoken),
                Route("/cgi-bin/kf/sync_msg", self._checked(self._sync), methods=post),
                Route("/cgi-bin/kf/send_msg", self._checked(self._send), methods=post),
                Route(
                    "/cgi-bin/kf/send_msg_on_event", self._checked(self._greet), methods=post
                ),
                Route("/cgi-bin/media/get", self._checked(self._file)),
            ]
        )

    def _checked(self, answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def checked(request: Request) -> Response:
            if self.down:
                return Response(status_code=502)
            if request.query_params.get("access_token") != self.token:
                return error(42001)
            found: Response = await answer(request)
            return found

        return checked

    async def _gettoken(self, request: Request) -> Response:
        said = request.query_params
        if (said["corpid"], said["corpsecret"]) != (CORP_ID, SECRET):
            return error(40001)
        self.asked_for_tokens += 1
        return JSONResponse({"errcode": 0, "access_token": self.token, "expires_in": 7200})

    async def _sync(self, request: Request) -> Response:
        said = await request.json()
        assert said["open_kfid"] == ACCOUNT
        self.read_with.append(said.get("token", ""))
        start = int(said.get("cursor") or 0)
        page = self.messages[start : start + min(said["limit"], AT_ONCE)]
        end = start + len(page)
        return JSONResponse(
            {
                "errcode": 0,
                "errmsg": "ok",
                "next_cursor": str(end),
                "has_more": int(end < len(self.messages)),
                "msg_list": page,
            }
        )

    async def _send(self, request: Request) -> Response:
        said = await request.json()
        fault = self.faults.pop(0) if self.faults else ""
        if fault:
            return error(int(fault))
        assert MSG_ID.fullmatch(said["msgid"])
        if said["open_kfid"] != ACCOUNT:
            return error(95000)
        allowed, now = self.allowed.get(said["touser"]), self.clock.now()
        if allowed is None:
            return error(40096)
        if allowed.until <= now or allowed.left <= 0:
            self.over += 1
            return error(95002 if allowed.until <= now else 95001)
        text = said["text"]["content"]
        if len(text.encode()) > 2048:
            return error(40058)
        allowed.left -= 1
        self.sent.append((said["touser"], text))
        return JSONResponse({"errcode": 0, "errmsg": "ok", "msgid": said["msgid"]})

    async def _greet(self, request: Request) -> Response:
        said = await request.json()
        if said["code"] in {code for code, _ in self.welcomed}:
            return error(95016)
        self.welcomed.append((said["code"], said["text"]["content"]))
        return error(0)

    async def _file(self, request: Request) -> Response:
        found = self.files.get(request.query_params["media_id"])
        if found is None:
            return error(40007)
        return Response(found, media_type="image/jpeg")
