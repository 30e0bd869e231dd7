"""Two residents become one: all of it, at once, and nothing that may be there once twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Table,
    func,
    insert,
    or_,
    select,
)

from actions import conversations
from actions.conversations import Author, Conversation
from actions.db import Database, Db, UtcDateTime
from actions.errors import Refusal
from actions.people import acting, consents, households, merging, nicknames
from actions.people.households import Where
from actions.people.merging import RULES
from actions.people.model import (
    Acting,
    Address,
    Area,
    Block,
    Consent,
    Household,
    LinkCode,
    Nickname,
    Resident,
    Role,
    Staff,
)
from actions.tables import METADATA
from tests.conftest import StandingClock

FIRST, SECOND, THIRD = "1" * 32, "2" * 32, "3" * 32


@pytest.fixture
def three(database: Database, clock: StandingClock) -> Database:
    """Three residents with a conversation each, and whatever else rows may have to name."""
    now = clock.now()
    with database.transaction() as db:
        db.add(Area(id="guali/", tier="town"))
        db.flush()
        desk = Staff(username="desk", password_hash="-", role=Role.STAFF, area_id="guali/")
        desk.created_at = now
        db.add(desk)
        for number in (FIRST, SECOND, THIRD):
            db.add(Resident(id=number, created_at=now))
            db.flush()
            door = Address(
                resident_id=number, channel="webchat", address=number, created_at=now
            )
            db.add(door)
            db.flush()
            db.add(
                Conversation(id=number, resident_id=number, address_id=door.id, created_at=now)
            )
            db.flush()
    return database


def merge(db: Db, now: datetime, first: str = FIRST, second: str = SECOND) -> None:
    merging.merge(db, db.get_one(Resident, first), db.get_one(Resident, second), now=now)


def write(db: Db, table: Table, now: datetime, **given: Any) -> Any:
    """Write a row with something in every column; what it has to name is written first."""
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.name in given:
            values[column.name] = given[column.name]
        elif not (column.nullable or column.default or is_numbered(column)):
            values[column.name] = something(db, column, now)
    written = db.connection().execute(insert(table).values(values))
    return written.inserted_primary_key


def is_numbered(column: Column[Any]) -> bool:
    return column is column.table.autoincrement_column


COUNT = iter(range(1, 1_000_000))


def something(db: Db, column: Column[Any], now: datetime) -> Any:
    for key in column.foreign_keys:
        target = key.column.table
        known = {"conversations": THIRD, "residents": THIRD, "areas": "guali/", "staff": 1}
        if target.name in known:
            return known[target.name]
        return write(db, target, now)[0]
    kinds: list[tuple[type[Any], Callable[[], Any]]] = [
        (UtcDateTime, lambda: now),
        (DateTime, lambda: now),
        (Boolean, lambda: False),
        (Integer, lambda: next(COUNT)),
        (Float, lambda: 1.0),
        (LargeBinary, lambda: b"x"),
        (JSON, list),
    ]
    made = next((make() for kind, make in kinds if isinstance(column.type, kind)), None)
    if made is not None:
        return made
    if column.type.python_type is date:
        return date(2026, 11, 24)
    return "accepted" if column.name == "status" else str(next(COUNT))


COLUMNS = [
    (table.name, column.name)
    for table in merging.tables()
    for column in merging.residents_in(table)
]
GONE = {("link_codes", "resident_id"), ("link_codes", "said_by")}  # a code is over with it


@pytest.mark.parametrize(("table_name", "name"), COLUMNS)
def test_every_column_that_names_a_resident_names_the_first_afterwards(
    three: Database, clock: StandingClock, table_name: str, name: str
) -> None:
    table, now = METADATA.tables[table_name], clock.now()
    with three.transaction() as db:
        others = {c.name for c in merging.residents_in(table)} - {name}
        given: dict[str, Any] = {name: SECOND} | dict.fromkeys(others, THIRD)
        if table_name == "link_codes":
            given = (
                {name: SECOND} if name == "resident_id" else {name: SECOND, "area_id": "guali/"}
            )
        if table_name == "introductions":
            given = {"one_id": SECOND, "other_id": THIRD}
            if name == "other_id":
                given = {"one_id": "0" * 32, "other_id": SECOND}
                db.add(Resident(id="0" * 32, created_at=now))
                db.flush()
        if table_name not in ("addresses", "conversations"):
            write(db, table, now, **given)
    with three.transaction() as db:
        before = db.scalars(select(func.count()).select_from(table)).one()
        merge(db, now)
    with three.reading() as db:
        seconds = select(func.count()).select_from(table).where(table.c[name] == SECOND)
        assert db.scalars(seconds).one() == 0
        theirs = or_(*(column == FIRST for column in merging.residents_in(table)))
        found = db.scalars(select(func.count()).select_from(table).where(theirs)).one()
        assert bool(found) is ((table_name, name) not in GONE)
        assert db.get(Resident, SECOND) is None
        left = db.scalars(select(func.count()).select_from(table)).one()
        assert left == before or table_name == "link_codes"


def test_every_uniqueness_residents_are_part_of_has_a_rule() -> None:
    met = {table.name for table in merging.tables() if merging.uniquenesses(table)}
    assert met == set(RULES)


def test_every_rule_is_for_a_table_there_is() -> None:
    assert set(RULES) <= set(METADATA.tables)
    assert set(METADATA.tables) >= merging.BETWEEN


def test_without_a_rule_the_same_rows_break_the_store(
    three: Database, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: moving alone does not do."""
    now = clock.now()
    with three.transaction() as db:
        nicknames.call(db, FIRST, "王阿姨", now=now)
        nicknames.call(db, SECOND, "王姐", now=now)
    monkeypatch.setattr(merging, "_settle", lambda *_: None)
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"), three.transaction() as db:
        merge(db, now)


