"""One-time codes: five tries whoever guesses, ten minutes, once; and who is known by them."""

import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from actions.db import Database
from actions.people import links, staff
from actions.people.links import Door, Place
from actions.people.model import (
    Area,
    Household,
    LinkCode,
    Resident,
    Role,
    Staff,
    StaffAddress,
)
from tests.conftest import StandingClock

KEY = "key"
HOME = Door("dingtalk", "wang's")
AT_ONCE = 8


@pytest.fixture
def wang(database: Database, clock: StandingClock) -> Staff:
    with database.transaction() as db:
        db.add(Area(id="guali/", tier="town"))
        db.flush()
        member = Staff(username="wang", role=Role.STAFF, area_id="guali/")
        member.password_hash, member.created_at = "-", clock.now()
        db.add(member)
        db.flush()
        return member


def code_of(database: Database, wang: Staff, clock: StandingClock) -> str:
    with database.transaction() as db:
        return links.code_for_staff(db, wang, key=KEY, now=clock.now())


def say(database: Database, said: str, clock: StandingClock, door: Door = HOME) -> bool:
    with database.transaction() as db:
        return links.link(db, said, door, key=KEY, now=clock.now()) is not None


def known(database: Database, door: Door = HOME) -> str:
    with database.reading() as db:
        somebody = links.speaker(db, door)
        return somebody.username if somebody else ""


def wrong(code: str) -> str:
    """The same first letters, and a guess."""
    return code[: links.NAME] + ("A" if code[-1] != "A" else "C") * 6


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code,
        lambda code: code.lower(),
        links.shown,
        lambda code: f" {code[:4]} {code[4:]} ",
        lambda code: "".join(chr(ord(letter) + 0xFEE0) for letter in code),
    ],
)
def test_a_code_links_an_address_however_it_is_typed(
    database: Database, wang: Staff, clock: StandingClock, typed: Callable[[str], str]
) -> None:
    code = code_of(database, wang, clock)
    assert known(database) == ""
    assert say(database, typed(code), clock)
    assert known(database) == "wang"


def test_a_code_is_long_and_of_letters_nobody_confuses(
    database: Database, wang: Staff, clock: StandingClock
) -> None:
    code = code_of(database, wang, clock)
    assert len(code) >= 6
    assert not set(links.ALPHABET) & set("0O1IL2Z5S8B6")
    assert len(links.ALPHABET) ** (links.LENGTH - links.NAME) > 10**8


def test_a_code_is_kept_as_a_keyed_hash(
    database: Database, wang: Staff, clock: StandingClock
) -> None:
    code = code_of(database, wang, clock)
    with database.reading() as db:
        kept = db.scalars(select(LinkCode)).one()
    assert code[links.NAME :] not in str(vars(kept))
    assert kept.code_hash != links._hash("another key", code)


def test_a_code_is_good_once(database: Database, wang: Staff, clock: StandingClock) -> None:
    code = code_of(database, wang, clock)
    assert say(database, code, clock)
    assert not say(database, code, clock, Door("dingtalk", "another's"))
    assert known(database, Door("dingtalk", "another's")) == ""


def test_a_code_is_good_for_ten_minutes(
    database: Database, wang: Staff, clock: StandingClock
) -> None:
    code = code_of(database, wang, clock)
    clock.pass_by(timedelta(minutes=9, seconds=59))
    late = code_of(database, wang, clock)
    assert not say(database, code, clock), "a newer one ends it"
    clock.pass_by(timedelta(minutes=10))
    assert not say(database, late, clock)


def test_after_five_wrong_guesses_the_right_one_is_too_late(
    database: Database, wang: Staff, clock: StandingClock
) -> None:
    for guesses, good in ((4, True), (5, False)):
        code = code_of(database, wang, clock)
        for _ in range(guesses):
            assert not say(database, wrong(code), clock)
        assert say(database, code, clock) is good


def test_a_guess_at_no_code_counts_against_none(
    database: Database, wang: Staff, clock: StandingClock
) -> None:
    code = code_of(database, wang, clock)
    for _ in range(20):
        assert not say(database, "999999999" if code[:3] != "999" else "777777777", clock)
    assert say(database, code, clock)


@pytest.mark.both_stores
def test_a_hundred_guesses_at_once_are_five_tries(
    database: Database, wang: Staff, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = code_of(database, wang, clock)
    looked = watched(monkeypatch)

    def guess(_: int) -> None:
        with database.transaction() as db:
            links.link(db, wrong(code), HOME, key=KEY, now=clock.now())

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(guess, range(100)))
    assert len(looked) == links.TRIES
    assert not say(database, code, clock)


