"""How Telegram reaches us: it calls our webhook, or we ask it. Either way kept comes first.

Telegram calls again until it is told 200: for what could not be kept it is told 503, and what
can never be read is acknowledged, or nothing behind it would arrive.
"""

import asyncio
import hmac
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from actions import sending
from actions.errors import kind_of
from actions.people import addresses
from bot import metrics, mishaps
from bot.channels.calls import Unreadable
from bot.channels.telegram import shapes
from bot.channels.telegram.account import HOOK
from bot.channels.telegram.addressed import Me
from bot.channels.telegram.reading import (
    NAME,
    Back,
    Gone,
    Heard,
    Moved,
    Tap,
    is_of_group,
    read,
)
from bot.channels.telegram.sending import Telegram
from bot.channels.telegram.shapes import Update
from bot.gateway import Gateway
from bot.problems import Problem

log = structlog.get_logger()

LARGEST_BODY = 1024 * 1024  # of one update; real ones have a few thousand bytes
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name
AFTER_TROUBLE = 3.0  # seconds


@dataclass
class Ears:
    """Takes updates in; `hears`: the last time we asked Telegram for something, it answered."""

    telegram: Telegram
    gateway: Gateway
    hears: bool = True
    _aside: set[asyncio.Task[None]] = field(default_factory=set)

    async def webhook(self, request: Request) -> Response:
        """Take one update.

        Raises:
            Problem: 401 without our secret.
            Exception: it could not be kept, and has to be sent again.
        """
        self._check(request)
        try:
            update = shapes.parse(await _body(request))
        except Unreadable:
            self._ignore()
        else:
            await self.take(update)
        return Response()

    def _check(self, request: Request) -> None:
        said = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(said.encode(), self.telegram.account.secret.encode()):
            raise Problem(401, "refused")

    async def take(self, update: Update) -> None:
        """Keep what an update says; when this returns, it is kept."""
        me = Me(self.telegram.account.id)
        if is_of_group(update):
            me = await self.telegram.me()
        match read(update, me):
            case Heard() as heard:
                kept = await self.gateway.accept(heard.message)
                if heard.tap:
                    self._begin(self._see_to(heard.tap, again=kept.known))
            case Gone() | Back() | Moved() as news:
                within = self.gateway.ground.store_seconds
                async with asyncio.timeout(within):
                    await run_in_threadpool(self._note, news)
            case None:
                pass

    async def _see_to(self, tap: Tap, *, again: bool) -> None:
        """Have a tap seen at once, and its buttons gone: in a group others may want them."""
        words = self._words("utter_tapped_before") if again else ""
        await self.telegram.notice(tap, words)
        if tap.message_id and not tap.is_group:
            await self.telegram.put_away(tap)

    def _words(self, response: str) -> str:
        return self.gateway.ground.wording.render(response).text

    def _note(self, news: Gone | Back | Moved) -> None:
        now = self.gateway.ground.clock.now()
        with self.gateway.ground.database.transaction() as db:
            address = addresses.find(db, channel=NAME, address=news.address)
            match news:
                case _ if address is None:
                    return
                case Gone():
                    mishaps.leave(db, address, now=now)
                case Back():
                    mishaps.come_back(db, address, now=now)
                case Moved():
                    sending.move(db, address, news.to, now=now)

    def _ignore(self) -> None:
        metrics.UNREADABLE.labels(NAME).inc()
        log.warning("an update cannot be read", channel=NAME)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    async def wait_for_calls(self) -> None:
        """Tell Telegram where to call us; until that is done, again and again."""
        while not await self._settled_in():
            self.hears = False
            await asyncio.sleep(AFTER_TROUBLE)
        self.hears = True

    async def ask(self) -> None:
        """Ask for updates for as long as the process lives; each is kept before the next."""
        await self.wait_for_calls()
        after: int | None = None
        while True:
            try:
                after = await self.ask_once(after)
                self.hears = True
            except Exception as error:
                log.warning("telegram could not be asked", error=kind_of(error))
                self.hears = False
                await asyncio.sleep(AFTER_TROUBLE)

    async def ask_once(self, after: int | None) -> int | None:
        """Take what waits after an update; returns the last that was kept, or set aside."""
        for update in await self.telegram.updates(after):
            await self._take_in(update)
            after = int(update["update_id"])
        return after

    async def _take_in(self, update: object) -> None:
        try:
            checked = shapes.check(update)
        except Unreadable:
            self._ignore()
        else:
            await self.take(checked)

    async def _settled_in(self) -> bool:
        try:
            await self.telegram.settle_in()
        except Exception as error:
            log.warning("telegram could not be told our menu", error=kind_of(error))
            return False
        return True


async def _body(request: Request) -> bytes:
    """Read a body of bounded size.

    Raises:
        Unreadable: it is larger than any update.
    """
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > LARGEST_BODY:
            raise Unreadable("too large")
    return content


def routes(ears: Ears) -> APIRouter:
    """Return the one route that Telegram calls."""
    router = APIRouter(include_in_schema=False)

    @router.post(HOOK)
    async def webhook(request: Request) -> Response:
        return await ears.webhook(request)

    return router
