"""Every public route, asked by a stranger: nothing of another resident, not a byte (P34)."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import func, select
from starlette.routing import Mount, Route

from actions.booking import codes
from actions.booking.model import Booking
from actions.conversations import Message
from actions.db import Base
from actions.people.model import Words
from bot.app import HEADERS
from bot.visit import FORM
from tests.bot.desk.conftest import CANARY, MISSED, PHOTO, Village
from tests.bot.desk.test_every_page import rows

STRANGER = "t" * 32
JSON = {"form": "json"}
HEADED, COOKIE = {"X-Session": STRANGER}, {"Cookie": f"xiaoli_session={STRANGER}"}


@pytest.fixture
def village(village: Village) -> Village:
    """With everything that can stand in it."""
    village.learn()
    village.organise()
    village.write()
    village.meet()
    village.care()
    village.house()
    village.tell_news()
    return village


def said(**more: Any) -> dict[str, Any]:
    return {"session": STRANGER, "message_id": "m1", "text": "我的", **more}


# How a stranger asks for what is a resident's; `{…}` are its ids. A new route needs a line.
ASKED: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("POST", "/api/chat"): [
        {"json": said()},
        {"json": said(message_id="m2", text="{reference}")},
        {"json": said(message_id="m3", text="{code}")},
        {"json": said(attachments=[{"kind": "photo", "upload_id": "{upload_id}"}])},
    ],
    ("POST", "/api/chat/session"): [{}],
    ("GET", "/api/chat/uploads/{upload_id}"): [
        {"path": {"upload_id": "{upload_id}"}, "headers": headers} for headers in (HEADED, {})
    ],
    ("POST", "/api/chat/uploads"): [{"files": {"file": ("{upload_id}", b"x")}}],
    ("POST", "/api/chat/feedback"): [
        {"json": {"session": STRANGER, "reply_id": "{message_id}", "good": False}}
    ],
    ("GET", "/api/chat/history"): [{"headers": HEADED}, {"headers": COOKIE}, {}],
    ("GET", "/"): [{"headers": COOKIE}, {}],
    ("POST", "/"): [{"data": {"text": "{reference}"}, "headers": COOKIE}],
    ("GET", "/draws/{session_id}.json"): [{"path": {"session_id": "{session_id}"}}],
    ("GET", "/draws/{session_id}"): [{"path": {"session_id": "{session_id}"}}],
    ("GET", "/b/{token}"): [{"path": {"token": guess}} for guess in ("{code}", "{id}", "x")],
    ("GET", "/b/{token}.ics"): [{"path": {"token": "{code}"}}],
    ("GET", "/b/{token}/certificate.pdf"): [{"path": {"token": "{code}"}}],
    ("GET", "/news"): [{}],
    ("GET", "/news/{news_id}"): [{"path": {"news_id": number}} for number in ("1", "2", "9")],
    ("GET", "/feeds/sessions.ics"): [{}],
    ("GET", "/feeds/sessions.json"): [{}],
    ("GET", "/mydata/{secret}"): [{"path": {"secret": guess}} for guess in ("{id}", "x" * 43)],
    ("GET", "/mydata/{secret}.json"): [{"path": {"secret": "x" * 43}}],
    ("GET", "/mydata/{secret}/files/{upload_id}"): [
        {"path": {"secret": "x" * 43, "upload_id": "{upload_id}"}}
    ],
    ("GET", "/embed"): [{"headers": COOKIE}, {}],
    ("GET", "/kiosk"): [{"headers": COOKIE}, {}],
    ("GET", "/widget.js"): [{}],
    ("GET", "/healthz"): [{}],
    ("GET", "/readyz"): [{}],
    ("GET", "/metrics"): [{}],
    ("GET", "/openapi.json"): [{}],
    ("GET", "/open311/v2/openapi.json"): [{}],
    ("GET", "/open311/v2/discovery.{form}"): [{"path": JSON}],
    ("GET", "/open311/v2/services.{form}"): [{"path": JSON}],
    ("GET", "/open311/v2/services/{code}.{form}"): [{"path": JSON | {"code": "road-light"}}],
    ("GET", "/open311/v2/requests.{form}"): [
        {"path": {"form": form}, "params": {"extensions": "true"}} for form in ("json", "xml")
    ],
    ("POST", "/open311/v2/requests.{form}"): [
        {"path": JSON, "data": {"api_key": "guessed", "service_code": "road-light"}}
    ],
    ("GET", "/open311/v2/requests/{reference}.{form}"): [
        {"path": JSON | {"reference": "{reference}"}, "headers": {"X-Api-Key": "guessed"}}
    ],
    ("GET", "/open311/v2/tokens/{token}.{form}"): [{"path": JSON | {"token": "{reference}"}}],
}
STREAM = ("GET", "/api/chat/events")  # without an end: test_webchat reads it
DESK, FILES = ("MOUNT", "/desk"), ("MOUNT", "/static")  # every page's own table; files alike


def routes_in(routes: Iterable[Any], under: str = "") -> Iterable[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Mount) and ("MOUNT", route.path) in (DESK, FILES):
            yield ("MOUNT", route.path)
        elif isinstance(route, Mount):
            yield from routes_in(route.routes, route.path)
        elif isinstance(route, Route | APIRoute):
            kinds = set(route.methods or ()) - {"HEAD"}
            yield from ((method, under + route.path) for method in kinds)
        else:
            yield from routes_in(route.original_router.routes, under)


def test_every_public_route_is_tried_here(village: Village) -> None:
    app: Any = village.bot.app
    assert set(routes_in(app._app.routes)) == {*ASKED, STREAM, DESK, FILES}


def ids(village: Village) -> dict[str, str]:
    with village.bot.parts.database.reading() as db:
        booking = db.get_one(Booking, village.booking_id)
        return {
            "reference": village.reference,
            "upload_id": village.upload_id,
            "session_id": str(village.session_id),
            "code": booking.code,
            "id": str(booking.id),
            "message_id": str(db.scalars(select(func.max(Message.id))).one()),
        }


def filled(asked: Any, known: dict[str, str]) -> Any:
    if isinstance(asked, str):
        return re.sub(r"\{(\w+)\}", lambda found: known[found[1]], asked)
    if isinstance(asked, dict):
        return {name: filled(value, known) for name, value in asked.items()}
    if isinstance(asked, list | tuple):
        return type(asked)(filled(value, known) for value in asked)
    return asked


async def answers(village: Village) -> dict[str, list[tuple[int, bytes]]]:
    """What every public route answers the stranger."""
    known, bot = ids(village), village.bot
    found: dict[str, list[tuple[int, bytes]]] = {}
    for (method, path), asking in ASKED.items():
        for asked in asking:
            request = filled(asked, known)
            url = path.format(**request.pop("path", {}))
            answer = await bot.client.request(method, url, **request)
            assert (
                answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
            )
            assert answer.headers["x-content-type-options"] == "nosniff"
            found.setdefault(f"{method} {path}", []).append(
                (answer.status_code, answer.content)
            )
    return found


async def test_a_stranger_reads_nothing_of_a_resident(village: Village) -> None:
    with village.bot.parts.database.reading() as db:
        booking = db.get_one(Booking, village.booking_id)
        words = (CANARY, village.conversation_id, booking.token, booking.resident_id)
    secrets = [PHOTO, *(word.encode() for word in words)]
    for route, given in (await answers(village)).items():
        for status, content in given:
            assert not [secret for secret in secrets if secret in content], route
            assert status == 404 or not route.startswith(("GET /b/", "GET /mydata/"))
            assert status < 500 or route == "GET /readyz"


async def test_whoever_has_the_session_or_the_link_reads_it(village: Village) -> None:
    """Negative control: the same routes, asked by the resident."""
    bot = village.bot
    mine = {"X-Session": bot.session}
    assert CANARY in (await bot.client.get("/api/chat/history", headers=mine)).text
    cookie = {"Cookie": f"xiaoli_session={bot.session}"}
    assert CANARY in (await bot.client.get("/", headers=cookie)).text
    with bot.parts.database.reading() as db:
        booking = db.get_one(Booking, village.booking_id)
    assert codes.shown(booking.code) in (await bot.client.get(f"/b/{booking.token}")).text


# A phone has digits alone; meanings are vectors of words that have a canary elsewhere.
UNSHOWN = {
    "callers.phone_id",
    "request_meanings.words_id",
    "relay_releases.words_id",
    "help_requests.where_words_id",
    "messages.rest_id",  # what is held back of our own words
}


def test_a_canary_sits_in_every_kind_of_row_that_has_words(village: Village) -> None:
    """… so that the desk's pages and these routes are tried with all of them."""
    with village.bot.parts.database.reading() as db:
        canaries = select(Words.id).where(Words.text.in_([CANARY, MISSED]))
        planted = set(db.scalars(canaries))
        without = [
            f"{table.name}.{column.name}"
            for table in Base.metadata.sorted_tables
            for column in table.columns
            if any(key.column.table.name == "words" for key in column.foreign_keys)
            and not planted & set(db.scalars(select(column)))
        ]
    assert set(without) == UNSHOWN


@pytest.mark.parametrize("path", sorted(path for method, path in ASKED if method == "POST"))
async def test_a_cookie_alone_changes_nothing(village: Village, path: str) -> None:
    """Another site's page makes a browser send it along; all else it cannot know (P36)."""
    before, mine = rows(village.bot.parts.database), village.bot.session
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        sent = headers | {"Cookie": f"xiaoli_session={mine}"}
        for body in ("text=1&message_id=m1", '{"text": "1", "message_id": "m1"}'):
            kind = "application/json" if body.startswith("{") else FORM
            answer = await village.bot.client.post(
                path.format(**JSON), content=body, headers=sent | {"Content-Type": kind}
            )
            assert answer.is_client_error or path == "/api/chat/session"
            assert mine not in answer.text
    assert rows(village.bot.parts.database) == before
