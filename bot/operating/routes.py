"""What machines ask of us: live, ready, how it goes. Numbers are for the operator alone."""

import hmac

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from bot.desk.findings import sentence
from bot.operating import exposition, health
from bot.operating.exposition import Seen
from bot.operating.figures import Figures
from bot.operating.health import Part, State
from bot.operating.overview import Overview

OF_MACHINES = frozenset({"/healthz", "/readyz", "/metrics"})
LOOPBACK = frozenset({"127.0.0.1", "::1"})
# What a web server in front adds: whoever comes through it is not on this machine.
PASSED_ON = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"})


def add(app: FastAPI, overview: Overview) -> None:
    """Add the three routes to an app."""

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        parts = await overview.health.look()
        state = overview.health.state
        told = {"status": state, "parts": {name: _told(part) for name, part in parts.items()}}
        return JSONResponse(told, 503 if state == State.DOWN else 200)

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        if not _is_operator(request, overview.settings.metrics_token):
            raise HTTPException(404)
        parts = await overview.health.look(health.EVERY)
        written = await run_in_threadpool(_written, overview, list(parts.values()))
        return PlainTextResponse(written, media_type=CONTENT_TYPE_LATEST)


def _told(part: Part) -> dict[str, str]:
    says = sentence(part)
    return {
        "state": part.state,
        "since": part.since.isoformat(timespec="seconds"),
        "zh": says.zh,
        "en": says.en,
    }


def _is_operator(request: Request, token: str) -> bool:
    """Whether somebody may read numbers: on this machine itself, or with the token."""
    told = request.headers.get("authorization", "").encode()
    if token and hmac.compare_digest(told, f"Bearer {token}".encode()):
        return True
    here = request.client is not None and request.client.host in LOOPBACK
    return here and not PASSED_ON & set(request.headers)


def _written(overview: Overview, parts: list[Part]) -> bytes:
    figures = _figures(overview)
    versions = overview.versions(figures)
    return exposition.written(Seen(parts, figures, versions, overview.backups()))


def _figures(overview: Overview) -> Figures | None:
    """Return the figures, None while the store is away: the rest is worth knowing, too."""
    try:
        return overview.reader.read()
    except SQLAlchemyError:
        return None
