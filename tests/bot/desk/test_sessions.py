"""Sessions at the desk: seen by day, made, moved and called off; nothing typed is lost."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions import conversations
from actions.booking import draw
from actions.booking.bookings import Order
from actions.booking.model import (
    Booking,
    ChangeKind,
    DrawEntry,
    EntryStatus,
    Session,
    WaitlistEntry,
)
from actions.booking.programme import Programme
from actions.conversations import Conversation
from actions.outbox import Notice
from actions.people.model import AuditEntry, Words
from bot.desk import labels
from tests.actions.booking.conftest import at
from tests.bot.conftest import PACK
from tests.bot.desk.conftest import CANARY, Colleague, Village

WHEN = {"on": "2026-12-24", "from": "20:00", "to": "21:30"}
MADE = WHEN | {"activity": "club-calligraphy", "repeat": "1"}


@pytest.fixture
def village(village: Village) -> Village:
    village.organise()
    return village


@pytest.fixture
def own(village: Village) -> Colleague:
    return village.colleague("own")


def rows(village: Village, table: Any, **by: Any) -> list[Any]:
    with village.bot.parts.database.reading() as db:
        return list(db.scalars(select(table).filter_by(**by).order_by(table.id)))


def session(village: Village, session_id: int = 0) -> Session:
    with village.bot.parts.database.reading() as db:
        return db.get_one(Session, session_id or village.session_id)


def order_of(page: str, words: Iterable[str]) -> list[int]:
    return [page.index(word) for word in words]


async def test_today_comes_first_and_two_weeks_are_shown(
    village: Village, own: Colleague
) -> None:
    far, yesterday = village.session(at(9, 9, month=12)), village.session(at(23, 9))
    page = (await own.get("/sessions")).text
    places = order_of(
        page,
        [f"/desk/sessions/{village.today_id}", f"/desk/sessions/{village.session_id}"],
    )
    assert places == sorted(places)
    assert page.index("今天") < places[0]
    assert page.count('<a href="#d2026-11-') == 2  # a way to each day
    assert "2/2" in page  # places taken
    assert "候补 1" in page
    assert CANARY not in page
    for other in (far, yesterday):
        assert f"/desk/sessions/{other}" not in page
    assert f"/desk/sessions/{far}" in (await own.get("/sessions?on=2026-12-01")).text
    assert f"/desk/sessions/{yesterday}" in (await own.get("/sessions?on=2026-11-23")).text
    for odd in ("x", "0001-01-01", "9999-12-31"):
        assert (await own.get(f"/sessions?on={odd}")).text.count("<span>今天</span>") == 1


async def test_a_session_shows_who_is_booked_who_waits_and_what_was_done(
    village: Village, own: Colleague
) -> None:
    await own.post(f"/sessions/{village.session_id}/places", places="3")
    page = (await own.get(f"/sessions/{village.session_id}")).text
    (booking, of_caller) = rows(village, Booking, session_id=village.session_id)
    for shown in (booking.code[:3], of_caller.code[:3], "给", "张阿姨", "13800000000"):
        assert shown in page
    for shown in ("改了名额", "原来 2 个", "前回话"):  # history, and the offer under way
        assert shown in page
    assert rows(village, AuditEntry, deed="read_session")
    assert rows(village, AuditEntry, deed="changed_places")


async def test_marks_say_what_was_moved_called_off_full_and_at_risk(
    village: Village, own: Colleague
) -> None:
    page = (await own.get(f"/sessions/{village.session_id}")).text
    assert "满" in page
    await own.post(f"/sessions/{village.session_id}/move", **WHEN)
    with village.bot.parts.database.transaction() as db:
        left = db.get_one(Session, village.session_id)
        left.at_risk_since, left.places = village.bot.clock.now(), left.taken + 1
    page = (await own.get("/sessions?on=2026-12-20")).text
    assert "改过时间" in page
    assert "缺人" in page
    assert "已取消" not in page
    sure = {"words": "停电", "sure": "1"}
    await own.post(f"/sessions/{village.session_id}/call-off", **sure)
    assert "已取消" in (await own.get("/sessions?on=2026-12-20")).text


async def test_what_was_left_late_is_at_risk_only_while_its_place_is_free(
    village: Village, own: Colleague
) -> None:
    with village.bot.parts.database.transaction() as db:
        left = db.get_one(Session, village.session_id)
        left.at_risk_since, left.places = village.bot.clock.now(), left.taken + 1
    assert "缺人" in (await own.get(f"/sessions/{village.session_id}")).text
    with village.bot.parts.database.transaction() as db:
        left = db.get_one(Session, village.session_id)
        left.places = left.taken
    assert "缺人" not in (await own.get(f"/sessions/{village.session_id}")).text


async def test_for_whom_somebody_waits_is_shown(village: Village, own: Colleague) -> None:
    with village.bot.parts.database.transaction() as db:
        entry = db.get_one(WaitlistEntry, village.entry_id)
        said = Words(resident_id=entry.resident_id, text="外婆", created_at=entry.joined_at)
        db.add(said)
        db.flush()
        entry.whom_id = said.id
    assert "外婆" in (await own.get(f"/sessions/{village.session_id}")).text


def drawn(village: Village) -> int:
    """A session of 七彩 whose draw two have entered, of whom one has been there before."""
    parts, now = village.bot.parts, village.bot.clock.now()
    club = PACK.activities["club-calligraphy"].model_copy(update={"draw": True})
    pack = PACK.model_copy(update={"activities": {**PACK.activities, club.id: club}})
    session_id = village.session(now + timedelta(days=4, hours=3), places=10)
    with parts.database.transaction() as db:
        stranger = conversations.at_address(db, channel="webchat", address="b", now=now)
        for who in (db.get_one(Conversation, village.conversation_id), stranger):
            order, programme = Order(session_id, 2, CANARY), Programme(pack, parts.wording)
            draw.enter(db, programme, order=order, conversation=who, now=now)
    return session_id


async def test_a_draw_is_shown_by_tickets_with_who_comes_for_the_first_time(
    village: Village, own: Colleague
) -> None:
    session_id = drawn(village)
    page = (await own.get(f"/sessions/{session_id}")).text
    for entry in rows(village, DrawEntry, session_id=session_id):
        assert entry.ticket in page
    assert page.count("第一次来") == 1
    assert "正在登记" in page
    assert CANARY not in page
    village.bot.clock.pass_by(timedelta(days=3))
    later = village.colleague("own")
    with village.bot.parts.database.transaction() as db:
        programme = Programme(PACK, village.bot.parts.wording)
        assert draw.hold_due(db, programme, now=village.bot.clock.now()) == 1
    page = (await later.get(f"/sessions/{session_id}")).text
    assert page.count("抽中") == 2
    assert f'href="/draws/{session_id}"' in page


async def test_a_draw_that_was_not_held_is_told_to_the_staff_of_its_area_alone(
    village: Village, own: Colleague
) -> None:
    session_id = drawn(village)
    assert "该抽签没抽" not in (await own.get("/sessions")).text
    village.bot.clock.pass_by(timedelta(days=3))
    later = village.colleague("own")
    page = (await later.get("/sessions")).text
    assert f'href="/desk/sessions/{session_id}#draw"' in page
    assert "工作进程停了" in (await later.get(f"/sessions/{session_id}")).text
    village.bot.clock.pass_by(timedelta(days=2))
    later = village.colleague("own")
    assert "已经收到道歉" in (await later.get(f"/sessions/{session_id}")).text
    other = village.colleague("other")
    assert "该抽签没抽" not in (await other.get("/sessions")).text


async def test_a_session_is_made_and_repeated_every_week(
    village: Village, own: Colleague
) -> None:
    answer = await own.post("/sessions/new", **(MADE | {"repeat": "3", "room": "九号教室"}))
    assert answer.status_code == 303
    made = rows(village, Session, by_hand=True)
    assert [one.starts_at for one in made] == [
        at(24, 20, month=12),
        at(31, 20, month=12),
        at(7, 20, month=1).replace(year=2027),
    ]
    assert {(one.room, one.places) for one in made} == {("九号教室", 20)}  # the activity's own
    assert answer.headers["location"] == f"/desk/sessions/{made[0].id}"
    assert len(rows(village, AuditEntry, deed="made_session")) == 3


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"on": "2026-11-28", "from": "10:30", "to": "11:00"}, "已经排了书法社"),
        ({"from": "22:00"}, "这样的场次排不了"),
        ({"on": "2026-11-23"}, "这样的场次排不了"),
        ({"on": "9999-12-31"}, "没有写对"),
        ({"on": "2030-12-31"}, "这样的场次排不了"),
        ({"on": "2026-02-30"}, "没有写对"),
        ({"from": "25:00"}, "没有写对"),
        ({"places": "0"}, "这样的场次排不了"),
        ({"places": "-3"}, "没有写对"),
        ({"places": "１２"}, "没有写对"),
        ({"repeat": "27"}, "最多排 26"),
        ({"repeat": "0"}, "这样的场次排不了"),
        ({"activity": "nothing"}, "请选一个活动"),
        ({"activity": ""}, "请选一个活动"),
    ],
)
async def test_what_cannot_be_made_is_refused_with_why_and_nothing_typed_is_lost(
    village: Village, own: Colleague, typed: dict[str, str], sentence: str
) -> None:
    sent = MADE | {"room": "一号教室", "places": "7"} | typed
    answer = await own.post("/sessions/new", **sent)
    assert answer.status_code == 409
    assert sentence in answer.text
    assert rows(village, Session, by_hand=True) == []
    for name in ("on", "from", "to", "room", "places", "repeat"):
        assert f'name="{name}"' in answer.text
        assert f'value="{sent[name]}"' in answer.text
    if sent["activity"] == MADE["activity"]:
        assert '<option value="club-calligraphy" selected>' in answer.text


async def test_a_session_that_is_moved_tells_everybody_whatever_area_they_are_of(
    village: Village, own: Colleague
) -> None:
    with village.bot.parts.database.transaction() as db:
        booking = db.get_one(Booking, village.booking_id)
        talk = booking.conversation_id
        db.get_one(Conversation, talk).area_id = None  # as of all who never said where
    answer = await own.post(f"/sessions/{village.session_id}/move", **WHEN, room="九号教室")
    assert answer.status_code == 303
    moved = session(village)
    assert (moved.starts_at, moved.room) == (at(24, 20, month=12), "九号教室")
    told = {one.response: one.conversation_id for one in rows(village, Notice)}
    assert told["utter_waiting_moved"]
    assert talk in {
        one.conversation_id for one in rows(village, Notice, response="utter_session_moved")
    }


async def test_nothing_typed_is_lost_when_a_move_or_calling_off_is_refused(
    village: Village, own: Colleague
) -> None:
    path = f"/sessions/{village.session_id}"
    taken = {"on": "2026-11-24", "from": "10:30", "to": "11:00", "room": "一号教室"}
    refused = await own.post(f"{path}/move", **taken)
    assert (refused.status_code, "已经排了书法社" in refused.text) == (409, True)
    for typed in taken.values():
        assert f'value="{typed}"' in refused.text
    assert refused.text.count('<details class="card" open>') == 1
    for sent, sentence in (
        ({"words": "老师病了"}, "请先打上勾"),
        ({"words": "", "sure": "1"}, "请写一句为什么取消"),
        ({"words": "长" * 201, "sure": "1"}, "请写在 200 字以内"),
    ):
        refused = await own.post(f"{path}/call-off", **sent)
        assert (refused.status_code, sentence in refused.text) == (409, True)
        assert sent["words"] in refused.text
    assert session(village).is_open
    refused = await own.post(f"{path}/places", places="1")
    assert "已经约出去 2 个名额" in refused.text


async def test_calling_off_ends_bookings_and_line_and_says_why(
    village: Village, own: Colleague
) -> None:
    path = f"/sessions/{village.session_id}"
    await own.post(f"{path}/call-off", words="老师病了", sure="1")
    assert not session(village).is_open
    (entry,) = rows(village, WaitlistEntry)
    assert entry.status == EntryStatus.CLOSED
    assert len(rows(village, Notice, response="utter_session_called_off")) == 3
    page = (await own.get(path)).text
    assert "老师病了" in page
    assert "/call-off" not in page
    again = await own.post(f"{path}/call-off", words="老师病了", sure="1")
    assert again.status_code == 409


async def test_nobody_plans_for_an_area_that_is_not_theirs(village: Village) -> None:
    other = village.colleague("other")  # of 梅林
    page = (await other.get("/sessions/new")).text
    assert "club-calligraphy" not in page
    assert (await other.post("/sessions/new", **MADE)).status_code == 409
    assert rows(village, Session, by_hand=True) == []


def test_everything_that_can_be_done_to_a_session_has_its_label(database: object) -> None:
    assert set(labels.CHANGES) == set(ChangeKind)
