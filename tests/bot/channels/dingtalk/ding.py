"""DingTalk's side: its API over real HTTP and its stream, strict about its rules."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as Upgrade
from websockets.http11 import Response as Refusal

from actions.clock import Clock

CLIENT_ID, ROBOT = "dingcanarykey0001", "dingrobot0001"
SECRET = "canary-secret-0123456789abcdef"
TOPIC = "/v1.0/im/bot/messages/get"
LONGEST = 15_000  # bytes of msgParam
A_MINUTE, A_SECOND = 20, 20  # to a group, to one API
SILENCE = timedelta(minutes=10)
KINDS = {"sampleText": {"content"}, "sampleImageMsg": {"photoURL"}}


@dataclass(frozen=True)
class Sent:
    """A message that stands in a chat."""

    to: str
    text: str
    photo: str
    at: datetime
    key: str


class No(Exception):
    """A refusal, as DingTalk words it."""

    def __init__(self, status: int, code: str, **more: Any) -> None:
        super().__init__(code)
        self.answer = JSONResponse({"code": code, "message": "金丝雀", **more}, status)


@dataclass
class Ding:
    """What DingTalk knows of our app. `faults` come one after the other, at what is sent."""

    clock: Clock
    members: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    sent: list[Sent] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    silent_until: dict[str, datetime] = field(default_factory=dict)
    faults: list[Response | str] = field(default_factory=list)
    calls: list[datetime] = field(default_factory=list)
    tokens: int = 0  # so many were given; only the last holds
    takes_tokens: bool = True
    photos: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    store: str = ""  # where files are said to be
    headers: list[dict[str, str]] = field(default_factory=list)  # of requests for files
    # The stream.
    endpoint: str = ""
    opened: list[dict[str, Any]] = field(default_factory=list)
    tickets: set[str] = field(default_factory=set)
    closed_to_us: bool = False

    def texts(self, to: str) -> list[str]:
        return [one.text for one in self.sent if one.to == to and one.text]

    # HTTP.

    def app(self) -> ASGIApp:
        def post(path: str, answer: Callable[[Request], Awaitable[Response]]) -> Route:
            return Route(path, self._saying_no(answer), methods=["POST"])

        return Starlette(
            routes=[
                post("/v1.0/oauth2/accessToken", self._token),
                post("/v1.0/gateway/connections/open", self._open),
                post("/v1.0/robot/groupMessages/send", self._to_group),
                post("/v1.0/robot/oToMessages/batchSend", self._to_people),
                post("/v1.0/robot/messageFiles/download", self._file),
                post("/media/upload", self._upload),
                Route("/store", self._stored),
            ]
        )

    def _saying_no(
        self, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except No as no:
                self.refused.append(str(no))
                return no.answer

        return answered

    async def _token(self, request: Request) -> Response:
        said = await request.json()
        if said != {"appKey": CLIENT_ID, "appSecret": SECRET}:
            raise No(400, "invalidClientIdOrSecret")
        self.tokens += 1
        return JSONResponse({"accessToken": f"canary-token-{self.tokens}", "expireIn": 7200})

    def _check(self, token: str | None) -> None:
        if not self.takes_tokens or token != f"canary-token-{self.tokens}":
            raise No(401, "InvalidAuthentication")

    async def _open(self, request: Request) -> Response:
        said = await request.json()
        self.opened.append(said)
        if self.closed_to_us:
            raise No(503, "ServiceUnavailable")
        if (said["clientId"], said["clientSecret"]) != (CLIENT_ID, SECRET):
            raise No(401, "authFailed")
        assert said["subscriptions"] == [{"type": "CALLBACK", "topic": TOPIC}]
        ticket = f"canary+ticket/{len(self.opened)}"
        self.tickets.add(ticket)
        return JSONResponse({"endpoint": self.endpoint, "ticket": ticket})

    async def _to_group(self, request: Request) -> Response:
        said = await self._letter(request)
        to, now = said["openConversationId"], self.clock.now()
        if to not in self.groups:
            raise No(400, "invalidParameter.robotCode.notExsit")
        lately = [one for one in self.sent if one.to == to and now - one.at < SILENCE / 10]
        if len(lately) >= A_MINUTE:
            self.silent_until[to] = now + SILENCE
        if now < self.silent_until.get(to, now):
            raise No(400, "130101")
        return await self._put(to, said)

    async def _to_people(self, request: Request) -> Response:
        said = await self._letter(request)
        (to,) = said["userIds"]
        if to.startswith("$:"):
            raise No(400, "staffId.notExisted")
        if to not in self.members:
            return JSONResponse({"processQueryKey": "k", "invalidStaffIdList": [to]})
        return await self._put(to, said)

    async def _letter(self, request: Request) -> dict[str, Any]:
        self._check(request.headers.get("x-acs-dingtalk-access-token"))
        now = self.clock.now()
        self.calls.append(now)
        if sum(now - at < timedelta(seconds=1) for at in self.calls) > A_SECOND:
            raise No(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")
        said: dict[str, Any] = await request.json()
        if said["robotCode"] != ROBOT:
            raise No(400, "invalidParameter.robotCode.auth")
        if said["msgKey"] not in KINDS:
            raise No(400, "invalidParameter.msgKey.invalid")
        if len(said["msgParam"].encode()) > LONGEST:
            raise No(400, "invalidParameter.msgParam.tooLong")
        said["param"] = json.loads(said["msgParam"])
        if said["param"].keys() != KINDS[said["msgKey"]] or not all(said["param"].values()):
            raise No(400, "miss.param.text")
        return said

    async def _put(self, to: str, said: dict[str, Any]) -> Response:
        fault = self.faults.pop(0) if self.faults else ""
        if isinstance(fault, Response):
            return fault
        photo = said["param"].get("photoURL", "")
        if photo and photo not in self.photos:
            raise No(400, "invalidParameter.msgParam.invalid")
        key = f"canaryQueryKey{len(self.sent)}="
        text = said["param"].get("content", "")
        self.sent.append(Sent(to, text, photo, self.clock.now(), key))
        if fault == "lost":  # it has arrived, and we do not hear of it
            return JSONResponse({"code": "system.error"}, 500)
        return JSONResponse({"processQueryKey": key})

    async def _upload(self, request: Request) -> Response:
        if request.query_params.get("access_token") != f"canary-token-{self.tokens}":
            return JSONResponse({"errcode": 40014, "errmsg": "不合法的access_token"})
        assert request.query_params["type"] == "image"
        media_id = f"@canaryMedia{len(self.photos)}"
        async with request.form() as form:
            file = form["media"]
            assert isinstance(file, UploadFile)
            self.photos[media_id] = await file.read()
        return JSONResponse(
            {"errcode": 0, "errmsg": "ok", "media_id": media_id, "type": "image"}
        )

    async def _file(self, request: Request) -> Response:
        self._check(request.headers.get("x-acs-dingtalk-access-token"))
        said = await request.json()
        if said["robotCode"] != ROBOT or said["downloadCode"] not in self.files:
            raise No(400, "invalidParameter.downloadCode.invalid")
        return JSONResponse(
            {"downloadUrl": f"{self.store}?{urlencode({'code': said['downloadCode']})}"}
        )

    async def _stored(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        code = request.query_params["code"]
        if code == "elsewhere":
            return RedirectResponse("/store?code=here")
        found = self.files.get(code)
        return Response(found) if found else Response(status_code=403)

    # The stream.

    def admit(self, connection: ServerConnection, request: Upgrade) -> Refusal | None:
        """Let a connection in with a ticket, which is good for one."""
        (ticket,) = parse_qs(urlsplit(request.path).query).get("ticket", [""])
        if ticket not in self.tickets:
            return connection.respond(HTTPStatus.UNAUTHORIZED, "")
        self.tickets.remove(ticket)
        return None


@dataclass
class Pushing:
    """The stream of one app. What is not acknowledged comes again on the next connection."""

    ding: Ding
    connections: list[ServerConnection] = field(default_factory=list)
    unacknowledged: dict[str, str] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)
    frames: int = 0

    @contextlib.asynccontextmanager
    async def standing(self) -> AsyncIterator["Pushing"]:
        async with serve(
            self._hold, "127.0.0.1", 0, process_request=self.ding.admit, close_timeout=1
        ) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            self.ding.endpoint = f"ws://127.0.0.1:{port}/connect"
            yield self

    async def _hold(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        with contextlib.suppress(ConnectionClosed):
            for told in list(self.unacknowledged.values()):
                await connection.send(self._frame(told))
            async for raw in connection:
                self._hear(json.loads(raw))
        self.connections.remove(connection)

    def _hear(self, answer: dict[str, Any]) -> None:
        assert set(answer) == {"code", "headers", "message", "data"}
        assert answer["headers"]["contentType"] == "application/json"
        assert isinstance(json.loads(answer["data"]), dict)
        self.answers.append(answer)
        if answer["code"] == 200:
            self.unacknowledged.pop(answer["headers"]["messageId"], None)

    def _frame(self, data: str, topic: str = TOPIC, kind: str = "CALLBACK") -> str:
        self.frames += 1
        number = f"frame_{self.frames}"
        if kind == "CALLBACK":
            for known in [n for n, told in self.unacknowledged.items() if told == data]:
                del self.unacknowledged[known]
            self.unacknowledged[number] = data
        headers = {"topic": topic, "messageId": number, "contentType": "application/json"}
        return json.dumps(
            {"specVersion": "1.0", "type": kind, "headers": headers, "data": data}
        )

    async def bring(self, told: dict[str, Any]) -> None:
        """Bring a message to whoever is connected."""
        await self.connections[-1].send(self._frame(json.dumps(told)))

    async def push(self, topic: str, kind: str, **data: Any) -> None:
        await self.connections[-1].send(self._frame(json.dumps(data), topic, kind))

    async def raw(self, written: str | bytes) -> None:
        await self.connections[-1].send(written)

    def codes(self) -> list[int]:
        return [answer["code"] for answer in self.answers]


async def until(holds: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)
