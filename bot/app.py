"""Puts the bot together, once: gateway, chat API, page, desk, health and metrics."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
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
from bot import doors, draws, faces, feeds, mydata, news, page
from bot import gateway as life
from bot.assistant import RasaAssistant
from bot.channels import webchat
from bot.channels.platform import Platform
from bot.courier import Courier
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
from bot.media import Media
from bot.open311 import api as open311
from bot.open311.endpoint import ROOT as OPEN311
from bot.open311.endpoint import Open311
from bot.problems import Problem
from bot.settings import Settings
from bot.upkeep import BY_THE_CLOCK, Forgotten, Publisher, Retention, Upkeep, run_due
from bot.voice.booth import Booth
from bot.voice.speaker import open_speaker
from bot.voice.whisper import Whisper
from bot.voices import Voices, count
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
    platforms: Mapping[str, Platform] = field(default_factory=dict)

    @cached_property
    def home(self) -> Home:
        """Where the editions of the content live."""
        shelf = self.gateway.ground.shelf or Shelf(self.pack, self.settings.content_dir)
        store = store_at(self.settings.vector_store)
        return Home(shelf, self.settings.index_dir, follow, store)

    def programme(self, db: Db) -> Programme:
        """Return what is on, as the active edition has it."""
        return Programme(self.home.shelf.pack(db), self.wording)


def assemble(settings: Settings, assistant: RasaAssistant) -> Parts:
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
    platforms = doors.open_all(settings)
    booth = Booth()
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
            media=Media(
                database,
                clock,
                settings.uploads_dir,
                platforms,
                open_ears(settings, pack, booth),
                booth,
            ),
            reader=assistant,
            shelf=Shelf(pack, settings.content_dir),
            secret_key=settings.secret_key,
            turn_seconds=settings.turn_seconds,
            speaks=bool(settings.speaker_command),
        )
    )
    channel = webchat.Webchat(
        gateway=gateway,
        database=database,
        clock=clock,
        limits=Limits(settings.rate_limit),
        secret_key=settings.secret_key,
        uploads=settings.uploads_dir,
    )
    return Parts(settings, database, wording, pack, gateway, channel, embedder, platforms)


def open_ears(settings: Settings, pack: Pack, booth: Booth) -> Whisper | None:
    """Return what hears residents' voices, where set-up has made it."""
    if not (settings.whisper_dir / "model.bin").is_file():
        return None
    names = f"{pack.community.name.zh}，{pack.bot.name.zh}。"
    return Whisper(settings.whisper_dir, names, booth)


def build(settings: Settings) -> ASGIApp:
    """Make the whole app."""
    client = httpx.AsyncClient(limits=httpx.Limits(max_connections=100), trust_env=False)
    return put_together(assemble(settings, RasaAssistant(settings.rasa_url, client)), client)


def put_together(parts: Parts, client: httpx.AsyncClient) -> ASGIApp:
    """Make the app of its parts (tests hand in parts with a fake assistant)."""
    ears = doors.hear_all(parts.settings, parts.platforms, parts.gateway)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        at_work = [
            life.background(parts.gateway)(),
            *(ear.listen() for ear in ears if ear.listen),
        ]
        tasks = [asyncio.ensure_future(work) for work in at_work]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.aclose()
        parts.database.close()

    app = FastAPI(title="小沥 Xiaoli", lifespan=lifespan, docs_url=None, redoc_url=None)
    _answer_problems(app, parts.wording)
    app.include_router(webchat.routes(parts.webchat))
    shown = page.Page(parts.webchat, parts.wording, parts.pack)
    app.include_router(page.routes(shown))
    app.include_router(faces.routes(_faces(parts, shown)))
    drawn = draws.Draws(parts.database, parts.webchat.clock, parts.programme)
    app.include_router(draws.routes(drawn))
    told = news.News(parts.database, parts.webchat.clock, parts.programme)
    app.include_router(news.routes(told))
    app.include_router(feeds.routes(_feeds(parts)))
    app.include_router(mydata.routes(_mydata(parts)))
    for ear in ears:
        if ear.routes:
            app.include_router(ear.routes)
    app.mount("/static", page.static(), name="static")
    app.mount(DESK, desk.build(_desk(parts)))
    app.mount(OPEN311, open311.build(_open311(parts)))
    _add_health(app, parts, client)
    return Guarded(app, parts.wording)


def _faces(parts: Parts, shown: page.Page) -> faces.Faces:
    return faces.Faces(
        page=shown,
        origins=parts.settings.framed_by,
        public_url=parts.settings.public_url,
        policy=HEADERS["Content-Security-Policy"],
    )


def _feeds(parts: Parts) -> Feeds:
    return Feeds(
        database=parts.database,
        clock=parts.webchat.clock,
        wording=parts.wording,
        programme=parts.programme,
        font_dir=parts.settings.font_dir,
    )


def _mydata(parts: Parts) -> mydata.MyData:
    return mydata.MyData(
        database=parts.database,
        clock=parts.webchat.clock,
        wording=parts.wording,
        uploads=parts.webchat.uploads,
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
        await run_in_threadpool(count, parts.database)
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
                message["headers"] = _guarded(message.get("headers", ()))
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except Exception as error:
            log.error("a request failed", path=scope["path"], error=kind_of(error))
            if not started:
                answer = Problem(503, "store_down", retry_after=5).response(self._wording)
                await answer(scope, receive, send_guarded)


def _guarded(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Add our headers to those a route has set; what a route says of itself holds."""
    own = list(headers)
    named = {name.lower() for name, _ in own}
    ours = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
    return [*own, *(each for each in ours if each[0] not in named)]


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
    by_the_clock = [kind(database, shelf, wording, clock) for kind in BY_THE_CLOCK]
    retention = Retention(database, shelf, wording, clock)
    forgotten = Forgotten(database, settings.uploads_dir)
    publisher = Publisher(database, clock)
    delivery = Delivery(
        database=database,
        clock=clock,
        wording=wording,
        return_after=timedelta(minutes=settings.return_after_minutes),
    )
    platforms = doors.open_all(settings)
    speaker = open_speaker(settings.speaker_command)
    voices = Voices(database, clock, wording, platforms, speaker) if speaker else None
    courier = Courier(database, clock, platforms, settings.uploads_dir, voices)
    return lambda: _run_both(
        courier,
        lambda: delivery.run(
            lambda: any(
                [
                    upkeep.run_due(),
                    run_due(by_the_clock),
                    retention.run_due(),
                    forgotten.run_due(),
                    publisher.run_due(),
                ]
            )
        ),
    )


def _run_both(courier: Courier, deliver: Callable[[], None]) -> None:
    """Run the courier beside the worker's loop, where there is a platform to bring to."""
    if courier.platforms:
        bringing = threading.Thread(target=lambda: asyncio.run(courier.run()), daemon=True)
        bringing.start()
    deliver()
