"""Puts the bot together, once: gateway, chat API, page, desk, health and metrics."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import httpx
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actions import tracing, vitals
from actions.booking.programme import Programme
from actions.changeover import follow
from actions.clock import Clock, open_clock
from actions.content.editions import Home, Shelf
from actions.db import Database, Db
from actions.errors import kind_of
from actions.people import scope
from actions.vitals import Vitals
from actions.wording import Wording, read_wording
from bot import doors, draws, faces, feeds, metrics, mydata, news, page
from bot import gateway as life
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
from bot.operating import routes
from bot.operating.overview import Overview, overlook
from bot.presence import Presence, among, among_gateways
from bot.problems import Problem
from bot.seats import Seats, open_seats
from bot.settings import Settings
from bot.upkeep import BY_THE_CLOCK, Forgotten, Publisher, Retention, Upkeep, run_due
from bot.voice.booth import Booth
from bot.voice.speaker import open_speaker
from bot.voice.whisper import Whisper
from bot.voices import Voices
from knowledge.embedder import Embedder, OnnxEmbedder, Remembering
from knowledge.pack import Pack, load_pack
from knowledge.safety import SafetyGate
from knowledge.vectors import store_at

if TYPE_CHECKING:
    from bot.announcer import Announcer

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
EVENTS = b"text/event-stream"
# Seconds a process that is asked to end has for what is under way, after its open requests.
LEAVING_SECONDS = 5.0


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


def assemble(settings: Settings, seats: Seats) -> Parts:
    """Open the store, the words and the gate, and put the gateway on them.

    Raises:
        actions.errors.StoreUnsafe: the store may lose what it acknowledges.
        actions.errors.SettingInvalid: on SQLite there is a gateway already.
    """
    pack = load_pack(settings.community_dir)
    database = Database(settings.database, connections=settings.database_connections)
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
            assistant=seats,
            media=Media(
                database,
                clock,
                settings.uploads_dir,
                platforms,
                open_ears(settings, pack, booth),
                booth,
            ),
            reader=seats,
            seats=seats,
            presence=among_gateways(settings.database),
            gateways=settings.gateways,
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


def build(settings: Settings) -> "Guarded":
    """Make the whole app."""
    tracing.open_for("bot", settings)
    client = httpx.AsyncClient(limits=httpx.Limits(max_connections=100), trust_env=False)
    return put_together(assemble(settings, open_seats(settings.rasa_urls, client)), client)


def put_together(parts: Parts, client: httpx.AsyncClient) -> "Guarded":
    """Make the app of its parts (tests hand in parts with a fake assistant)."""
    ears = doors.hear_all(parts.settings, parts.platforms, parts.gateway)
    hears = {name: ear.hears for name, ear in ears.items()}
    overview = overlook(parts.settings, parts.database, parts.webchat.clock, client, hears)
    ground = parts.gateway.ground

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        at_work = [
            life.background(parts.gateway)(),
            overview.health.watch(),
            *([ground.seats.watch()] if ground.seats else []),
            *(ear.listen() for ear in ears.values() if ear.listen),
        ]
        tasks = [asyncio.ensure_future(work) for work in at_work]
        yield
        await parts.webchat.open_pages.close()
        await parts.gateway.leave(LEAVING_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        ground.presence.close()
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
    for ear in ears.values():
        if ear.routes:
            app.include_router(ear.routes)
    app.mount("/static", page.static(), name="static")
    app.mount(DESK, desk.build(_desk(parts, overview)))
    app.mount(OPEN311, open311.build(_open311(parts)))
    routes.add(app, overview)
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


def _desk(parts: Parts, overview: Overview) -> Desk:
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
        overview=overview,
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


class Guarded:
    """The outermost layer: security headers on everything, and no error text to anybody.

    Streams of events end when the process is about to: their pages find another.
    """

    def __init__(self, app: ASGIApp, wording: Wording) -> None:
        self._app, self._wording = app, wording
        self._leaving = False

    def leave(self) -> None:
        """End the streams of events; whatever else is open is finished."""
        self._leaving = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = streams = False

        async def send_guarded(message: Message) -> None:
            nonlocal started, streams
            if message["type"] == "http.response.start":
                started, streams = True, _is_stream(message.get("headers", ()))
                if scope["path"] not in routes.OF_MACHINES:
                    metrics.RESPONSES.labels(message["status"]).inc()
                message["headers"] = _guarded(message.get("headers", ()))
            await send(message)

        async def receive_guarded() -> Message:
            gone = streams and self._leaving
            return {"type": "http.disconnect"} if gone else await receive()

        try:
            await self._app(scope, receive_guarded, send_guarded)
        except Exception as error:
            log.error("a request failed", path=scope["path"], error=kind_of(error))
            if not started:
                answer = Problem(503, "store_down", retry_after=5).response(self._wording)
                await answer(scope, receive, send_guarded)


def _is_stream(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(EVENTS) for name, value in headers
    )


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


def build_worker(settings: Settings) -> Callable[[threading.Event], None]:
    """Return the worker's loop: it drains the outbox and does what is daily, until it is over.

    What comes due by the clock is done by one of several workers at a time.
    """
    pack = load_pack(settings.community_dir)
    database = Database(settings.database, connections=settings.database_connections)
    database.check_durable()
    presence = among(settings.database)
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
    telling = Vitals(database, clock)
    courier = Courier(
        *(database, clock, platforms, settings.uploads_dir, voices),
        went_round=lambda channel: telling.beat(vitals.courier(channel)),
    )

    def keep_up() -> bool:
        if not presence.holds("upkeep"):
            return False
        found = [
            upkeep.run_due(),
            run_due(by_the_clock),
            retention.run_due(),
            forgotten.run_due(),
            publisher.run_due(),
        ]
        return any(found)

    def look_after() -> bool:
        found = keep_up()
        telling.beat(vitals.WORKER)  # a round that fails is none
        return found

    beside: list[Callable[[threading.Event], None]] = []
    if platforms:
        beside.append(lambda over: asyncio.run(courier.run(over)))
    if settings.events_url:
        beside.append(_announcer(settings, database, clock, presence, pack).run)

    def run(over: threading.Event) -> None:
        threading.Thread(target=telling.run, name="vitals", daemon=True).start()
        with _running(beside, over):
            delivery.run(look_after, over)
        presence.close()

    return run


@contextmanager
def _running(
    work: Iterable[Callable[[threading.Event], None]], over: threading.Event
) -> Iterator[None]:
    """Do more work in threads of their own; what is under way at the end has some seconds."""
    threads = [threading.Thread(target=each, args=(over,), daemon=True) for each in work]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(LEAVING_SECONDS)


def _announcer(
    settings: Settings, database: Database, clock: Clock, presence: Presence, pack: Pack
) -> "Announcer":
    from bot.announcer import Announcer  # its library is read where it is wanted

    source = settings.public_url or f"urn:xiaoli:{pack.community.id}"
    return Announcer(database, clock, presence, settings.events_url, source)
