"""Hostile words in everything that is shown, in a real browser: none of them runs (P35)."""

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from jinja2 import Environment
from playwright.sync_api import Browser, BrowserContext, Page, expect

from actions.booking.model import Booking, Session
from actions.db import Base, Database
from bot.app import put_together
from bot.channels.webchat import LONGEST_TEXT, SESSION_COOKIE
from bot.desk import visit
from bot.desk.pages import PAGES
from bot.desk.visit import COOKIE
from tests.bot.conftest import Bot, Echo, made_of, on_a_port, photo
from tests.bot.desk.conftest import Village, planted
from tests.bot.desk.test_every_page import ARTICLE, CASES, fill
from tests.conftest import StandingClock
from tests.journeys.hostile import ADDRESSES, ATTRIBUTES, CORPUS, TEMPLATES, VECTORS

SOON = 15_000  # milliseconds: a page that is open asks by itself
LINES = [f"№{number} {words}" for number, words in enumerate(CORPUS)]
AS_IT_COMES = "the page, where its script does not"
EVERYTHING = "\n".join(LINES)

# Sends every element what makes a handler run, and says what in the page is not ours.
PROVOKE = """() => {
  const kinds = ['focus', 'mouseover', 'pointerover', 'error', 'load', 'toggle', 'begin',
                 'start', 'animationstart'];
  const foreign = [];
  for (const each of document.querySelectorAll('*')) {
    for (const kind of kinds) each.dispatchEvent(new Event(kind));
    const name = each.localName;
    if (['iframe', 'object', 'embed', 'base', 'style', 'marquee', 'math', 'xmp'].includes(name)
        || (name === 'script' && !each.getAttribute('src')?.match(/^\\/(desk\\/)?static\\//))
        || (name === 'meta' && each.httpEquiv))
      foreign.push(each.outerHTML.slice(0, 200));
    for (const {name: key, value} of each.attributes)
      if (key.startsWith('on') || key === 'srcdoc'
          || (/href|src|action|data$/.test(key) && !key.startsWith('data-')
              && /^[\\s\\x00-\\x20]*(java|vb|data:text|data:image.svg)/i.test(value)))
        foreign.push(`${key}=${value.slice(0, 100)}`);
  }
  return foreign;
}"""


@dataclass
class Served:
    """The bot on a port, with hostile words in every kind of row."""

    url: str
    village: Village

    def pages(self) -> dict[str, str]:
        """Every page of the desk that shows something, and those of residents, by name."""
        found = {
            page.path: f"/desk{fill(page, CASES['GET', page.path].ours(self.village))}"
            for page in PAGES
            if page.method == "GET" and not page.path.endswith((".csv", ".pdf", "{upload_id}"))
        }
        with self.village.bot.parts.database.reading() as db:
            token = db.get_one(Booking, self.village.booking_id).token
        return found | {"the page": "/", AS_IT_COMES: "/?lang=en", "a booking": f"/b/{token}"}

    def say(self, words: str, number: int) -> None:
        said = {"session": self.village.bot.session, "message_id": f"h{number}", "text": words}
        httpx.post(f"{self.url}/api/chat", json=said, timeout=30).raise_for_status()

    def open(self, browser: Browser, **how: Any) -> BrowserContext:
        """A browser that is signed in as somebody who sees everything, and as the resident."""
        context = browser.new_context(locale="zh-CN", **how)
        cookies = {
            COOKIE: self.village.colleague("boss").secret,
            SESSION_COOKIE: self.village.bot.session,
        }
        for name, value in cookies.items():
            context.add_cookies([{"name": name, "value": value, "url": self.url}])
        session = json.dumps(self.village.bot.session)
        context.add_init_script(f"localStorage.setItem('xiaoli.session', '{session}')")
        return context


def chunks(lines: Sequence[str]) -> Iterator[str]:
    """The lines in messages as long as may be."""
    long, chunk = 0, list[str]()
    for line in lines:
        if long + len(line) + 1 > LONGEST_TEXT:
            yield "\n".join(chunk)
            long, chunk = 0, []
        long, chunk = long + len(line) + 1, [*chunk, line]
    yield "\n".join(chunk)


