"""A booking's page and calendar, sessions as feeds: what others may read, and no more."""

import io
from collections.abc import Callable
from datetime import timedelta

import pypdf
import pytest
from icalendar import Calendar
from sqlalchemy import select

from actions import conversations
from actions.booking import organising, service
from actions.booking.bookings import Order
from actions.booking.codes import shown
from actions.booking.model import Booking, Session
from actions.booking.organising import Times
from actions.booking.programme import Programme
from actions.people.model import Area, Role, Staff
from bot.page import linked
from tests.bot.conftest import PACK, Bot

CLUB, TASK = "club-calligraphy", "one-clean"
ENGLISH = {"Accept-Language": "en"}


def programme(bot: Bot) -> Programme:
    return Programme(PACK, bot.parts.wording)


Book = Callable[..., Booking]


@pytest.fixture
def book(bot: Bot) -> Book:
    """Book a session of an activity in four days; returns the booking."""

    def made(activity_id: str = CLUB) -> Booking:
        starts = bot.clock.now() + timedelta(days=4)
        with bot.parts.database.transaction() as db:
            session = Session(
                activity_id=activity_id,
                planned_at=starts,
                starts_at=starts,
                ends_at=starts + timedelta(hours=2, minutes=30),
                places=5,
                taken=0,
                waitlist_next=0,
            )
            db.add(session)
            db.flush()
            resident = conversations.at_address(
                db, channel="webchat", address="a", now=bot.clock.now()
            )
            return service.book(
                db,
                programme(bot),
                order=Order(session.id, 2),
                conversation=resident,
                now=bot.clock.now(),
            )

    return made


def change(bot: Bot, booking: Booking, deed: Callable[..., object], **facts: object) -> None:
    with bot.parts.database.transaction() as db:
        staff = db.scalar(select(Staff))
        if staff is None:
            db.add(Area(id="guali/", tier="town"))
            db.flush()
            staff = Staff(username="x", role=Role.STAFF, password_hash="x", area_id="guali/")
            staff.created_at = bot.clock.now()
            db.add(staff)
            db.flush()
        deed(
            db,
            programme(bot),
            session_id=booking.session_id,
            staff_id=staff.id,
            now=bot.clock.now(),
            **facts,
        )


async def test_a_bookings_page_tells_what_when_where_and_the_code(bot: Bot, book: Book) -> None:
    booking = book()
    page = await bot.client.get(f"/b/{booking.token}")
    assert page.headers["cache-control"] == "no-store"
    for said in (
        "书法社",
        "11月28日（周六）10:00–12:30",
        "文化教育中心",
        shown(booking.code),
        "示例数据",
    ):
        assert said in page.text
    assert "<svg" in page.text
    assert f'href="/b/{booking.token}.ics"' in page.text
    english = await bot.client.get(f"/b/{booking.token}", headers=ENGLISH)
    assert "Calligraphy club" in english.text
    assert "Add to calendar" in english.text


async def test_without_the_link_nothing_is_told(bot: Bot, book: Book) -> None:
    booking = book()
    for wrong in (booking.code, str(booking.id), booking.token[:-1], booking.token + "x"):
        for more in ("", ".ics", "/certificate.pdf"):
            assert (await bot.client.get(f"/b/{wrong}{more}")).status_code == 404


async def test_a_bookings_calendar_file_is_read_by_others(bot: Bot, book: Book) -> None:
    booking = book()
    file = (await bot.client.get(f"/b/{booking.token}.ics")).content
    calendar = Calendar.from_ical(file)
    (event,) = calendar.walk("VEVENT")
    assert event["SUMMARY"] == "书法社"
    assert event.decoded("dtstart") == booking.session.starts_at
    assert event.decoded("dtend") == booking.session.ends_at
    assert shown(booking.code) in str(event["DESCRIPTION"])
    assert "示例数据" in str(event["DESCRIPTION"])
    (alarm,) = calendar.walk("VALARM")
    assert alarm.decoded("trigger") == timedelta(hours=-2)
    assert Calendar.from_ical(calendar.to_ical()).to_ical() == file


async def test_a_calendar_that_has_it_learns_of_a_move_and_of_its_end(
    bot: Bot, book: Book
) -> None:
    booking = book()
    later = bot.clock.now() + timedelta(days=5)
    change(bot, booking, organising.move, times=Times(later, later + timedelta(hours=1)))
    (moved,) = Calendar.from_ical(
        (await bot.client.get(f"/b/{booking.token}.ics")).content
    ).walk("VEVENT")
    assert (moved.decoded("dtstart"), moved["SEQUENCE"]) == (later, 1)
    change(bot, booking, organising.call_off, reason="停电")
    (ended,) = Calendar.from_ical(
        (await bot.client.get(f"/b/{booking.token}.ics")).content
    ).walk("VEVENT")
    assert ended["UID"] == moved["UID"]
    assert ended["STATUS"] == "CANCELLED"
    assert ended.decoded("sequence") > moved.decoded("sequence")
    assert "这一场取消了" in (await bot.client.get(f"/b/{booking.token}")).text


async def test_the_sessions_are_a_calendar_to_subscribe_to(bot: Bot, book: Book) -> None:
    booking = book()
    file = (await bot.client.get("/feeds/sessions.ics", headers=ENGLISH)).content
    (event,) = Calendar.from_ical(file).walk("VEVENT")
    assert event["SUMMARY"] == "Calligraphy club"
    assert booking.code not in file.decode()
    assert booking.token not in file.decode()


async def test_the_sessions_are_open_data(bot: Bot, book: Book) -> None:
    booking = book()
    page = (await bot.client.get("/feeds/sessions.json")).json()
    (item,) = page["items"]
    assert (item["state"], item["kind"]) == ("updated", "ScheduledSession")
    data = item["data"]
    assert data["startDate"] == "2026-11-28T10:00:00+08:00"
    assert data["duration"] == "PT150M"
    assert (data["maximumAttendeeCapacity"], data["remainingAttendeeCapacity"]) == (5, 3)
    assert data["superEvent"]["name"] == "书法社"
    change(bot, booking, organising.call_off, reason="停电")
    (item,) = (await bot.client.get("/feeds/sessions.json")).json()["items"]
    assert item["data"]["eventStatus"].endswith("EventCancelled")
    assert item["data"]["remainingAttendeeCapacity"] == 0


async def test_a_certificate_is_for_a_task_that_was_done(bot: Bot, book: Book) -> None:
    booking, lesson = book(TASK), book(CLUB)
    assert (await bot.client.get(f"/b/{booking.token}/certificate.pdf")).status_code == 404
    with bot.parts.database.transaction() as db:
        for one in (booking, lesson):
            db.get_one(Booking, one.id).checked_in_at = bot.clock.now()
    assert (await bot.client.get(f"/b/{lesson.token}/certificate.pdf")).status_code == 404
    assert "certificate.pdf" in (await bot.client.get(f"/b/{booking.token}")).text
    file = await bot.client.get(f"/b/{booking.token}/certificate.pdf")
    text = pypdf.PdfReader(io.BytesIO(file.content)).pages[0].extract_text().replace("\0", "")
    for said in (
        "志愿服务证明",
        "2026年11月28日",
        "河道清洁半日",
        "2.5 小时",
        shown(booking.code),
        "示例数据",
    ):
        assert said in text


def test_only_our_own_pages_are_links() -> None:
    page = "/b/" + "a" * 22
    assert f'<a href="{page}">打开</a>。' in linked(f"签到码：{page}。", "打开")
    for text in ("https://evil.example/b/x", "/b/short", f"{page}x", "<a href=x>"):
        assert "<a href" not in linked(text, "打开")
