"""The pages about staff in a real browser: who works here, what they did, passwords."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from actions.db import Base, Database
from bot.app import put_together
from bot.desk.visit import COOKIE
from tests.bot.conftest import Bot, Echo, made_of, on_a_port
from tests.bot.desk.conftest import SPOKEN, Village, planted
from tests.conftest import StandingClock

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PAGES = ("staff", "audit", "operating", "password", "households", "households/1")

HEAR_OUT = """audio => new Promise((done, fail) => {
    audio.onended = () => done(audio.currentTime);
    audio.onerror = () => fail(audio.error.message);
    audio.play().catch(fail);
})"""


@dataclass
class Office:
    """A desk on a port, and a browser at it."""

    url: str
    village: Village
    browser: Browser

    def open(
        self, page: str, name: str = "mayor", *, phone: bool, colours: str, axe: bool = True
    ) -> Page:
        context = self.browser.new_context(
            locale="zh-CN",
            viewport=PHONE if phone else DESKTOP,
            color_scheme="dark" if colours == "dark" else "light",
            bypass_csp=axe,
        )
        secret = self.village.colleague(name).secret
        context.add_cookies([{"name": COOKIE, "value": secret, "url": self.url}])
        opened = context.new_page()
        opened.goto(f"{self.url}/desk/{page}")
        return opened


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    database, clock, assistant = Database(f"sqlite:///{folder}/x.db"), StandingClock(), Echo()
    Base.metadata.create_all(database.engine)
    parts = made_of(database, clock, folder, assistant)
    app = put_together(parts, httpx.AsyncClient())
    with on_a_port(app) as url:
        village = planted(Bot(parts, assistant, clock, httpx.AsyncClient(), app))
        village.house()
        yield Office(url, village, browser)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desktop"])
def test_the_pages_about_staff_have_no_barriers(
    office: Office, page: str, colours: str, phone: bool, tmp_path: Path
) -> None:
    opened = office.open(page, phone=phone, colours=colours)
    opened.screenshot(path=tmp_path / f"{page.replace('/', '-')}.png", full_page=True)
    found = Axe().run(opened).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    opened.context.close()


def test_somebody_is_added_on_a_phone_and_signs_in(office: Office) -> None:
    admin = office.open("staff", phone=True, colours="light")
    admin.fill("#username", "陈芳")
    admin.select_option("#role", "agency")
    admin.select_option("#team", "road-team")
    admin.get_by_role("button", name="添上").click()
    password = admin.locator(".aloud").inner_text()
    admin.context.clear_cookies()
    admin.goto(f"{office.url}/desk/sign-in")
    admin.fill("#username", "陈芳")
    admin.fill("#password", password)
    admin.keyboard.press("Enter")
    expect(admin.locator("#inbox")).to_contain_text(office.village.reference)
    admin.get_by_role("link", name="改密码").click()
    for field, typed in (
        ("password", password),
        ("new", "新的密码要够长一点点"),
        ("again", "新的密码要够长一点点"),
    ):
        admin.fill(f"#{field}", typed)
    admin.locator("main").get_by_role("button").click()
    expect(admin).to_have_url(f"{office.url}/desk/sign-in")
    admin.context.close()


def test_staff_play_what_a_resident_said_aloud(office: Office) -> None:
    office.village.speak()
    talk = f"conversations/{office.village.conversation_id}"
    page = office.open(talk, "own", phone=True, colours="light", axe=False)
    voice = page.locator("#lines audio")
    expect(voice).to_be_visible()
    assert voice.evaluate(HEAR_OUT) > 0.9  # seconds; what we let a page load is in force
    with page.expect_download() as saved:
        page.get_by_role("link", name="下载录音").click()
    assert saved.value.suggested_filename.endswith(".ogg")
    assert saved.value.path().read_bytes() == SPOKEN
    page.context.close()
