"""Everything we know of a resident, for who has the secret link: a page, and the files.

Nothing is kept by a browser or found by a search engine, and a link that is over is one that
never was.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from actions.clock import Clock
from actions.conversations import Upload
from actions.db import Database, Db
from actions.mydata import collecting, links
from actions.mydata.collecting import Values
from actions.wording import Wording
from bot.kept import ENDINGS, handed_out, is_recording, name_of
from bot.page import read_template
from bot.visit import Visit, visit_of

PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
LONGEST_SECRET = 64
LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class MyData:
    """Hands data out to whoever has the link."""

    database: Database
    clock: Clock
    wording: Wording
    uploads: Path

    def page(self, secret: str, visit: Visit) -> Response | None:
        """Return all of it for people, in both languages."""
        found = self._collected(secret)
        if found is None:
            return None
        html = read_template("mydata.html").render(
            **shown(self.wording, found.values),
            visit=visit,
            secret=secret,
            sent=found.sent,
        )
        return HTMLResponse(html, headers=PRIVATE)

    def file(self, secret: str) -> Response | None:
        """Return all of it as JSON."""
        found = self._collected(secret)
        if found is None:
            return None
        text = json.dumps(found.values, ensure_ascii=False, indent=1)
        named = {"Content-Disposition": 'attachment; filename="my-data.json"'}
        return Response(text, media_type="application/json", headers=PRIVATE | named)

    def sent(self, secret: str, upload_id: str) -> Response | None:
        """Return one of the photos or recordings they sent."""
        with self.database.reading() as db:
            link = links.find(db, secret, now=self.clock.now())
            upload = db.get(Upload, upload_id) if link else None
        if link is None or upload is None or upload.resident_id != link.resident_id:
            return None
        return handed_out(upload, self.uploads, PRIVATE)

    def _collected(self, secret: str) -> "Collected | None":
        now = self.clock.now()
        with self.database.reading() as db:
            link = links.find(db, secret, now=now)
            if link is None:
                return None
            found = collected(db, link.resident_id, now=now)
            number, first = link.id, link.fetched_at is None
        if first:
            with self.database.transaction() as db:
                links.note_fetched(db, number, now=now)
        return found


@dataclass(frozen=True)
class Sent:
    """A file they sent: its id, what kind of thing it is, and its name when it is saved."""

    id: str
    kind: str
    name: str


@dataclass(frozen=True)
class Collected:
    """What is handed out, and the files that go with it."""

    values: Values
    sent: list[Sent]


def collected(db: Db, resident_id: str, *, now: datetime) -> Collected:
    """Collect what is handed out of a resident."""
    values = collecting.collect(db, resident_id, now=now)
    sent = [
        Sent(number, "recording" if is_recording(kind) else "photo", name_of(number, kind))
        for number, kind in collecting.uploads(db, resident_id)
        if kind in ENDINGS
    ]
    return Collected(values, sent)


def shown(wording: Wording, values: Values) -> dict[str, Any]:
    """Return what a template needs to show it: the words, and each row as lines."""

    def word(name: str) -> Mapping[str, str]:
        """Return a word in both languages; a table's or column's own name where it has none."""
        response = f"utter_mydata_{name}"
        if response not in wording.responses:
            return dict.fromkeys(LANGUAGES, name.partition("_")[2])
        return {
            language: wording.render(response, language=language).text for language in LANGUAGES
        }

    tables = [
        (word(f"table_{name}"), [_lines(word, row) for row in rows])
        for name, rows in values["tables"].items()
    ]
    made_at = datetime.fromisoformat(values["made_at"])
    moment = {language: wording.moment(made_at, language) for language in LANGUAGES}
    return {"word": word, "tables": tables, "made_at": moment}


def _lines(word: Callable[[str], Mapping[str, str]], row: Values) -> list[tuple[Any, Any]]:
    """Return a row as name and value, without what is empty."""
    return [
        (word(f"column_{name}"), _written(word, value))
        for name, value in row.items()
        if value not in (None, "", [], {})
    ]


def _written(word: Callable[[str], Mapping[str, str]], value: Any) -> Any:
    match value:
        case {"withheld": str(what)}:
            return word(f"withheld_{what}")
        case bool():
            return word("yes" if value else "no")
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def routes(data: MyData) -> APIRouter:
    """Return the routes of what is handed out."""
    router = APIRouter(include_in_schema=False)

    @router.get("/mydata/{secret}.json")
    async def file(secret: str) -> Response:
        return await _found(secret, data.file)

    @router.get("/mydata/{secret}/files/{upload_id}")
    async def sent(secret: str, upload_id: str) -> Response:
        return await _found(secret, lambda found: data.sent(found, upload_id))

    @router.get("/mydata/{secret}")
    async def page(request: Request, secret: str) -> Response:
        return await _found(secret, lambda found: data.page(found, visit_of(request)))

    return router


async def _found(secret: str, read: Callable[[str], Response | None]) -> Response:
    may_be = len(secret) <= LONGEST_SECRET
    answer = await run_in_threadpool(read, secret) if may_be else None
    if answer is None:
        raise HTTPException(404)
    return answer
