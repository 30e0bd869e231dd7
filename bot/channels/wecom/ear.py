"""WeCom calls us when there is something new, and we ask for it, from where we left off."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool

from actions import cursors
from actions.channels import CHANNELS
from actions.errors import kind_of
from bot.channels.calls import body_of, refusing
from bot.channels.platform import Platform
from bot.channels.tencent.callback import LARGEST, Callbacks, stamp_of
from bot.channels.tencent.sealed import make_seal
from bot.channels.wecom.account import KfAccount
from bot.channels.wecom.reading import NAME, Entered, Page, read_call
from bot.gateway import Gateway
from bot.message import InboundMessage
from bot.problems import Problem
from bot.settings import Settings

log = structlog.get_logger()

PATH = "/wecom"
WAIT = 4.0  # seconds for what is new to be kept; then WeCom calls again
CATCH_UP = 300.0  # seconds between looks for what no call told us of
WINDOW = CHANNELS[NAME].window


@dataclass
class KfEar:
    """Hears what residents say to the company's customer-service accounts.

    `hears`: the last time we looked for what is new, it could be read.
    """

    gateway: Gateway
    callbacks: Callbacks
    account: KfAccount
    hears: bool = True
    _reading: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def verify(self, request: Request) -> Response:
        """Prove that the address is ours, when it is entered at WeCom."""
        stamp, sealed = stamp_of(request), request.query_params.get("echostr", "")
        with refusing():
            seal = self.callbacks.seal
            seal.check(stamp.signature, stamp.timestamp, stamp.nonce, sealed)
            self.callbacks.nonces.check(stamp, now=self._now())
            return Response(seal.open(sealed), media_type="text/plain")

    async def hear(self, request: Request) -> Response:
        """Take a call. It is answered only once what it tells of is kept."""
        stamp, body = stamp_of(request), await body_of(request, LARGEST)
        with refusing():
            called = read_call(self.callbacks.open(stamp, body, now=self._now()))
        if called:
            reading = asyncio.ensure_future(self.read_on(called.account, called.token))
            done, _ = await asyncio.wait({reading}, timeout=WAIT)
            if not done:
                reading.add_done_callback(_told)
                raise Problem(503, "store_down", retry_after=5)
            reading.result()
        return PlainTextResponse("success")

    async def listen(self) -> None:
        """Look now and then for what no call told us of: after a breakdown, above all."""
        while True:
            for account in await run_in_threadpool(self._accounts):
                try:
                    await self.read_on(account)
                    self.hears = True
                except Exception as error:  # the platform or the store may be away
                    log.error("WeCom could not be read", error=kind_of(error))
                    self.hears = False
            await asyncio.sleep(CATCH_UP)

    async def read_on(self, account: str, token: str = "") -> None:
        """Take everything behind what was read of an account; one reads at a time.

        The mark moves once all before it is kept: what is read twice is known again.
        """
        async with self._reading[account]:
            more = True
            while more:
                mark = await run_in_threadpool(self._mark, account)
                page = await self.account.after(mark, account=account, token=token)
                await self._take(page)
                if page.mark:
                    await run_in_threadpool(self._move, account, page.mark)
                more = page.more and page.mark not in ("", mark)

    async def _take(self, page: Page) -> None:
        if page.unread:
            log.warning("some of WeCom's messages cannot be read", many=page.unread)
        for item in page.items:
            if isinstance(item, Entered):
                await self._welcome(item)
            elif not self._is_over(item):
                await self.gateway.accept(item)

    async def _welcome(self, entered: Entered) -> None:
        """Greet somebody, unless the platform will not have it: nothing depends on it."""
        said = self.gateway.ground.wording.render("utter_welcome")
        try:
            await self.account.welcome(entered.code, said.text)
        except Exception as error:
            log.warning("nobody was welcomed", error=kind_of(error))

    def _is_over(self, message: InboundMessage) -> bool:
        """Whether it is too late to answer: an account that is new holds what is old."""
        return bool(WINDOW and message.said_at and message.said_at < self._now() - WINDOW.lasts)

    def routes(self) -> APIRouter:
        """Return the address WeCom calls."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route(PATH, self.verify, methods=["GET"])
        router.add_api_route(PATH, self.hear, methods=["POST"])
        return router

    # What follows runs in worker threads: one short transaction each.

    def _accounts(self) -> list[str]:
        with self.gateway.ground.database.reading() as db:
            return list(cursors.accounts(db, NAME))

    def _mark(self, account: str) -> str:
        with self.gateway.ground.database.reading() as db:
            return cursors.mark_of(db, NAME, account)

    def _move(self, account: str, mark: str) -> None:
        with self.gateway.ground.database.transaction() as db:
            cursors.move(db, NAME, account, mark, now=self._now())

    def _now(self) -> datetime:
        return self.gateway.ground.clock.now()


def open_ear(settings: Settings, platform: Platform, gateway: Gateway) -> KfEar:
    """Return what hears for the company the settings name.

    Raises:
        actions.errors.SettingInvalid: a setting cannot be used.
    """
    seal = make_seal(
        token=settings.wecom_token,
        aes_key=settings.wecom_aes_key,
        receiver=settings.wecom_corp_id,
        prefix="WECOM",
    )
    if not isinstance(platform, KfAccount):
        raise TypeError("the ear of WeCom belongs to its account")
    return KfEar(gateway, Callbacks(seal), platform)


def _told(reading: asyncio.Future[None]) -> None:
    """Log why a reading that took too long came to nothing."""
    if not reading.cancelled() and (error := reading.exception()):
        log.error("WeCom could not be read", error=kind_of(error))
