"""Who is asked about whom, and who never is."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from actions.acquaintance import pairing
from actions.acquaintance.model import Introduction, Openness
from actions.people import blocks, consents
from actions.people.model import Acting, Role, Staff, Suspension
from actions.quiet import is_quiet
from tests.actions.acquaintance.conftest import CHESS, MEILIN, QICAI, TEA, Village
from tests.conftest import StandingClock

WEEK = timedelta(days=7)


def test_two_of_a_village_who_like_the_same_are_both_asked(village: Village) -> None:
    village.open_up("a", "b")
    assert village.propose() == 1
    assert village.told("a") == village.told("b") == ["utter_meet_asked_village"]


def test_one_alone_is_asked_nothing(village: Village) -> None:
    village.open_up("a")
    assert village.propose() == 0
    assert village.told("a") == []


def test_nothing_is_said_of_who_the_other_is(village: Village) -> None:
    village.open_up("a", "b")
    village.propose()
    told, other = village.owed("a")[0], village.owed("b")[0]
    assert set(told.values) == {"id", "interest"}
    assert told.values == other.values
    assert village.resident("b") not in str(told.values)


def test_the_own_village_comes_first_and_then_the_town(village: Village) -> None:
    village.open_up("a")
    village.open_up("far", area=MEILIN)
    village.open_up("near")
    village.propose()
    assert village.pairs() == [village.of("a", "near")]
    village.open_up("too", area="guali/qicai/a/")
    village.propose()
    assert village.pairs()[1:] == [village.of("far", "too")]
    assert village.told("far") == ["utter_meet_asked_town"]


def apart_by_interest(village: Village) -> None:
    village.tap("stop_introductions", "", "b")
    village.tap("agree_to_be_asked", TEA, "b")


def apart_by_household(village: Village) -> None:
    for who in ("a", "b"):
        village.move_in(who, QICAI, household=7)


def apart_by_block(village: Village) -> None:
    with village.database.transaction() as db:
        a, b = (village.talk(db, who).resident_id for who in "ab")
        blocks.block(db, b, a, now=village.clock.now())


def apart_by_suspension(village: Village) -> None:
    now = village.clock.now()
    with village.database.transaction() as db:
        staff = Staff(username="s", password_hash="x", role=Role.STAFF, area_id="guali/")
        staff.created_at = now
        db.add(staff)
        db.flush()
        db.add(
            Suspension(
                resident_id=village.talk(db, "a").resident_id,
                cause="report:1",
                staff_id=staff.id,
                since=now,
                until=now + WEEK,
            )
        )


def apart_by_consent(village: Village) -> None:
    """The consent is taken back elsewhere: among one's own data."""
    with village.database.transaction() as db:
        b = village.talk(db, "b").resident_id
        consents.withdraw(db, b, "meet", now=village.clock.now())


def apart_by_stopping(village: Village) -> None:
    village.tap("stop_introductions", "", "b")


def apart_by_place(village: Village) -> None:
    village.move_in("b", area=None)


def apart_as_family(village: Village) -> None:
    now = village.clock.now()
    with village.database.transaction() as db:
        acting = Acting(kin="mother", asked_at=now, confirmed_at=now)
        acting.actor_id = village.talk(db, "a").resident_id
        acting.principal_id = village.talk(db, "b").resident_id
        db.add(acting)


@pytest.mark.parametrize(
    "apart",
    [
        apart_by_interest,
        apart_by_household,
        apart_by_block,
        apart_by_suspension,
        apart_by_consent,
        apart_by_stopping,
        apart_by_place,
        apart_as_family,
    ],
)
def test_who_must_not_be_brought_together_is_not(
    village: Village, apart: Callable[[Village], None]
) -> None:
    village.open_up("a", "b")
    apart(village)
    assert village.propose() == 0
    village.open_up("c", "d")  # the control: others are, at the same moment
    assert village.propose() >= 1
    assert village.of("a", "b") not in village.pairs()


def test_a_pair_is_asked_once_whatever_came_of_it(
    village: Village, clock: StandingClock
) -> None:
    village.open_up("a", "b")
    village.propose()
    village.answer(1, "a", agreed=False)
    clock.pass_by(WEEK * 2)
    assert village.propose() == 0


def test_nobody_is_asked_twice_in_a_week(village: Village, clock: StandingClock) -> None:
    village.open_up("a", "b", "c")
    assert village.propose() == 1
    village.open_up("d")
    assert village.propose() == 1  # the two who were not asked yet
    village.open_up("e")
    assert village.propose() == 0
    clock.pass_by(WEEK + timedelta(hours=1))
    assert village.propose() == 2


def test_nobody_is_asked_at_night(village: Village, clock: StandingClock) -> None:
    village.open_up("a", "b")
    at_night = clock.now().replace(hour=14)  # 22:00 there
    assert is_quiet(at_night, village.square.zone)
    assert village.propose(at_night) == 0
    with village.database.reading() as db:
        assert not pairing.is_any_due(db, village.square, now=at_night)
        assert pairing.is_any_due(db, village.square, now=clock.now())


def test_who_has_waited_longest_goes_first(village: Village, clock: StandingClock) -> None:
    for who in ("first", "second", "third"):
        village.open_up(who)
        clock.pass_by(timedelta(minutes=1))
    village.propose()
    assert village.pairs() == [village.of("first", "second")]


@pytest.mark.both_stores
def test_two_workers_at_once_ask_nobody_twice(village: Village) -> None:
    village.open_up("a", "b", "c")
    at_once(village, village.propose)
    assert len(village.pairs()) == 1


@pytest.mark.both_stores
def test_without_the_lock_two_workers_would(village: Village) -> None:
    """The control: both look before either has asked."""
    village.open_up("a", "b", "c")
    barrier = Barrier(2)

    def naive() -> None:
        with village.database.reading() as db:
            rows = db.scalars(select(Openness).order_by(Openness.resident_id)).all()
            free = [row.resident_id for row in rows]
        first = barrier.wait() == 0  # both have looked
        two = free[:2] if first else free[1:]
        with village.database.transaction() as db:
            db.add(
                Introduction(
                    one_id=two[0],
                    other_id=two[1],
                    interest=CHESS,
                    asked_at=village.clock.now(),
                    expires_at=village.clock.now() + WEEK,
                )
            )

    at_once(village, naive)
    assert len(village.pairs()) == 2


def at_once(village: Village, deed: Callable[[], object]) -> None:
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(deed) for _ in range(2)]:
            done.result()
