"""Residents and staff, each at a browser of their own, with all processes up."""

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from typer.testing import CliRunner

from bot.desk.commands import commands
from setup.supervisor import Assistant
from tests.journeys.conftest import Resident

SOON = 15_000  # milliseconds: the worker, and the page's own asking
PHONE = {"width": 390, "height": 844}
HOSTILE = (
    "<script>document.title='broken'</script>",
    "<img src=x onerror=\"document.title='broken'\">",
    "<svg/onload=document.title='broken'>",
    "</li></ol><iframe srcdoc=\"<script>parent.document.title='broken'</script>\">",
    "'\"><a href=javascript:document.title='broken' autofocus onfocus=document.title='broken'>",
)


@dataclass
class Desk:
    """The desk of the running assistant; every member of staff has a browser of their own."""

    assistant: Assistant
    browser: Browser
    contexts: list[BrowserContext]

    def colleague(self, area: str = "guali/", **how: Any) -> Page:
        """Add somebody at the command line and sign them in; returns their inbox."""
        name = f"staff-{secrets.token_hex(4)}"
        added = CliRunner().invoke(
            commands,
            ["add", name, "--area", area, "--generate"],
            env={"STATE_DIR": str(self.assistant.settings.state_dir), "DATABASE_URL": ""},
            catch_exceptions=False,
        )
        password = re.search(r"shown this once: (\S+)", added.output)
        assert password, added.output
        page = self.open(f"{self.assistant.url}/desk/", **how)
        page.fill("#username", name)
        page.fill("#password", password[1])
        page.keyboard.press("Enter")
        expect(page.locator("#inbox")).to_be_visible()
        return page

    def open(self, url: str, **how: Any) -> Page:
        context = self.browser.new_context(locale="zh-CN", **how)
        self.contexts.append(context)
        page = context.new_page()
        page.goto(url)
        return page


@pytest.fixture
def desk(assistant: Assistant, browser: Browser) -> Iterator[Desk]:
    desk = Desk(assistant, browser, [])
    yield desk
    for context in desk.contexts:
        context.close()


def talks(page: Page) -> set[str]:
    """The addresses of the conversations in an inbox."""
    links = page.locator("#inbox a[href*=conversations]")
    return {str(link.get_attribute("href")) for link in links.all()}


def test_a_person_answers_and_the_resident_sees_it_live(desk: Desk, tmp_path: Path) -> None:
    staff = desk.colleague()
    before = talks(staff)
    resident = desk.open(desk.assistant.url, viewport=PHONE)
    resident.fill("#text", "人工")
    resident.press("#text", "Enter")
    expect(resident.locator("#log .text", has_text="工作人员").last).to_be_visible()
    # The inbox shows it by itself, and says so in its title.
    new = staff.locator("#inbox a[href*=conversations]")
    expect(new).to_have_count(len(before) + 1, timeout=SOON)
    expect(staff).to_have_title(re.compile(r"^\(\d+\) "))
    staff.screenshot(path=tmp_path / "inbox.png", full_page=True)
    (href,) = talks(staff) - before
    staff.locator(f'a[href="{href}"]').click()
    expect(staff.locator("#lines")).to_contain_text("人工")
    staff.fill("#words", "您好，我是社区办公室的，请说。")
    staff.get_by_role("button", name="发送").click()
    expect(resident.locator("#log")).to_contain_text("我是社区办公室的", timeout=SOON)
    resident.fill("#text", "电梯停了")
    resident.press("#text", "Enter")
    expect(staff.locator("#lines")).to_contain_text("电梯停了", timeout=SOON)
    staff.screenshot(path=tmp_path / "conversation.png", full_page=True)
    resident.screenshot(path=tmp_path / "resident.png")
    staff.get_by_role("button", name="交还小沥").click()
    expect(resident.locator("#log")).to_contain_text("小沥回来了", timeout=SOON)
    assert href not in talks(staff)


def report(resident: Resident) -> str:
    """File a broken street lamp over the chat API, a new one; returns the reference."""
    for words in ("我要报修", "路灯坏了，晚上黑漆漆的", "公交综合楼门口"):
        replies = resident.say(words)["replies"]
    for _ in range(4):
        labels = [choice["label"] for reply in replies for choice in reply["choices"]]
        replies = resident.say("都不是" if "都不是" in "".join(labels) else "1")["replies"]
        said = "\n".join(reply["text"] for reply in replies)
        if filed := re.search(r"[A-Z]{2}-\d{6}-\d{4}", said):
            return filed[0]
    raise AssertionError(f"nothing was filed: {said}")


def later(resident: Resident, words: str) -> bool:
    """Whether the stream of later messages brings these words."""
    headers = {"X-Session": resident.session, "Last-Event-ID": "0"}
    url = f"{resident.url}/api/chat/events"
    with httpx.stream("GET", url, headers=headers, timeout=SOON / 1000) as stream:
        return any(words in line for line in stream.iter_lines())