@contextmanager
def served_in(folder: Path) -> Iterator[Served]:
    """Store the words through API, services and forms of the desk, and serve them."""
    database, clock, assistant = Database(f"sqlite:///{folder}/x.db"), StandingClock(), Echo()
    Base.metadata.create_all(database.engine)
    parts = made_of(database, clock, folder, assistant)
    app = put_together(parts, httpx.AsyncClient())
    with on_a_port(app) as url:
        bot = Bot(parts, assistant, clock, httpx.AsyncClient(), app)
        village = planted(bot, words=EVERYTHING, missed=EVERYTHING)
        village.learn()
        village.organise()
        village.write()
        village.house()
        with database.transaction() as db:
            for session in db.query(Session):
                session.room = VECTORS[0]
        served = Served(url, village)
        for number, chunk in enumerate(chunks(LINES)):
            served.say(chunk, number)
        edit(served)
        upload(served)
        yield served
    database.close()


def edit(served: Served) -> None:
    """An editor writes it into an article."""
    editor = served.village.colleague("editor")
    sent = ARTICLE | {"body_zh": EVERYTHING, "seen": str(served.village.revision_id)}
    sent |= {"questions_zh": EVERYTHING, "title_zh": VECTORS[0], "csrf_token": editor.token}
    answer = httpx.post(
        f"{served.url}/desk/content/article/ed-card/save",
        data=sent,
        headers={"Origin": served.url, "Cookie": f"{COOKIE}={editor.secret}"},
    )
    assert answer.status_code in (303, 409)


def upload(served: Served) -> None:
    """A photo whose name is hostile comes with a message."""
    headers = {"X-Session": served.village.bot.session}
    file = {"file": (VECTORS[4], photo(), "image/svg+xml")}
    uploads = f"{served.url}/api/chat/uploads"
    upload_id = httpx.post(uploads, files=file, headers=headers).json()["upload_id"]
    said = {"session": served.village.bot.session, "message_id": "photo", "text": ""}
    attached = [{"kind": "photo", "upload_id": upload_id}]
    httpx.post(
        f"{served.url}/api/chat", json=said | {"attachments": attached}
    ).raise_for_status()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_in(tmp_path_factory.mktemp("hostile")) as served:
        yield served


@pytest.fixture(scope="module")
def unescaped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same desk with templates that escape nothing."""
    escaping = visit._templates

    def careless(desk: visit.Desk) -> Environment:
        made = escaping(desk)
        made.autoescape = False
        return made

    with ExitStack() as stack:
        patched = stack.enter_context(pytest.MonkeyPatch.context())
        patched.setattr(visit, "_templates", careless)
        yield stack.enter_context(served_in(tmp_path_factory.mktemp("unescaped")))


@dataclass
class Seen:
    """What came of opening a page."""

    ran: int
    foreign: list[str]
    text: str


def see(page: Page, url: str, ran: list[str]) -> Seen:
    before = len(ran)
    answer = page.goto(url, wait_until="load")
    assert answer
    assert "default-src 'self'" in answer.headers["content-security-policy"], url
    assert "unsafe" not in answer.headers["content-security-policy"]
    expect(page.locator("#log[aria-busy=true]")).to_have_count(0)
    foreign = page.evaluate(PROVOKE)
    page.wait_for_timeout(50)
    return Seen(len(ran) - before, foreign, page.inner_text("body"))


def listening(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page in which `ran()` is noticed, and every dialog too."""
    page, ran = context.new_page(), list[str]()
    page.expose_function("ran", lambda: ran.append(page.url))
    page.on("dialog", lambda dialog: ran.append(dialog.message))
    return page, ran