def both(db: Db, now: datetime, table: str, **same: Any) -> None:
    for resident_id in (FIRST, SECOND):
        given = same | {"resident_id": resident_id, "conversation_id": resident_id}
        write(db, METADATA.tables[table], now, **given)


@pytest.mark.parametrize(
    ("table", "same", "response"),
    [
        ("bookings", {"status": "booked"}, "utter_link_both_booked"),
        ("waitlist", {"status": "waiting"}, "utter_link_both_booked"),
        ("draw_entries", {"status": "entered"}, "utter_link_both_booked"),
        ("help_offers", {}, "utter_link_both_offer"),
        ("check_ins", {"asks_at": "08:00", "answer_by": "10:00"}, "utter_link_both_checked_in"),
    ],
)
def test_what_only_they_can_settle_is_refused_and_nothing_changes(
    three: Database, clock: StandingClock, table: str, same: dict[str, Any], response: str
) -> None:
    now = clock.now()
    with three.transaction() as db:
        if table in ("bookings", "waitlist", "draw_entries"):
            same = same | {"session_id": session(db, now), "places": 1}
        both(db, now, table, **same)
    before = everything(three)
    with three.transaction() as db:
        with pytest.raises(Refusal) as refused, db.begin_nested():
            merge(db, now)
        assert refused.value.response == response
    assert everything(three) == before


@pytest.mark.parametrize(
    ("table", "ended"),
    [("help_offers", "withdrawn_at"), ("check_ins", "ended_at"), ("bookings", "")],
)
def test_what_has_ended_on_one_side_is_in_nobodys_way(
    three: Database, clock: StandingClock, table: str, ended: str
) -> None:
    now = clock.now()
    times: dict[str, Any] = (
        {"asks_at": "08:00", "answer_by": "10:00"} if table == "check_ins" else {}
    )
    with three.transaction() as db:
        if table == "bookings":
            times = {"session_id": session(db, now), "places": 1}
        for who, over in ((FIRST, True), (SECOND, False)):
            given: dict[str, Any] = times | {"resident_id": who, "conversation_id": who}
            if table == "bookings":
                given["status"] = "cancelled" if over else "booked"
            else:
                given[ended] = now if over else None
            write(db, METADATA.tables[table], now, **given)
        if table == "help_offers":
            offers = METADATA.tables["help_offers"]
            gone = select(offers.c.id).where(offers.c.resident_id == FIRST)
            kinds = METADATA.tables["help_offer_kinds"]
            write(db, kinds, now, offer_id=db.scalars(gone).one(), kind_id="x")
    with three.transaction() as db:
        merge(db, now)
    with three.reading() as db:
        rows = db.execute(select(METADATA.tables[table])).all()
        assert {row.resident_id for row in rows} == {FIRST}
        assert len(rows) == (2 if table == "bookings" else 1)
        assert all(not ended or getattr(row, ended) is None for row in rows)


def session(db: Db, now: datetime) -> int:
    return int(write(db, METADATA.tables["sessions"], now, places=9, taken=0)[0])


def everything(database: Database) -> dict[str, list[Any]]:
    with database.reading() as db:
        return {
            table.name: list(db.execute(select(table).order_by(*table.primary_key)))
            for table in METADATA.sorted_tables
        }


def test_what_may_be_there_once_is_there_once(three: Database, clock: StandingClock) -> None:
    now = clock.now()
    with three.transaction() as db:
        for who in (FIRST, SECOND):
            consents.give(db, who, "help", channel="webchat", now=now)
            nicknames.call(db, who, f"阿{who[0]}", now=now)
            db.add(Block(resident_id=who, other_id=THIRD, made_at=now))
            db.add(Block(resident_id=THIRD, other_id=who, made_at=now))
        db.add(Block(resident_id=FIRST, other_id=SECOND, made_at=now))
    with three.transaction() as db:
        merge(db, now)
    with three.reading() as db:
        assert nicknames.called(db, FIRST) == "阿1"
        assert db.scalars(select(func.count(Nickname.resident_id))).one() == 1
        pairs = {(one.resident_id, one.other_id) for one in db.scalars(select(Block))}
        assert pairs == {(FIRST, THIRD), (THIRD, FIRST)}
        assert consents.is_given(db, FIRST, "help")
        given = db.scalars(select(Consent)).all()
        assert sorted(one.withdrawn_at is None for one in given) == [False, True]


