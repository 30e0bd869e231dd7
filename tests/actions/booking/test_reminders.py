"""Reminders belong to their booking: in time, once, never at night, never when it is gone."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from actions.booking import organising, service
from actions.booking.organising import Times
from actions.dialogue import Ground
from actions.outbox import Notice, NoticeState
from actions.people.model import Resident
from tests.actions.booking.conftest import (
    ZONE,
    MakeSession,
    at,
    book,
    cancel,
    conversation_of,
    programme_of,
    staff_of,
)
from tests.conftest import StandingClock

REMINDER = "utter_booking_reminder"


def owed(ground: Ground) -> list[Notice]:
    """The reminders that would still be sent, soonest first."""
    with ground.database.reading() as db:
        return list(
            db.scalars(
                select(Notice)
                .where(Notice.response == REMINDER, Notice.state == NoticeState.WAITING)
                .order_by(Notice.due_at)
            )
        )


def due(ground: Ground) -> list[str]:
    return [f"{one.due_at.astimezone(ZONE):%d %H:%M}" for one in owed(ground)]


@pytest.mark.parametrize(
    ("booked_at", "reminded"),
    [
        (at(24, 10), ["27 18:00", "28 12:00"]),
        (at(27, 17, 59), ["27 18:00", "28 12:00"]),
        (at(27, 18), ["28 12:00"]),
        (at(28, 11), ["28 12:00"]),
        (at(28, 12), []),
        (at(28, 13), []),
    ],
)
def test_reminders_are_due_the_evening_before_and_two_hours_before(
    ground: Ground, make_session: MakeSession, booked_at: datetime, reminded: list[str]
) -> None:
    book(ground, make_session(), now=booked_at)
    assert due(ground) == reminded


@pytest.mark.parametrize(
    ("starts_at", "reminded"),
    [
        (at(28, 6, 30), ["27 18:00"]),  # two hours before it is night
        (at(28, 9), ["27 18:00", "28 07:00"]),
        (at(28, 8, 59), ["27 18:00"]),
        (at(28, 0, 0), ["27 18:00"]),  # midnight: 22:00 is night too
        (at(1, 0, 30, month=12), ["30 18:00"]),
        (at(1, 14, 0, month=1), []),  # over
    ],
)
def test_nobody_is_woken_by_a_reminder(
    ground: Ground, make_session: MakeSession, starts_at: datetime, reminded: list[str]
) -> None:
    session_id = make_session(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
    if reminded:
        book(ground, session_id)
    assert due(ground) == reminded


@pytest.mark.parametrize(
    ("wanted", "count"), [("all", 2), ("evening", 1), ("day", 1), ("none", 0)]
)
def test_a_resident_says_which_reminders_they_want(
    ground: Ground, make_session: MakeSession, wanted: str, count: int
) -> None:
    with ground.database.transaction() as db:
        db.get_one(Resident, conversation_of(db, "a").resident_id).reminders = wanted
    book(ground, make_session())
    assert len(due(ground)) == count


def test_a_reminder_tells_what_where_and_the_code_and_can_be_answered_by_cancelling(
    ground: Ground, make_session: MakeSession
) -> None:
    booking = book(ground, make_session())
    reminder = owed(ground)[0]
    said = ground.wording.render(reminder.response, language="zh", values=reminder.values)
    assert "书法社，11月28日（周六）14:00–15:30，文化教育中心 一号教室" in said.text
    assert "示例数据" in said.text
    assert [(c.intent, c.value) for c in said.choices] == [("cancel_booking", str(booking))]


def test_what_is_cancelled_is_not_reminded_of_and_booked_again_it_is(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session()
    cancel(ground, book(ground, session_id))
    assert due(ground) == []
    again = book(ground, session_id)
    assert {one.about for one in owed(ground)} == {f"booking:{again}"}


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_steps_makes_no_reminder_double(
    ground: Ground, make_session: MakeSession, clock: StandingClock, hours: int
) -> None:
    session_id = make_session()
    for _ in range(3):
        cancel(ground, book(ground, session_id))
        clock.pass_by(timedelta(hours=hours))
    booking = book(ground, session_id)
    change(ground, booking, 2)
    clock.pass_by(timedelta(hours=-hours))
    change(ground, booking, 1)
    assert due(ground) == ["27 18:00", "28 12:00"]


def test_a_reminder_that_was_sent_is_not_sent_again_when_the_booking_changes(
    ground: Ground, make_session: MakeSession, clock: StandingClock
) -> None:
    booking = book(ground, make_session())
    with ground.database.transaction() as db:
        evening = db.get_one(Notice, owed(ground)[0].id)
        evening.state = NoticeState.SENT
    change(ground, booking, 2)  # the clock may have stepped back before the evening
    assert due(ground) == ["28 12:00"]


def change(ground: Ground, booking: int, places: int) -> None:
    with ground.database.transaction() as db:
        service.change_places(
            db,
            programme_of(ground),
            booking_id=booking,
            resident_id=conversation_of(db, "a").resident_id,
            wanted=places,
            now=ground.clock.now(),
        )


def test_a_session_that_is_moved_takes_its_reminders_along(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session()
    book(ground, session_id)
    editor = staff_of(ground)
    with ground.database.transaction() as db:
        organising.move(
            db,
            programme_of(ground),
            session_id=session_id,
            times=Times(at(29, 10), at(29, 11, 30)),
            staff_id=editor,
            now=ground.clock.now(),
        )
    assert due(ground) == ["28 18:00", "29 08:00"]
    assert all("29" in str(one.values["when"]) for one in owed(ground))


def test_an_evening_reminder_is_never_sent_beside_the_later_one(
    ground: Ground, make_session: MakeSession
) -> None:
    book(ground, make_session())
    evening, soon = owed(ground)
    assert evening.stale_at == at(27, 21) < soon.due_at
    assert soon.stale_at == at(28, 14)


def test_a_reminder_that_is_late_is_not_sent_at_night(
    ground: Ground, make_session: MakeSession
) -> None:
    book(ground, make_session(starts_at=at(27, 22, 30), ends_at=at(27, 23)))
    _, soon = owed(ground)
    assert (soon.due_at, soon.stale_at) == (at(27, 20, 30), at(27, 21))
