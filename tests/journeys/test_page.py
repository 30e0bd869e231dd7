"""The web page in a real browser; a repeating assistant answers where Rasa has no part."""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect
from sqlalchemy import select

from actions import conversations
from actions.clock import open_clock
from actions.conversations import Author, Conversation, Feedback, Message
from actions.db import Base, Database
from bot.app import Parts, put_together
from bot.channels.webchat import LONGEST_TEXT
from tests.bot.conftest import Echo, made_of, on_a_port

PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}
SMALLEST_TAP = 48
HOSTILE = (
    "<img src=x onerror=document.title='broken'>\u202eمرحبا\u202c " + "长" * 80 + "w" * 200
)
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
Open = Callable[..., Page]


@dataclass
class Served:
    """The bot on a port of its own, with an assistant that repeats what it is told."""

    url: str
    parts: Parts
    assistant: Echo

    def said(self, text: str) -> int:
        """How many messages of residents have these words."""
        with self.parts.database.reading() as db:
            rows = db.scalars(select(Message).where(Message.author == Author.RESIDENT))
            return sum(message.text == text for message in rows)

    def latest(self) -> Conversation:
        with self.parts.database.reading() as db:
            return db.scalars(
                select(Conversation)
                .join(Message, Message.conversation_id == Conversation.id)
                .order_by(Message.id.desc())
                .limit(1)
            ).one()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("page")
    database, clock = Database(f"sqlite:///{folder}/x.db"), open_clock(None)
    Base.metadata.create_all(database.engine)
    assistant = Echo()
    parts = made_of(database, clock, folder, assistant)
    with on_a_port(put_together(parts, httpx.AsyncClient())) as url:
        yield Served(url, parts, assistant)


