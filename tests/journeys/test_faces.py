"""The page elsewhere, and for ears and hands of eighty years, in a real browser."""

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FrameLocator,
    Page,
    TimeoutError,
    expect,
)
from sqlalchemy import select

from actions import conversations
from actions.clock import open_clock
from actions.conversations import Author, Conversation, Message, Upload
from actions.db import Base, Database
from actions.people.model import Address
from bot.app import Parts, put_together
from tests.bot.conftest import Echo, made_of, on_a_port
from tests.journeys.conftest import FLAGS

PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
NARROW, SCREEN = {"width": 320, "height": 640}, {"width": 1080, "height": 1920}
IDLE = 90  # seconds
# Playwright turns off that a frame of another site has a storage of its own; this turns it on.
AS_IT_COMES = [*FLAGS, "--disable-features=Translate"]
Open = Callable[..., Page]

# A browser's voice that says nothing and remembers everything; it ends when it is told to.
VOICE = """
window.spoken = [];
const voice = {
  speaking: false, getVoices: () => [], cancel() { this.speaking = false; },
  speak(said) { this.speaking = true; spoken.push([said.lang, said.text]); },
};
Object.defineProperty(window, "speechSynthesis", { value: voice });
"""
NO_VOICE = 'Object.defineProperty(window, "speechSynthesis", { value: undefined });'
# Notices as a browser shows them, and a page that lies behind something else.
NOTICES = """
window.notices = [];
class Notice extends EventTarget {
  static permission = "default";
  static async requestPermission() { return (Notice.permission = "granted"); }
  constructor(title, options) { super(); notices.push([title, options.body ?? ""]); }
}
window.Notification = Notice;
Object.defineProperty(document, "hidden", { get: () => window.behind === true });
"""


@dataclass
class Served:
    """The bot on a port of its own, and a page of somebody else on another."""

    url: str
    parts: Parts
    foreign: str  # is named by EMBED_ORIGINS
    unknown: str  # the same page under another name

    def latest(self) -> Conversation:
        with self.parts.database.reading() as db:
            return db.scalars(
                select(Conversation)
                .join(Message, Message.conversation_id == Conversation.id)
                .order_by(Message.id.desc())
                .limit(1)
            ).one()

    def answer(self, text: str) -> None:
        """Staff answer the latest conversation."""
        now = self.parts.gateway.ground.clock.now()
        with self.parts.database.transaction() as db:
            talk = db.get_one(Conversation, self.latest().id)
            conversations.say(db, talk, text, author=Author.STAFF, now=now)