def test_a_report_is_moved_at_the_desk_and_the_resident_hears(
    desk: Desk, resident: Resident, tmp_path: Path
) -> None:
    reference = report(resident)
    staff = desk.colleague(viewport=PHONE)
    staff.locator("#inbox a", has_text=reference).click()
    expect(staff.locator("dl")).to_contain_text("路灯")
    staff.get_by_role("button", name="不办理").click()
    expect(staff.get_by_role("alert")).to_contain_text("请写一句给居民的话")
    staff.get_by_role("button", name="接下").click()
    expect(staff.locator(".status")).to_contain_text("已接下")
    staff.screenshot(path=tmp_path / "request.png", full_page=True)
    assert later(resident, "已经接下")


def test_two_at_one_request_see_what_the_other_does(desk: Desk, resident: Resident) -> None:
    reference = report(resident)
    first, second = desk.colleague(), desk.colleague()
    for page in (first, second):
        page.goto(f"{desk.assistant.url}/desk/requests/{reference}")
    first.get_by_role("button", name="接下").click()
    # Who has written nothing is shown it; who is writing is told, and keeps what is written.
    expect(second.locator(".status")).to_contain_text("已接下", timeout=SOON)
    second.fill("#words", "灯泡在路上")
    first.fill("#note-words", "打过电话了")
    first.get_by_role("button", name="记下").click()
    expect(second.locator("#announce")).to_contain_text("刚刚有人动过", timeout=SOON)
    second.get_by_role("button", name="只告诉居民").click()
    expect(second.get_by_role("alert")).to_contain_text("刚刚有人动过")
    expect(second.locator("section.refused")).to_contain_text("打过电话了")
    expect(second.locator("#words")).to_have_value("灯泡在路上")
    second.get_by_role("button", name="只告诉居民").click()
    assert later(resident, "灯泡在路上")


def test_a_photo_of_what_was_done_reaches_the_resident_s_page(
    desk: Desk, tmp_path: Path
) -> None:
    page = desk.open(desk.assistant.url, viewport=PHONE)
    session = page.evaluate("localStorage.getItem('xiaoli.session')")
    reference = report(Resident(desk.assistant.url, json.loads(session)))
    staff = desk.colleague()
    staff.goto(f"{desk.assistant.url}/desk/requests/{reference}")
    staff.get_by_role("button", name="接下").click()
    staff.fill("#words", "换好了")
    staff.screenshot(path=tmp_path / "done.png")
    staff.set_input_files("#photo", tmp_path / "done.png")
    staff.get_by_role("button", name="答复居民").click()
    expect(staff.locator(".status")).to_contain_text("已答复")
    picture = page.locator("#log .message[data-author=staff] img, #log .attachment img").first
    expect(picture).to_be_visible(timeout=SOON)
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("each => each.naturalWidth") > 100


