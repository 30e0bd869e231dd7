"""One-time codes: five tries whoever guesses, ten minutes, once; and who is known by them."""

import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from actions.db import Database
from actions.people import links, staff
from actions.people.links import Door, Place
from actions.people.model import Area, LinkCode, Role, Staff, StaffAddress
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
