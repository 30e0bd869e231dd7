"""One navigation, the same on every page of the desk."""

import re

import pytest

from bot.desk.labels import SECTIONS
from bot.desk.pages import NAVIGATION, section_of
from tests.bot.desk.conftest import Village

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def sections(page: str) -> list[str]:
    """Where the page's only navigation leads."""
    (nav,) = re.findall(r"<nav .*?</nav>", page, re.DOTALL)
    return re.findall(r'href="/desk([^"]*)"', nav)


def current(page: str) -> list[str]:
    return re.findall(r'href="/desk([^"]*)" aria-current="page"', page)


async def test_every_section_shows_the_whole_navigation_and_where_one_is(
    village: Village,
) -> None:
    boss = village.colleague("boss")  # answers and edits
    for path in SECTIONS:
        page = (await boss.get(path)).text
        assert sections(page) == list(SECTIONS)
        assert current(page) == [path]
    inside = (await boss.get("/content/article/ed-card")).text
    assert sections(inside) == list(SECTIONS)
    assert 'href="/desk/content" aria-current="true"' in inside


async def test_nobody_is_led_where_they_may_not_go(village: Village) -> None:
    activities = ["/", "/sessions", "/visits"]
    of_staff = [
        *("/", "/requests", "/sessions", "/chat", "/visits", "/cockpit", "/roundtable"),
        *("/calls", "/undelivered", "/alerts", "/reports", "/helpers", "/households"),
    ]
    others = {*of_staff[1:], "/staff", "/audit", "/operating", "/data"}
    for name, led in {
        "own": of_staff,
        "dispatcher": of_staff,
        "organiser": activities,
        "roads": ["/", "/requests", "/chat", "/cockpit"],
        "editor": [path for path in SECTIONS if path not in others],
    }.items():
        assert sections((await village.colleague(name).get("/")).text) == led


async def test_who_is_not_signed_in_is_shown_no_way(village: Village) -> None:
    page = (await village.colleague("anonymous").get("/sign-in")).text
    assert "<nav" not in page


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("/content/{kind}/{record_id}", "/content"),
        ("/content/tasks", "/content/tasks"),
        ("/recalls/new", "/recalls"),
        ("/sessions/{session_id}/attendance", "/sessions"),
        ("/requests/{reference}", "/requests"),
        ("/conversations/{conversation_id}", "/"),
    ],
)
def test_a_page_belongs_to_the_section_nearest_to_it(
    database: object, path: str, section: str
) -> None:
    assert section_of(path) == section


def test_every_section_is_a_page(database: object) -> None:
    assert [page.path for page in NAVIGATION] == list(SECTIONS)


async def test_somebody_reads_the_desk_in_a_language_of_their_own(village: Village) -> None:
    own, boss = village.colleague("own"), village.colleague("boss")
    assert '<html lang="zh-CN">' in (await own.get("/")).text
    await own.post("/language", language="en")
    assert '<html lang="en" class="only-en">' in (await own.get("/")).text
    assert '<html lang="zh-CN">' in (await boss.get("/")).text
    refused = await own.post("/language", language="fr")
    assert refused.status_code == 409
    await own.post("/language", language="")
    assert '<html lang="zh-CN">' in (await own.get("/")).text
