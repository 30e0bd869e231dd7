"""Many at once: never more than there is, never twice, in the order of the commits.

Each race is also run the naive way (look, then write), which must fail.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from secrets import token_hex
from threading import Barrier, Event

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, TimeoutError

from actions.booking import places, service
from actions.booking.bookings import Order
from actions.booking.codes import new_code
from actions.booking.model import (
    Booking,
    BookingStatus,
    EntryStatus,
    Session,
    WaitlistEntry,
)
from actions.db import Db
from actions.dialogue import Ground
from actions.errors import Refusal
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
from tests.actions.booking.test_schedule import only, write

pytestmark = pytest.mark.both_stores  # threads meet, or the stores differ

WORKERS = 16
PAUSE = 0.02  # between looking and writing, for those who do it in two steps

Deed = Callable[[str], object]


def race(deed: Deed, names: Iterable[str]) -> list[object]:
    """Let everybody do the deed at once; a refusal counts as None."""
    everybody = list(names)
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda name: persist(deed, name), everybody))


def persist(deed: Deed, name: str) -> object:
    """Try again while the store is busy, as the gateway does."""
    while True:
        try:
            return deed(name)
        except (OperationalError, TimeoutError):
            continue
        except (Refusal, IntegrityError):
            return None


def known(ground: Ground, names: Iterable[str]) -> list[str]:
    """Residents who have written before, so that only the booking races."""
    everybody = list(names)
    with ground.database.transaction() as db:
        for name in everybody:
            conversation_of(db, name)
    return everybody


def booked(db: Db, session_id: int) -> int:
    return db.scalars(
        select(func.coalesce(func.sum(Booking.places), 0)).where(
            Booking.session_id == session_id, Booking.status == BookingStatus.BOOKED
        )
    ).one()


def total(ground: Ground, session_id: int) -> int:
    with ground.database.reading() as db:
        return booked(db, session_id)


def look_then_book(
    ground: Ground, session_id: int, who: str, meet: Barrier | None = None
) -> int:
    """The naive way: count, and insert as if the count still held."""
    with ground.database.reading() as db:
        session = db.get_one(Session, session_id)
        mine = db.scalar(
            select(Booking.id).where(
                Booking.session_id == session_id,
                Booking.resident_id == conversation_of(db, who).resident_id,
            )
        )
        if mine or booked(db, session_id) >= session.places:
            raise Refusal("utter_session_full")
    if meet:
        meet.wait()
    time.sleep(PAUSE)
    with ground.database.transaction() as db:
        conversation = conversation_of(db, who)
        booking = Booking(
            code=new_code(),
            token=token_hex(16),
            session_id=session_id,
            resident_id=conversation.resident_id,
            conversation_id=conversation.id,
            places=1,
            status=BookingStatus.BOOKED,
            booked_at=ground.clock.now(),
        )
        db.add(booking)
        db.flush()
        return booking.id


@pytest.mark.parametrize(("places", "demand"), [(5, 24), (24, 20), (1, 16)])
def test_exactly_as_many_are_booked_as_there_are_places_or_asked(
    ground: Ground, make_session: MakeSession, places: int, demand: int
) -> None:
    session_id = make_session(places)
    names = known(ground, (f"r{n}" for n in range(demand)))
    made = race(lambda who: book(ground, session_id, who=who), names)
    assert sum(one is not None for one in made) == min(places, demand)
    assert (
        total(ground, session_id) == session_of(ground, session_id).taken == min(places, demand)
    )


def test_looking_before_booking_oversells(ground: Ground, make_session: MakeSession) -> None:
    """Negative control."""
    session_id = make_session(2)
    names = known(ground, (f"r{n}" for n in range(4)))
    meet = Barrier(4)
    race(lambda who: look_then_book(ground, session_id, who, meet), names)
    assert total(ground, session_id) == 4


def test_groups_never_take_more_than_there_is(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(7)
    names = known(ground, (f"r{n}" for n in range(16)))
    race(lambda who: book(ground, session_id, who=who, places=3), names)
    assert total(ground, session_id) == session_of(ground, session_id).taken == 6


def test_the_same_request_sixteen_times_is_booked_once(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(20)
    known(ground, "a")
    made = race(lambda who: book(ground, session_id, who=who), "a" * WORKERS)
    assert sum(one is not None for one in made) == 1
    assert session_of(ground, session_id).taken == 1


@contextmanager
def without_its_index(ground: Ground) -> Iterator[None]:
    """Take the index away for a while: the next test may get the same tables."""
    bookings = Booking.metadata.tables["bookings"]
    index = next(each for each in bookings.indexes if each.name == "uq_bookings_active")
    index.drop(ground.database.engine)
    try:
        yield
    finally:
        with ground.database.transaction() as db:
            db.execute(bookings.delete())
        index.create(ground.database.engine)


def test_without_its_index_the_naive_way_books_twice(
    ground: Ground, make_session: MakeSession
) -> None:
    """Negative control."""
    session_id = make_session(20)
    known(ground, "a")
    with without_its_index(ground):
        meet = Barrier(4)
        race(lambda who: look_then_book(ground, session_id, who, meet), "a" * 4)
        assert total(ground, session_id) == 4


def test_cancelling_and_booking_again_keeps_the_count(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(6)
    names = known(ground, (f"r{n}" for n in range(12)))

    def come_and_go(who: str) -> None:
        for _ in range(2):
            cancel(ground, book(ground, session_id, who=who), who=who)
        book(ground, session_id, who=who)

    race(come_and_go, names)
    assert total(ground, session_id) == session_of(ground, session_id).taken <= 6


def test_writing_back_a_count_that_was_read_loses_cancellations(
    ground: Ground, make_session: MakeSession
) -> None:
    """Negative control."""
    session_id = make_session(6)
    names = known(ground, (f"r{n}" for n in range(4)))
    for who in names:
        book(ground, session_id, who=who)
    meet = Barrier(4)

    def give_back(_who: str) -> None:
        taken = session_of(ground, session_id).taken
        meet.wait()
        with ground.database.transaction() as db:
            db.execute(update(Session).where(Session.id == session_id).values(taken=taken - 1))

    race(give_back, names)
    assert session_of(ground, session_id).taken == 3


def test_cancelling_twice_at_once_gives_the_place_back_once(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(2)
    booking = book(ground, session_id, who="a")
    book(ground, session_id, who="b")
    race(lambda who: cancel(ground, booking, who=who), "a" * WORKERS)
    assert session_of(ground, session_id).taken == 1


def test_places_that_come_free_at_once_are_offered_to_the_first_in_the_line(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(8)
    names = [f"r{n}" for n in range(8)]
    bookings = {who: book(ground, session_id, who=who) for who in names}
    for n in range(6):
        wait(ground, session_id, who=f"w{n}")
    race(lambda who: cancel(ground, bookings[who], who=who), names[:4])
    with ground.database.reading() as db:
        entries = db.scalars(select(WaitlistEntry).order_by(WaitlistEntry.position))
        statuses = [entry.status for entry in entries]
    assert statuses == [EntryStatus.OFFERED] * 4 + [EntryStatus.WAITING] * 2
    assert total(ground, session_id) == 4
    assert session_of(ground, session_id).taken == 8


def test_everybody_in_a_line_has_a_place_of_their_own(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(1)
    book(ground, session_id, who="a")
    names = known(ground, (f"r{n}" for n in range(WORKERS)))
    positions = race(lambda who: wait(ground, session_id, who=who), names)
    assert sorted(p for p in positions if isinstance(p, int)) == list(range(1, WORKERS + 1))


def test_counting_the_line_before_joining_it_gives_one_position_to_several(
    ground: Ground, make_session: MakeSession
) -> None:
    """Negative control."""
    session_id = make_session(1)
    names = known(ground, (f"r{n}" for n in range(4)))
    meet = Barrier(4)

    def count_then_join(_who: str) -> int:
        with ground.database.reading() as db:
            last = db.scalar(select(func.count()).select_from(WaitlistEntry)) or 0
        meet.wait()
        return last + 1

    assert race(count_then_join, names) == [1] * 4
    assert session_of(ground, session_id).waitlist_next == 0


def test_the_line_follows_the_commits(ground: Ground, make_session: MakeSession) -> None:
    """Who is at it first is first, however long the commit takes; the next one waits."""
    session_id = make_session(1)
    book(ground, session_id, who="a")
    known(ground, "bc")
    counted, go_on = Event(), Event()

    def slowly(_who: str) -> None:
        with ground.database.transaction() as db:
            db.execute(
                update(Session)
                .where(Session.id == session_id)
                .values(waitlist_next=Session.waitlist_next + 1)
            )
            counted.set()
            go_on.wait(timeout=1)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(persist, slowly, "b")
        counted.wait(timeout=5)
        second = pool.submit(persist, lambda who: wait(ground, session_id, who=who), "c")
        assert not second.done()
        go_on.set()
        first.result()
        assert second.result() == 2


def test_nobody_waits_for_what_they_are_booking_this_moment(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(1)
    known(ground, "a")
    with ThreadPoolExecutor(1) as pool:
        with ground.database.transaction() as db:
            conversation = conversation_of(db, "a")
            service.book(
                db,
                programme_of(ground),
                order=Order(session_id),
                conversation=conversation,
                now=ground.clock.now(),
            )
            waits = pool.submit(wait, ground, session_id, who="a")
            time.sleep(0.5)  # so that it has looked for a booking
        with pytest.raises(Refusal, match="utter_already_booked"):
            waits.result(timeout=20)


def meet_in_the_middle(ground: Ground, ids: list[int], deed: Callable[[], object]) -> None:
    """Hold some sessions one after the other while a deed wants all of them too."""
    with ThreadPoolExecutor(1) as pool:
        with ground.database.transaction() as db:
            places.hold(db, ids[0])
            other = pool.submit(deed)
            time.sleep(0.5)  # so that it has what it can have
            for session_id in ids[1:]:
                places.hold(db, session_id)
        other.result(timeout=20)


def test_writing_the_sessions_waits_for_who_moves_between_two(ground: Ground) -> None:
    """In one order everywhere, or each would wait for the other."""
    pack = only(ground.pack, "club-calligraphy", "club-dance")
    write(ground, pack)
    activities = {
        one.id: one.model_copy(update={"places": one.places + 1})
        for one in reversed(pack.activities.values())
    }
    with ground.database.reading() as db:
        ids = sorted(db.scalars(select(Session.id)))
    larger = pack.model_copy(update={"activities": activities})
    meet_in_the_middle(ground, [ids[0], ids[-1]], lambda: write(ground, larger))


def test_bringing_an_activity_back_waits_for_who_moves_between_two(
    ground: Ground, make_session: MakeSession
) -> None:
    later = make_session(starts_at=at(5, 14, month=12), ends_at=at(5, 15, month=12))
    sooner = make_session()
    take_offline(ground, "club-calligraphy")
    meet_in_the_middle(ground, [later, sooner], lambda: bring_back(ground, "club-calligraphy"))
