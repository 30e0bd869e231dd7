"""Puts the bot together, once: gateway, chat API, page, desk, health and metrics."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import httpx
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actions.booking.programme import Programme
from actions.changeover import follow
from actions.clock import open_clock
from actions.content.editions import Home, Shelf
from actions.db import Database, Db
from actions.errors import kind_of
from actions.people import scope
from actions.wording import Wording, read_wording
from bot import draws, feeds, page
from bot import gateway as life
from bot.assistant import Assistant, RasaAssistant
from bot.channels import deskchat, partner, phone, webchat
from bot.delivery import Delivery
from bot.desk import digest
from bot.desk import pages as desk
from bot.desk.figures import Look
from bot.desk.visit import ROOT as DESK
from bot.desk.visit import Desk
from bot.feeds import Feeds
from bot.gateway import Gateway
from bot.ground import Ground
from bot.limits import Limits
from bot.open311 import api as open311
from bot.open311.endpoint import ROOT as OPEN311
from bot.open311.endpoint import Open311
from bot.problems import Problem
from bot.settings import Settings
from bot.upkeep import Digests, Draws, Offers, Publisher, Requests, Upkeep
from knowledge.embedder import Embedder, OnnxEmbedder, Remembering
from knowledge.pack import Pack, load_pack
from knowledge.safety import SafetyGate
from knowledge.vectors import store_at

log = structlog.get_logger()

# Everything comes from ourselves; nothing may frame us, and no script stands in the page.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(self)",
}
LOOPBACK = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True)
class Parts:
    """What the bot's faces share, made once."""

    settings: Settings
    database: Database
    wording: Wording
    pack: Pack
    gateway: Gateway
    webchat: webchat.Webchat
    embedder: Embedder

    @cached_property
    def home(self) -> Home:
        """Where the editions of the content live."""
        shelf = self.gateway.ground.shelf or Shelf(self.pack, self.settings.content_dir)
        store = store_at(self.settings.vector_store)
        return Home(shelf, self.settings.index_dir, follow, store)

    def programme(self, db: Db) -> Programme:
        """Return what is on, as the active edition has it."""
        return Programme(self.home.shelf.pack(db), self.wording)


def assemble(settings: Settings, assistant: Assistant) -> Parts:
    """Open the store, the words and the gate, and put the gateway on them.

    Raises:
        actions.errors.StoreUnsafe: the store may lose what it acknowledges.
    """
    pack = load_pack(settings.community_dir)
    database = Database(settings.database)
    database.check_durable()
    wording = read_wording(pack.zone)
    clock = open_clock(settings.test_clock)
    embedder = Remembering(OnnxEmbedder(settings.encoder_dir))
    gateway = Gateway(
        Ground(
            database=database,
            clock=clock,
            wording=wording,
            pack=pack,
            gate=SafetyGate(
                pack.never_request,
                embedder,
                settings.state_dir / "safety",
            ),
            assistant=assistant,
            shelf=Shelf(pack, settings.content_dir),
            secret_key=settings.secret_key,
            turn_seconds=settings.turn_seconds,
        )
    )
    channel = webchat.Webchat(
        gateway=gateway,
        database=database,
        clock=clock,
        limits=Limits(settings.rate_limit),
        secret_key=settings.secret_key,
        uploads=settings.state_dir / "uploads",
    )
    return Parts(settings, database, wording, pack, gateway, channel, embedder)


def build(settings: Settings) -> ASGIApp:
    """Make the whole app."""
    client = httpx.AsyncClient(limits=httpx.Limits(max_connections=100), trust_env=False)
    return put_together(assemble(settings, RasaAssistant(settings.rasa_url, client)), client)


