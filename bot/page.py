"""The web chat page: works without JavaScript as a plain form, and better with it.

Without a script the page's cookie names the conversation, so every form carries a token that
another site cannot know. The script keeps a session of its own and uses the chat API.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from actions.conversations import Complaint
from actions.errors import kind_of
from actions.wording import Wording
from bot.channels.webchat import ChatIn, Webchat, session_of
from bot.history import HistoryOut, history, open_offer
from bot.language import language_of
from bot.problems import Problem
from bot.visit import Visit, asked, read_form, refuse_foreign, visit_of
from knowledge.pack import EmergencyNumber, Pack, Text

log = structlog.get_logger()

HERE = Path(__file__).parent
OUR_PAGES = re.compile(
    r"(/b/[\w-]{22}|/draws/\d{1,9}|/news(?:/\d{1,9})?|/mydata/[\w-]{43})(?![\w-])", re.ASCII
)
URGENT_DIGITS = 3  # 12345 is for what can wait; it is among the quick links
STARTERS = ("starter_1", "starter_2", "starter_3", "starter_4")
# What the script says by itself; it gets them with the page.
SCRIPT_WORDS = (
    "program",
    "open",
    "open_booking",
    "offline",
    "working",
    "waiting",
    "refused",
    "large",
    "normal",
    "my_photo",
    "my_place",
    "no_photo",
    "no_place",
    "thanks_good",
    "thanks_bad",
    "what_was_wrong",
    "aloud",
    "hush",
    "my_voice",
    "no_voice",
    "too_long_voice",
    "on_phone",
    "bell_on",
    "bell_off",
    "bell_denied",
    "bell_rings",
    "news",
    "seconds_left",
)


@dataclass(frozen=True)
class Page:
    """Shows the conversation, and takes what is said by a form."""

    webchat: Webchat
    wording: Wording
    pack: Pack

    async def show(self, request: Request) -> Response:
        """Show the page. Nothing can be said by getting it; `?ask=` only fills the box."""
        return await self._page(visit_of(request), text=asked(request))

    async def say(self, request: Request) -> Response:
        """Take one message and show the conversation with what came of it.

        Raises:
            Problem: 403 from another site, 413 too large, 422 for anything but a plain form.
        """
        refuse_foreign(request)
        visit, said = visit_of(request), await read_form(request)
        if not hmac.compare_digest(said.token.encode(), self.token(visit).encode()):
            again = self.wording.render("utter_page_again", language=visit.language).text
            return await self._page(visit, 403, text=said.text, notice=again)
        try:
            await self.webchat.hear(
                request,
                ChatIn(session=visit.session, message_id=said.message_id, text=said.text),
            )
        except Problem as problem:
            return await self._not_said(visit, said.text, problem)
        except SQLAlchemyError as error:
            log.error("the store is down", error=kind_of(error))
            return await self._not_said(visit, said.text, Problem(503, "store_down", 5))
        # A redirect, so that reloading the page does not say it again.
        return visit.remember(RedirectResponse("/#latest", 303))

    def history(self, session: str) -> HistoryOut:
        """Return what was said in a session."""
        with self.webchat.database.reading() as db:
            return history(db, self.webchat, session)

    def token(self, visit: Visit) -> str:
        """Return what the forms of this visitor's page carry, and nobody else can know."""
        key = self.webchat.secret_key.encode()
        return hmac.new(key, f"form {visit.session}".encode(), hashlib.sha256).hexdigest()

    async def _not_said(self, visit: Visit, text: str, problem: Problem) -> Response:
        notice = self.wording.render(
            f"utter_problem_{problem.code}", language=visit.language, values=problem.values
        )
        return await self._page(visit, problem.status, text=text, notice=notice.text)

    async def _page(
        self, visit: Visit, status: int = 200, *, text: str = "", notice: str = ""
    ) -> Response:
        """Write the page; what was typed and not sent stands in its box again."""
        said = await run_in_threadpool(self._said_so_far, visit.session)
        html = read_template("chat.html").render(
            **self.words(visit.language),
            visit=visit,
            face="page",
            print=visit.print or ("large" if said.elder else "normal"),
            said=said,
            open_offer=open_offer(said.messages),
            text=text,
            notice=notice,
            token=self.token(visit),
            message_id=secrets.token_urlsafe(16),
        )
        return visit.remember(HTMLResponse(html, status, {"Cache-Control": "no-store"}))

    def _said_so_far(self, session: str) -> HistoryOut:
        """Read the conversation; while the store is down the page still has its numbers."""
        try:
            return self.history(session)
        except SQLAlchemyError as error:
            log.error("the store is down", error=kind_of(error))
            return HistoryOut(messages=[], status="pending")

    def word(self, name: str, language: str) -> str:
        """Return a word of the page; the script fills in what it alone knows."""
        values = {"name": self.pack.bot.name, "seconds": "{seconds}"}
        return self.wording.render(f"utter_page_{name}", language=language, values=values).text

    def words(self, language: str) -> dict[str, Any]:
        """Return what the template writes: the page's words and the pack's."""

        def word(name: str) -> str:
            return self.word(name, language)

        def of_pack(text: Text) -> str:
            return text.zh if language == "zh" else text.en

        return {
            "word": word,
            "of_pack": of_pack,
            "language_of": lambda text: language_of(text, language),
            "script_words": {name: word(name) for name in SCRIPT_WORDS},
            "complaints": list(Complaint),
            "starters": [word(name) for name in STARTERS],
            "pack": self.pack,
            "urgent": urgent(self.pack.emergency_numbers),
        }


def urgent(numbers: Iterable[EmergencyNumber]) -> list[EmergencyNumber]:
    """Return the numbers that stand on every view: those for danger."""
    return [each for each in numbers if len(each.number) <= URGENT_DIGITS]


@cache
def read_template(file: str) -> Template:
    """Read the template of a page of residents; everything put into it is escaped."""
    folder = FileSystemLoader(HERE / "templates")
    environment = Environment(
        loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["linked"] = linked
    return environment.get_template(file)


def linked(text: str, label: str) -> Markup:
    """Make links of our own pages in a text, as the script does; all else is escaped."""
    link = rf'<a href="\1">{escape(label)}</a>'
    return Markup(OUR_PAGES.sub(link, str(escape(text))))  # noqa: S704


class Static(StaticFiles):
    """The page's own files; a browser asks each time whether they have changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def static() -> Static:
    """Return what serves `/static`."""
    return Static(directory=HERE / "static")


def routes(page: Page) -> APIRouter:
    """Return the page's routes, and the chat API's view of what was said."""
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    async def show(request: Request) -> Response:
        return await page.show(request)

    @router.post("/", include_in_schema=False)
    async def say(request: Request) -> Response:
        return await page.say(request)

    @router.get("/api/chat/history", tags=["chat"])
    async def said(request: Request) -> HistoryOut:
        page.webchat.limits.check(request, page.webchat.address(session_of(request)))
        return await run_in_threadpool(page.history, session_of(request))

    return router
