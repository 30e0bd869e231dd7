"""Guard, act, tell: what booking allows, refuses and owes."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from actions.booking import service
from actions.booking.model import Booking, BookingStatus, EntryStatus, WaitlistEntry
from actions.booking.programme import cancelled_late, described
from actions.booking.service import Order
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.outbox import Notice, NoticeState
from tests.actions.booking.conftest import (
    MakeSession,
    at,
    book,
    bring_back,
    cancel,
    conversation_of,
    programme_of,
    session_of,
    take_offline,
    wait,
)
from tests.conftest import StandingClock


def notices(ground: Ground, response: str) -> list[Notice]:
    with ground.database.reading() as db:
        return list(db.scalars(select(Notice).where(Notice.response == response)))


def active(ground: Ground) -> list[Booking]:
    with ground.database.reading() as db:
        return list(
            db.scalars(
                select(Booking)
                .where(Booking.status == BookingStatus.BOOKED)
                .order_by(Booking.id)
            )
        )


def refused(ground: Ground, session_id: int, **facts: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        book(ground, session_id, **facts)  # type: ignore[arg-type]
    return caught.value


def test_a_booking_takes_its_places(ground: Ground, make_session: MakeSession) -> None:
    session_id = make_session(5)
    book(ground, session_id, places=3)
    assert session_of(ground, session_id).left == 2
    assert [booking.places for booking in active(ground)] == [3]


def test_a_booking_is_made_once_until_it_is_cancelled_and_then_again(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(5)
    first = book(ground, session_id)
    assert refused(ground, session_id).response == "utter_already_booked"
    cancel(ground, first)
    assert session_of(ground, session_id).taken == 0
    second = book(ground, session_id, places=2)
    assert [booking.id for booking in active(ground)] == [second]
    cancel(ground, second)
    book(ground, session_id)
    assert session_of(ground, session_id).taken == 1


@pytest.mark.parametrize(
    ("activity_id", "starts_at", "places", "response"),
    [
        ("club-calligraphy", at(24, 9), 1, "utter_session_past"),
        ("class-swim-learn", at(28, 10, 30), 1, "utter_activity_drawn"),
        ("gone-from-the-pack", at(28, 14), 1, "utter_session_unknown"),
        ("club-calligraphy", at(28, 14), 0, "utter_places_too_many"),
        ("club-calligraphy", at(28, 14), 11, "utter_places_too_many"),
        ("club-calligraphy", at(28, 14), 3, "utter_session_full"),
        ("one-fun-run", at(28, 14), 3, "utter_session_full_no_waitlist"),
    ],
)
def test_rules_say_no_and_nothing_is_taken(
    ground: Ground,
    make_session: MakeSession,
    activity_id: str,
    starts_at: datetime,
    places: int,
    response: str,
) -> None:
    session_id = make_session(2, activity_id=activity_id, starts_at=starts_at)
    refusal = refused(ground, session_id, places=places)
    assert refusal.response == response
    assert ground.wording.render(response, values=refusal.details).text
    assert session_of(ground, session_id).taken == 0
    assert active(ground) == []


def test_what_is_offline_takes_no_booking_and_no_waiting_but_lets_go(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(1)
    booked = book(ground, session_id)
    wait(ground, session_id, who="b")
    take_offline(ground, "club-calligraphy")
    refusal = refused(ground, session_id, who="c")
    assert refusal.response == "utter_activity_offline"
    with pytest.raises(Refusal, match="utter_activity_offline"):
        wait(ground, session_id, who="c")
    assert [booking.id for booking in active(ground)] == [booked]
    cancel(ground, booked)
    assert active(ground) == []  # nobody moves up into what is being checked


def test_who_waited_moves_up_when_it_comes_back(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(1)
    booked = book(ground, session_id)
    wait(ground, session_id, who="b")
    take_offline(ground, "club-calligraphy")
    cancel(ground, booked)
    bring_back(ground, "club-calligraphy")
    assert len(notices(ground, "utter_waitlist_booked")) == 1
    assert session_of(ground, session_id).left == 0


def test_a_session_that_is_not_there_is_refused(ground: Ground) -> None:
    assert refused(ground, 4711).response == "utter_session_unknown"


def test_what_is_booked_for_the_same_time_is_found_and_not_refused(
    ground: Ground, make_session: MakeSession
) -> None:
    first = make_session()
    other = make_session(activity_id="club-guzheng", starts_at=at(28, 15), ends_at=at(28, 17))
    after = make_session(activity_id="club-tea", starts_at=at(28, 15, 30), ends_at=at(28, 17))
    booking = book(ground, first)
    with ground.database.reading() as db:
        found = {
            session_id: service.clash(
                db,
                session=session_of(ground, session_id),
                resident_id=conversation_of(db, "a").resident_id,
                now=ground.clock.now(),
            )
            for session_id in (other, after)
        }
    clashing = found[other]
    assert clashing is not None
    assert clashing.id == booking
    assert found[after] is None  # one ends when the other begins
    book(ground, other)


def test_others_cannot_cancel_what_is_not_theirs(
    ground: Ground, make_session: MakeSession
) -> None:
    booking = book(ground, make_session(), who="a")
    with pytest.raises(Refusal, match="utter_no_such_booking"):
        cancel(ground, booking, who="b")
    cancel(ground, booking)
    with pytest.raises(Refusal, match="utter_no_such_booking"):
        cancel(ground, booking)


def test_a_session_that_has_begun_cannot_be_cancelled(
    ground: Ground, make_session: MakeSession, clock: StandingClock
) -> None:
    booking = book(ground, make_session())
    clock.pass_by(timedelta(days=5))
    with pytest.raises(Refusal, match="utter_session_past"):
        cancel(ground, booking)


def test_whether_a_cancellation_is_late_is_the_packs_rule(
    ground: Ground, make_session: MakeSession
) -> None:
    session = session_of(ground, make_session())
    programme = programme_of(ground)
    assert not cancelled_late(programme, session, at(27, 14))
    assert cancelled_late(programme, session, at(27, 14, 1))


# Reminders


@pytest.mark.parametrize(
    ("booked_at", "due_at"),
    [
        (at(24, 10), at(27, 18)),
        (at(27, 17, 59), at(27, 18)),
        (at(27, 18), at(28, 12)),
        (at(28, 11), at(28, 12)),
        (at(28, 13), None),
    ],
)
def test_the_reminder_is_due_the_evening_before_or_shortly_before(
    ground: Ground, make_session: MakeSession, booked_at: datetime, due_at: datetime | None
) -> None:
    book(ground, make_session(), now=booked_at)
    owed = notices(ground, "utter_booking_reminder")
    assert [notice.due_at for notice in owed] == ([due_at] if due_at else [])


def test_a_reminder_goes_with_its_booking(ground: Ground, make_session: MakeSession) -> None:
    session_id = make_session()
    booking = book(ground, session_id)
    (reminder,) = notices(ground, "utter_booking_reminder")
    said = ground.wording.render(reminder.response, language="zh", values=reminder.values)
    assert "书法社，11月28日（周六）14:00–15:30，文化教育中心 一号教室" in said.text
    assert "示例数据" in said.text
    assert [(c.intent, c.value) for c in said.choices] == [("cancel_booking", str(booking))]
    cancel(ground, booking)
    again = book(ground, session_id)
    stale, fresh = sorted(notices(ground, "utter_booking_reminder"), key=lambda n: n.id)
    assert (stale.state, fresh.state) == (NoticeState.CANCELLED, NoticeState.WAITING)
    assert fresh.about == f"booking:{again}"


def test_a_clock_that_steps_makes_no_second_reminder(
    ground: Ground, make_session: MakeSession, clock: StandingClock
) -> None:
    session_id = make_session()
    for step in (timedelta(hours=1), timedelta(hours=-2), timedelta(hours=1)):
        cancel(ground, book(ground, session_id))
        clock.pass_by(step)
    book(ground, session_id)
    waiting = [
        n for n in notices(ground, "utter_booking_reminder") if n.state == NoticeState.WAITING
    ]
    assert len(waiting) == 1


# The line


def test_a_place_that_comes_free_goes_to_the_first_in_the_line(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(1)
    booking = book(ground, session_id, who="a")
    assert [wait(ground, session_id, who=who) for who in "bc"] == [1, 2]
    cancel(ground, booking, who="a")
    with ground.database.reading() as db:
        (now_booked,) = active(ground)
        assert now_booked.resident_id == conversation_of(db, "b").resident_id
        entries = db.scalars(select(WaitlistEntry).order_by(WaitlistEntry.position)).all()
        assert [e.status for e in entries] == [EntryStatus.BOOKED, EntryStatus.WAITING]
        assert service.ahead_of(db, entries[1]) == 0
    (told,) = notices(ground, "utter_waitlist_booked")
    assert told.conversation_id == now_booked.conversation_id
    said = ground.wording.render(told.response, values=told.values)
    assert [(c.intent, c.value) for c in said.choices] == [
        ("cancel_booking", str(now_booked.id))
    ]
    reminders = notices(ground, "utter_booking_reminder")
    assert [n.about for n in reminders if n.state == NoticeState.WAITING] == [
        f"booking:{now_booked.id}"
    ]


def test_who_wants_more_than_came_free_is_passed_over_but_stays(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(2)
    first, _second = book(ground, session_id, who="a"), book(ground, session_id, who="b")
    wait(ground, session_id, who="c", places=2)
    wait(ground, session_id, who="d")
    cancel(ground, first, who="a")
    with ground.database.reading() as db:
        waiting = db.scalars(
            select(WaitlistEntry).where(WaitlistEntry.status == EntryStatus.WAITING)
        ).all()
        assert [entry.places for entry in waiting] == [2]
    assert session_of(ground, session_id).left == 0


def test_nobody_stands_in_a_line_twice_or_where_they_have_a_place(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(1)
    book(ground, session_id, who="a")
    wait(ground, session_id, who="b")
    with pytest.raises(Refusal, match="utter_already_waiting"):
        wait(ground, session_id, who="b")
    with pytest.raises(Refusal, match="utter_already_booked"):
        wait(ground, session_id, who="a")


def test_joining_a_line_nobody_needs_books_at_once(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(1)
    with ground.database.transaction() as db:
        made = service.join_waitlist(
            db,
            programme_of(ground),
            order=Order(session_id),
            conversation=conversation_of(db, "a"),
            now=ground.clock.now(),
        )
        assert isinstance(made, Booking)


def test_booking_fewer_places_ends_waiting_for_more(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(2)
    booking = book(ground, session_id, who="a")
    wait(ground, session_id, who="b", places=2)
    book(ground, session_id, who="b")
    cancel(ground, booking, who="a")
    assert len(active(ground)) == 1


def test_a_line_can_be_left_once(ground: Ground, make_session: MakeSession) -> None:
    session_id = make_session(1)
    book(ground, session_id, who="a")
    wait(ground, session_id, who="b")
    with ground.database.transaction() as db:
        resident_id = conversation_of(db, "b").resident_id
        (entry,) = service.waiting_of(db, resident_id=resident_id, now=ground.clock.now())
        service.leave_waitlist(db, entry_id=entry.id, resident_id=resident_id)
        with pytest.raises(Refusal, match="utter_no_such_booking"):
            service.leave_waitlist(db, entry_id=entry.id, resident_id=resident_id)
    wait(ground, session_id, who="b")


# What the database itself refuses


def test_the_database_refuses_more_than_there_is(
    ground: Ground, make_session: MakeSession
) -> None:
    make_session(2)
    for taken in (3, -1):
        with (
            pytest.raises(IntegrityError, match="ck_sessions_places"),
            ground.database.transaction() as db,
        ):
            db.execute(text("UPDATE sessions SET taken = :taken"), {"taken": taken})


INSERT = text(
    "INSERT INTO bookings (session_id, resident_id, conversation_id, places, status, booked_at)"
    " SELECT session_id, resident_id, conversation_id, :places, :status, booked_at"
    " FROM bookings LIMIT 1"
)


def test_the_database_refuses_a_second_active_booking_and_allows_a_cancelled_one(
    ground: Ground, make_session: MakeSession
) -> None:
    book(ground, make_session())
    with pytest.raises(IntegrityError), ground.database.transaction() as db:
        db.execute(INSERT, {"places": 1, "status": "booked"})
    with (
        pytest.raises(IntegrityError, match="ck_bookings_places"),
        ground.database.transaction() as db,
    ):
        db.execute(INSERT, {"places": 0, "status": "cancelled"})
    with ground.database.transaction() as db:
        db.execute(INSERT, {"places": 1, "status": "cancelled"})


def test_the_database_refuses_the_same_session_twice(make_session: MakeSession) -> None:
    make_session(2)
    with pytest.raises(IntegrityError):
        make_session(2)


def test_what_is_told_is_told_in_both_languages(
    ground: Ground, make_session: MakeSession
) -> None:
    session = session_of(ground, make_session())
    told = described(programme_of(ground), session)
    english = ground.wording.render(
        "utter_ask_booking_confirm", language="en", values=told | {"places": 1}
    ).text
    assert "Calligraphy club" in english
    assert "Sat 28 Nov, 14:00–15:30" in english
    assert "Fee: free" in english
    assert "Sample data" in english


def test_a_count_of_sessions_is_by_time_and_activity(
    ground: Ground, make_session: MakeSession
) -> None:
    make_session(starts_at=at(28, 14))
    make_session(starts_at=at(29, 14))
    make_session(activity_id="club-tea", starts_at=at(28, 14))
    with ground.database.reading() as db:
        total = db.scalar(select(func.count()).select_from(Booking))
        found = service.sessions_between(
            db, start=at(28, 0), end=at(29, 0), activity_ids=["club-calligraphy"]
        )
    assert total == 0
    assert [s.starts_at.astimezone(UTC) for s in found] == [at(28, 14).astimezone(UTC)]
