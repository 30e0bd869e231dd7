from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from argon2 import extract_parameters
from sqlalchemy import func, select

from actions.db import Database
from actions.people import staff
from actions.people.model import Area, Role, SignInAttempt, Staff, StaffSession
from actions.people.staff import Guess, Newcomer, Opened, StaffUnfit
from tests.conftest import StandingClock

PASSWORD = "correct horse battery"
WANG = Newcomer("Wang", Role.STAFF, "guali/qicai", "road-team")


@pytest.fixture
def wang(database: Database, clock: StandingClock) -> Staff:
    with database.transaction() as db:
        db.add(Area(id="guali/", tier="town"))
        db.flush()
        db.add(Area(id="guali/qicai/", parent_id="guali/", tier="village"))
        db.flush()
        return staff.add(db, WANG, PASSWORD, now=clock.now())


def sign_in(database: Database, clock: StandingClock, who: Staff) -> Opened | None:
    with database.transaction() as db:
        number = staff.count_guess(db, Guess("wang", "1.1.1.1"), key="key", now=clock.now())
        return staff.open_session(db, who, number or 0, now=clock.now())


def signed_in(database: Database, clock: StandingClock, opened: Opened) -> bool:
    with database.reading() as db:
        return staff.session_of(db, opened.secret, now=clock.now()) is not None


def test_a_password_is_kept_as_an_argon2_hash_of_the_cost_we_chose(wang: Staff) -> None:
    cost = extract_parameters(wang.password_hash)
    assert (cost.memory_cost, cost.time_cost, cost.parallelism) == (19 * 1024, 2, 1)
    assert wang.password_hash.startswith("$argon2id$")
    assert staff.fits(wang, PASSWORD)
    assert not staff.fits(wang, PASSWORD + " ")
    assert not staff.fits(None, PASSWORD)


