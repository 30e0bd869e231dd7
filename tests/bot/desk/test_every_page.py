"""Row scope and forged requests, for every page of the desk's own table (P34, P36)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update
from starlette.routing import Mount, Route

from actions.booking.model import Booking
from actions.conversations import Conversation
from actions.db import Base, Database
from actions.governance.model import ServiceRequest
from actions.people import scope
from actions.people.model import Staff
from actions.people.staff import ADMINISTERS, EDITS
from bot.app import Guarded
from bot.desk.article_form import fields_of
from bot.desk.pages import PAGES
from bot.desk.visit import Page
from tests.bot.desk.conftest import (
    CANARY,
    DOCUMENTS,
    MISSED,
    ORIGIN,
    PHOTO,
    RECORD,
    STAFF,
    Colleague,
    Village,
)

SEE = frozenset({"own", "boss", "town", "mayor", "police"})
EDITORS = frozenset({"boss", "mayor", "editor"})  # what the assistant knows is of no area
ADMINS = frozenset({"boss", "mayor"})
NOBODY_ELSES = "0" * 32
OWN = {"/sign-out", "/chat", "/chat/code", "/chat/unlink"}  # of whoever is signed in
TOLD = {"kind": "article", "id": "ed-card"}


@dataclass(frozen=True)
class Case:
    """How a page is tried: its parameters, ours and unknown ones, what it shows of ours."""

    ours: Callable[[Village], dict[str, str]] = lambda _: {}
    unknown: dict[str, str] | None = None
    sent: Callable[[Village], dict[str, str]] = lambda _: {}
    shows: Callable[[Village], str] = lambda _: ""
    taken: int = 303  # the status of a deed that was not forged


@pytest.fixture
def village(village: Village) -> Village:
    """With something to learn from."""
    village.learn()
    village.organise()
    return village


def talk(village: Village) -> dict[str, str]:
    return {"conversation_id": village.conversation_id}


def request(village: Village) -> dict[str, str]:
    return {"reference": village.reference}


def need(village: Village) -> dict[str, str]:
    return {"help_id": str(village.need_id)}


def taken(village: Village) -> dict[str, str]:
    return {"help_id": str(village.taken_id)}


def session(village: Village) -> dict[str, str]:
    return {"session_id": str(village.session_id)}


def today(village: Village) -> dict[str, str]:
    return {"session_id": str(village.today_id)}


def called(village: Village) -> dict[str, str]:
    return session(village) | {"booking_id": str(village.caller_booking_id)}


def group(village: Village) -> dict[str, str]:
    return {"booking_id": str(village.visit_id)}


def code(village: Village) -> dict[str, str]:
    with village.bot.parts.database.reading() as db:
        return {"code": db.get_one(Booking, village.today_booking_id).code}


def guide(village: Village) -> dict[str, str]:
    with village.bot.parts.database.reading() as db:
        return {"guide": str(db.scalars(select(Staff.id).filter_by(username="own")).one())}


def miss(village: Village) -> dict[str, str]:
    return {"numbers": str(village.miss_id)}


def card(_village: Village) -> dict[str, str]:
    return {"kind": "article", "record_id": "ed-card"}


ARTICLE = fields_of(DOCUMENTS["articles/ed-card.md"]) | {"body_zh": "在三楼。"}
NO_CARD = {"kind": "article", "record_id": "no-card"}
RECORD_PAGE = "/content/{kind}/{record_id}"

NO_SESSION = {"session_id": "999"}
NO_BOOKING = NO_SESSION | {"booking_id": "999"}
WHEN = {"on": "2026-12-24", "from": "20:00", "to": "21:00", "places": "5"}
CALLER = {"name": "李阿姨", "phone": "13911111111", "places": "1"}
SESSION_PAGE = "/sessions/{session_id}"

CASES = {
    ("GET", "/sessions"): Case(shows=lambda v: f"/desk/sessions/{v.session_id}"),
    ("GET", "/sessions/new"): Case(shows=lambda _: "书法社"),
    ("POST", "/sessions/new"): Case(
        sent=lambda _: WHEN | {"activity": "club-calligraphy", "repeat": "2"}
    ),
    ("GET", SESSION_PAGE): Case(session, NO_SESSION, shows=lambda _: CANARY),
    ("POST", SESSION_PAGE + "/move"): Case(session, NO_SESSION, sent=lambda _: WHEN),
    ("POST", SESSION_PAGE + "/places"): Case(session, NO_SESSION, sent=lambda _: WHEN),
    ("POST", SESSION_PAGE + "/call-off"): Case(
        session, NO_SESSION, sent=lambda _: {"words": "停电", "sure": "1"}
    ),
    ("POST", SESSION_PAGE + "/line"): Case(
        session,
        NO_SESSION,
        sent=lambda v: {"entry": str(v.entry_id), "answer": "leave"},
    ),
    ("GET", SESSION_PAGE + "/list.csv"): Case(session, NO_SESSION, shows=lambda _: CANARY),
    ("GET", SESSION_PAGE + "/list.pdf"): Case(session, NO_SESSION, shows=lambda _: "%PDF"),
    ("GET", SESSION_PAGE + "/attendance"): Case(session, NO_SESSION, shows=lambda _: CANARY),
    ("POST", SESSION_PAGE + "/attendance"): Case(
        today,
        NO_SESSION,
        sent=lambda v: {"booking": str(v.today_booking_id), "mark": "here"},
    ),
    ("POST", SESSION_PAGE + "/attendance/code"): Case(today, NO_SESSION, sent=code),
    ("POST", SESSION_PAGE + "/attendance/close"): Case(today, NO_SESSION),
    ("GET", SESSION_PAGE + "/book"): Case(session, NO_SESSION, shows=lambda _: "书法社"),
    ("POST", SESSION_PAGE + "/book"): Case(
        session, NO_SESSION, sent=lambda _: CALLER | {"deed": "wait"}
    ),
    ("GET", SESSION_PAGE + "/bookings/{booking_id}"): Case(
        called, NO_BOOKING, shows=lambda _: CANARY
    ),
    ("POST", SESSION_PAGE + "/bookings/{booking_id}/cancel"): Case(called, NO_BOOKING),
    ("GET", "/visits"): Case(shows=lambda v: f"/desk/visits/{v.visit_id}"),
    ("GET", "/visits/{booking_id}"): Case(group, {"booking_id": "999"}, shows=lambda _: CANARY),
    ("POST", "/visits/{booking_id}/approve"): Case(group, {"booking_id": "999"}, sent=guide),
    ("POST", "/visits/{booking_id}/decline"): Case(
        group, {"booking_id": "999"}, sent=lambda _: {"words": "停电"}
    ),
    ("GET", "/calls"): Case(shows=lambda _: CANARY),
    ("POST", "/calls/{notice_id}/told"): Case(
        lambda v: {"notice_id": str(v.notice_id)}, {"notice_id": "999"}
    ),
    ("GET", "/misses"): Case(shows=lambda _: MISSED),
    ("POST", "/misses/accept"): Case(
        sent=lambda v: miss(v) | {"question": "怎么借", "language": "zh", "record": RECORD}
    ),
    ("POST", "/misses/dismiss"): Case(sent=miss),
    ("POST", "/misses/retire"): Case(sent=lambda v: {"numbers": str(v.taught_id)}),
    ("GET", "/recalls"): Case(shows=lambda _: "/desk/recalls/new"),
    ("GET", "/recalls/new"): Case(sent=lambda _: TOLD, shows=lambda _: "告诉这些人"),
    ("POST", "/recalls"): Case(sent=lambda _: TOLD | {"once": "a" * 32}),
    ("GET", "/content"): Case(shows=lambda _: "ed-card"),
    ("GET", "/content/tasks"): Case(shows=lambda _: "tr-fare"),
    ("GET", "/content/changes"): Case(),
    ("GET", "/content/publications/{publication_id}"): Case(
        lambda v: {"publication_id": str(v.publication_id)}, {"publication_id": "999"}
    ),
    ("GET", "/content/new"): Case(
        sent=lambda _: {"question": "怎么养鹦鹉"}, shows=lambda _: "怎么养鹦鹉"
    ),
    ("POST", "/content/article"): Case(
        sent=lambda _: ARTICLE | {"seen": "0", "record_id": "new-one"}
    ),
    ("POST", "/content/preview"): Case(
        sent=lambda _: ARTICLE | {"seen": "0", "record_id": "new-one"}, taken=200
    ),
    ("POST", "/content/new"): Case(sent=lambda _: {"kind": "article", "record_id": "new-one"}),
    ("POST", "/content/offline"): Case(sent=lambda _: {"subject": "article:ed-card"}),
    ("POST", "/content/online"): Case(sent=lambda _: {"subject": "article:ed-card"}),
    ("POST", "/content/publish"): Case(),
    ("POST", "/content/editions/{edition_id}/roll-back"): Case(
        lambda v: {"edition_id": str(v.edition_id)},
        {"edition_id": "999"},
        taken=409,  # residents have it already
    ),
    ("GET", RECORD_PAGE): Case(card, NO_CARD, shows=lambda _: "怎么办借书证"),
    ("POST", RECORD_PAGE + "/save"): Case(
        card, NO_CARD, sent=lambda v: ARTICLE | {"seen": str(v.revision_id)}
    ),
    ("POST", RECORD_PAGE + "/preview"): Case(card, NO_CARD, sent=lambda _: ARTICLE, taken=200),
    ("GET", RECORD_PAGE + "/history/{revision_id}"): Case(
        lambda v: card(v) | {"revision_id": str(v.revision_id)},
        NO_CARD | {"revision_id": "999"},
        shows=lambda _: "怎么办借书证",
    ),
    ("POST", RECORD_PAGE + "/restore"): Case(
        card, NO_CARD, sent=lambda v: {"revision_id": str(v.revision_id)}
    ),
    ("GET", "/"): Case(shows=lambda v: v.reference),
    ("GET", "/inbox"): Case(shows=lambda v: v.conversation_id[:6]),
    ("GET", "/conversations/{conversation_id}"): Case(
        talk, {"conversation_id": NOBODY_ELSES}, shows=lambda _: CANARY
    ),
    ("GET", "/conversations/{conversation_id}/later"): Case(
        talk, {"conversation_id": NOBODY_ELSES}, shows=lambda _: CANARY
    ),
    ("POST", "/conversations/{conversation_id}/answers"): Case(
        talk,
        {"conversation_id": NOBODY_ELSES},
        sent=lambda _: {"words": "马上来", "seen": "0", "once": "a" * 32},
    ),
    ("POST", "/conversations/{conversation_id}/return"): Case(
        talk, {"conversation_id": NOBODY_ELSES}
    ),
    ("POST", "/conversations/{conversation_id}/resolve"): Case(
        talk, {"conversation_id": NOBODY_ELSES}
    ),
    ("GET", "/requests/{reference}"): Case(
        request, {"reference": "GQ-261124-9999"}, shows=lambda _: CANARY
    ),
    ("POST", "/requests/{reference}/moves"): Case(
        request,
        {"reference": "GQ-261124-9999"},
        sent=lambda _: {"to": "acknowledged", "seen": "received"},
    ),
    ("GET", "/help/{help_id}"): Case(need, {"help_id": "999"}, shows=lambda _: CANARY),
    ("POST", "/help/{help_id}/approve"): Case(need, {"help_id": "999"}),
    ("POST", "/help/{help_id}/decline"): Case(need, {"help_id": "999"}),
    ("POST", "/help/{help_id}/introduced"): Case(taken, {"help_id": "999"}),
    ("POST", "/help/{help_id}/talks"): Case(
        taken, {"help_id": "999"}, sent=lambda _: {"side": "asker"}
    ),
    ("GET", "/uploads/{upload_id}"): Case(
        lambda v: {"upload_id": v.upload_id},
        {"upload_id": NOBODY_ELSES},
        shows=lambda _: PHOTO[3:].decode(),
    ),
    ("GET", "/chat"): Case(shows=lambda _: "领我的绑定码"),
    ("GET", "/chat/later"): Case(shows=lambda _: "lines"),
    ("POST", "/chat"): Case(sent=lambda _: {"words": "帮助", "once": "a" * 32}),
    ("POST", "/chat/code"): Case(taken=200),
    ("POST", "/chat/unlink"): Case(),
    ("POST", "/chat/group"): Case(sent=lambda _: {"area": "guali/qicai/"}, taken=200),
    ("POST", "/sign-out"): Case(),
}
OPEN_TO_ALL = {("GET", "/sign-in"), ("POST", "/sign-in"), ("MOUNT", "/static")}

DEEDS = [page for page in PAGES if page.method == "POST"]


def see(page: Page) -> frozenset[str]:
    """Whose work a page is."""
    if page.roles == ADMINISTERS:
        return ADMINS
    return EDITORS if page.roles == EDITS else SEE


def case_of(page: Page) -> Case:
    return CASES[page.method, page.path]


def fill(page: Page, parameters: dict[str, str]) -> str:
    return page.path.format(**parameters)


def rows(database: Database) -> dict[str, list[Any]]:
    """Everything in the database but who is signed in, and the audit log."""
    aside = {"staff_sessions", "sign_in_attempts", "audit"}
    with database.reading() as db:
        return {
            table.name: list(db.execute(select(table).order_by(*table.primary_key)))
            for table in Base.metadata.sorted_tables
            if table.name not in aside
        }


def routes_of(app: Guarded) -> Iterable[tuple[str, str]]:
    """The routes of the desk as the running app has them."""
    mounted = [r for r in app._app.routes if isinstance(r, Mount) and r.path == "/desk"]  # type: ignore[attr-defined]
    (desk,) = mounted
    for route in desk.routes:
        if isinstance(route, Route):
            yield from ((method, route.path) for method in set(route.methods or ()) - {"HEAD"})
        elif isinstance(route, Mount):
            yield ("MOUNT", route.path)


def test_every_route_is_tried_here(village: Village) -> None:
    transport: Any = village.bot.client._transport
    assert set(routes_of(transport.app)) == set(CASES) | OPEN_TO_ALL


async def ask(who: Colleague, page: Page, path: str, sent: dict[str, str]) -> httpx.Response:
    if page.method == "GET":
        return await who.get(path, params=sent or None)
    return await who.post(path, **sent)


async def test_a_page_is_for_those_in_whose_area_it_lies(
    village: Village, subtests: pytest.Subtests
) -> None:
    before = rows(village.bot.parts.database)
    for name in [*sorted(STAFF), "anonymous"]:
        for page in PAGES:
            if (page.path in OWN and name != "anonymous") or name in see(page):
                continue
            with subtests.test(f"{name} {page.method} {page.path}"):
                await refuse(village, village.colleague(name), page)
    assert rows(village.bot.parts.database) == before


async def refuse(village: Village, who: Colleague, page: Page) -> None:
    case, sent = case_of(page), case_of(page).sent(village)
    answer = await ask(who, page, fill(page, case.ours(village)), sent)
    assert CANARY not in answer.text
    assert MISSED not in answer.text
    assert PHOTO not in answer.content
    assert village.reference not in answer.text
    assert village.conversation_id[:6] not in answer.text
    assert "ed-card" not in answer.text
    if who.name == "anonymous":
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in")
    elif see(page) in (EDITORS, ADMINS):
        assert answer.status_code == 404
    elif case.unknown:
        same = await ask(who, page, fill(page, case.unknown), sent)
        assert (answer.status_code, answer.content) == (404, same.content)


async def test_a_page_works_for_those_whose_work_it_is(
    village: Village, subtests: pytest.Subtests
) -> None:
    for name in sorted(SEE | EDITORS):
        who = village.colleague(name)
        for page in PAGES:
            if page.method == "GET" and name in see(page):
                with subtests.test(f"{name} {page.path}"):
                    case = case_of(page)
                    path = fill(page, case.ours(village))
                    answer = await ask(who, page, path, case.sent(village))
                    assert answer.status_code == 200
                    assert case.shows(village).encode() in answer.content
                    assert answer.headers["cache-control"] == "no-store"


async def test_looking_changes_nothing(village: Village) -> None:
    """GET of a page leaves every row as it was; GET of a deed is not possible at all."""
    who, database = village.colleague("boss"), village.bot.parts.database
    read = {page.path for page in PAGES if page.method == "GET"}
    before = rows(database)
    for page in PAGES:
        case = case_of(page)
        answer = await who.get(fill(page, case.ours(village)), params=case.sent(village))
        assert answer.status_code == (200 if page.path in read else 405), page.path
    assert rows(database) == before


# what a forged deed lacks: the token it sends (None: the right one), and its headers
FORGERIES: list[tuple[str | None, dict[str, str]]] = [
    ("", ORIGIN),
    ("another's", ORIGIN),
    (None, {"Origin": "http://evil.example"}),
    (None, {"Origin": "http://bot.evil.example"}),
    (None, {"Origin": "null"}),
    (None, {}),
    (None, ORIGIN | {"Sec-Fetch-Site": "cross-site"}),
    (None, ORIGIN | {"Sec-Fetch-Site": "same-site"}),
]


@pytest.mark.parametrize("page", DEEDS, ids=lambda page: page.path)
async def test_a_deed_that_was_forged_is_refused(village: Village, page: Page) -> None:
    case, who = case_of(page), village.colleague("boss")
    path, another = fill(page, case.ours(village)), village.colleague("town").token
    before = rows(village.bot.parts.database)
    for token, headers in FORGERIES:
        sent = {"another's": another, None: who.token}.get(token, "")
        data = case.sent(village) | {"csrf_token": sent}
        answer = await who._send("POST", path, data=data, headers=headers)
        assert answer.status_code == 403, headers
    assert rows(village.bot.parts.database) == before
    answer = await who.post(path, **case.sent(village))  # negative control: ours is taken
    assert answer.status_code == case.taken


async def test_signing_in_from_a_foreign_page_is_refused(village: Village) -> None:
    answer = await village.colleague("anonymous")._send(
        "POST",
        "/sign-in",
        data={"username": "own", "password": "correct horse"},
        headers={"Origin": "http://evil.example"},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("who", "seen"), [("own", 1), ("town", 1), ("other", 0), ("editor", 0)]
)
def test_the_scope_holds_whatever_way_is_asked(village: Village, who: str, seen: int) -> None:
    _, area, team = STAFF[who]
    areas = [area] if who != "editor" else []
    for table, key, everybody in (
        (Conversation, village.conversation_id, 3),  # two of them with callers
        (ServiceRequest, village.request().id, 1),
    ):
        with village.bot.parts.database.reading() as db:
            scope.limit(db, areas, team)
            count = seen * everybody
            assert len(db.scalars(select(table)).all()) == count
            assert db.scalar(select(func.count()).select_from(table)) == count
            assert db.scalar(select(func.count(table.id))) == count
            assert bool(db.get(table, key)) is bool(seen)
            assert db.query(table).count() == count
            changed = db.execute(update(table).values(area_id="guali/"))
            assert changed.rowcount == count  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("who", "sees"), [("police", True), ("own", False), ("town", False), ("mayor", False)]
)
async def test_a_restricted_request_is_for_its_team_alone(
    village: Village, who: str, sees: bool
) -> None:
    reference = village.file("scam-report", "骗子打电话")
    colleague = village.colleague(who)
    answer = await colleague.get(f"/requests/{reference}")
    assert (answer.status_code == 200) is sees
    assert (reference in (await colleague.get("/")).text) is sees


async def test_admins_hear_of_restricted_requests_nobody_can_see(village: Village) -> None:
    reference = village.file("fire-hazard", "楼道堆满纸箱")
    inbox = (await village.colleague("mayor").get("/")).text
    assert re.search(r"在线消防站.*1 件限定事项没有人看得到", inbox, re.DOTALL)
    assert reference not in inbox
    for name in ("boss", "town", "police"):
        assert "限定事项" not in (await village.colleague(name).get("/")).text


def test_every_deed_on_something_says_where_its_refusal_is_shown() -> None:
    assert all(page.shows for page in DEEDS if "{" in page.path)
