"""Who came: the list at the door says it, and keeps it among staff."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from actions.booking import attendance
from actions.booking.model import Booking
from actions.booking.programme import values_of
from actions.dialogue import Ground
from actions.errors import Refusal
from tests.actions.booking.conftest import MakeSession, at, book, cancel, programme_of
from tests.conftest import StandingClock


def do(ground: Ground, deed: Callable[..., Any], session_id: int, **facts: Any) -> Any:
    with ground.database.transaction() as db:
        return deed(
            db, programme_of(ground), session_id=session_id, now=ground.clock.now(), **facts
        )


def booking_of(ground: Ground, booking_id: int) -> Booking:
    with ground.database.reading() as db:
        return db.get_one(Booking, booking_id)


@pytest.fixture
def begun(ground: Ground, make_session: MakeSession, clock: StandingClock) -> list[int]:
    """A session that has just begun; returns its id and those of its two bookings."""
    session_id = make_session(3, starts_at=at(24, 11), ends_at=at(24, 12))
    booked = [book(ground, session_id, who=who) for who in "ab"]
    clock.pass_by(timedelta(hours=1))
    return [session_id, *booked]


def test_a_tap_is_here_and_another_is_not_yet(ground: Ground, begun: list[int]) -> None:
    session_id, first, _ = begun
    do(ground, attendance.arrive, session_id, booking_id=first)
    came_at = booking_of(ground, first).checked_in_at
    assert came_at == ground.clock.now()
    do(ground, attendance.arrive, session_id, booking_id=first)
    assert booking_of(ground, first).checked_in_at == came_at
    do(ground, attendance.take_back, session_id, booking_id=first)
    assert booking_of(ground, first).checked_in_at is None


@pytest.mark.parametrize(
    "said", ["{code}", " {spaced} ", "编号{lower}。", "http://x/b/{token}", "{token}"]
)
def test_a_code_that_is_said_or_scanned_checks_in(
    ground: Ground, begun: list[int], said: str
) -> None:
    session_id, first, second = begun
    booking = booking_of(ground, first)
    words = said.format(
        code=booking.code,
        spaced=f"{booking.code[:3]} {booking.code[3:]}",
        lower=booking.code.lower(),
        token=booking.token,
    )
    do(ground, attendance.arrive_by_code, session_id, said=words)
    assert booking_of(ground, first).checked_in_at
    assert booking_of(ground, second).checked_in_at is None


def test_a_code_of_another_session_a_cancelled_or_no_code_is_refused(
    ground: Ground, begun: list[int], make_session: MakeSession
) -> None:
    session_id, first, second = begun
    later = make_session(2, starts_at=at(24, 13), ends_at=at(24, 14))
    elsewhere = booking_of(ground, book(ground, later, who="a"))
    with pytest.raises(Refusal, match="utter_attendance_not_booked"):
        do(ground, attendance.arrive_by_code, session_id, said=elsewhere.code)
    with pytest.raises(Refusal, match="utter_attendance_not_booked"):
        do(ground, attendance.arrive_by_code, session_id, said="")
    with pytest.raises(Refusal, match="utter_code_unreadable"):
        do(ground, attendance.arrive_by_code, session_id, said="K01234")
    with pytest.raises(Refusal, match="utter_attendance_not_booked"):
        do(ground, attendance.arrive, later, booking_id=first)
    cancel(ground, elsewhere.id)
    with pytest.raises(Refusal, match="utter_attendance_not_booked"):
        do(ground, attendance.arrive, later, booking_id=elsewhere.id)
    assert booking_of(ground, second).checked_in_at is None


def test_closing_the_list_marks_those_who_did_not_come(
    ground: Ground, begun: list[int]
) -> None:
    session_id, first, second = begun
    do(ground, attendance.arrive, session_id, booking_id=first)
    assert do(ground, attendance.close_list, session_id) == 1
    assert do(ground, attendance.close_list, session_id) == 0
    assert [booking_of(ground, one).missed for one in (first, second)] == [False, True]
    do(ground, attendance.arrive, session_id, booking_id=second)  # a latecomer
    assert not booking_of(ground, second).missed


def test_before_its_day_nobody_checks_in_and_before_it_begins_nobody_has_missed_it(
    ground: Ground, make_session: MakeSession, clock: StandingClock
) -> None:
    session_id = make_session(2)
    booking_id = book(ground, session_id)
    with pytest.raises(Refusal, match="utter_attendance_not_begun"):
        do(ground, attendance.arrive, session_id, booking_id=booking_id)
    clock.moment = at(28, 13, 59)
    do(ground, attendance.arrive, session_id, booking_id=booking_id)
    do(ground, attendance.take_back, session_id, booking_id=booking_id)
    with pytest.raises(Refusal, match="utter_attendance_not_begun"):
        do(ground, attendance.close_list, session_id)
    assert not booking_of(ground, booking_id).missed


def test_the_resident_is_told_nothing_of_having_missed_it(
    ground: Ground, begun: list[int]
) -> None:
    session_id, first, _ = begun
    before = values_of(programme_of(ground), booking_of(ground, first))
    do(ground, attendance.close_list, session_id)
    assert booking_of(ground, first).missed
    assert values_of(programme_of(ground), booking_of(ground, first)) == before
