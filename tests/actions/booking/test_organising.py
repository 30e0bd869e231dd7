"""What an organiser does to a session: nobody is left untold, and nobody is told twice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions.booking import organising, service
from actions.booking.model import Booking, BookingStatus, EntryStatus, Session, WaitlistEntry
from actions.booking.organising import Times
from actions.booking.schedule import write_sessions
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.outbox import Notice, NoticeState
from tests.actions.booking.conftest import (
    MakeSession,
    at,
    book,
    cancel,
    programme_of,
    session_of,
    staff_of,
    wait,
)
from tests.conftest import StandingClock

LATER = Times(at(29, 10), at(29, 11, 30), "九号教室")


def do(ground: Ground, deed: Callable[..., Any], **facts: Any) -> Any:
    """Do something to a session as a member of staff."""
    editor = staff_of(ground)
    with ground.database.transaction() as db:
        return deed(db, programme_of(ground), staff_id=editor, now=ground.clock.now(), **facts)


def told(ground: Ground, response: str) -> list[Notice]:
    with ground.database.reading() as db:
        return list(db.scalars(select(Notice).where(Notice.response == response)))


@pytest.fixture
def crowd(ground: Ground, make_session: MakeSession) -> int:
    """A session two have booked and two wait for."""
    session_id = make_session(2)
    for who in "ab":
        book(ground, session_id, who=who)
    for who in "cd":
        wait(ground, session_id, who=who)
    return session_id


def test_a_session_that_is_moved_keeps_its_bookings_and_tells_everybody_once(
    ground: Ground, crowd: int
) -> None:
    do(ground, organising.move, session_id=crowd, times=LATER)
    session = session_of(ground, crowd)
    assert (session.starts_at, session.taken, session.revision) == (at(29, 10), 2, 1)
    moved = told(ground, "utter_session_moved")
    assert len({one.conversation_id for one in moved}) == len(moved) == 2
    assert len(told(ground, "utter_waiting_moved")) == 2
    said = ground.wording.render(moved[0].response, values=moved[0].values)
    assert "原来11月28日（周六）14:00" in said.text
    assert "现在改到11月29日（周日）10:00–11:30" in said.text


def test_each_move_is_told_and_the_one_before_is_not_lost(ground: Ground, crowd: int) -> None:
    do(ground, organising.move, session_id=crowd, times=LATER)
    do(ground, organising.move, session_id=crowd, times=Times(at(30, 10), at(30, 11)))
    assert len(told(ground, "utter_session_moved")) == 4


def test_a_session_that_is_called_off_ends_everything_and_names_others(
    ground: Ground, crowd: int, make_session: MakeSession
) -> None:
    other = make_session(3, starts_at=at(5, 14, month=12), ends_at=at(5, 15, month=12))
    full = make_session(1, starts_at=at(6, 14, month=12), ends_at=at(6, 15, month=12))
    book(ground, full, who="z")
    do(ground, organising.call_off, session_id=crowd, reason="老师病了")
    with ground.database.reading() as db:
        bookings = db.scalars(select(Booking).where(Booking.session_id == crowd)).all()
        entries = db.scalars(select(WaitlistEntry)).all()
        assert {one.status for one in bookings} == {BookingStatus.CANCELLED}
        assert {one.status for one in entries} == {EntryStatus.CLOSED}
        assert service.sessions_between(db, start=at(28, 0), end=at(29, 0)) == []
    assert session_of(ground, crowd).taken == 0
    everybody = told(ground, "utter_session_called_off")
    assert len({one.conversation_id for one in everybody}) == len(everybody) == 4
    assert (
        "老师病了"
        in ground.wording.render(everybody[0].response, values=everybody[0].values).text
    )
    assert [(c["intent"], c["value"]) for c in everybody[0].choices] == [
        ("book_activity", str(other))
    ]
    owed = [n for n in told(ground, "utter_booking_reminder") if n.state == NoticeState.WAITING]
    assert len(owed) == 2  # of the one who booked another session


def test_what_is_called_off_is_neither_booked_waited_for_moved_nor_called_off(
    ground: Ground, crowd: int
) -> None:
    do(ground, organising.call_off, session_id=crowd, reason="停电")
    for deed in (book, wait):
        with pytest.raises(Refusal, match="utter_session_off"):
            deed(ground, crowd, who="z")
    with pytest.raises(Refusal, match="utter_session_off"):
        do(ground, organising.call_off, session_id=crowd, reason="停电")
    with pytest.raises(Refusal, match="utter_session_off"):
        do(ground, organising.move, session_id=crowd, times=LATER)


def test_an_offer_that_is_not_sent_yet_tells_of_the_session_as_it_is_now(
    ground: Ground, crowd: int
) -> None:
    with ground.database.reading() as db:
        first = db.scalars(select(Booking.id).order_by(Booking.id).limit(1)).one()
    cancel(ground, first, who="a")
    do(ground, organising.move, session_id=crowd, times=LATER)
    (asked,) = told(ground, "utter_offer")
    assert asked.state == NoticeState.WAITING
    assert (
        "11月29日（周日）10:00"
        in ground.wording.render(asked.response, values=asked.values).text
    )


def test_an_offer_does_not_outlast_the_beginning_of_a_session_that_is_moved(
    ground: Ground, crowd: int, clock: StandingClock
) -> None:
    with ground.database.reading() as db:
        first = db.scalars(select(Booking.id).order_by(Booking.id).limit(1)).one()
    cancel(ground, first, who="a")
    soon = clock.now() + timedelta(minutes=10)
    do(ground, organising.move, session_id=crowd, times=Times(soon, soon + timedelta(hours=1)))
    with ground.database.reading() as db:
        entry = db.scalars(select(WaitlistEntry).order_by(WaitlistEntry.id)).first()
        assert entry is not None
        assert entry.offer_until == soon
    (asked,) = told(ground, "utter_offer")
    assert asked.stale_at == soon


def test_an_offer_under_way_ends_with_its_session(ground: Ground, crowd: int) -> None:
    with ground.database.reading() as db:
        first = db.scalars(select(Booking.id).order_by(Booking.id).limit(1)).one()
    cancel(ground, first, who="a")
    do(ground, organising.call_off, session_id=crowd, reason="停电")
    assert session_of(ground, crowd).taken == 0
    (asked,) = told(ground, "utter_offer")
    assert asked.state == NoticeState.CANCELLED


@pytest.mark.parametrize(
    ("times", "why"),
    [
        (Times(at(24, 9), at(24, 10)), "utter_session_impossible"),  # over
        (Times(at(29, 10), at(29, 10)), "utter_session_impossible"),
        (Times(at(29, 10), at(29, 9)), "utter_session_impossible"),
        (Times(at(29, 10), at(30, 11)), "utter_session_impossible"),
        (Times(at(28, 15, 29), at(28, 17)), "utter_room_taken"),
        (Times(at(28, 12), at(28, 17)), "utter_room_taken"),
    ],
)
def test_no_session_is_made_at_an_impossible_time_or_in_a_room_that_is_taken(
    ground: Ground, make_session: MakeSession, times: Times, why: str
) -> None:
    make_session()  # 书法社 in 一号教室, 28th 14:00–15:30
    with pytest.raises(Refusal, match=why):
        do(ground, organising.make, activity_id="club-calligraphy", times=times, seats=5)


@pytest.mark.parametrize(
    "times",
    [
        Times(at(28, 15, 30), at(28, 17)),
        Times(at(28, 12), at(28, 14)),
        Times(at(28, 14), at(28, 15), "九号教室"),
    ],
)
def test_before_after_and_beside_another_session_there_is_room(
    ground: Ground, make_session: MakeSession, times: Times
) -> None:
    make_session()
    (made,) = do(ground, organising.make, activity_id="club-calligraphy", times=times, seats=5)
    assert made.left == 5


def test_a_session_repeats_at_the_same_time_of_day(ground: Ground) -> None:
    made = do(ground, organising.make, activity_id="club-tea", times=LATER, seats=5, repeat=3)
    assert [one.starts_at for one in made] == [
        at(29, 10),
        at(6, 10, month=12),
        at(13, 10, month=12),
    ]


def test_what_staff_did_is_not_undone_when_the_programme_is_written_again(
    ground: Ground,
) -> None:
    def write() -> int:
        with ground.database.transaction() as db:
            return write_sessions(db, ground.pack, now=ground.clock.now())

    def session_at(starts_at: datetime) -> int:
        with ground.database.reading() as db:
            return db.scalars(
                select(Session.id).where(
                    Session.activity_id == "club-calligraphy", Session.starts_at == starts_at
                )
            ).one()

    write()
    moved, off = session_at(at(28, 14)), session_at(at(5, 14, month=12))
    do(
        ground,
        organising.move,
        session_id=moved,
        times=Times(at(28, 19), at(28, 20), "九号教室"),
    )
    do(ground, organising.call_off, session_id=off, reason="停电")
    (made,) = do(ground, organising.make, activity_id="club-calligraphy", times=LATER, seats=7)
    assert write() == 0
    assert session_of(ground, moved).starts_at == at(28, 19)
    assert not session_of(ground, off).is_open
    assert session_of(ground, made.id).places == 7


def test_more_places_are_offered_to_the_line_and_fewer_than_taken_are_refused(
    ground: Ground, crowd: int
) -> None:
    with pytest.raises(Refusal, match="utter_seats_taken"):
        do(ground, organising.change_seats, session_id=crowd, seats=1)
    do(ground, organising.change_seats, session_id=crowd, seats=3)
    session = session_of(ground, crowd)
    assert (session.places, session.taken) == (3, 3)
    assert len(told(ground, "utter_offer")) == 1


def test_what_staff_did_is_remembered_as_it_was_before(ground: Ground, crowd: int) -> None:
    do(ground, organising.change_seats, session_id=crowd, seats=3)
    do(ground, organising.move, session_id=crowd, times=LATER)
    do(ground, organising.call_off, session_id=crowd, reason="老师病了")
    with ground.database.reading() as db:
        made = organising.history(db, session_of(ground, crowd))
    assert [(one.kind, one.places, one.reason) for one in made] == [
        ("places", 2, ""),
        ("moved", 3, ""),
        ("called_off", 3, "老师病了"),
    ]
    assert [one.starts_at for one in made] == [at(28, 14), at(28, 14), at(29, 10)]
