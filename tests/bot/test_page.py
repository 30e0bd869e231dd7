import re
from html import unescape

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from actions import conversations
from actions.conversations import Author, Conversation, Message
from actions.db import Database
from bot.channels.webchat import LONGEST_TEXT
from bot.page import Page, routes
from bot.visit import LONGEST_ASKED
from tests.bot.conftest import PACK, Bot, photo

# The page has no SQL of its own; what it reads is tested on both databases in test_history.py.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

SESSION = re.compile(r"xiaoli_session=([\w-]{32});")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


def field(html: str, name: str) -> str:
    """The hidden field of the page's form."""
    found = re.search(rf'name="{name}" value="([^"]+)"', html)
    assert found, f"no {name} in the form"
    return found[1]


def bubbles(html: str) -> list[str]:
    """What stands in the conversation, the greeting included, the script's templates not."""
    shown = html.partition("<template")[0]
    return [unescape(t) for t in re.findall(r'<div class="text"[^>]*>([^<]*)</div>', shown)]


def taps(html: str) -> dict[str, str]:
    """The choices that may be tapped: label and value."""
    buttons = re.findall(
        r'name="choice" value="([^"]+)"><span class="number">\d+</span> '
        r'<span class="label" dir="auto">([^<]+)</span>',
        html,
    )
    return {unescape(label): value for value, label in buttons}


async def post(bot: Bot, html: str, headers: dict[str, str] | None = None, **said: str) -> str:
    """Send the page's form as a browser does, and follow to what it shows."""
    answer = await submit(bot, html, headers, **said)
    assert answer.status_code == 303, answer.text
    return (await bot.client.get(answer.headers["location"])).text


async def submit(
    bot: Bot, html: str, headers: dict[str, str] | None = None, **said: str
) -> httpx.Response:
    form = {"token": field(html, "token"), "message_id": field(html, "message_id")} | said
    return await bot.client.post("/", data=form, headers=headers)


async def page(bot: Bot, **headers: str) -> str:
    return (await bot.client.get("/", headers=headers)).text


def kept(bot: Bot) -> int:
    with bot.parts.database.reading() as db:
        return db.scalar(select(func.count()).select_from(Message)) or 0


def word(bot: Bot, name: str, language: str = "zh") -> str:
    values = {"name": PACK.bot.name}
    return bot.parts.wording.render(f"utter_page_{name}", language=language, values=values).text


async def test_the_first_view_greets_says_it_is_a_program_and_offers_four_questions(
    bot: Bot,
) -> None:
    html = await page(bot)
    assert bubbles(html) == [PACK.bot.greeting.zh]
    assert PACK.community.name.zh in html
    assert word(bot, "program") in html
    assert html.count('name="button"') >= 4
    assert word(bot, "starter_4") in html


async def test_numbers_for_danger_and_quick_links_stand_on_every_view(bot: Bot) -> None:
    html = await post(bot, await page(bot), text="你好")
    for number in ("110", "119", "120", "122"):
        assert f'<a href="tel:{number}" aria-label=' in html
    for link in PACK.quick_links:
        assert link.label.zh in html


async def test_a_conversation_works_without_a_script(bot: Bot) -> None:
    html = await post(bot, await page(bot), text="约课")
    assert bubbles(html)[1:] == [
        "约课",
        bot.parts.wording.render("utter_introduction").text,
        "你说：约课",
    ]
    html = await post(bot, html, choice=taps(html)["否"])
    assert bot.assistant.heard[-1][1] == '/choose{"choice": "no"}'
    assert bubbles(html)[-2] == "否"  # the label, not the id that was sent


async def test_the_qr_at_a_door_fills_the_box_and_says_nothing(bot: Bot) -> None:
    answer = await bot.client.get("/", params={"ask": f"书房现在开着吗？{HOSTILE}"})
    box = re.search(r"<textarea[^>]*>([^<]*)</textarea>", answer.text)
    assert box
    assert unescape(box[1]) == f"书房现在开着吗？{HOSTILE}"
    assert bubbles(answer.text) == [PACK.bot.greeting.zh]
    assert kept(bot) == 0
    html = await post(bot, answer.text, text=unescape(box[1]))
    assert bubbles(html)[1] == f"书房现在开着吗？{HOSTILE}"


async def test_what_an_address_puts_into_the_box_is_short(bot: Bot) -> None:
    html = (await bot.client.get("/", params={"ask": "开" * 999})).text
    assert html.count("开" * LONGEST_ASKED) == 1
    assert "开" * (LONGEST_ASKED + 1) not in html


async def test_a_button_says_its_words_whatever_stands_in_the_box(bot: Bot) -> None:
    html = await post(bot, await page(bot), text="", button=word(bot, "person"))
    assert bubbles(html)[1] == word(bot, "person")


