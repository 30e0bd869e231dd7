"""Hears DingTalk: a connection we keep open, on which a message is acknowledged once kept.

https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import quote_plus, urlsplit

import structlog
from starlette.concurrency import run_in_threadpool
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from actions.errors import kind_of
from bot import metrics
from bot.channels.calls import Unreadable
from bot.channels.dingtalk import shapes
from bot.channels.dingtalk.reading import NAME, Heard, read
from bot.channels.dingtalk.sending import DingTalk
from bot.channels.dingtalk.shapes import Frame
from bot.channels.ours import said_under
from bot.channels.servers import is_here
from bot.gateway import STORE_AWAY, Gateway, StoreSlow

log = structlog.get_logger()

TOPIC = "/v1.0/im/bot/messages/get"
SUBSCRIBED = [{"type": "CALLBACK", "topic": TOPIC}]
CLIENT = "xiaoli/1.0"
OK, NO_TOPIC, FAILED = 200, 404, 500
SAYS = {OK: "OK", NO_TOPIC: "topic not found", FAILED: "internal error"}
NOTHING = json.dumps({"response": None})

MOST_WAITING = 500  # messages that are not kept yet; then no more are read
LARGEST = 16 * 1024 * 1024  # bytes; more ends the connection, less than a frame is passed over
PING = 30.0  # seconds between our own, and until one that is not answered is the end
OPENING = 10.0  # seconds
LINGER = 15.0  # seconds an old connection is still listened to; DingTalk takes ten
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds before the next try
LASTED = 60.0  # seconds: a connection that held so long was a good one
AWAY = (*STORE_AWAY, StoreSlow)


@dataclass(frozen=True)
class Waiting:
    """A message that came on a connection and is to be kept."""

    frame: Frame
    connection: ClientConnection


@dataclass
class Stream:
    """Holds the connection, whatever happens to it; `hears`: there is one."""

    dingtalk: DingTalk
    gateway: Gateway
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep
    hears: bool = True
    _waiting: asyncio.Queue[Waiting] = field(
        default_factory=lambda: asyncio.Queue(MOST_WAITING)
    )

    async def listen(self) -> None:
        """Listen for as long as the bot lives.

        Messages wait for the store in one row while the connection goes on being answered: an
        answer that comes too late would lose it.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_all())
            tasks.create_task(self._stay_connected(tasks))

    # The connection.

    async def _stay_connected(self, tasks: asyncio.TaskGroup) -> None:
        """Open one connection after the other; the next before the last is gone, if asked."""
        failed = 0
        while True:
            began = asyncio.get_running_loop().time()
            try:
                connection = await self._connect()
            except Exception as error:
                log.warning("DingTalk cannot be reached", error=kind_of(error))
                self.hears = False
            else:
                log.info("DingTalk is connected")
                self.hears = True
                over, asked = asyncio.Event(), asyncio.Event()
                tasks.create_task(self._listen_to(connection, over, asked))
                await over.wait()
                if asked.is_set():
                    failed = 0
                    continue
                if asyncio.get_running_loop().time() - began > LASTED:
                    failed = 0
            await self.rest(PAUSES[min(failed, len(PAUSES) - 1)])
            failed += 1

    async def _connect(self) -> ClientConnection:
        opened = await self.dingtalk.api.open({"subscriptions": SUBSCRIBED, "ua": CLIENT})
        endpoint, ticket = str(opened["endpoint"]), str(opened["ticket"])
        here = is_here(endpoint) and self.dingtalk.account.is_here
        if urlsplit(endpoint).scheme != "wss" and not here:
            raise Unreadable("endpoint")
        return await connect(
            f"{endpoint}?ticket={quote_plus(ticket)}",
            max_size=LARGEST,
            open_timeout=OPENING,
            ping_interval=PING,
            ping_timeout=PING,
            close_timeout=1,
            proxy=None if here else True,
        )

    async def _listen_to(
        self, connection: ClientConnection, over: asyncio.Event, asked: asyncio.Event
    ) -> None:
        """Take what comes on a connection until it ends, `asked` by DingTalk or not."""
        try:
            async with asyncio.timeout(None) as limit:
                async for raw in connection:
                    if await self._take(raw, connection):
                        asked.set()
                        over.set()
                        limit.reschedule(asyncio.get_running_loop().time() + LINGER)
        except Exception as error:
            log.info("a connection to DingTalk ended", error=kind_of(error))
        finally:
            over.set()
            await connection.close()

    async def _take(self, raw: str | bytes, connection: ClientConnection) -> bool:
        """Take a frame; returns whether DingTalk is about to end the connection."""
        try:
            frame = shapes.frame(raw)
        except Unreadable:
            self._pass_over()
            return False
        match frame.type, frame.headers.topic:
            case "SYSTEM", "disconnect":
                return True
            case "SYSTEM", "ping":
                await _answer(frame, connection, OK, frame.data)
            case "SYSTEM", _:
                await _answer(frame, connection, OK)
            case "CALLBACK", topic if topic == TOPIC:
                await self._waiting.put(Waiting(frame, connection))
            case _:
                log.warning("DingTalk brings what nobody asked for")
                await _answer(frame, connection, NO_TOPIC)
        return False

    # What it brings.

    async def _keep_all(self) -> None:
        while True:
            waiting = await self._waiting.get()
            try:
                code = await self._keep(waiting.frame.data)
            except Exception as error:  # whatever is wrong with it, others come after it
                log.error("a message cannot be kept", error=kind_of(error))
                code = FAILED
            await _answer(waiting.frame, waiting.connection, code)

    async def _keep(self, data: str) -> int:
        """Keep a message, however long the store is away; returns how it is answered.

        DingTalk promises to bring nothing twice: while we live, it waits with us.
        """
        try:
            heard = read(data)
        except Unreadable:
            self._pass_over()
            return OK
        failed = 0
        while heard:
            try:
                await self._accept(heard)
                break
            except AWAY as error:
                log.error("a message waits for the store", error=kind_of(error))
            await self.rest(PAUSES[min(failed, len(PAUSES) - 1)])
            failed += 1
        return OK

    async def _accept(self, heard: Heard) -> None:
        message = heard.message
        if heard.of_ours:
            ours = await run_in_threadpool(self._said, message.address, heard.of_ours)
            message = replace(message, quoted=ours or message.quoted)
        await self.gateway.accept(message)

    def _said(self, address: str, platform_id: str) -> str:
        """Return what we said in a chat under an id of DingTalk's, "" where it is not ours."""
        with self.gateway.ground.database.reading() as db:
            return said_under(db, NAME, address, platform_id) or ""

    def _pass_over(self) -> None:
        """Leave what can never be read: acknowledged, or it would come again and again."""
        metrics.UNREADABLE.labels(NAME).inc()
        log.warning("a message cannot be read", channel=NAME)


async def _answer(
    frame: Frame, connection: ClientConnection, code: int, data: str = NOTHING
) -> None:
    """Acknowledge a frame; where its connection has gone meanwhile, it is known if it comes."""
    answer = {
        "code": code,
        "headers": {
            "contentType": "application/json",
            "messageId": frame.headers.message_id,
        },
        "message": SAYS[code],
        "data": data,
    }
    with suppress(ConnectionClosed):
        await connection.send(json.dumps(answer))
