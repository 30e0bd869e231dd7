"""Feishu calls us: who may, and what is kept before it is told so.

An event comes again after 15 seconds, 5 minutes, an hour and six until it is told 200; a tap
does not, and whoever tapped is shown that it failed. What can never be read is acknowledged.
"""

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from actions.people import addresses
from bot import metrics, mishaps
from bot.channels.calls import Forged, Unreadable, body_of, refusing
from bot.channels.feishu import shapes
from bot.channels.feishu.reading import (
    NAME,
    Back,
    Gone,
    Heard,
    Me,
    answered_in,
    is_of_group,
    read,
)
from bot.channels.feishu.sealed import SIGNATURE, Seal
from bot.channels.feishu.sending import Feishu
from bot.channels.feishu.shapes import Call, Event
from bot.channels.ours import said_under
from bot.gateway import Gateway

log = structlog.get_logger()

T = TypeVar("T")
U = TypeVar("U")

PATH = "/feishu"
LARGEST_BODY = 1024 * 1024  # of one event; the longest message takes half of it
PROOF = "url_verification"


@dataclass(frozen=True)
class Ears:
    """Takes events in."""

    feishu: Feishu
    gateway: Gateway
    seal: Seal = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seal", Seal(self.feishu.account.key))

    async def hear(self, request: Request) -> Response:
        """Take one call; what it tells of is kept once it is answered.

        Raises:
            Problem: it is not Feishu's, not for us, or not of now.
            Exception: it could not be kept, and has to be sent again.
        """
        body = await body_of(request, LARGEST_BODY)
        with refusing():
            call = self._opened(request, body)
        if call.type == PROOF:
            return JSONResponse({"challenge": call.challenge})
        try:
            answer = await self._take(shapes.event_of(call))
        except Unreadable:
            metrics.UNREADABLE.labels(NAME).inc()
            log.warning("an event cannot be read", channel=NAME)
            answer = {}
        return JSONResponse(answer)

    def _opened(self, request: Request, body: bytes) -> Call:
        """Open a call. Only the proof of the address comes without a signature.

        Of what is not signed nothing says how far it could be opened, or it could be guessed.
        """
        sealed = shapes.sealed_in(body)
        if signed := SIGNATURE in request.headers:
            self.seal.check(request.headers, body, now=self.gateway.ground.clock.now())
        try:
            call = shapes.call_of(self.seal.open(sealed))
        except Unreadable:
            raise Forged("key") from None
        if call.type != PROOF and not signed:
            raise Forged("not signed")
        header = call.header
        self._know(header.token if header else call.token)
        if call.type != PROOF and (
            header is None or header.app_id != self.feishu.account.app_id
        ):
            raise Forged("app")
        return call

    def _know(self, token: str) -> None:
        if not hmac.compare_digest(token.encode(), self.feishu.account.token.encode()):
            raise Forged("token")

    async def _take(self, event: Event | None) -> dict[str, Any]:
        """Keep what an event says; returns what whoever tapped is shown."""
        me = Me(
            self.feishu.account.app_id, await self.feishu.me() if is_of_group(event) else ""
        )
        match read(event, me, await self._in_time(self._quoted, event)):
            case Heard() as heard:
                kept = await self.gateway.accept(heard.message)
                return self._toast() if heard.tapped and kept.known else {}
            case Gone() | Back() as news:
                await self._in_time(self._note, news)
        return {}

    async def _in_time(self, work: Callable[[T], U], about: T) -> U:
        within = self.gateway.ground.store_seconds
        async with asyncio.timeout(within):
            return await run_in_threadpool(work, about)

    def _toast(self) -> dict[str, Any]:
        words = {
            name: self.gateway.ground.wording.render("utter_tapped_before", language=language)
            for name, language in (("zh_cn", "zh"), ("en_us", "en"))
        }
        i18n = {name: said.text for name, said in words.items()}
        return {"toast": {"type": "info", "content": i18n["zh_cn"], "i18n": i18n}}

    # What follows runs in worker threads: one short transaction each.

    def _quoted(self, event: Event | None) -> str | None:
        """Return our own words that an event answers; Feishu tells their id alone."""
        if (answered := answered_in(event)) is None:
            return None
        address, platform_id = answered
        with self.gateway.ground.database.reading() as db:
            return said_under(db, NAME, address, platform_id)

    def _note(self, news: Gone | Back) -> None:
        now = self.gateway.ground.clock.now()
        with self.gateway.ground.database.transaction() as db:
            address = addresses.find(db, channel=NAME, address=news.address)
            if address is not None:
                happened = mishaps.leave if isinstance(news, Gone) else mishaps.come_back
                happened(db, address, now=now)


def routes(feishu: Feishu, gateway: Gateway) -> APIRouter:
    """Return the one address that Feishu calls, with events and with taps."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route(PATH, Ears(feishu, gateway).hear, methods=["POST"])
    return router
