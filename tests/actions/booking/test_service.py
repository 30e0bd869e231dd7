"""Guard, act, tell: what booking allows, refuses and owes."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from actions import happenings
from actions.booking import service
from actions.booking.model import Booking, BookingStatus
from actions.booking.programme import cancelled_late, described
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.outbox import Notice
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


def test_the_town_may_hear_that_places_were_taken_and_given_back(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(5)
    cancel(ground, book(ground, session_id, places=3))
    with ground.database.reading() as db:
        told = happenings.unannounced(db, 9)
    assert [one.what for one in told] == ["booking.made", "booking.cancelled"]
    assert [one.facts["places"] for one in told] == [3, 3]


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
        ("class-swim-learn", at(28, 10, 30), 1, "utter_draw_first"),
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


def test_who_waited_is_asked_when_it_comes_back(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(1)
    booked = book(ground, session_id)
    wait(ground, session_id, who="b")
    take_offline(ground, "club-calligraphy")
    cancel(ground, booked)
    bring_back(ground, "club-calligraphy")
    assert len(notices(ground, "utter_offer")) == 1
    assert session_of(ground, session_id).left == 0


@pytest.mark.parametrize(("left_at", "at_risk"), [(at(27, 13), False), (at(27, 15), True)])
def test_a_session_somebody_left_late_is_at_risk_until_the_place_is_taken(
    ground: Ground,
    make_session: MakeSession,
    clock: StandingClock,
    left_at: datetime,
    at_risk: bool,
) -> None:
    session_id = make_session(1, activity_id="one-clean")
    booked = book(ground, session_id)
    clock.moment = left_at
    cancel(ground, booked)
    assert session_of(ground, session_id).is_at_risk == at_risk
    book(ground, session_id, who="b")
    assert not session_of(ground, session_id).is_at_risk


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
    "INSERT INTO bookings (session_id, resident_id, conversation_id, places, status, booked_at,"
    " code, token, missed) SELECT session_id, resident_id, conversation_id, :places, :status,"
    " booked_at, code || 'x', token || 'x', missed FROM bookings LIMIT 1"
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
        "utter_ask_booking_confirm",
        language="en",
        values=told | {"places": 1, "whom": ""},
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
