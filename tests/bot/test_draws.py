"""Anybody reads what is published of a draw, over HTTP, and can recompute it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import conversations
from actions.booking import draw, lots
from actions.booking.bookings import Order
from actions.booking.model import Draw, DrawEntry, Session, SessionStatus
from actions.booking.schedule import write_sessions
from bot.draws import LARGEST_ID
from tests.bot.conftest import Bot


def opened(bot: Bot, entries: int = 3) -> int:
    """A draw some residents entered; the id of its session."""
    now = bot.clock.now()
    with bot.parts.database.transaction() as db:
        programme = bot.parts.programme(db)
        write_sessions(db, programme.pack, now=now)
        draw.open_due(db, programme, now=now)
        swim = select(Session.id).join(Session.draw)
        session_id = db.scalars(swim.where(Session.activity_id == "class-swim-learn")).one()
        for n in range(entries):
            who = conversations.at_address(db, channel="webchat", address=f"r{n}", now=now)
            order = Order(session_id)
            draw.enter(db, programme, order=order, conversation=who, now=now)
    return session_id


async def test_before_the_draw_its_commitment_is_read_and_nobodys_ticket(bot: Bot) -> None:
    session_id = opened(bot)
    answer = await bot.client.get(f"/draws/{session_id}.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    read = answer.json()
    with bot.parts.database.reading() as db:
        seed = db.get_one(Draw, session_id).seed
        tickets = db.scalars(select(DrawEntry.ticket)).all()
    assert read["commitment"] == lots.commitment_of(seed)
    assert (read["entries"], read["drawn_at"]) == (3, None)
    assert not any(secret in answer.text for secret in (seed, *tickets))


async def test_after_the_draw_it_can_be_recomputed(bot: Bot) -> None:
    session_id = opened(bot, entries=11)
    before = (await bot.client.get(f"/draws/{session_id}.json")).json()
    bot.clock.pass_by(timedelta(days=2, hours=2))
    with bot.parts.database.transaction() as db:
        draw.hold_due(db, bot.parts.programme(db), now=bot.clock.now())
    read = (await bot.client.get(f"/draws/{session_id}.json")).json()
    assert list(lots.differences(read)) == []
    assert read["commitment"] == before["commitment"]
    assert sum(line["won"] for line in read["order"]) == read["places"] == 8


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (
            "zh",
            [
                "抽签",
                "学游泳",
                "正在登记",
                "登记了</dt><dd>3",
                "11月26日（周四）12:00",
                "示例数据",
            ],
        ),
        ("en", ["The draw", "Children learn to swim", "Open now", "Entered</dt><dd>3"]),
    ],
)
async def test_before_the_draw_its_page_says_how_it_goes(
    bot: Bot, language: str, says: list[str]
) -> None:
    session_id = opened(bot)
    page = await bot.client.get(f"/draws/{session_id}?lang={language}")
    assert page.headers["content-type"].startswith("text/html")
    assert all(words in page.text for words in says)
    with bot.parts.database.reading() as db:
        held = db.get_one(Draw, session_id)
        tickets = db.scalars(select(DrawEntry.ticket)).all()
    assert held.commitment in page.text
    assert not any(secret in page.text for secret in (held.seed, *tickets))


@pytest.mark.parametrize(("language", "won"), [("zh", ">抽中<"), ("en", ">won<")])
async def test_after_the_draw_its_page_has_the_order_by_ticket_and_the_seed(
    bot: Bot, language: str, won: str
) -> None:
    session_id = opened(bot, entries=11)
    bot.clock.pass_by(timedelta(days=2, hours=2))
    with bot.parts.database.transaction() as db:
        draw.hold_due(db, bot.parts.programme(db), now=bot.clock.now())
        seed = db.get_one(Draw, session_id).seed
        tickets = db.scalars(select(DrawEntry.ticket).order_by(DrawEntry.rank)).all()
    page = (await bot.client.get(f"/draws/{session_id}?lang={language}")).text
    shown = [page.index(f'<tr id="{ticket}"') for ticket in tickets]
    assert shown == sorted(shown)
    assert page.count(won) == 8
    assert seed in page
    assert f"/draws/{session_id}.json" in page


async def test_the_page_says_that_a_draw_closed_was_never_held_or_is_off(bot: Bot) -> None:
    session_id = opened(bot)
    bot.clock.pass_by(timedelta(days=2, hours=3))
    assert "还没有抽" in (await bot.client.get(f"/draws/{session_id}")).text
    bot.clock.pass_by(timedelta(days=2))
    assert "没有抽成" in (await bot.client.get(f"/draws/{session_id}")).text
    with bot.parts.database.transaction() as db:
        db.get_one(Session, session_id).status = SessionStatus.CANCELLED
    assert "取消了" in (await bot.client.get(f"/draws/{session_id}")).text


@pytest.mark.parametrize("number", ["0", "99999", str(LARGEST_ID + 1), "-1", "x", "1e3"])
async def test_what_is_no_open_draw_is_not_found(bot: Bot, number: str) -> None:
    for kind in ("", ".json"):
        answer = await bot.client.get(f"/draws/{number}{kind}")
        assert answer.status_code in (404, 422)
        assert "Traceback" not in answer.text
