"""What everybody may read of a draw: a page, `/draws/12`, and a file, `/draws/12.json`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from actions.booking.model import Session
from actions.booking.programme import Programme, described
from actions.booking.published import published
from actions.clock import Clock
from actions.db import Database, Db
from actions.wording import Wording
from bot.page import read_template
from bot.visit import Visit, visit_of

LARGEST_ID = 2**31 - 1
FRESH = {"Cache-Control": "no-cache"}


@dataclass(frozen=True)
class Draws:
    """Reads draws for everybody; one that has not opened is not found."""

    database: Database
    clock: Clock
    programme: Callable[[Db], Programme]

    def file(self, session_id: int) -> Response | None:
        """Return what is published, as JSON."""
        with self.database.reading() as db:
            content = published(db, self.programme(db), session_id)
        if content is None:
            return None
        text = json.dumps(content, ensure_ascii=False, indent=1)
        return Response(text, media_type="application/json", headers=FRESH)

    def page(self, visit: Visit, session_id: int) -> Response | None:
        """Return the same for people: how far it is, and in which order who won."""
        with self.database.reading() as db:
            programme = self.programme(db)
            content = published(db, programme, session_id)
            if content is None:
                return None
            session = db.get_one(Session, session_id)
            told = described(programme, session)
        wording, language = programme.wording, visit.language
        html = read_template("draw.html").render(
            visit=visit,
            word=_words(wording, language),
            told={name: wording.shown(value, language) for name, value in told.items()},
            draw=content,
            order=_order(content),
            moment=lambda iso: wording.moment(datetime.fromisoformat(iso), language),
            stage=_stage(content, session, self.clock.now()),
            community=programme.pack.community.name.in_(language),
        )
        return HTMLResponse(html, headers=FRESH)


def routes(draws: Draws) -> APIRouter:
    """Return the routes of what is published of draws."""
    router = APIRouter()

    @router.get("/draws/{session_id}.json")
    async def file(session_id: int) -> Response:
        return await _found(session_id, draws.file)

    @router.get("/draws/{session_id}", include_in_schema=False)
    async def page(request: Request, session_id: int) -> Response:
        return await _found(session_id, lambda found: draws.page(visit_of(request), found))

    return router


async def _found(session_id: int, read: Callable[[int], Response | None]) -> Response:
    known = 0 < session_id <= LARGEST_ID
    answer = await run_in_threadpool(read, session_id) if known else None
    if answer is None:
        raise HTTPException(404)
    return answer


def _order(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the result, each ticket with how many places it was for; empty before it."""
    wanted = {ticket["ticket"]: ticket["places"] for ticket in content.get("tickets", ())}
    return [line | {"places": wanted[line["ticket"]]} for line in content.get("order", ())]


def _stage(content: dict[str, Any], session: Session, now: datetime) -> str:
    """Say how far a draw is, by the ending of its response."""
    if content["drawn_at"]:
        return "drawn"
    if not session.is_open:
        return "off"
    if session.starts_at <= now:
        return "not_held"
    return "open" if now < datetime.fromisoformat(content["closes_at"]) else "closed"


def _words(wording: Wording, language: str) -> Callable[[str], str]:
    return lambda name: wording.render(f"utter_draw_page_{name}", language=language).text
