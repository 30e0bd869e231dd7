"""What is owed to those without a page is told on the phone, and ticked off."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions.conversations import Author, Message
from actions.outbox import Notice, NoticeState
from actions.people.model import Staff
from bot.delivery import Delivery
from tests.bot.desk.conftest import CANARY, Colleague, Village


@pytest.fixture
def own(village: Village) -> Colleague:
    village.organise()
    return village.colleague("own")


def worker(village: Village) -> Delivery:
    parts = village.bot.parts
    return Delivery(
        parts.database,
        village.bot.clock,
        parts.wording,
        timedelta(minutes=30),
    )


async def test_a_caller_whose_session_is_moved_is_phoned_once(
    village: Village, own: Colleague
) -> None:
    when = {"on": "2026-12-24", "from": "20:00", "to": "21:30"}
    await own.post(f"/sessions/{village.session_id}/move", **when)
    page = (await own.get("/calls")).text
    assert "改时间了" not in page  # until the worker finds that it is due
    worker(village).deliver_due()
    page = (await own.get("/calls")).text
    assert "书法社改时间了" in page
    assert 'href="tel:13800000000"' in page
    assert f'href="/desk/sessions/{village.session_id}"' in page
    with village.bot.parts.database.reading() as db:
        moved = db.scalars(
            select(Notice).filter_by(response="utter_session_moved", state=NoticeState.TO_PHONE)
        ).one()
    assert (await own.post(f"/calls/{moved.id}/told")).status_code == 303
    with village.bot.parts.database.reading() as db:
        told = db.get_one(Notice, moved.id)
        who = db.scalars(select(Staff.id).filter_by(username="own")).one()
        assert (told.state, told.staff_id) == (NoticeState.SENT, who)
        assert told.sent_at == village.bot.clock.now()
        said = db.scalars(select(Message).filter_by(staff_id=who)).one()
        assert (said.author, "改时间了" in said.text) == (Author.STAFF, True)
    page = (await own.get("/calls")).text
    assert f"/calls/{moved.id}/told" not in page
    assert "own</bdi></li>" in page  # who told it
    again = await village.colleague("town").post(f"/calls/{moved.id}/told")
    assert (again.status_code, "不用打了" in again.text) == (409, True)


async def test_an_offer_says_what_may_be_answered_and_by_when(
    village: Village, own: Colleague
) -> None:
    await own.post(f"/sessions/{village.session_id}/places", places="3")
    worker(village).deliver_due()
    page = (await own.get("/calls")).text
    assert "要，给我约上 / 不要了" in page
    assert "以前打" in page
    village.bot.clock.pass_by(timedelta(hours=1))
    assert "要，给我约上" not in (await own.get("/calls")).text  # its time has gone


async def test_a_cancelled_booking_needs_no_call_any_more(
    village: Village,
) -> None:
    village.organise()
    village.bot.clock.pass_by(timedelta(days=3, hours=9))  # the evening before
    own = village.colleague("own")  # signed in again
    worker(village).deliver_due()
    assert "提醒您" in (await own.get("/calls")).text
    path = f"/sessions/{village.session_id}/bookings/{village.caller_booking_id}"
    assert (await own.post(f"{path}/cancel")).status_code == 303
    assert "提醒您" not in (await own.get("/calls")).text


async def test_the_inbox_says_that_somebody_is_to_be_phoned_and_a_group_waits(
    village: Village, own: Colleague
) -> None:
    inbox = (await own.get("/inbox")).text
    for section, words in (("calls", "要打的电话"), ("visits", "等答复的参观")):
        assert f'href="/desk/{section}"' in inbox
        assert words in inbox
    counted = int(inbox.split('data-count="')[1].split('"')[0])
    await own.post(f"/calls/{village.notice_id}/told")
    await own.post(f"/visits/{village.visit_id}/decline", words="停电")
    inbox = (await own.get("/inbox")).text
    assert "要打的电话" not in inbox
    assert "等答复的参观" not in inbox
    assert f'data-count="{counted - 2}"' in inbox
    assert "要打的电话" not in (await village.colleague("other").get("/inbox")).text


async def test_other_areas_neither_see_nor_tick_a_call(village: Village) -> None:
    village.organise()
    other = village.colleague("other")
    assert CANARY not in (await other.get("/calls")).text
    assert (await other.post(f"/calls/{village.notice_id}/told")).status_code == 404
