"""What everybody may read of the news: `/news`, and an item, `/news/12`; current ones only."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from actions.booking.programme import Programme
from actions.clock import Clock
from actions.db import Database, Db
from actions.news import current, telling
from actions.news.current import Current
from actions.square import Square
from bot.draws import FRESH, LARGEST_ID
from bot.page import read_template
from bot.taps import square_of
from bot.visit import Visit, visit_of


@dataclass(frozen=True)
class News:
    """Shows what is out; without a script, and with one a browser may read it aloud."""

    database: Database
    clock: Clock
    programme: Callable[[Db], Programme]

    def all(self, visit: Visit) -> Response:
        """Show all current items, the most important first."""
        with self.database.reading() as db:
            square = square_of(self.programme(db))
            found = current.find(db, area_id=None, now=self.clock.now())
            items = [_shown(square, visit, one) for one in found]
        return self._page("news.html", square, visit, items=items, here="/news")

    def one(self, visit: Visit, news_id: int) -> Response | None:
        """Show an item in full; None when it is not out."""
        with self.database.reading() as db:
            found = current.get(db, news_id, now=self.clock.now())
            if found is None:
                return None
            square = square_of(self.programme(db))
            shown = _shown(square, visit, found)
        return self._page("news_item.html", square, visit, item=shown, here=f"/news/{news_id}")

    def _page(self, template: str, square: Square, visit: Visit, **values: Any) -> Response:
        html = read_template(template).render(
            visit=visit,
            word=_words(square, visit.language),
            community=square.pack.community.name.in_(visit.language),
            reading=_reading(visit),
            **values,
        )
        return HTMLResponse(html, headers=FRESH)


def routes(news: News) -> APIRouter:
    """Return the routes of what is published of the news."""
    router = APIRouter()

    @router.get("/news", include_in_schema=False)
    async def all_of_it(request: Request) -> Response:
        return await run_in_threadpool(news.all, visit_of(request))

    @router.get("/news/{news_id}", include_in_schema=False)
    async def one(request: Request, news_id: int) -> Response:
        known = 0 < news_id <= LARGEST_ID
        answer = (
            await run_in_threadpool(news.one, visit_of(request), news_id) if known else None
        )
        if answer is None:
            raise HTTPException(404)
        return answer

    return router


def _shown(square: Square, visit: Visit, found: Current) -> dict[str, Any]:
    """Return what a page shows of an item, in the reader's language."""
    item, told, language = found.item, found.told, visit.language
    texts = {
        "title": telling.title(told),
        "body": telling.body(square, told),
        "area": telling.area(square, item),
        "topic": telling.topic(square, told),
        "origin": telling.origin(square, told),
    }
    return {name: text.in_(language) for name, text in texts.items()} | {
        "id": item.id,
        "urgent": told.urgent,
        "sample": told.level == "sample",
        "published": square.wording.moment(told.publish_at, language),
        "until": square.wording.moment(told.expires_at, language),
        "title_language": "en" if language == "en" and told.title_en else "zh-Hans",
        "body_language": "en" if language == "en" and told.body_en else "zh-Hans",
    }


def _reading(visit: Visit) -> str:
    """Return what the links of the page carry on: the language and the print."""
    return f"lang={visit.language}&print={visit.print}"


def _words(square: Square, language: str) -> Callable[[str], str]:
    render = square.wording.render
    return lambda name: render(f"utter_news_page_{name}", language=language).text