def put_together(parts: Parts, client: httpx.AsyncClient) -> ASGIApp:
    """Make the app of its parts (tests hand in parts with a fake assistant)."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(life.background(parts.gateway)())
        yield
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping
        await client.aclose()
        parts.database.close()

    app = FastAPI(title="小沥 Xiaoli", lifespan=lifespan, docs_url=None, redoc_url=None)
    _answer_problems(app, parts.wording)
    app.include_router(webchat.routes(parts.webchat))
    app.include_router(page.routes(page.Page(parts.webchat, parts.wording, parts.pack)))
    drawn = draws.Draws(parts.database, parts.webchat.clock, parts.programme)
    app.include_router(draws.routes(drawn))
    app.include_router(feeds.routes(_feeds(parts)))
    app.mount("/static", page.static(), name="static")
    app.mount(DESK, desk.build(_desk(parts)))
    app.mount(OPEN311, open311.build(_open311(parts)))
    _add_health(app, parts, client)
    return Guarded(app, parts.wording)


def _feeds(parts: Parts) -> Feeds:
    return Feeds(
        database=parts.database,
        clock=parts.webchat.clock,
        wording=parts.wording,
        programme=parts.programme,
        font_dir=parts.settings.font_dir,
    )


def _open311(parts: Parts) -> Open311:
    return Open311(
        database=parts.database,
        clock=parts.webchat.clock,
        wording=parts.wording,
        pack=parts.home.shelf.pack,
        emergency=parts.gateway.unaided.emergency,
        limits=Limits(parts.settings.partner_rate_limit),
        secret_key=parts.settings.secret_key,
        jurisdiction=parts.pack.community.id,
        production=parts.settings.environment == "production",
        public_url=parts.settings.public_url,
    )


def _desk(parts: Parts) -> Desk:
    return Desk(
        database=parts.database,
        clock=parts.webchat.clock,
        wording=parts.wording,
        pack=parts.pack,
        home=parts.home,
        secret_key=parts.settings.secret_key,
        uploads=parts.webchat.uploads,
        embedder=parts.embedder,
        font_dir=parts.settings.font_dir,
        drain=parts.gateway.drain,
    )


def _answer_problems(app: FastAPI, wording: Wording) -> None:
    """Turn everything that can go wrong into a status and a sentence, never a trace."""

    async def problem(_request: Request, found: Exception) -> Response:
        return found.response(wording) if isinstance(found, Problem) else _refused(wording, 400)

    async def invalid(_request: Request, _found: Exception) -> Response:
        return Problem(422, "refused").response(wording)

    async def store_down(_request: Request, found: Exception) -> Response:
        log.error("the store is down", error=kind_of(found))
        return Problem(503, "store_down", retry_after=5).response(wording)

    async def http(_request: Request, found: Exception) -> Response:
        return _refused(wording, found.status_code if isinstance(found, HTTPException) else 400)

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(SQLAlchemyError, store_down)
    app.add_exception_handler(Exception, store_down)
    app.add_exception_handler(HTTPException, http)


def _refused(wording: Wording, status: int) -> Response:
    return Problem(status, "unknown" if status == 404 else "refused").response(wording)


def _add_health(app: FastAPI, parts: Parts, client: httpx.AsyncClient) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        found = {
            "database": await _store_answers(parts.database),
            "rasa": await _answers(client, parts.settings.rasa_url + "/"),
            "actions": await _answers(client, parts.settings.actions_url + "/health"),
        }
        return JSONResponse(found, 200 if all(found.values()) else 503)

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        if request.client is None or request.client.host not in LOOPBACK:
            raise HTTPException(404)
        return PlainTextResponse(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _store_answers(database: Database) -> bool:
    try:
        await run_in_threadpool(database.check_durable)
    except Exception as error:
        log.warning("the store does not answer", error=kind_of(error))
        return False
    return True


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url, timeout=2)).is_success
    except httpx.HTTPError:
        return False


class Guarded:
    """The outermost layer: security headers on everything, and no error text to anybody."""

    def __init__(self, app: ASGIApp, wording: Wording) -> None:
        self._app, self._wording = app, wording

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), *_header_bytes()]
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except Exception as error:
            log.error("a request failed", path=scope["path"], error=kind_of(error))
            if not started:
                answer = Problem(503, "store_down", retry_after=5).response(self._wording)
                await answer(scope, receive, send_guarded)


def _header_bytes() -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


def draw_digest(settings: Settings, area: str, team: str | None, day: date | None) -> bytes:
    """Return a day's digest as a PDF, yesterday's if no day is named."""
    pack = load_pack(settings.community_dir)
    database, now = Database(settings.database), open_clock(settings.test_clock).now()
    shelf, wording = Shelf(pack, settings.content_dir), read_wording(pack.zone)
    with database.reading() as db, scope.limited(db, scope.Reach((area,), team)):
        look = Look(db, shelf.pack(db), now, team)
        composed = digest.compose(look, day or digest.yesterday(pack, now), area)
        return digest.draw(composed, wording, settings.font_dir)


def build_worker(settings: Settings) -> Callable[[], None]:
    """Return the worker's loop: it drains the outbox and does what is daily."""
    pack = load_pack(settings.community_dir)
    database = Database(settings.database)
    database.check_durable()
    clock = open_clock(settings.test_clock)
    shelf, wording = Shelf(pack, settings.content_dir), read_wording(pack.zone)
    upkeep = Upkeep(database, shelf, clock)
    offers = Offers(database, shelf, wording, clock)
    drawing = Draws(database, shelf, wording, clock)
    requests = Requests(database, shelf, wording, clock)
    digests = Digests(database, shelf, wording, clock)
    publisher = Publisher(database, clock)
    delivery = Delivery(
        database=database,
        clock=clock,
        wording=wording,
        channels={
            webchat.NAME: webchat.ByRow(),
            deskchat.NAME: deskchat.OnTheDesk(),
            phone.NAME: phone.ByPhone(),
            partner.NAME: partner.ByAsking(),
        },
        return_after=timedelta(minutes=settings.return_after_minutes),
    )
    return lambda: delivery.run(
        lambda: (
            upkeep.run_due(),
            drawing.run_due(),
            offers.run_due(),
            requests.run_due(),
            digests.run_due(),
            publisher.run_due(),
        )
    )