@pytest.mark.both_stores
def test_counting_first_and_writing_later_lets_more_through(
    database: Database, wang: Staff, clock: StandingClock
) -> None:
    """Negative control: everybody reads that there are tries left, then takes one."""
    code, meet = code_of(database, wang, clock), Barrier(AT_ONCE)

    def guess(_: int) -> bool:
        with database.reading() as db:
            left = db.scalars(select(LinkCode.tries)).one() < links.TRIES
        meet.wait()
        with database.transaction() as db:
            kept = db.scalars(select(LinkCode)).one()
            kept.tries += 1
        return left and code != ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sum(pool.map(guess, range(AT_ONCE))) > links.TRIES


def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note every guess that is compared with a code."""
    looked: list[str] = []
    compare = hmac.compare_digest

    def note(one: str, other: str) -> bool:
        looked.append(other)
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", note)
    return looked


@pytest.mark.both_stores
def test_of_two_who_say_a_code_at_once_one_is_linked(
    database: Database, wang: Staff, clock: StandingClock
) -> None:
    code = code_of(database, wang, clock)
    doors = [Door("dingtalk", str(number)) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        linked = list(pool.map(lambda door: say(database, code, clock, door), doors))
    assert sum(linked) == 1
    with database.reading() as db:
        assert len(db.scalars(select(StaffAddress)).all()) == 1


def test_who_is_disabled_is_known_no_longer_and_codes_of_theirs_end(
    database: Database, wang: Staff, clock: StandingClock
) -> None:
    say(database, code_of(database, wang, clock), clock)
    code = code_of(database, wang, clock)
    with database.transaction() as db:
        staff.disable(db, "wang", now=clock.now())
    assert known(database) == ""
    assert not say(database, code, clock)
    with database.reading() as db:
        assert db.scalars(select(StaffAddress)).all() == []


def test_a_code_for_a_chat_links_nobody_and_the_other_way_round(
    database: Database, wang: Staff, clock: StandingClock
) -> None:
    with database.transaction() as db:
        place = Place("guali/", "road-team")
        chats, staffs = (
            links.code_for_chat(db, place, key=KEY, now=clock.now()),
            links.code_for_staff(db, wang, key=KEY, now=clock.now()),
        )
    assert not say(database, chats, clock)
    with database.transaction() as db:
        assert links.open_chat(db, staffs, "c" * 32, key=KEY, now=clock.now()) is None
        another = links.code_for_chat(db, place, key=KEY, now=clock.now())
        opened = links.open_chat(db, another, "c" * 32, key=KEY, now=clock.now())
        assert opened
        assert (opened.area_id, opened.team_id) == ("guali/", "road-team")
        assert links.chat_of(db, "c" * 32) is opened


# Codes of residents.

RESIDENTS = [letter * 32 for letter in "abcdefgh"]


@pytest.fixture
def home(database: Database, clock: StandingClock) -> int:
    """A household, and residents who may join it."""
    with database.transaction() as db:
        db.add_all(Resident(id=one, created_at=clock.now()) for one in RESIDENTS)
        household = Household(created_at=clock.now())
        db.add(household)
        db.flush()
        return household.id


def family_code(database: Database, home: int, clock: StandingClock) -> str:
    with database.transaction() as db:
        return links.code_for_household(db, home, key=KEY, now=clock.now())


def tell(database: Database, said: str, who: str, clock: StandingClock) -> int | None:
    with database.transaction() as db:
        code = links.said_by(db, said, who, key=KEY, now=clock.now())
        return code.id if code else None


def mean(database: Database, code_id: int, who: str, clock: StandingClock) -> bool:
    with database.transaction() as db:
        return links.meant(db, code_id, who, now=clock.now()) is not None


@pytest.mark.both_stores
def test_a_hundred_guesses_of_residents_at_once_are_five_tries(
    database: Database, home: int, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = family_code(database, home, clock)
    looked = watched(monkeypatch)

    def guess(number: int) -> int | None:
        return tell(database, wrong(code), RESIDENTS[number % AT_ONCE], clock)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(guess, range(100))) == {None}
    assert len(looked) == links.TRIES
    assert tell(database, code, RESIDENTS[0], clock) is None


@pytest.mark.both_stores
def test_looking_first_and_counting_later_looks_at_more(
    database: Database,
    home: int,
    clock: StandingClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative control: the naive way fails the check above."""
    code, looked = family_code(database, home, clock), watched(monkeypatch)
    meet = Barrier(AT_ONCE)

    def guess(_: int) -> None:
        with database.reading() as db:
            kept = db.scalars(select(LinkCode)).one()
            meet.wait()
            if kept.tries < links.TRIES:
                hmac.compare_digest(kept.code_hash, links._hash(KEY, wrong(code)))
        with database.transaction() as db:
            db.scalars(select(LinkCode)).one().tries += 1

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(guess, range(AT_ONCE)))
    assert len(looked) > links.TRIES


