"""The page in another site's frame and on a public screen: who may frame it, and no cookie."""

import json
import re
from dataclasses import replace
from html import unescape

import httpx
import pytest

from actions.errors import SettingInvalid
from bot import settings
from bot.app import HEADERS, put_together
from tests.bot.conftest import PACK, Bot

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

POLICY = "content-security-policy"
NEIGHBOURS = "https://www.example.org https://news.example.org:8443"


async def got(bot: Bot, path: str, origins: str) -> httpx.Response:
    """Ask a bot that may be framed by these sites."""
    named = bot.parts.settings.model_copy(update={"embed_origins": origins})
    app = put_together(replace(bot.parts, settings=named), httpx.AsyncClient())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://bot") as client:
        return await client.get(path, headers={"Cookie": "xiaoli_session=" + "s" * 32})


@on_sqlite
async def test_the_sites_we_name_may_frame_the_embedded_page_and_nothing_else(bot: Bot) -> None:
    policy = (await got(bot, "/embed", NEIGHBOURS)).headers.get_list(POLICY)
    assert len(policy) == 1
    assert f"frame-ancestors {NEIGHBOURS}" in policy[0]
    without = re.sub(r"frame-ancestors [^;]+", "frame-ancestors 'none'", policy[0])
    assert without == HEADERS["Content-Security-Policy"]  # all else is as strict as anywhere
    for path in ("/", "/kiosk", "/widget.js", "/desk/", "/healthz", "/embed/"):
        given = (await got(bot, path, NEIGHBOURS)).headers[POLICY]
        assert "frame-ancestors 'none'" in given, path


@on_sqlite
async def test_where_no_site_is_named_none_may_frame_us_and_there_is_no_widget(
    bot: Bot,
) -> None:
    assert "frame-ancestors 'none'" in (await got(bot, "/embed", "")).headers[POLICY]
    assert (await got(bot, "/widget.js", "")).status_code == 404


@on_sqlite
async def test_the_widget_knows_its_words_and_its_sites(bot: Bot) -> None:
    answer = await got(bot, "/widget.js", NEIGHBOURS)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    for origin in NEIGHBOURS.split():
        assert f'"{origin}"' in answer.text
    words = re.search(r"const words = (.+)\[lang\];", answer.text)
    assert words
    said = bot.parts.wording.render("utter_page_ask_us", values={"name": PACK.bot.name}).text
    assert json.loads(words[1])["zh"]["ask_us"] == said


@on_sqlite
@pytest.mark.parametrize("path", ["/embed", "/kiosk"])
async def test_elsewhere_the_page_needs_no_cookie_gives_none_and_shows_nobodys_talk(
    bot: Bot, path: str
) -> None:
    await bot.client.post(
        "/api/chat", json={"session": "s" * 32, "message_id": "m", "text": "我家住12幢"}
    )
    answer = await got(bot, path, NEIGHBOURS)
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert "我家住12幢" not in answer.text
    assert 'name="token"' not in answer.text
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", answer.text)


@on_sqlite
async def test_a_screen_has_no_links_out_no_files_and_leads_to_ones_own_phone(
    bot: Bot,
) -> None:
    html = (await got(bot, "/kiosk", "")).text.partition("<template")[0]
    links = [link for link in re.findall(r'<a[^>]+href="([^"]+)"', html) if link[0] != "#"]
    assert links == ["/kiosk?lang=en"]
    assert 'type="file"' not in html
    assert "<svg" in html.partition('class="onward"')[2]
    shown = unescape(html)
    assert all(each.number in shown for each in PACK.emergency_numbers)


@pytest.mark.parametrize(
    "said",
    [
        "*",
        "https://*.example.org",
        "www.example.org",
        "https://example.org/",
        "https://a; script-src *",
        "'self'",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_origin_is_no_setting(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("EMBED_ORIGINS", said)
    with pytest.raises(SettingInvalid, match="EMBED_ORIGINS"):
        settings.read()


def test_origins_are_listed_with_commas_or_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBED_ORIGINS", "https://a.example, http://localhost:8000")
    assert settings.read().framed_by == ("https://a.example", "http://localhost:8000")
