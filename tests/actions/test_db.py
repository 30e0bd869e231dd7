from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text

from actions.conversations import Conversation, at_address
from actions.db import Database
from actions.errors import StoreUnsafe, XiaoliError
from actions.people.model import Resident
from tests.conftest import StandingClock


def test_a_store_as_we_open_it_is_durable(database: Database) -> None:
    database.check_durable()


def test_a_store_that_may_lose_what_it_acknowledged_is_refused(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.db")
    database.engine = create_engine(f"sqlite:///{tmp_path}/unsafe.db")  # without our settings
    with pytest.raises(StoreUnsafe, match="journal_mode"):
        database.check_durable()


def test_a_transaction_does_everything_or_nothing(
    database: Database, clock: StandingClock
) -> None:
    def fail_half_way() -> None:
        with database.transaction() as db:
            at_address(db, channel="webchat", address="a", now=clock.now())
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        fail_half_way()
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Conversation)) == 0


def test_moments_come_back_aware_and_equal(database: Database, clock: StandingClock) -> None:
    with database.transaction() as db:
        at_address(db, channel="webchat", address="a", now=clock.now())
    with database.reading() as db:
        assert db.scalars(select(Resident.created_at)).one() == clock.now()


def test_a_naive_moment_is_refused(database: Database) -> None:
    naive = datetime(2026, 11, 24, 10, 0)  # noqa: DTZ001 - the point of the test
    with pytest.raises(Exception, match="no time zone"), database.transaction() as db:
        at_address(db, channel="webchat", address="a", now=naive)


def test_reading_changes_nothing(database: Database, clock: StandingClock) -> None:
    with database.reading() as db:
        at_address(db, channel="webchat", address="a", now=clock.now())
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Conversation)) == 0


def test_another_kind_of_database_is_named_in_the_refusal() -> None:
    with pytest.raises(XiaoliError, match="mysql"):
        Database("mysql://nowhere/x")


def test_foreign_keys_hold(database: Database) -> None:
    orphan = text("INSERT INTO words (resident_id, text, created_at) VALUES ('x', 'y', :at)")
    with pytest.raises(Exception, match=r"(?i)foreign key"), database.transaction() as db:
        db.execute(orphan, {"at": datetime(2026, 1, 1)})  # noqa: DTZ001 - raw SQL