@pytest.fixture
def open_page(browser: Browser, served: Served) -> Iterator[Open]:
    """Opens the page as somebody new; whatever the browser complains of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_(query: str = "", **how: Any) -> Page:
        context = browser.new_context(**({"viewport": PHONE, "locale": "zh-CN"} | how))
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text))
        page.goto(f"{served.url}/{query}")
        if how.get("java_script_enabled", True):
            expect(page.locator("#log[aria-busy=false]")).to_be_visible()
        return page

    yield open_
    for context in contexts:
        context.close()
    # A line that is cut on purpose is the browser's own complaint, not the page's.
    assert [each for each in complaints if "Failed to load resource" not in each] == []


def say(page: Page, text: str) -> None:
    page.fill("#text", text)
    page.press("#text", "Enter")


def heard(page: Page, text: str) -> Locator:
    """Wait until the conversation holds these words."""
    found = page.locator("#log .text", has_text=text).last
    expect(found).to_be_visible()
    return found


def taps(page: Page) -> Locator:
    return page.locator(".choices button:enabled")


# A conversation.


def test_a_conversation_by_digits_and_by_taps(open_page: Open) -> None:
    page = open_page()
    say(page, "约课")
    heard(page, "你说：约课")
    say(page, "2")
    heard(page, '你说：/choose{"choice": "no"}')
    taps(page).first.click()
    heard(page, '你说：/choose{"choice": "yes"}')
    assert page.locator('[data-author="resident"] .text').last.inner_text() == "是"


def test_old_choices_can_no_longer_be_tapped(open_page: Open) -> None:
    page = open_page()
    say(page, "约课")
    expect(taps(page)).to_have_count(2)
    say(page, "再来")
    heard(page, "你说：再来")
    expect(taps(page)).to_have_count(2)
    expect(page.locator(".choices button:disabled")).to_have_count(2)


def test_a_reload_shows_the_conversation_the_open_choices_and_the_unsent_words(
    open_page: Open,
) -> None:
    page = open_page()
    say(page, "约课")
    heard(page, "你说：约课")
    page.fill("#text", "还没写完")
    page.reload()
    heard(page, "你说：约课")
    expect(taps(page)).to_have_count(2)
    expect(page.locator("#text")).to_have_value("还没写完")
    assert page.locator("#log .message").count() == 4  # greeting, words, introduction, reply


def test_starters_menu_and_person_say_their_words_from_any_state(open_page: Open) -> None:
    page = open_page()
    page.locator(".starters button").nth(3).click()
    heard(page, "你说：我要报修")
    page.locator("#menu summary").click()
    page.locator("#menu").get_by_text("本周活动").click()
    heard(page, "你说：本周活动")
    page.locator(".person").click()
    heard(page, "你说：人工")


def test_a_person_is_always_at_the_same_place(open_page: Open) -> None:
    page = open_page()
    before = page.locator(".person").bounding_box()
    for text in ("约课", "再来", "还有"):
        say(page, text)
        heard(page, f"你说：{text}")
    assert page.locator(".person").bounding_box() == before


def test_what_staff_write_arrives_by_itself(open_page: Open, served: Served) -> None:
    page = open_page()
    say(page, "我想找人")
    heard(page, "你说：我想找人")
    expect(page.locator("#back")).to_be_hidden()
    now = served.parts.gateway.ground.clock.now()
    with served.parts.database.transaction() as db:
        conversation = db.get_one(Conversation, served.latest().id)
        conversations.open_for_staff(db, conversation, now=now)
        conversations.say(db, conversation, "我是社区的", author=Author.STAFF, now=now)
    message = heard(page, "我是社区的").locator("xpath=ancestor::article")
    expect(message).to_have_attribute("data-author", "staff")
    expect(page.locator("#state")).to_have_text("工作人员会在这里答复您。")
    page.locator("#back").click()
    heard(page, "小沥回来了")
    expect(page.locator("#back")).to_be_hidden()


# Nothing lost, nothing twice.


def test_what_is_written_without_a_net_is_sent_once_there_is_one(
    open_page: Open, served: Served
) -> None:
    page = open_page()
    page.context.set_offline(True)
    say(page, "没网的话一")
    say(page, "没网的话二")
    expect(page.locator(".sending.waiting")).to_have_count(2)
    expect(page.locator("#state")).to_contain_text("现在没有网络")
    page.context.set_offline(False)
    heard(page, "你说：没网的话二")
    expect(page.locator(".sending.waiting")).to_have_count(0)
    assert (served.said("没网的话一"), served.said("没网的话二")) == (1, 1)
    texts = page.locator('[data-author="resident"] .text').all_inner_texts()
    assert texts == ["没网的话一", "没网的话二"]


def test_a_message_whose_answer_was_lost_is_not_said_twice(
    open_page: Open, served: Served
) -> None:
    page = open_page()
    lost: list[int] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)  # the bot has it; the browser never hears of it
        route.abort()

    page.route("**/api/chat", lose, times=1)
    say(page, "只说一次")
    expect(page.locator(".message.unsent")).to_have_count(0)
    heard(page, "你说：只说一次")
    assert lost == [200]
    assert served.said("只说一次") == 1
    expect(page.locator("#log .text", has_text="你说：只说一次")).to_have_count(1)


def test_unsent_words_outlive_a_reload(open_page: Open, served: Served) -> None:
    page = open_page()
    page.route("**/api/chat", lambda route: route.abort())
    say(page, "刷新也不丢")
    expect(page.locator(".sending.waiting")).to_have_count(1)
    page.reload()
    expect(page.locator(".sending.waiting")).to_have_count(1)
    page.unroute("**/api/chat")
    heard(page, "你说：刷新也不丢")
    assert served.said("刷新也不丢") == 1


def test_too_fast_waits_and_is_sent(open_page: Open, served: Served) -> None:
    page = open_page()
    page.route(
        "**/api/chat",
        lambda route: route.fulfill(status=429, headers={"Retry-After": "1"}, body="{}"),
        times=1,
    )
    say(page, "太快了")
    expect(page.locator(".sending.waiting")).to_have_text("还没送出，正在再试")
    heard(page, "你说：太快了")
    assert served.said("太快了") == 1


def test_what_cannot_be_taken_says_why_and_comes_back_into_the_box(open_page: Open) -> None:
    page = open_page()
    long = "长" * (LONGEST_TEXT + 1)
    say(page, long)
    expect(page.locator(".sending.refused")).to_contain_text("太长")
    expect(page.locator("#text")).to_have_value(long)


def test_choosing_a_character_with_enter_does_not_send(open_page: Open, served: Served) -> None:
    page = open_page()
    page.fill("#text", "拼音")
    for how in ("isComposing: true", "keyCode: 229", "shiftKey: true"):
        page.locator("#text").dispatch_event("keydown", {"key": "Enter"} | _event(how))
    expect(page.locator("#text")).to_have_value("拼音")
    page.press("#text", "Enter")
    heard(page, "你说：拼音")
    assert served.said("拼音") == 1


def _event(how: str) -> dict[str, Any]:
    name, value = how.split(": ")
    return {name: int(value) if value.isdigit() else True}


# More than words.


def test_a_photo_is_sent_and_still_shown_after_a_reload(
    open_page: Open, served: Served
) -> None:
    page = open_page()
    page.set_input_files("#file", {"name": "p.png", "mimeType": "image/png", "buffer": PIXEL})
    expect(page.locator('#log [data-author="resident"] img')).to_have_count(1)
    heard(page, "收到了")
    page.reload()
    expect(page.locator('#log [data-author="resident"] img')).to_have_count(1)
    kept = list(served.parts.webchat.uploads.iterdir())
    assert [file.read_bytes()[:3] for file in kept] == [b"\xff\xd8\xff"]


def test_what_is_no_photo_is_refused_kindly(open_page: Open) -> None:
    page = open_page()
    page.set_input_files(
        "#file", {"name": "x.png", "mimeType": "image/png", "buffer": b"no photo"}
    )
    expect(page.locator("#notice")).to_have_text("这张照片打不开，请换一张。")


def test_a_place_is_sent_when_the_resident_taps_it(open_page: Open, served: Served) -> None:
    page = open_page(
        geolocation={"latitude": 30.18, "longitude": 120.46}, permissions=["geolocation"]
    )
    page.locator("#place").click()
    heard(page, "收到了")
    with served.parts.database.reading() as db:
        said = db.scalars(
            select(Message).where(Message.author == Author.RESIDENT).order_by(Message.id)
        ).all()[-1]
    place = said.attachments[0]
    assert (place["kind"], place["lat"], place["lon"]) == ("location", 30.18, 120.46)


def answered(page: Page) -> Locator:
    """An answer without choices, and what is below it to judge it by."""
    page.locator(".person").click()
    heard(page, "你说：人工")
    say(page, "厨房着火了")
    heard(page, "119")
    return page.locator(".feedback").last


def judgements(served: Served) -> list[tuple[bool, str | None]]:
    with served.parts.database.reading() as db:
        latest = db.scalars(select(Feedback).order_by(Feedback.id.desc()).limit(1))
        return [(each.good, each.complaint) for each in latest]


def test_a_reply_can_be_judged(open_page: Open, served: Served) -> None:
    row = answered(open_page())
    row.get_by_role("button", name="没帮助").click()
    expect(row.get_by_role("status")).to_contain_text("哪里不对")
    assert judgements(served) == [(False, None)]  # who says no more has been heard
    row.get_by_role("button", name="过时了").click()
    expect(row.get_by_role("status")).to_have_text("谢谢您，工作人员会看的。")
    expect(row.get_by_role("button")).to_have_count(2)
    assert judgements(served) == [(False, "outdated")]
    row.get_by_role("button", name="有帮助", exact=True).click()
    expect(row.get_by_role("status")).to_have_text("谢谢您！")
    assert judgements(served) == [(True, None)]


@pytest.mark.parametrize("print_", ["normal", "large"])
def test_an_answer_is_judged_by_keyboard_with_names_and_targets_large_enough(
    open_page: Open, print_: str
) -> None:
    row = answered(open_page(f"?print={print_}", viewport=NARROW))
    row.get_by_role("button", name="没帮助").press("Enter")
    complaints = row.locator(".complaints button")
    expect(complaints).to_have_count(4)
    expect(complaints.last).to_be_in_viewport(ratio=0.9)
    for tap in row.get_by_role("button").all():
        box = tap.bounding_box()
        assert box
        assert min(box["height"], box["width"]) >= SMALLEST_TAP
    assert row.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(row.page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []
    row.page.keyboard.press("Tab")
    expect(complaints.first).to_be_focused()
    row.page.keyboard.press("Enter")
    expect(row.locator(".complaints")).to_have_count(0)
    expect(row.get_by_role("button", name="没帮助")).to_be_focused()


# For everybody.


@pytest.mark.parametrize("print_", ["normal", "large"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("viewport", [NARROW, PHONE], ids=["narrow", "phone"])
def test_nothing_is_wider_than_the_screen_and_markup_stays_text(
    open_page: Open, viewport: dict[str, int], language: str, print_: str
) -> None:
    page = open_page(f"?lang={language}&print={print_}", viewport=viewport)
    say(page, HOSTILE)
    heard(page, "你说：<img src=x")
    assert page.title() != "broken"
    wide = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(wide)
    page.locator("#menu summary").click()
    assert page.evaluate(wide)
    expect(page.locator(".person")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("print_", "least"), [("normal", 18), ("large", 24)])
def test_print_is_large_enough_and_so_is_everything_to_tap(
    open_page: Open, print_: str, least: int
) -> None:
    page = open_page(f"?print={print_}")
    say(page, "约课")
    heard(page, "你说：约课")
    page.locator("#menu summary").click()
    sizes = page.evaluate(
        """[...document.querySelectorAll("body *")]
            .filter((each) => each.checkVisibility() && each.innerText?.trim())
            .map((each) => parseFloat(getComputedStyle(each).fontSize))"""
    )
    assert min(sizes) >= least
    for tap in page.locator("button:enabled:visible, summary, a:visible:not(.skip)").all():
        box = tap.bounding_box()
        assert box
        assert min(box["height"], box["width"]) >= SMALLEST_TAP, tap.inner_text()


def test_large_print_is_switched_on_at_once_and_remembered(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("link", name="大字").click()
    expect(page.locator("html")).to_have_attribute("data-print", "large")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-print", "large")
    page.get_by_role("link", name="普通字").click()
    expect(page.locator("html")).to_have_attribute("data-print", "normal")


def test_the_keyboard_alone_is_enough(open_page: Open) -> None:
    page = open_page(viewport={"width": 1280, "height": 800})
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("约课")
    page.keyboard.press("Enter")
    heard(page, "你说：约课")
    page.keyboard.press("Shift+Tab")  # back from the box: the last choice
    expect(taps(page).last).to_be_focused()
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("Enter")
    heard(page, '你说：/choose{"choice": "no"}')
    page.keyboard.press("Tab")  # on from what was said to the reply, which can be read aloud
    expect(page.locator(".aloud").last).to_be_focused()
    page.keyboard.press("Tab")  # and to the new choices
    expect(taps(page).first).to_be_focused()
    page.locator("#menu summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#menu")).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).not_to_have_attribute("open", "")


@pytest.mark.parametrize("print_", ["normal", "large"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_no_serious_barrier_is_left(
    open_page: Open, colours: str, language: str, print_: str
) -> None:
    page = open_page(f"?lang={language}&print={print_}", color_scheme=colours)
    say(page, "约课")
    heard(page, "你说：约课")
    say(page, "再来")
    heard(page, "你说：再来")
    page.locator("#menu summary").click()
    found = Axe().run(page).response["violations"]
    serious = [each for each in found if each["impact"] in {"serious", "critical"}]
    assert [(each["id"], [n["html"] for n in each["nodes"]]) for each in serious] == []


def test_a_conversation_without_a_script(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    page.fill("#text", "约课")
    page.get_by_role("button", name="发送").click()
    heard(page, "你说：约课")
    page.get_by_role("button", name="否").click()
    heard(page, '你说：/choose{"choice": "no"}')
    page.locator("#menu summary").click()
    page.locator("#menu").get_by_text("坐车").click()
    heard(page, "你说：坐车")
    page.get_by_role("button", name="人工").click()
    heard(page, "你说：人工")
    expect(page.locator("#photo")).to_be_hidden()
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    heard(page, "你说：人工")


def test_pictures_for_a_look(open_page: Open, tmp_path: Path) -> None:
    """No two of the page's faces are the same picture."""
    faces = {
        "phone": open_page(),
        "large": open_page("?print=large"),
        "dark": open_page(color_scheme="dark"),
        "english": open_page("?lang=en"),
        "desktop": open_page(viewport={"width": 1280, "height": 800}),
    }
    pictures = set()
    for name, page in faces.items():
        say(page, "约课")
        heard(page, "你说：约课")
        pictures.add(page.screenshot(path=tmp_path / f"{re.sub(r'[^a-z]', '', name)}.png"))
    assert len(pictures) == len(faces)