def test_a_list_is_worked_with_the_keyboard(desk: Desk, resident: Resident) -> None:
    reference = report(resident)
    staff = desk.colleague()
    staff.keyboard.press("/")
    expect(staff).to_have_url(re.compile("/desk/requests"))
    expect(staff.locator("#search")).to_be_focused()
    staff.keyboard.type(f"{reference}")  # no key does anything while somebody types
    staff.keyboard.press("Enter")
    expect(staff.locator("[data-row]")).to_have_count(1)
    staff.keyboard.press("j")
    expect(staff.locator("[data-row] a")).to_be_focused()
    staff.keyboard.press("?")
    expect(staff.locator("#keys")).to_be_visible()
    staff.keyboard.press("Escape")
    staff.locator("[data-row] a").focus()
    staff.keyboard.press("m")
    expect(staff.locator("#note-words")).to_be_focused()
    staff.keyboard.type("a")  # writes an a, and takes nothing on
    expect(staff.locator("#note-words")).to_have_value("a")
    staff.keyboard.press("Tab")
    staff.keyboard.press("a")
    expect(staff.locator(".status")).to_contain_text("已接下")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_pages_of_requests_have_no_barriers(
    desk: Desk, resident: Resident, colours: str
) -> None:
    reference = report(resident)
    staff = desk.colleague(color_scheme=colours, viewport=PHONE, bypass_csp=True)
    home = f"{desk.assistant.url}/desk/requests"
    for url in (
        home,
        f"{home}?view=all&category=road-light",
        f"{home}/map",
        f"{home}/{reference}",
    ):
        staff.goto(url)
        for summary in staff.locator("details > summary").all():
            summary.click()
        found = Axe().run(staff).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert staff.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_words_of_residents_never_run_at_the_desk(desk: Desk, resident: Resident) -> None:
    staff = desk.colleague()
    dialogs: list[str] = []
    staff.on("dialog", lambda dialog: dialogs.append(dialog.message))
    before = talks(staff)
    resident.say("人工")
    for words in HOSTILE:
        resident.say(words)
    staff.reload()
    (href,) = talks(staff) - before
    staff.locator(f'a[href="{href}"]').click()
    for words in HOSTILE:
        expect(staff.locator("#lines")).to_contain_text(words)
    resident.say(HOSTILE[0] + "再来")  # and none that come in while the page is open
    expect(staff.locator("#lines")).to_contain_text("再来", timeout=SOON)
    staff.fill("#words", HOSTILE[2])
    staff.get_by_role("button", name="发送").click()
    expect(staff.locator("#talk")).to_contain_text(HOSTILE[2])
    assert "broken" not in staff.title()
    assert staff.locator("#talk script, #talk iframe, #talk svg, #talk img").count() == 0
    assert dialogs == []


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_desk_has_no_barriers(desk: Desk, resident: Resident, colours: str) -> None:
    resident.say("人工")
    staff = desk.colleague(color_scheme=colours, viewport=PHONE, bypass_csp=True)
    pages = [staff.url, *(f"{desk.assistant.url}{href}" for href in sorted(talks(staff))[:1])]
    for url in pages:
        staff.goto(url)
        found = Axe().run(staff).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert staff.evaluate("document.documentElement.scrollWidth <= innerWidth")


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something is reached: what waits elsewhere may come before it."""
    for _ in range(10):
        if wanted.evaluate("each => each === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(wanted).to_be_focused()


def test_the_desk_works_with_the_keyboard_alone(desk: Desk, resident: Resident) -> None:
    resident.say("人工")
    staff = desk.colleague()
    staff.keyboard.press("Tab")
    expect(staff.locator(".skip")).to_be_focused()
    staff.keyboard.press("Enter")
    staff.keyboard.press("Tab")
    expect(staff.locator("#inbox a").first).to_be_focused()
    tab_to(staff, staff.locator("#inbox a[href*='/conversations/']").first)
    staff.keyboard.press("Enter")
    expect(staff.locator("#words")).to_be_visible()
    staff.locator("#words").focus()
    staff.keyboard.type("您好")
    staff.keyboard.press("Tab")
    staff.keyboard.press("Enter")
    expect(staff.locator("#talk")).to_contain_text("您好")


def test_nobody_gets_in_by_an_address_alone(desk: Desk) -> None:
    page = desk.open(f"{desk.assistant.url}/desk/requests/GQ-261124-0001")
    expect(page).to_have_url(re.compile("/desk/sign-in$"))


def book_for(staff: Page, activity: str, name: str) -> str:
    """Book for a caller, from the list of sessions on; returns the address of the session."""
    staff.goto(f"{staff.url.partition('/desk/')[0]}/desk/sessions")
    staff.locator("a.slot", has_text=activity).first.click()
    session = staff.url
    staff.get_by_role("link", name="代人登记").click()
    staff.fill("#name", name)
    staff.fill("#phone", "138 0000 0000")
    staff.get_by_role("button", name="约上").click()
    expect(staff.locator(".aloud")).to_have_text(re.compile(r"^[A-Z]\d\d \d{3}$"))
    return session


def test_a_caller_is_booked_and_ticked_off_on_a_phone(desk: Desk, tmp_path: Path) -> None:
    staff = desk.colleague(viewport=PHONE)
    name = f"张阿姨{secrets.token_hex(2)}"
    session = book_for(staff, "合唱社", name)  # today, in the evening
    code = staff.locator(".aloud").inner_text()
    staff.goto(f"{session}/attendance")
    tap = staff.locator(".tap", has_text=name)
    box = tap.bounding_box()
    assert box
    assert box["height"] >= 64
    for pressed in ("true", "false"):
        tap.click()
        expect(tap).to_have_attribute("aria-pressed", pressed)
    staff.fill("#code", code.lower())
    staff.keyboard.press("Enter")
    expect(tap).to_have_attribute("aria-pressed", "true")
    staff.screenshot(path=tmp_path / "attendance.png", full_page=True)


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_pages_of_sessions_have_no_barriers(desk: Desk, colours: str) -> None:
    staff = desk.colleague(color_scheme=colours, viewport=PHONE, bypass_csp=True)
    session = book_for(staff, "合唱社", f"李阿姨{secrets.token_hex(2)}")
    home = f"{desk.assistant.url}/desk"
    of_session = [session, staff.url, f"{session}/attendance", f"{session}/book"]
    for url in (f"{home}/sessions/new", f"{home}/visits", f"{home}/calls", *of_session):
        staff.goto(url)
        for summary in staff.locator("details > summary").all():
            summary.click()
        found = Axe().run(staff).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert staff.evaluate("document.documentElement.scrollWidth <= innerWidth")