@pytest.mark.both_stores
def test_of_many_who_say_a_code_at_once_one_is_asked_and_one_yes_counts(
    database: Database, home: int, clock: StandingClock
) -> None:
    code = family_code(database, home, clock)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        heard = list(pool.map(lambda who: tell(database, code, who, clock), RESIDENTS))
    (number,) = [one for one in heard if one is not None]
    who = RESIDENTS[heard.index(number)]
    others = [one for one in RESIDENTS if one != who]
    assert not any(mean(database, number, other, clock) for other in others)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        meant = list(pool.map(lambda _: mean(database, number, who, clock), range(AT_ONCE)))
    assert sum(meant) == 1


@pytest.mark.both_stores
def test_reading_first_and_writing_later_lets_many_say_it(
    database: Database, home: int, clock: StandingClock
) -> None:
    """Negative control: everybody reads that it is unused, then uses it."""
    family_code(database, home, clock)
    meet = Barrier(AT_ONCE)

    def say_it(who: str) -> bool:
        with database.reading() as db:
            unused = db.scalars(select(LinkCode)).one().used_at is None
        meet.wait()
        with database.transaction() as db:
            db.scalars(select(LinkCode)).one().said_by = who
        return unused

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sum(pool.map(say_it, RESIDENTS)) > 1


def test_a_yes_comes_within_ten_minutes_of_the_code(
    database: Database, home: int, clock: StandingClock
) -> None:
    code = family_code(database, home, clock)
    clock.pass_by(timedelta(minutes=9, seconds=59))
    number = tell(database, code, RESIDENTS[0], clock)
    assert number
    clock.pass_by(timedelta(minutes=9))
    assert mean(database, number, RESIDENTS[0], clock)
    late = tell(database, family_code(database, home, clock), RESIDENTS[0], clock)
    assert late
    clock.pass_by(links.LASTS)
    assert not mean(database, late, RESIDENTS[0], clock)


def test_who_has_no_use_for_a_code_leaves_it_to_others(
    database: Database, home: int, clock: StandingClock
) -> None:
    code = family_code(database, home, clock)
    with database.transaction() as db:
        said = links.said_by(db, code, RESIDENTS[0], key=KEY, now=clock.now())
        assert said
        links.give_back(db, said)
    assert tell(database, code, RESIDENTS[1], clock)


@pytest.mark.parametrize(
    "meanings",
    [{}, {"area_id": "guali/", "household_id": 1}, {"household_id": 1, "staff_id": 1}],
)
def test_a_code_means_exactly_one_thing(
    database: Database,
    wang: Staff,
    home: int,
    clock: StandingClock,
    meanings: dict[str, object],
) -> None:
    code = LinkCode(name="ACD", code_hash="-", expires_at=clock.now(), **meanings)
    with pytest.raises(IntegrityError), database.transaction() as db:
        db.add(code)


def test_codes_of_staff_and_of_residents_are_no_use_to_one_another(
    database: Database, wang: Staff, home: int, clock: StandingClock
) -> None:
    staffs, families = code_of(database, wang, clock), family_code(database, home, clock)
    for _ in range(links.TRIES + 1):
        assert tell(database, staffs, RESIDENTS[0], clock) is None
        assert not say(database, families, clock)
    assert say(database, staffs, clock)
    assert tell(database, families, RESIDENTS[0], clock)


def test_said_where_others_read_it_a_code_of_residents_is_void(
    database: Database, home: int, clock: StandingClock
) -> None:
    code = family_code(database, home, clock)
    with database.transaction() as db:
        links.use_up(db, code, key=KEY, now=clock.now())
    assert tell(database, code, RESIDENTS[0], clock) is None
