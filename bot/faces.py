"""The page elsewhere: in another site's frame, and on a screen that many use.

Both live without a cookie: in a foreign frame browsers give none back, and on a screen that
many use none may be left. The page's script has a session of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import segno
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from bot.history import HistoryOut
from bot.page import Page, read_template
from bot.problems import Problem
from bot.visit import Visit, visit_of

NOBODY = "'none'"  # may frame us, unless a setting says so
SCRIPT = {"Cache-Control": "no-cache", "Cross-Origin-Resource-Policy": "cross-origin"}
LANGUAGES = ("zh", "en")
WIDGET_WORDS = ("ask_us", "news", "close")


@dataclass(frozen=True)
class Faces:
    """Shows the page elsewhere. `origins` may frame it; `policy` is what holds everywhere."""

    page: Page
    origins: tuple[str, ...]
    public_url: str
    policy: str

    def embed(self, request: Request) -> Response:
        """Return the page for a foreign frame: of the sites we named, and no other."""
        framed = " ".join(self.origins) or NOBODY
        policy = self.policy.replace(f"frame-ancestors {NOBODY}", f"frame-ancestors {framed}")
        return self._show(request, "embed", {"Content-Security-Policy": policy})

    def kiosk(self, request: Request) -> Response:
        """Return the page for a screen that many use: large, and forgetful."""
        return self._show(request, "kiosk", {}, print_="large")

    def widget(self) -> Response:
        """Return the script that puts a button into a page of one of those sites.

        Raises:
            Problem: 404 where no site is named.
        """
        if not self.origins:
            raise Problem(404, "unknown")
        words = {
            language: {word: self.page.word(word, language) for word in WIDGET_WORDS}
            for language in LANGUAGES
        }
        script = read_template("widget.js").render(words=words, origins=list(self.origins))
        return Response(script, media_type="text/javascript", headers=SCRIPT)

    def _show(
        self, request: Request, face: str, headers: Mapping[str, str], *, print_: str = ""
    ) -> Response:
        visit = visit_of(request)
        html = read_template("chat.html").render(
            **self.page.words(visit.language),
            **nothing_said(visit, face, print_ or visit.print),
            qr=self._qr(request),
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store", **headers})

    def _qr(self, request: Request) -> Markup:
        """Draw the way to the page on one's own phone."""
        address = self.public_url or str(request.base_url)
        drawn = segno.make_qr(address, error="m").svg_inline(omitsize=True, border=2)
        return Markup(drawn)  # noqa: S704 - drawn by us, of an address of ours


def nothing_said(visit: Visit, face: str, print_: str) -> dict[str, object]:
    """Return what the template shows of a conversation before its first word."""
    return {
        "visit": visit,
        "face": face,
        "print": print_ or "normal",
        "said": HistoryOut(messages=[], status="pending"),
        "open_offer": "",
        "text": "",
        "notice": "",
        "token": "",
        "message_id": "",
    }


def routes(faces: Faces) -> APIRouter:
    """Return the routes of the page elsewhere."""
    router = APIRouter(include_in_schema=False)

    @router.get("/embed")
    async def embed(request: Request) -> Response:
        return faces.embed(request)

    @router.get("/kiosk")
    async def kiosk(request: Request) -> Response:
        return faces.kiosk(request)

    @router.get("/widget.js")
    async def widget() -> Response:
        return faces.widget()

    return router
