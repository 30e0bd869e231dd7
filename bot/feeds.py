"""What others may read: a booking's own page and calendar file, and all sessions as feeds.

A booking's page belongs to whoever has its link: 128 random bits, told to its resident alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import segno
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy import select

from actions.booking import calendars, certificate
from actions.booking.model import Booking
from actions.booking.programme import Programme, values_of
from actions.clock import Clock
from actions.db import Database, Db
from actions.wording import Wording
from bot.page import read_template
from bot.problems import Problem
from bot.visit import Visit, visit_of
from knowledge.printing.layout import FontMissing

CALENDAR, PDF = "text/calendar; charset=utf-8", "application/pdf"
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
SHARED = {"Cache-Control": "public, max-age=300"}


@dataclass(frozen=True)
class Feeds:
    """Reads sessions and bookings for those who ask over HTTP."""

    database: Database
    clock: Clock
    wording: Wording
    programme: Callable[[Db], Programme]
    font_dir: Path

    def booking_page(self, visit: Visit, token: str) -> Response:
        """Show a booking: what, when, where, its code, and what can be taken along.

        Raises:
            Problem: 404, there is no such booking.
        """

        def show(programme: Programme, booking: Booking) -> Response:
            html = read_template("booking.html").render(
                visit=visit,
                word=self._words(visit.language),
                told=self._told(programme, booking, visit.language),
                booking=booking,
                session=booking.session,
                qr=segno.make(booking.code, micro=False).svg_inline(omitsize=True, border=2),
                certificate=certificate.is_due(programme, booking),
                community=programme.pack.community.name.in_(visit.language),
            )
            return HTMLResponse(html, headers=PRIVATE)

        return self._of(token, show)

    def booking_calendar(self, visit: Visit, token: str) -> Response:
        """Return a booking's calendar file.

        Raises:
            Problem: 404, there is no such booking.
        """

        def write(programme: Programme, booking: Booking) -> Response:
            now = self.clock.now()
            file = calendars.of_booking(programme, booking, language=visit.language, now=now)
            return Response(file, media_type=CALENDAR, headers=PRIVATE)

        return self._of(token, write)

    def certificate(self, visit: Visit, token: str) -> Response:
        """Return the certificate of a volunteer task that was done.

        Raises:
            Problem: 404, there is no such booking or it was not done; 503, no font.
        """

        def write(programme: Programme, booking: Booking) -> Response:
            if not certificate.is_due(programme, booking):
                raise Problem(404, "unknown")
            today = self.clock.now().astimezone(self.wording.zone).date()
            try:
                file = certificate.write(
                    programme,
                    booking,
                    language=visit.language,
                    font_dir=self.font_dir,
                    on=today,
                )
            except FontMissing:
                raise Problem(503, "store_down") from None
            return Response(file, media_type=PDF, headers=PRIVATE)

        return self._of(token, write)

    def calendar(self, language: str) -> Response:
        """Return all sessions as a calendar to subscribe to."""
        now = self.clock.now()
        with self.database.reading() as db:
            programme = self.programme(db)
            sessions = calendars.coming(db, programme, now=now)
            file = calendars.of_sessions(programme, sessions, language=language, now=now)
        return Response(file, media_type=CALENDAR, headers=SHARED)

    def open_active(self, address: str) -> Response:
        """Return all sessions as open data."""
        now = self.clock.now()
        with self.database.reading() as db:
            programme = self.programme(db)
            sessions = calendars.coming(db, programme, now=now)
            page = calendars.open_active(programme, sessions, address=address, now=now)
        return JSONResponse(page, headers=SHARED)

    def _of(self, token: str, show: Callable[[Programme, Booking], Response]) -> Response:
        with self.database.reading() as db:
            booking = db.scalar(select(Booking).where(Booking.token == token))
            programme = self.programme(db)
            if booking is None or booking.session.activity_id not in programme.pack.activities:
                raise Problem(404, "unknown")
            return show(programme, booking)

    def _told(self, programme: Programme, booking: Booking, language: str) -> dict[str, str]:
        """Return what is said of a booking, each value as residents read it."""
        said = values_of(programme, booking)
        return {name: self.wording.shown(value, language) for name, value in said.items()}

    def _words(self, language: str) -> Callable[[str], str]:
        def word(name: str, **values: Any) -> str:
            response = f"utter_booking_page_{name}"
            return self.wording.render(response, language=language, values=values).text

        return word


def routes(feeds: Feeds) -> APIRouter:
    """Return the routes of bookings' pages and of the feeds."""
    router = APIRouter(include_in_schema=False)

    @router.get("/b/{token}.ics")
    async def booking_calendar(request: Request, token: str) -> Response:
        return await run_in_threadpool(feeds.booking_calendar, visit_of(request), token)

    @router.get("/b/{token}/certificate.pdf")
    async def certificate_of(request: Request, token: str) -> Response:
        return await run_in_threadpool(feeds.certificate, visit_of(request), token)

    @router.get("/b/{token}")
    async def booking(request: Request, token: str) -> Response:
        return await run_in_threadpool(feeds.booking_page, visit_of(request), token)

    @router.get("/feeds/sessions.ics")
    async def calendar(request: Request) -> Response:
        return await run_in_threadpool(feeds.calendar, visit_of(request).language)

    @router.get("/feeds/sessions.json")
    async def open_active(request: Request) -> Response:
        return await run_in_threadpool(feeds.open_active, str(request.url))

    return router
