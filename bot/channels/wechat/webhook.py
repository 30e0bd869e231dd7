"""WeChat calls us here: messages come in, and the answer to a call may carry the reply.

WeChat waits five seconds, then calls twice more. What is not ready in time is brought by the
courier; no reply goes both ways.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from actions import sending
from actions.channels import CHANNELS
from actions.people.model import Address
from bot.channels.calls import body_of, refusing
from bot.channels.tencent.callback import LARGEST, Callbacks, stamp_of
from bot.channels.tencent.sealed import make_seal
from bot.channels.wechat import passive
from bot.channels.wechat.reading import NAME, Left, Said, Update, read
from bot.gateway import Gateway
from bot.settings import Settings

PATH = "/wechat"
TAKEN = "success"  # what WeChat wants to hear where there is no reply
WAIT = 4.0  # seconds until a reply must be ready
TAKE_UNTIL = 4.3  # seconds until one is taken
LATEST = CHANNELS[NAME].passive.total_seconds()  # none is given after so long


@dataclass(frozen=True)
class Webhook:
    """Takes the calls of one account."""

    gateway: Gateway
    callbacks: Callbacks

    async def verify(self, request: Request) -> Response:
        """Prove that the address is ours, when it is entered at WeChat."""
        stamp = stamp_of(request, "signature")
        with refusing():
            self.callbacks.seal.check(stamp.signature, stamp.timestamp, stamp.nonce)
            self.callbacks.nonces.check(stamp, now=self._now())
        return PlainTextResponse(request.query_params.get("echostr", ""))

    async def hear(self, request: Request) -> Response:
        """Take a call. It is answered with success only once what it tells is kept."""
        elapsed = _stopwatch()
        stamp, body = stamp_of(request), await body_of(request, LARGEST)
        with refusing():
            update = read(self.callbacks.open(stamp, body, now=self._now()))
        reply = await self._reply(update, elapsed)
        if not reply:
            return PlainTextResponse(TAKEN)
        return Response(self._sealed(reply, stamp.nonce), media_type="application/xml")

    async def _reply(self, update: Update, elapsed: Callable[[], float]) -> str:
        """Return the reply in XML, or nothing where there is none yet."""
        if isinstance(update, Left):
            await run_in_threadpool(self._leave, update)
        if not isinstance(update, Said):
            return ""
        kept = await self.gateway.accept(update.message, wait=WAIT - elapsed())
        if elapsed() > TAKE_UNTIL:
            return ""
        text = await run_in_threadpool(self._take, kept.entry_id)
        if text and elapsed() > LATEST:
            await run_in_threadpool(self._put_back, kept.entry_id)
            return ""
        return _written(update, text, int(self._now().timestamp())) if text else ""

    def _sealed(self, reply: str, nonce: str) -> str:
        seal, moment = self.callbacks.seal, str(int(self._now().timestamp()))
        sealed = seal.close(reply.encode())
        signature = seal.signature(moment, nonce, sealed)
        return (
            f"<xml><Encrypt>{sealed}</Encrypt><MsgSignature>{signature}</MsgSignature>"
            f"<TimeStamp>{moment}</TimeStamp><Nonce>{escape(nonce)}</Nonce></xml>"
        )

    # What follows runs in worker threads: one short transaction each.

    def _take(self, entry_id: int) -> str:
        with self.gateway.ground.database.transaction() as db:
            return passive.take(db, entry_id, now=self._now())

    def _put_back(self, entry_id: int) -> None:
        with self.gateway.ground.database.transaction() as db:
            sending.put_back(db, entry_id, now=self._now())

    def _leave(self, left: Left) -> None:
        """Note that somebody follows us no more, unless we have heard from them since."""
        with self.gateway.ground.database.transaction() as db:
            here = (Address.channel == NAME, Address.address == left.openid)
            address = db.scalar(select(Address).where(*here))
            if address and (address.heard_at is None or address.heard_at <= left.at):
                address.blocked_at = self._now()
                sending.close_window(address)

    def _now(self) -> datetime:
        return self.gateway.ground.clock.now()


def routes(settings: Settings, gateway: Gateway) -> APIRouter:
    """Return the address WeChat calls.

    Raises:
        actions.errors.SettingInvalid: a setting cannot be used.
    """
    seal = make_seal(
        token=settings.wechat_token,
        aes_key=settings.wechat_aes_key,
        receiver=settings.wechat_app_id,
        prefix="WECHAT",
    )
    webhook = Webhook(gateway, Callbacks(seal))
    router = APIRouter(include_in_schema=False)
    router.add_api_route(PATH, webhook.verify, methods=["GET"])
    router.add_api_route(PATH, webhook.hear, methods=["POST"])
    return router


def _stopwatch() -> Callable[[], float]:
    """Return what tells how many seconds have passed since now."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    return lambda: loop.time() - began


def _written(said: Said, text: str, moment: int) -> str:
    return (
        f"<xml><ToUserName>{escape(said.message.address)}</ToUserName>"
        f"<FromUserName>{escape(said.account)}</FromUserName><CreateTime>{moment}</CreateTime>"
        f"<MsgType>text</MsgType><Content>{escape(text)}</Content></xml>"
    )