def test_a_wrong_name_costs_as_much_as_a_wrong_password(
    wang: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Counting:
        def verify(self, hashed: str, _password: str) -> bool:
            asked.append(str(extract_parameters(hashed)))
            return True

    staff._decoy()
    monkeypatch.setattr(staff, "HASHER", Counting())
    assert staff.fits(wang, "x")
    assert not staff.fits(None, "x")
    assert len(asked) == 2
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("newcomer", "password", "says"),
    [
        (Newcomer("wang", Role.STAFF, "guali/"), PASSWORD, "taken"),
        (Newcomer("ＷＡＮＧ ", Role.STAFF, "guali/"), PASSWORD, "taken"),
        (Newcomer("li", Role.STAFF, "guali/nowhere/"), PASSWORD, "guali/qicai/"),
        (Newcomer("li", Role.STAFF, "guali/"), "ninechars", "10 characters"),
        (Newcomer("l i<b>", Role.STAFF, "guali/"), PASSWORD, "letters"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    database: Database,
    clock: StandingClock,
    wang: Staff,
    newcomer: Newcomer,
    password: str,
    says: str,
) -> None:
    with pytest.raises(StaffUnfit, match=says), database.transaction() as db:
        staff.add(db, newcomer, password, now=clock.now())


def test_names_may_be_chinese(database: Database, clock: StandingClock, wang: Staff) -> None:
    with database.transaction() as db:
        staff.add(db, Newcomer("王芳", Role.ADMIN, "guali/"), PASSWORD, now=clock.now())
        found = staff.to_sign_in(db, " 王芳 ")
        assert found
        assert (found.username, found.area_id) == ("王芳", "guali/")


def test_every_sign_in_is_a_new_session_and_the_table_knows_no_secret(
    database: Database, clock: StandingClock, wang: Staff
) -> None:
    first, second = sign_in(database, clock, wang), sign_in(database, clock, wang)
    assert first
    assert second
    assert first.secret != second.secret
    assert first.csrf_token != second.csrf_token
    with database.reading() as db:
        kept = db.scalars(select(StaffSession.id)).all()
    assert not {first.secret, second.secret} & set(kept)


def sign_out(database: Database, clock: StandingClock, opened: Opened) -> None:
    with database.transaction() as db:
        staff.close_session(db, opened.secret)


def disable(database: Database, clock: StandingClock, opened: Opened) -> None:
    with database.transaction() as db:
        staff.disable(db, "WANG", now=clock.now())


def reset(database: Database, clock: StandingClock, opened: Opened) -> None:
    with database.transaction() as db:
        staff.reset(db, "wang", "another password")


def wait(database: Database, clock: StandingClock, opened: Opened) -> None:
    clock.pass_by(staff.SESSION_LASTS)


@pytest.mark.parametrize("end", [sign_out, disable, reset, wait])
def test_a_session_dies_with(
    database: Database,
    clock: StandingClock,
    wang: Staff,
    end: Callable[[Database, StandingClock, Opened], None],
) -> None:
    opened = sign_in(database, clock, wang)
    assert opened
    clock.pass_by(staff.SESSION_LASTS - timedelta(seconds=1))
    assert signed_in(database, clock, opened)
    clock.pass_by(-staff.SESSION_LASTS + timedelta(seconds=1))
    end(database, clock, opened)
    assert not signed_in(database, clock, opened)


@pytest.mark.parametrize("change", [disable, reset])
def test_a_password_that_was_changed_while_it_was_checked_opens_nothing(
    database: Database, clock: StandingClock, wang: Staff, change: Callable[..., None]
) -> None:
    change(database, clock, None)
    assert sign_in(database, clock, wang) is None
    with database.reading() as db:
        assert db.scalar(select(func.count(StaffSession.id))) == 0


def guess(database: Database, clock: StandingClock, name: str, address: str) -> bool:
    with database.transaction() as db:
        guess = Guess(name, address)
        return staff.count_guess(db, guess, key="key", now=clock.now()) is not None


def test_ten_wrong_guesses_in_a_quarter_of_an_hour_are_enough(
    database: Database, clock: StandingClock
) -> None:
    let_through = [guess(database, clock, "wang", f"10.0.0.{n}") for n in range(12)]
    assert let_through == [True] * 10 + [False] * 2
    assert not guess(database, clock, " ＷＡＮＧ", "10.0.1.1")
    assert guess(database, clock, "li", "10.0.1.1")
    clock.pass_by(staff.GUESSES_WITHIN)
    assert guess(database, clock, "wang", "10.0.0.1")


def test_one_address_may_not_try_many_names(database: Database, clock: StandingClock) -> None:
    let_through = [guess(database, clock, f"name{n}", "10.0.0.1") for n in range(12)]
    assert let_through == [True] * 10 + [False] * 2


def test_a_right_guess_is_none_so_an_office_is_not_locked_out(
    database: Database, clock: StandingClock, wang: Staff
) -> None:
    assert all(sign_in(database, clock, wang) for _ in range(15))
    wrong = [guess(database, clock, "wang", "1.1.1.1") for _ in range(12)]
    assert wrong == [True] * 10 + [False] * 2
    with database.reading() as db:
        hashes = set(db.scalars(select(SignInAttempt.username_hash)))
    assert len(hashes) == 1
    assert "wang" not in "".join(hashes)


def at_once(way: Callable[[int], bool], threads: int) -> int:
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(way, range(threads)))


@pytest.mark.both_stores
def test_a_hundred_guesses_at_once_are_ten(database: Database, clock: StandingClock) -> None:
    threads = 10  # as many connections as there are
    meet = Barrier(threads)

    def try_ten(_number: int) -> int:
        meet.wait()
        return sum(guess(database, clock, "wang", "10.0.0.1") for _ in range(10))

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(try_ten, range(threads))) == staff.GUESSES


@pytest.mark.both_stores
def test_counting_first_and_writing_later_lets_more_through(
    database: Database, clock: StandingClock
) -> None:
    """Negative control: the naive way."""
    threads = 16
    meet = Barrier(threads)

    def look_then_count(number: int) -> bool:
        with database.reading() as db:
            tried = db.scalars(select(func.count(SignInAttempt.id))).one()
        meet.wait()
        with database.transaction() as db:
            db.add(
                SignInAttempt(username_hash="x", address_hash=str(number), tried_at=clock.now())
            )
        return tried < staff.GUESSES

    assert at_once(look_then_count, threads) > staff.GUESSES