def test_none_of_the_corpus_runs_on_any_page(browser: Browser, served: Served) -> None:
    """… even where the browser is told to overlook the policy that forbids scripts."""
    assert len(set(CORPUS)) >= 500
    context, shown = served.open(browser, bypass_csp=True), dict[str, str]()
    page, ran = listening(context)
    for name, path in served.pages().items():
        if name == AS_IT_COMES:
            context.route("**/static/chat.js", lambda route: route.abort())
        seen = see(page, served.url + path, ran)
        assert (seen.ran, seen.foreign) == (0, []), name
        shown[name] = seen.text
    context.close()
    for name in SHOWN_WHOLE:
        missing = [mark for mark in MARKS if mark not in shown[name]]
        assert not missing, (
            name,
            len(missing),
            missing[:5],
        )  # negative control: all were there
    for name in SHOWN_IN_PART:
        assert "ran()" in shown[name], name


MARKS = [f"№{number} " for number in range(len(CORPUS))]
# Pages that show all of them, each from another kind of row.
SHOWN_WHOLE = (
    "/conversations/{conversation_id}",
    "/conversations/{conversation_id}/later",
    "/requests/{reference}",
    "/help/{help_id}",
    "/sessions/{session_id}",
    "/sessions/{session_id}/attendance",
    "/sessions/{session_id}/bookings/{booking_id}",
    "/visits/{booking_id}",
    "/calls",
    "/households/{household_id}",
    "the page",
    AS_IT_COMES,
)
SHOWN_IN_PART = ("/misses", "/content/{kind}/{record_id}")


def test_none_of_it_runs_from_an_address(browser: Browser, served: Served) -> None:
    context = served.open(browser, bypass_csp=True)
    page, ran = listening(context)
    asked = [
        *(("/", name) for name in ("ask", "lang", "print")),
        ("/desk/sessions", "on"),
        ("/desk/content", "q"),
        ("/desk/content/new", "question"),
        ("/desk/recalls/new", "id"),
        ("/desk/audit", "who"),
        ("/desk/households", "find"),
    ]
    for (path, name), words in itertools.product(
        asked, (VECTORS[0] + ATTRIBUTES[0], '"><img src=x onerror=ran()>')
    ):
        seen = see(page, f"{served.url}{path}?{urlencode({name: words})}", ran)
        assert (seen.ran, seen.foreign) == (0, []), path
    for where in ("/desk/requests/", "/b/", "/draws/", "/desk/content/article/", "/nowhere/"):
        seen = see(page, f"{served.url}{where}{quote(VECTORS[5], safe='')}", ran)
        assert (seen.ran, seen.foreign) == (0, []), where
    context.close()


def test_none_of_it_runs_when_it_comes_in_later(browser: Browser, served: Served) -> None:
    """What a page that is open adds by itself, at the desk and for the resident."""
    context = served.open(browser, bypass_csp=True)
    opened = [listening(context), listening(context)]
    pages = served.pages()
    for (page, _), name in zip(opened, (SHOWN_WHOLE[0], "the page"), strict=True):
        page.goto(served.url + pages[name])
    later = "\n".join([*VECTORS, *ATTRIBUTES, *ADDRESSES, *TEMPLATES, "最后一句"])
    served.say(later, 1000)
    expect(opened[0][0].locator("#lines")).to_contain_text("最后一句", timeout=SOON)
    for page, ran in opened:
        assert page.evaluate(PROVOKE) == []
        assert ran == []
    context.close()


def test_it_runs_where_nothing_is_escaped(browser: Browser, unescaped: Served) -> None:
    """Negative control of the words, and of what notices that they run."""
    context = unescaped.open(browser, bypass_csp=True)
    page, ran = listening(context)
    path = unescaped.pages()["/requests/{reference}"]
    seen = see(page, unescaped.url + path, ran)
    context.close()
    assert seen.ran > 0
    assert seen.foreign


def test_the_policy_holds_where_nothing_is_escaped(browser: Browser, unescaped: Served) -> None:
    """The second wall stands alone: the same page, in a browser as people have them."""
    context = unescaped.open(browser)
    page, ran = listening(context)
    path = unescaped.pages()["/requests/{reference}"]
    seen = see(page, unescaped.url + path, ran)
    context.close()
    assert seen.foreign
    assert ran == []
