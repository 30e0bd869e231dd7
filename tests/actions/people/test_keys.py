from datetime import timedelta

import pytest

from actions.db import Database
from actions.people import keys
from actions.people.keys import KeyUnfit
from actions.people.model import Area
from tests.conftest import StandingClock


@pytest.fixture
def secret(database: Database, clock: StandingClock) -> str:
    with database.transaction() as db:
        db.add(Area(id="guali/", tier="town"))
        db.flush()
        return keys.add(db, "city-app", "guali/", now=clock.now()).secret


def opens(database: Database, secret: str) -> bool:
    with database.reading() as db:
        return keys.of(db, secret) is not None


def test_only_the_secret_itself_opens(database: Database, secret: str) -> None:
    assert opens(database, secret)
    for wrong in ("", " ", secret[:-1], secret + "x", secret.swapcase(), "city-app", "\ud800"):
        assert not opens(database, wrong)


def test_the_secret_is_kept_nowhere(database: Database, secret: str) -> None:
    with database.reading() as db:
        (row,) = keys.everyone(db)
    assert len(secret) >= 32
    assert secret not in repr(vars(row))
    assert row.key_hash not in secret
    assert not opens(database, row.key_hash)


def test_a_disabled_key_opens_nothing_and_stays_in_the_list(
    database: Database, secret: str, clock: StandingClock
) -> None:
    since = clock.now()
    for _ in range(2):
        with database.transaction() as db:
            keys.disable(db, "city-app", now=clock.now())
        clock.pass_by(timedelta(days=1))
    assert not opens(database, secret)
    with database.reading() as db:
        assert [row.disabled_at for row in keys.everyone(db)] == [since]


@pytest.mark.parametrize(
    ("name", "area", "why"),
    [
        ("city-app", "guali/", "taken"),
        ("a", "guali/", "cannot be a name"),
        ("with space", "guali/", "cannot be a name"),
        ("other", "nowhere/", "no area nowhere/"),
    ],
)
@pytest.mark.usefixtures("secret")
def test_what_no_key_can_be_is_told(
    database: Database, clock: StandingClock, name: str, area: str, why: str
) -> None:
    with database.transaction() as db, pytest.raises(KeyUnfit, match=why):
        keys.add(db, name, area, now=clock.now())


def test_an_unknown_name_cannot_be_disabled(database: Database, clock: StandingClock) -> None:
    with database.transaction() as db, pytest.raises(KeyUnfit, match="no key nobody"):
        keys.disable(db, "nobody", now=clock.now())
