"""The line: a free place is offered for a time, to one after another, and to nobody twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from actions.booking import service, waitlist
from actions.booking.bookings import Order
from actions.booking.model import Booking, BookingStatus, EntryStatus, WaitlistEntry
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.outbox import Notice, NoticeState
from tests.actions.booking.conftest import (
    MakeSession,
    at,
    book,
    cancel,
    conversation_of,
    deliver,
    programme_of,
    session_of,
    wait,
)
from tests.conftest import StandingClock


def statuses(ground: Ground) -> list[str]:
    """What became of everybody in the line, in its order."""
    with ground.database.reading() as db:
        return list(db.scalars(select(WaitlistEntry.status).order_by(WaitlistEntry.position)))


def entry_of(ground: Ground, who: str) -> WaitlistEntry:
    with ground.database.transaction() as db:
        resident_id = conversation_of(db, who).resident_id
        entries = select(WaitlistEntry).where(WaitlistEntry.resident_id == resident_id)
        return db.scalars(entries.order_by(WaitlistEntry.id.desc()).limit(1)).one()


def answer(ground: Ground, deed: Callable[..., object], who: str, *, by: str = "") -> object:
    """Answer an offer that was made to somebody, by somebody else if need be."""
    entry_id = entry_of(ground, who).id
    with ground.database.transaction() as db:
        return deed(
            db,
            programme_of(ground),
            entry_id=entry_id,
            resident_id=conversation_of(db, by or who).resident_id,
            now=ground.clock.now(),
        )


def expire(ground: Ground) -> int:
    with ground.database.transaction() as db:
        return waitlist.expire_due(db, programme_of(ground), now=ground.clock.now())


def notices(ground: Ground, response: str) -> list[Notice]:
    with ground.database.reading() as db:
        return list(db.scalars(select(Notice).where(Notice.response == response)))


def booked(ground: Ground) -> set[str]:
    with ground.database.reading() as db:
        rows = db.scalars(select(Booking).where(Booking.status == BookingStatus.BOOKED))
        return {row.resident_id for row in rows}


@pytest.fixture
def full(ground: Ground, make_session: MakeSession) -> int:
    """A session of one place that `a` has and `b` and `c` wait for; its id."""
    session_id = make_session(1)
    book(ground, session_id, who="a")
    assert [wait(ground, session_id, who=who) for who in "bc"] == [1, 2]
    return session_id


def give_back(ground: Ground, who: str = "a") -> None:
    with ground.database.transaction() as db:
        resident_id = conversation_of(db, who).resident_id
        (one,) = service.bookings_of(db, resident_id=resident_id, now=ground.clock.now())
    cancel(ground, one.id, who=who)


def test_a_place_that_comes_free_is_kept_for_the_first_who_is_asked(
    ground: Ground, full: int
) -> None:
    give_back(ground)
    assert statuses(ground) == [EntryStatus.OFFERED, EntryStatus.WAITING]
    assert session_of(ground, full).left == 0
    (asked,) = notices(ground, "utter_offer")
    minutes = ground.pack.activity_rules.waitlist_offer_minutes
    assert asked.stale_at == ground.clock.now() + timedelta(minutes=minutes)
    said = ground.wording.render(asked.response, values=asked.values)
    assert "书法社" in said.text
    assert "回复 1" in said.text
    assert "10:30以前" in said.text
    entry = str(entry_of(ground, "b").id)
    assert [(c.intent, c.value) for c in said.choices] == [
        ("accept_offer", entry),
        ("decline_offer", entry),
    ]


def test_an_offer_that_is_kept_for_one_is_had_by_no_other(ground: Ground, full: int) -> None:
    give_back(ground)
    with pytest.raises(Refusal, match="utter_session_full"):
        book(ground, full, who="z")
    with pytest.raises(Refusal, match="utter_no_such_booking"):
        answer(ground, waitlist.accept, "b", by="c")


def test_a_yes_in_time_books_with_reminders(ground: Ground, full: int) -> None:
    give_back(ground)
    answer(ground, waitlist.accept, "b")
    assert statuses(ground) == [EntryStatus.BOOKED, EntryStatus.WAITING]
    assert booked(ground) == {entry_of(ground, "b").resident_id}
    assert session_of(ground, full).taken == 1
    owed = notices(ground, "utter_booking_reminder")
    assert sum(n.state == NoticeState.WAITING for n in owed) == 2
    with pytest.raises(Refusal, match="utter_already_booked"):
        answer(ground, waitlist.accept, "b")


def test_a_no_asks_the_next(ground: Ground, full: int) -> None:
    give_back(ground)
    answer(ground, waitlist.decline, "b")
    assert statuses(ground) == [EntryStatus.DECLINED, EntryStatus.OFFERED]
    with pytest.raises(Refusal, match="utter_offer_over"):
        answer(ground, waitlist.accept, "b")
    answer(ground, waitlist.decline, "c")
    assert session_of(ground, full).left == 1


def test_time_that_runs_out_asks_the_next_and_tells_the_one_before(
    ground: Ground, full: int, clock: StandingClock
) -> None:
    give_back(ground)
    deliver(ground)
    clock.pass_by(timedelta(minutes=29, seconds=59))
    assert expire(ground) == 0
    clock.pass_by(timedelta(seconds=1))
    with pytest.raises(Refusal, match="utter_offer_over"):
        answer(ground, waitlist.accept, "b")
    assert expire(ground) == 1
    assert statuses(ground) == [EntryStatus.EXPIRED, EntryStatus.OFFERED]
    assert session_of(ground, full).taken == 1
    (told,) = notices(ground, "utter_offer_expired")
    assert told.conversation_id == entry_of(ground, "b").conversation_id
    assert expire(ground) == 0


def test_who_could_not_be_asked_in_time_is_asked_anew(
    ground: Ground, full: int, clock: StandingClock
) -> None:
    give_back(ground)
    clock.pass_by(timedelta(hours=1))  # the worker slept
    deliver(ground)
    assert expire(ground) == 0
    assert statuses(ground) == [EntryStatus.OFFERED, EntryStatus.WAITING]
    assert entry_of(ground, "b").offer_until == clock.now() + timedelta(minutes=30)
    deliver(ground)
    assert notices(ground, "utter_offer")[0].state == NoticeState.SENT
    clock.pass_by(timedelta(minutes=30))
    assert expire(ground) == 1


def test_who_could_not_be_asked_before_the_beginning_is_told_that_it_is_over(
    ground: Ground, full: int, clock: StandingClock
) -> None:
    give_back(ground)
    clock.moment = at(28, 14)
    assert expire(ground) == 1
    assert statuses(ground) == [EntryStatus.EXPIRED, EntryStatus.WAITING]


def test_nobody_is_asked_at_night_and_the_time_begins_in_the_morning(
    ground: Ground, full: int, clock: StandingClock
) -> None:
    clock.moment = at(27, 22, 30)
    give_back(ground)
    (asked,) = notices(ground, "utter_offer")
    assert asked.due_at == at(28, 7)
    assert asked.stale_at == at(28, 7, 30)
    clock.moment = at(28, 7, 20)
    assert expire(ground) == 0
    answer(ground, waitlist.accept, "b")


def test_an_offer_ends_when_its_session_begins(
    ground: Ground, full: int, clock: StandingClock
) -> None:
    clock.moment = at(28, 13, 50)
    give_back(ground)
    assert entry_of(ground, "b").offer_until == at(28, 14)


def test_who_wants_more_than_came_free_is_passed_over_but_stays(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(2)
    book(ground, session_id, who="a")
    book(ground, session_id, who="b")
    wait(ground, session_id, who="c", places=2)
    wait(ground, session_id, who="d")
    give_back(ground)
    assert statuses(ground) == [EntryStatus.WAITING, EntryStatus.OFFERED]


def test_nobody_stands_in_a_line_twice_or_where_they_have_a_place(
    ground: Ground, full: int
) -> None:
    with pytest.raises(Refusal, match="utter_already_waiting"):
        wait(ground, full, who="b")
    with pytest.raises(Refusal, match="utter_already_booked"):
        wait(ground, full, who="a")


def test_a_place_is_never_offered_back_to_the_one_who_gave_it_up(
    ground: Ground, full: int
) -> None:
    give_back(ground)
    answer(ground, waitlist.accept, "b")
    give_back(ground, "b")
    assert statuses(ground) == [EntryStatus.BOOKED, EntryStatus.OFFERED]
    answer(ground, waitlist.decline, "c")
    assert statuses(ground) == [EntryStatus.BOOKED, EntryStatus.DECLINED]
    assert session_of(ground, full).left == 1


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
    book(ground, session_id, who="a")
    wait(ground, session_id, who="b", places=2)
    book(ground, session_id, who="b")
    give_back(ground)
    assert statuses(ground) == [EntryStatus.BOOKED]
    assert session_of(ground, session_id).taken == 1


def test_who_is_offered_a_place_may_simply_book_it(ground: Ground, full: int) -> None:
    give_back(ground)
    book(ground, full, who="b")
    assert statuses(ground) == [EntryStatus.BOOKED, EntryStatus.WAITING]
    assert session_of(ground, full).taken == 1
    assert notices(ground, "utter_offer")[0].state == NoticeState.CANCELLED


def test_booking_fewer_places_than_were_offered_asks_the_next(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(2)
    book(ground, session_id, who="a", places=2)
    wait(ground, session_id, who="b", places=2)
    wait(ground, session_id, who="c")
    give_back(ground)
    book(ground, session_id, who="b")
    assert statuses(ground) == [EntryStatus.BOOKED, EntryStatus.OFFERED]
    assert session_of(ground, session_id).taken == 2


def test_booking_more_than_was_offered_and_is_free_leaves_the_offer(
    ground: Ground, full: int
) -> None:
    give_back(ground)
    with pytest.raises(Refusal, match="utter_session_full"):
        book(ground, full, who="b", places=2)
    assert statuses(ground) == [EntryStatus.OFFERED, EntryStatus.WAITING]
    assert session_of(ground, full).taken == 1


def test_a_line_can_be_left_once_and_an_offer_left_goes_to_the_next(
    ground: Ground, full: int
) -> None:
    answer(ground, waitlist.leave, "b")
    with pytest.raises(Refusal, match="utter_no_such_booking"):
        answer(ground, waitlist.leave, "b")
    wait(ground, full, who="b")
    give_back(ground)
    answer(ground, waitlist.leave, "c")
    assert statuses(ground) == [
        EntryStatus.LEFT,
        EntryStatus.DECLINED,
        EntryStatus.OFFERED,
    ]