def test_a_confirmed_yes_is_not_lost_to_one_that_waits(
    three: Database, clock: StandingClock
) -> None:
    now = clock.now()
    with three.transaction() as db:
        home = households.found(db, where=Where("guali/"), now=now)
        for who in (FIRST, SECOND, THIRD):
            households.join(db, home.id, db.get_one(Resident, who))
        acting.ask(db, FIRST, THIRD, "mother", now=now)
        acting.confirm(db, acting.ask(db, SECOND, THIRD, "mother", now=now), now=now)
        acting.confirm(db, acting.ask(db, FIRST, SECOND, "sister", now=now), now=now)
        merge(db, now)
        assert acting.may_act(db, FIRST, THIRD)
        assert not acting.may_act(db, FIRST, FIRST)
        assert len(db.scalars(select(Acting).where(Acting.ended_at.is_(None))).all()) == 1


def test_nobody_follows_their_own_request(three: Database, clock: StandingClock) -> None:
    now, tables = clock.now(), METADATA.tables
    with three.transaction() as db:
        number = write(
            db, tables["service_requests"], now, resident_id=FIRST, conversation_id=FIRST
        )[0]
        for who in (SECOND, THIRD):
            given = {"resident_id": who, "conversation_id": who, "request_id": number}
            write(db, tables["request_followers"], now, **given)
        merge(db, now)
        followers = db.execute(select(tables["request_followers"].c.resident_id)).all()
        assert [one.resident_id for one in followers] == [THIRD]


def test_who_has_agreed_to_help_themselves_is_asked_to_settle_it(
    three: Database, clock: StandingClock
) -> None:
    now, tables = clock.now(), METADATA.tables
    with three.transaction() as db:
        need = write(
            db, tables["help_requests"], now, resident_id=FIRST, conversation_id=FIRST
        )[0]
        taken = {"request_id": need, "helper_id": SECOND, "conversation_id": SECOND}
        write(db, tables["help_matches"], now, **taken, status="accepted")
        with pytest.raises(Refusal) as refused, db.begin_nested():
            merge(db, now)
        assert refused.value.response == "utter_link_both_help"


@pytest.mark.parametrize("low", [True, False])
def test_a_pair_that_was_introduced_stays_in_order(
    three: Database, clock: StandingClock, low: bool
) -> None:
    """… whichever side of the third the two ids are on, with each side's own answer."""
    now, table = clock.now(), METADATA.tables["introductions"]
    first, second = ("2" * 32, "4" * 32) if low else ("4" * 32, "2" * 32)
    with three.transaction() as db:
        db.add(Resident(id="4" * 32, created_at=now))
        db.flush()
        one, other = sorted((second, THIRD))
        agreed = {"one_agreed": one == second, "other_agreed": other == second}
        write(db, table, now, one_id=one, other_id=other, **agreed)
        merge(db, now, first, second)
        (row,) = db.execute(select(table)).all()
        assert [row.one_id, row.other_id] == sorted((first, THIRD))
        assert row.one_agreed is (row.one_id == first)
        assert row.other_agreed is (row.other_id == first)


def test_two_households_are_for_them_to_settle_and_one_is_kept(
    three: Database, clock: StandingClock
) -> None:
    now = clock.now()
    with three.transaction() as db:
        first, second = db.get_one(Resident, FIRST), db.get_one(Resident, SECOND)
        home = households.of_or_new(db, second, now=now)
        another = households.of_or_new(db, first, now=now)
        with pytest.raises(Refusal) as refused, db.begin_nested():
            merge(db, now)
        assert refused.value.response == "utter_link_two_households"
        households.leave(db, first, now=now)
        assert db.get(Household, another.id) is None
        merge(db, now)
        assert db.get_one(Resident, FIRST).household_id == home.id
        assert [one.id for one in households.members(db, home.id)] == [FIRST]
        assert db.get(Household, home.id)


def test_the_conversation_speaks_for_the_first_from_then_on(
    three: Database, clock: StandingClock
) -> None:
    now = clock.now()
    with three.transaction() as db:
        talk = db.get_one(Conversation, SECOND)
        talk.resident.elder = True
        merge(db, now)
        assert talk.resident_id == talk.resident.id == FIRST
        assert talk.resident.elder
        said = conversations.say(db, talk, "好", author=Author.ASSISTANT, now=now)
        assert said.words.resident_id == FIRST
    with three.reading() as db:
        assert conversations.of_resident(db, FIRST) is not None
        codes = db.scalars(select(func.count(LinkCode.id))).one()
        assert codes == 0


@pytest.mark.both_stores
def test_of_two_who_merge_the_same_one_at_once_one_does(
    three: Database, clock: StandingClock
) -> None:
    now = clock.now() + timedelta(minutes=1)

    def one_of(first: str) -> bool:
        with three.transaction() as db:
            try:
                with db.begin_nested():
                    two = merging.Two(db, first, SECOND, now)
                    assert two
                    merging.merge(
                        db,
                        db.get_one(Resident, first),
                        db.get(Resident, SECOND) or Resident(id=SECOND, created_at=now),
                        now=now,
                    )
            except Refusal:
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one_of, (FIRST, THIRD))) == [False, True]