async def test_only_the_last_offer_can_be_tapped(bot: Bot) -> None:
    html = await post(bot, await page(bot), text="约课")
    first = taps(html)
    html = await post(bot, html, text="再来")
    assert set(taps(html)) == {"是", "否"}
    assert not set(taps(html).values()) & set(first.values())
    assert html.count('" disabled>') == 2


async def test_the_same_form_twice_is_said_once(bot: Bot) -> None:
    html = await page(bot)
    await post(bot, html, text="约课")
    await post(bot, html, text="约课")
    assert len(bot.assistant.heard) == 1


async def test_with_a_person_the_page_says_who_answers_and_how_to_return(bot: Bot) -> None:
    html = await post(bot, await page(bot), text="你好")
    assert re.search(r'id="back"[^>]* hidden', html)
    with bot.parts.database.transaction() as db:
        conversation = db.scalars(select(Conversation)).one()
        conversations.open_for_staff(db, conversation, now=bot.clock.now())
        conversations.say(
            db, conversation, "我来看看", author=Author.STAFF, now=bot.clock.now()
        )
    html = await page(bot)
    assert word(bot, "open") in html
    assert 'data-author="staff"' in html.partition("<template")[0]
    html = await post(bot, html, button=word(bot, "back"))
    assert bubbles(html)[-1] == bot.parts.wording.render("utter_returned").text


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_way_back_is_a_word_the_gateway_knows(bot: Bot, language: str) -> None:
    html = await post(bot, await page(bot), text="你好")
    with bot.parts.database.transaction() as db:
        conversation = db.scalars(select(Conversation)).one()
        conversations.open_for_staff(db, conversation, now=bot.clock.now())
    await post(bot, html, button=word(bot, "back", language))
    with bot.parts.database.reading() as db:
        assert db.scalars(select(Conversation)).one().status == conversations.Status.PENDING


# Cookies, other sites, and what a GET may do.


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    bot: Bot,
) -> None:
    cookies = (await bot.client.get("/")).headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if SESSION.match(cookie))
    for flag in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert flag in session
    assert "Secure" not in session
    safe = (await bot.client.get("https://bot/")).headers.get_list("set-cookie")
    assert all("Secure" in cookie for cookie in safe)


async def test_a_session_that_we_never_gave_out_is_not_taken_over(bot: Bot) -> None:
    answer = await bot.client.get("/", headers={"Cookie": "xiaoli_session=short"})
    assert SESSION.match(answer.headers["set-cookie"])


