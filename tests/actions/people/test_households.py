"""Who lives together, where that is, and who may act for whom."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from actions import conversations
from actions.conversations import Conversation
from actions.db import Database, Db
from actions.errors import Refusal
from actions.people import acting, households, links
from actions.people.households import Where
from actions.people.model import Acting, Area, Household, LinkCode, Resident, Role, Staff
from tests.conftest import StandingClock

HERE = Where("guali/qicai/", 30.2, 120.4)


@pytest.fixture
def people(database: Database, clock: StandingClock) -> Callable[[Db, str], Resident]:
    """Residents by name, each with a chat of their own."""
    with database.transaction() as db:
        for area in ("guali/", "guali/qicai/", "guali/meilin/"):
            db.add(Area(id=area, tier="town"))
        db.flush()
        desk = Staff(username="desk", password_hash="-", role=Role.STAFF, area_id="guali/")
        desk.created_at = clock.now()
        db.add(desk)

    def named(db: Db, name: str) -> Resident:
        now = clock.now()
        return conversations.at_address(db, channel="webchat", address=name, now=now).resident

    return named


Named = Callable[[Db, str], Resident]


def test_who_joins_gets_where_it_is_and_so_does_who_is_there(
    database: Database, clock: StandingClock, people: Named
) -> None:
    with database.transaction() as db:
        child, mother = people(db, "child"), people(db, "mother")
        elsewhere = conversations.of_resident(db, mother.id)
        assert elsewhere
        elsewhere.area_id = "guali/meilin/"
        home = households.of_or_new(db, child, now=clock.now())
        households.place(db, home, HERE)
        households.join(db, home.id, mother)
        assert (home.lat, home.lon) == (30.2, 120.4)
        assert {child.area_id, mother.area_id} == {"guali/qicai/"}
        assert households.household_of(db, mother.id) is home
        assert {one.id for one in households.members(db, home.id)} == {child.id, mother.id}
    with database.reading() as db:
        areas = dict(db.execute(select(Conversation.resident_id, Conversation.area_id)).all())
        assert areas[child.id] == "guali/qicai/"
        assert areas[mother.id] == "guali/meilin/"  # what was known of it stays


def test_who_leaves_stays_who_they_are_and_the_last_closes_the_door(
    database: Database, clock: StandingClock, people: Named
) -> None:
    now = clock.now()
    with database.transaction() as db:
        child, mother = people(db, "child"), people(db, "mother")
        home = households.of_or_new(db, child, now=now)
        households.join(db, home.id, mother)
        links.code_for_household(db, home.id, key="key", now=now)
        households.leave(db, child, now=now)
        assert db.get(Household, home.id)
        households.leave(db, mother, now=now)
        assert households.leave(db, mother, now=now) == []
    with database.reading() as db:
        assert db.scalars(select(Household)).all() == []
        assert db.scalars(select(LinkCode)).all() == []
        assert len(db.scalars(select(Resident)).all()) == 2


def test_nobody_is_of_two_households_or_of_one_that_is_full_or_gone(
    database: Database, clock: StandingClock, people: Named
) -> None:
    with database.transaction() as db:
        child, other = people(db, "child"), people(db, "other")
        home = households.of_or_new(db, child, now=clock.now())
        theirs = households.of_or_new(db, other, now=clock.now())
        cases = [("utter_household_another", theirs.id), ("utter_household_gone", 999)]
        for response, number in cases:
            with pytest.raises(Refusal) as refused:
                households.join(db, number, child)
            assert refused.value.response == response
        assert households.join(db, home.id, child) is home  # again changes nothing
        for number in range(households.MOST_MEMBERS - 1):
            households.join(db, home.id, people(db, f"member {number}"))
        with pytest.raises(Refusal) as refused:
            households.join(db, home.id, people(db, "one too many"))
        assert refused.value.response == "utter_household_full"


@pytest.mark.both_stores
def test_of_many_who_join_the_last_place_at_once_one_does(
    database: Database, clock: StandingClock, people: Named
) -> None:
    with database.transaction() as db:
        home = households.found(db, where=HERE, now=clock.now())
        for number in range(households.MOST_MEMBERS - 1):
            households.join(db, home.id, people(db, f"member {number}"))
        late = [people(db, f"late {number}").id for number in range(4)]

    def join(resident_id: str) -> bool:
        try:
            with database.transaction() as db:
                households.join(db, home.id, db.get_one(Resident, resident_id))
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(join, late)) == 1


@pytest.mark.both_stores
def test_counting_before_anybody_is_held_lets_too_many_in(
    database: Database, clock: StandingClock, people: Named
) -> None:
    """Negative control: all count first, then all join."""
    with database.transaction() as db:
        home = households.found(db, where=HERE, now=clock.now())
        for number in range(households.MOST_MEMBERS - 1):
            households.join(db, home.id, people(db, f"member {number}"))
        late = [people(db, f"late {number}").id for number in range(4)]
    meet = Barrier(4)

    def join(resident_id: str) -> bool:
        with database.reading() as db:
            free = len(households.members(db, home.id)) < households.MOST_MEMBERS
        meet.wait()
        with database.transaction() as db:
            db.get_one(Resident, resident_id).household_id = home.id
        return free

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(join, late)) > 1


@pytest.mark.both_stores
def test_of_two_who_leave_at_once_the_second_closes_the_door(
    database: Database, clock: StandingClock, people: Named
) -> None:
    with database.transaction() as db:
        both = [people(db, name) for name in ("child", "mother")]
        home = households.of_or_new(db, both[0], now=clock.now())
        households.join(db, home.id, both[1])

    def leave(resident: Resident) -> None:
        with database.transaction() as db:
            households.leave(db, db.get_one(Resident, resident.id), now=clock.now())

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(leave, both))
    with database.reading() as db:
        assert db.scalars(select(Household)).all() == []


# 亲情代办


@pytest.fixture
def family(database: Database, clock: StandingClock, people: Named) -> tuple[str, str]:
    """A child and a mother in one household."""
    with database.transaction() as db:
        child, mother = people(db, "child"), people(db, "mother")
        home = households.of_or_new(db, child, now=clock.now())
        households.join(db, home.id, mother)
        return child.id, mother.id


def test_nothing_may_be_done_before_the_yes_and_nothing_after_the_end(
    database: Database, clock: StandingClock, family: tuple[str, str]
) -> None:
    child, mother = family
    with database.transaction() as db:
        one = acting.ask(db, child, mother, "mother", now=clock.now())
        assert acting.ask(db, child, mother, "mother", now=clock.now()).id == one.id
        assert not acting.may_act(db, child, mother)
        assert acting.principal(db, child, "我妈") is None
        acting.confirm(db, one, now=clock.now(), staff_id=1)
        assert acting.may_act(db, child, mother)
        assert acting.actors_of(db, mother) == [child]
        assert not acting.may_act(db, mother, child)
        assert one.staff_id == 1
        assert acting.end(db, one, now=clock.now())
        assert not acting.end(db, one, now=clock.now())
        assert not acting.may_act(db, child, mother)
        with pytest.raises(Refusal) as refused:
            acting.confirm(db, one, now=clock.now())
        assert refused.value.response == "utter_acting_over"


def test_it_ends_when_either_leaves_the_household(
    database: Database, clock: StandingClock, family: tuple[str, str]
) -> None:
    now = clock.now()
    for leaves in family:
        with database.transaction() as db:
            asked = acting.ask(db, *family, "mother", now=now)
            acting.confirm(db, asked, now=now)
            who = db.get_one(Resident, leaves)
            home = who.household_id
            assert home
            assert households.leave(db, who, now=now) == [asked]
            assert not acting.may_act(db, *family)
            with pytest.raises(Refusal) as refused:
                acting.ask(db, *family, "mother", now=now)
            assert refused.value.response == "utter_acting_not_home"
            households.join(db, home, who)
            assert not acting.may_act(db, *family)  # it does not come back by itself


def test_a_yes_after_somebody_has_left_is_too_late(
    database: Database, clock: StandingClock, family: tuple[str, str]
) -> None:
    with database.transaction() as db:
        one = acting.ask(db, *family, "mother", now=clock.now())
        households.leave(db, db.get_one(Resident, family[0]), now=clock.now())
        with pytest.raises(Refusal):
            acting.confirm(db, one, now=clock.now())
        assert not acting.may_act(db, *family)


def test_only_kin_of_the_household_are_asked_and_a_no_holds_for_a_day(
    database: Database, clock: StandingClock, family: tuple[str, str], people: Named
) -> None:
    child, mother = family
    with database.transaction() as db:
        stranger = people(db, "stranger").id
        for actor, principal in ((stranger, mother), (child, stranger), (child, child)):
            with pytest.raises(Refusal) as refused:
                acting.ask(db, actor, principal, "mother", now=clock.now())
            assert refused.value.response == "utter_acting_not_home"
        with pytest.raises(Refusal) as refused:
            acting.ask(db, child, mother, "boss", now=clock.now())
        assert refused.value.response == "utter_acting_not_kin"
        acting.end(
            db, acting.ask(db, child, mother, "mother", now=clock.now()), now=clock.now()
        )
        with pytest.raises(Refusal) as refused:
            acting.ask(db, child, mother, "mother", now=clock.now())
        assert refused.value.response == "utter_acting_asked_lately"
        later = clock.now() + timedelta(days=1, seconds=1)
        assert acting.ask(db, child, mother, "mother", now=later)


@pytest.mark.both_stores
def test_who_asks_many_times_at_once_has_asked_once(
    database: Database, clock: StandingClock, family: tuple[str, str]
) -> None:
    def ask(_: int) -> int:
        with database.transaction() as db:
            return acting.ask(db, *family, "mother", now=clock.now()).id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    with database.reading() as db:
        assert db.scalars(select(func.count(Acting.id))).one() == 1