@contextmanager
def elsewhere(html: Callable[[], str], policy: Callable[[], str]) -> Iterator[int]:
    """Somebody else's site, as strict as a site may be; yields its port."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy())
            self.end_headers()
            self.wfile.write(html().encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("faces")
    database, clock = Database(f"sqlite:///{folder}/x.db"), open_clock(None)
    Base.metadata.create_all(database.engine)
    made = made_of(database, clock, folder, Echo())
    ours = ""

    def html() -> str:
        return (
            '<!doctype html><html lang="zh"><title>瓜沥新闻</title><main><h1>新闻</h1>'
            f'<a href="#x">一条新闻</a></main><script src="{ours}/widget.js" async></script>'
            f'<iframe id="bare" title="x" src="{ours}/embed" hidden></iframe>'
        )

    def policy() -> str:
        return f"default-src 'none'; script-src {ours}; frame-src {ours}; img-src {ours}"

    with elsewhere(html, policy) as port:
        foreign, unknown = f"http://localhost:{port}", f"http://127.0.0.1:{port}"
        named = made.settings.model_copy(update={"embed_origins": foreign})
        parts = replace(made, settings=named)
        with on_a_port(put_together(parts, httpx.AsyncClient())) as url:
            ours = url
            yield Served(url, parts, foreign, unknown)


@pytest.fixture
def open_page(browser: Browser, served: Served) -> Iterator[Open]:
    """Opens a page as somebody new; an error of its script fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_(address: str = "/", script: str = "", **how: Any) -> Page:
        context = browser.new_context(**({"viewport": PHONE, "locale": "zh-CN"} | how))
        contexts.append(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        asked = asked_for(page)
        try:
            page.goto(address if "://" in address else served.url + address)
        except TimeoutError as error:
            error.add_note(f"still without an answer: {sorted(asked)}")
            raise
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


def asked_for(page: Page) -> set[str]:
    """Return what the page has asked for and not got yet, as it is from now on."""
    waiting: set[str] = set()
    page.on("request", lambda request: waiting.add(request.url))
    page.on("requestfinished", lambda request: waiting.discard(request.url))
    page.on("requestfailed", lambda request: waiting.discard(request.url))
    return waiting


def say(page: Page | FrameLocator, text: str) -> None:
    page.locator("#log[aria-busy=false]").wait_for()
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")
    expect(page.locator("#log .text", has_text=f"你说：{text}").last).to_be_visible()


def barriers(page: Page, *rules: str) -> list[tuple[str, list[str]]]:
    found = Axe().run(page, options={"runOnly": list(rules)} if rules else None)
    return [(e["id"], [n["html"] for n in e["nodes"]]) for e in found.response["violations"]]


def too_small(page: Page, least: int) -> list[str]:
    """What is to be tapped and is smaller than so many pixels."""
    taps = page.locator("button:enabled:visible, summary:visible, a:visible:not(.skip)").all()
    sizes = [(tap.inner_text(), tap.bounding_box()) for tap in taps]
    return [name for name, box in sizes if box and min(box["height"], box["width"]) < least]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


# In somebody else's page.


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_widget_is_a_button_a_talk_and_gone_by_keyboard_alone(
    open_page: Open, served: Served, viewport: dict[str, int]
) -> None:
    page = open_page(served.foreign, viewport=viewport)
    button = page.locator("#xiaoli-widget .open")
    button.focus()
    page.keyboard.press("Enter")
    chat = page.frame_locator("#xiaoli-widget iframe")
    say(chat, "约课")
    assert barriers(page) == []
    dialog = page.locator("#xiaoli-widget dialog").bounding_box()
    assert dialog
    whole = (dialog["width"], dialog["height"]) == (viewport["width"], viewport["height"])
    assert whole == (viewport is PHONE)
    for _ in range(40):  # wherever Tab leads, the page behind is out of reach
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") != "A"
    page.locator("#xiaoli-widget iframe").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#xiaoli-widget dialog")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "xiaoli-widget"  # back at the button
    served.answer("您好，我是社区的")
    expect(button).to_have_attribute("data-news", "")
    page.keyboard.press("Enter")
    expect(chat.locator("#log .text", has_text="我是社区的")).to_be_visible()
    expect(button).not_to_have_attribute("data-news", "")


def test_the_chat_in_a_frame_needs_no_cookie_and_no_storage_and_knows_nothing_of_the_page(
    open_page: Open, served: Served
) -> None:
    page = open_page(served.foreign, viewport=DESKTOP)
    page.locator("#xiaoli-widget .open").click()
    say(page.frame_locator("#xiaoli-widget iframe"), "约课")
    assert page.context.cookies() == []
    frame = next(each for each in page.frames if each.url.startswith(served.url + "/embed?"))
    for reach in ("return parent.document.title", "top.location = '/x'"):
        caught = frame.evaluate(
            f"() => {{ try {{ {reach}; }} catch (e) {{ return e.name; }} }}"
        )
        assert caught == "SecurityError"


def test_a_page_we_did_not_name_gets_no_button_and_no_frame(
    open_page: Open, served: Served
) -> None:
    """The frame that stands in both pages: in the named one it shows the chat."""
    named, unknown = open_page(served.foreign), open_page(served.unknown)
    expect(named.locator("#xiaoli-widget .open")).to_be_visible()
    expect(unknown.locator("#xiaoli-widget")).to_have_count(0)
    for page, shown in ((named, 1), (unknown, 0)):
        page.locator("#bare").evaluate("frame => (frame.hidden = false)")
        expect(page.frame_locator("#bare").locator("#text")).to_have_count(shown)


# On a screen that many use.


def sessions(served: Served) -> int:
    with served.parts.database.reading() as db:
        return len(db.scalars(select(Address).where(Address.channel == "kiosk")).all())


def test_a_screen_forgets_whoever_went_away_and_whoever_is_done(
    open_page: Open, served: Served
) -> None:
    page = open_page("/kiosk", script=VOICE, viewport=SCREEN)
    page.clock.install()
    page.reload()
    before = sessions(served)
    say(page, "我家住12幢")
    expect(page.locator("#countdown")).to_contain_text("秒后清空屏幕")
    assert (barriers(page), too_small(page, 60), fits(page)) == ([], [], True)
    page.clock.run_for((IDLE - 10) * 1000)
    expect(page.locator("#stay")).to_be_focused()
    assert barriers(page, "color-contrast-enhanced") == []
    page.locator("#stay").click()
    page.clock.run_for((IDLE - 10) * 1000)
    expect(page.locator("#log .text", has_text="你说：我家住12幢")).to_have_count(1)
    page.clock.run_for(11_000)
    expect(page.locator("#log .text", has_text="我家住12幢")).to_have_count(0)
    say(page, "下一位")
    assert sessions(served) == before + 2
    page.locator("#end").click()
    expect(page.locator("#log .text", has_text="下一位")).to_have_count(0)
    expect(page.locator("#text")).to_be_visible()
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [
        0,
        0,
        "",
    ]


def test_a_screen_whose_net_is_away_is_empty_all_the_same(open_page: Open) -> None:
    page = open_page("/kiosk", viewport=SCREEN)
    say(page, "我家住12幢")
    page.context.set_offline(True)
    page.locator("#end").click()
    expect(page.get_by_text("我家住12幢")).to_have_count(0)
    page.context.set_offline(False)
    expect(page.locator("#text")).to_be_visible()
    expect(page.get_by_text("我家住12幢")).to_have_count(0)


# The elder view.


def test_letters_grow_step_by_step_nothing_is_cut_off_and_it_is_remembered(
    open_page: Open,
) -> None:
    page = open_page("/?print=large", viewport=NARROW)
    say(page, "约课")
    size = "parseFloat(getComputedStyle(document.querySelector('.bubble .text')).fontSize)"
    assert (page.evaluate(size), too_small(page, 60)) == (24, [])
    for wanted in (27, 30):
        page.locator("#larger").click()
        assert (page.evaluate(size), fits(page)) == (wanted, True)
    expect(page.locator("#larger")).to_be_disabled()
    assert too_small(page, 60) == []
    page.reload()
    assert page.evaluate(size) == 30
    for _ in range(4):
        page.locator("#smaller").click()
    assert page.evaluate(size) == 18
    expect(page.locator("#smaller")).to_be_disabled()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_in_the_elder_view_ink_stands_out_seven_to_one(open_page: Open, colours: str) -> None:
    page = open_page("/?print=large", color_scheme=colours, contrast="more")
    say(page, "约课")
    say(page, "再来")
    page.locator("#menu summary").click()
    assert barriers(page, "color-contrast-enhanced") == []
    assert barriers(page) == []


def test_at_double_zoom_nothing_is_wider_than_the_window(open_page: Open) -> None:
    page = open_page(viewport={"width": 640, "height": 400}, device_scale_factor=2)
    say(page, "约课")
    assert fits(page)


def test_the_page_follows_elder_mode_and_what_is_chosen_by_hand_holds(
    open_page: Open, served: Served
) -> None:
    page = open_page()
    html = page.locator("html")
    say(page, "你好")
    for elder, shown in ((True, "large"), (False, "normal"), (True, "large")):
        with served.parts.database.transaction() as db:
            db.get_one(Conversation, served.latest().id).resident.elder = elder
        say(page, f"慢一点{elder}")
        expect(html).to_have_attribute("data-print", shown)
    page.locator("#print").click()
    say(page, "还是小字好")
    page.reload()
    expect(html).to_have_attribute("data-print", "normal")


# For ears, and by voice.


def test_a_reply_is_read_aloud_and_all_of_them_if_wanted(open_page: Open) -> None:
    page = open_page("/?print=large", script=VOICE)
    say(page, "约课")
    page.locator(".aloud").last.click()
    assert page.evaluate("spoken") == [["zh-CN", "你说：约课"]]
    expect(page.locator(".aloud").last).to_have_text("停")
    page.locator(".aloud").last.click()
    assert not page.evaluate("speechSynthesis.speaking")
    page.locator("#auto").click()
    say(page, "Where is the library")
    assert page.evaluate("spoken.at(-1)[1]") == "你说：Where is the library"
    page.reload()
    expect(page.locator("#auto")).to_have_attribute("aria-pressed", "true")
    page.locator("#print").click()  # the switch belongs to the elder view
    expect(page.locator("#auto")).to_be_hidden()


def test_without_a_voice_nothing_offers_to_read(open_page: Open) -> None:
    page = open_page("/?print=large", script=NO_VOICE)
    say(page, "约课")
    expect(page.locator(".aloud")).to_have_count(0)
    expect(page.locator("#auto")).to_be_hidden()


def test_what_is_spoken_is_recorded_sent_and_answered_or_thrown_away(
    open_page: Open, served: Served
) -> None:
    page = open_page(permissions=["microphone"])
    page.locator("#log[aria-busy=false]").wait_for()
    page.locator("#voice").click()
    expect(page.locator("#done")).to_be_focused()
    expect(page.locator("#level")).not_to_have_attribute("value", "0")
    assert barriers(page) == []
    page.locator("#drop").click()
    expect(page.locator("#text")).to_be_visible()
    page.locator("#voice").click()
    expect(page.locator("#level")).not_to_have_attribute("value", "0")
    page.locator("#done").click()
    expect(page.locator("#log .text", has_text="听不了语音")).to_be_visible()
    expect(page.locator("#log .attachment", has_text="我发的语音")).to_have_count(1)
    with served.parts.database.reading() as db:
        kinds = [upload.content_type for upload in db.scalars(select(Upload))]
    assert kinds == ["audio/webm"]


def test_a_microphone_that_is_refused_is_told_in_words(open_page: Open) -> None:
    page = open_page(script="navigator.mediaDevices.getUserMedia = () => Promise.reject(1);")
    page.locator("#voice").click()
    expect(page.locator("#notice")).to_contain_text("用不了麦克风")
    expect(page.locator("#text")).to_be_visible()


# What comes later.


def test_who_asks_for_it_is_told_of_news_but_not_what_it_is(
    open_page: Open, served: Served
) -> None:
    page = open_page(script=NOTICES)
    say(page, "你好")
    assert page.evaluate("Notification.permission") == "default"  # nobody is asked unasked
    page.locator("#menu summary").click()
    page.locator("#bell").click()
    expect(page.locator("#notice")).to_contain_text("提醒您")
    served.answer("看得见")
    expect(page.get_by_text("看得见")).to_be_visible()
    assert page.evaluate("notices") == []
    page.evaluate("window.behind = true")
    served.answer("3幢2单元501")
    expect(page.get_by_text("3幢2单元501")).to_be_visible()
    assert page.evaluate("notices") == [["有新答复", ""]]
    page.locator("#bell").click()
    served.answer("不用提醒了")
    expect(page.get_by_text("不用提醒了")).to_be_visible()
    assert len(page.evaluate("notices")) == 1


def test_what_came_while_the_browser_was_closed_is_there_when_it_opens_again(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    """On the page, and in a frame of another site, where a talk of its own is kept."""

    @contextmanager
    def visit() -> Iterator[tuple[Page, FrameLocator]]:
        context = browser.browser_type.launch_persistent_context(
            tmp_path, executable_path="/usr/bin/chromium", args=AS_IT_COMES, locale="zh-CN"
        )
        page, foreign = context.new_page(), context.new_page()
        page.goto(served.url)
        foreign.goto(served.foreign)
        foreign.locator("#xiaoli-widget .open").click()
        yield page, foreign.frame_locator("#xiaoli-widget iframe")
        context.close()

    with visit() as (page, frame):
        say(frame, "在别的网站上问")
        say(page, "我想找人")
    served.answer("一")
    served.answer("二")
    with visit() as (page, frame):
        for text in ("你说：我想找人", "一", "二"):
            expect(page.locator("#log .text").get_by_text(text, exact=True)).to_have_count(1)
        expect(frame.locator("#log .text", has_text="你说：在别的网站上问")).to_have_count(1)
        expect(frame.locator("#log .text", has_text="我想找人")).to_have_count(0)