FOREIGN = (
    {"Origin": "https://elsewhere.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)
OWN: tuple[dict[str, str], ...] = (
    {},
    {"Origin": "http://bot", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
)


@pytest.mark.parametrize("headers", FOREIGN)
async def test_another_site_cannot_speak_for_a_resident(
    bot: Bot, headers: dict[str, str]
) -> None:
    answer = await submit(bot, await page(bot), headers, text="约课")
    assert answer.status_code == 403
    assert answer.json()["code"] == "foreign"
    assert kept(bot) == 0


@pytest.mark.parametrize("headers", OWN)
async def test_the_own_form_can(bot: Bot, headers: dict[str, str]) -> None:
    await post(bot, await page(bot), headers, text="约课")
    assert kept(bot) > 0


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
async def test_a_form_without_its_token_says_nothing_and_loses_nothing(
    bot: Bot, token: str
) -> None:
    answer = await submit(bot, await page(bot), token=token, text="我写了很久")
    assert answer.status_code == 403
    assert ">我写了很久</textarea>" in answer.text
    assert word(bot, "again") in answer.text
    assert kept(bot) == 0
    await post(bot, answer.text, text="我写了很久")
    assert kept(bot) > 0


async def test_the_token_of_another_session_is_no_good(bot: Bot) -> None:
    stolen = await page(bot)
    bot.client.cookies.clear()
    own = await page(bot)
    answer = await submit(bot, own, token=field(stolen, "token"), text="约课")
    assert answer.status_code == 403
    assert kept(bot) == 0


async def test_getting_the_page_says_nothing(bot: Bot) -> None:
    html = await page(bot)
    form = {"token": field(html, "token"), "message_id": "m", "text": "约课"}
    assert (await bot.client.get("/", params=form)).status_code == 200
    assert kept(bot) == 0


async def test_a_photo_is_not_taken_by_a_cookie_but_by_a_header(bot: Bot) -> None:
    await page(bot)
    sent = {"file": ("p.jpg", photo(), "image/jpeg")}
    by_cookie = await bot.client.post("/api/chat/uploads", files=sent)
    assert (by_cookie.status_code, by_cookie.json()["code"]) == (422, "no_session")
    by_header = await bot.client.post(
        "/api/chat/uploads", files=sent, headers={"X-Session": bot.session}
    )
    assert by_header.status_code == 200, by_header.text


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 422),
        ("multipart/form-data; boundary=x", b"--x--", 422),
        ("text/plain", b"text=hi", 422),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 50), 422),
        ("application/x-www-form-urlencoded", b"text=" + b"x" * 300_000, 413),
        ("application/x-www-form-urlencoded", b"\xff\xfe=%ff%00&text=%ed%a0%80", 403),
    ],
)
async def test_what_is_no_form_of_ours_is_refused_with_a_sentence(
    bot: Bot, content_type: str, body: bytes, status: int
) -> None:
    answer = await bot.client.post("/", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert kept(bot) == 0


# What is written is text, and is not lost.


async def test_what_a_resident_writes_is_text_and_never_markup(bot: Bot) -> None:
    html = await post(bot, await page(bot), text=HOSTILE)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert HOSTILE in unescape(html)


async def test_names_of_the_pack_are_text_and_never_markup(bot: Bot) -> None:
    name = PACK.community.name.model_copy(update={"zh": HOSTILE})
    community = PACK.community.model_copy(update={"name": name})
    hostile = PACK.model_copy(update={"community": community})
    app = FastAPI()
    app.include_router(routes(Page(bot.parts.webchat, bot.parts.wording, hostile)))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        html = (await client.get("/")).text
    assert "<script>alert" not in html
    assert HOSTILE in unescape(html)


async def test_what_could_not_be_taken_stands_in_the_box_again(bot: Bot) -> None:
    long = "长" * (LONGEST_TEXT + 1)
    answer = await submit(bot, await page(bot), text=long)
    assert answer.status_code == 413
    assert f">{long}</textarea>" in answer.text
    assert bot.parts.wording.render("utter_problem_too_long").text in answer.text


async def test_while_the_store_is_down_the_page_has_its_numbers_and_keeps_the_words(
    bot: Bot, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    html = await page(bot)

    def away() -> None:
        raise OperationalError("SELECT 1", {}, OSError("disk gone"))

    monkeypatch.setattr(database._writing, "begin", away)
    monkeypatch.setattr(database, "reading", away)
    answer = await submit(bot, html, text="约课")
    assert answer.status_code == 503
    assert ">约课</textarea>" in answer.text
    assert 'href="tel:119"' in answer.text


# Language and print.


@pytest.mark.parametrize(
    ("accepts", "language"),
    [
        ("", "zh-Hans"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("en-GB,en;q=0.9", "en"),
        ("fr,en;q=0.5", "en"),
        ("fr", "zh-Hans"),
    ],
)
async def test_the_page_speaks_the_language_the_browser_asks_for(
    bot: Bot, accepts: str, language: str
) -> None:
    html = await page(bot, **{"Accept-Language": accepts})
    assert f'<html lang="{language}"' in html


async def test_a_chosen_language_and_print_are_remembered(bot: Bot) -> None:
    await bot.client.get("/?lang=en&print=large")
    html = await page(bot, **{"Accept-Language": "zh"})
    assert '<html lang="en" data-print="large">' in html
    assert PACK.bot.greeting.en in unescape(html)
    assert word(bot, "program", "en") in html
    nonsense = await bot.client.get("/?lang=xx&print=<b>")
    assert '<html lang="en" data-print="large">' in nonsense.text


# The page's own files.


async def test_everything_the_page_loads_comes_from_ourselves_and_no_script_stands_in_it(
    bot: Bot,
) -> None:
    html = await page(bot)
    for address in re.findall(r'(?:src|href)="([^"#]+)', html):
        if address.startswith("/static/"):
            answer = await bot.client.get(address)
            assert answer.status_code == 200, address
            assert answer.headers["cache-control"] == "no-cache"
        else:
            assert address.startswith(("tel:", "/")), address
    assert re.findall(r"<script[^>]*>([^<]*)</script>", html) == [""]
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", html)


@pytest.mark.parametrize("path", ["../page.py", "..%2fpage.py", "no.js", ""])
async def test_no_other_file_is_served(bot: Bot, path: str) -> None:
    assert (await bot.client.get(f"/static/{path}")).status_code == 404


async def test_without_a_choice_the_page_is_large_for_whom_we_talk_to_in_elder_mode(
    bot: Bot,
) -> None:
    html = await post(bot, await page(bot), text="你好")
    assert 'data-print="normal"' in html
    with bot.parts.database.transaction() as db:
        db.scalars(select(Conversation)).one().resident.elder = True
    assert 'data-print="large"' in await page(bot)
    await bot.client.get("/?print=normal&size=21")  # what is chosen holds
    html = await page(bot)
    assert 'data-print="normal" data-size="21"' in html
