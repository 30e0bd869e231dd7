"""The store's figures are read together, seldom, and cheaply."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from actions.booking.model import Booking, Session
from actions.conversations import at_address
from actions.db import Database
from actions.neighbours.model import Match
from bot.operating.figures import EVER, TAKEN, Reader
from tests.conftest import StandingClock


@pytest.fixture
def reader(database: Database, clock: StandingClock, tmp_path: Path) -> Reader:
    return Reader(database, clock, tmp_path)


def asked(database: Database) -> list[str]:
    """Whatever the store is asked from now on."""
    statements: list[str] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    return statements


def test_who_looks_again_within_seconds_asks_the_store_nothing(
    reader: Reader, database: Database
) -> None:
    first, statements = reader.read(), asked(database)
    assert reader.read() is first
    assert statements == []
    reader.kept_for = 0
    assert reader.read() is not first
    assert len(statements) < 40


def test_sizes_are_of_the_store_and_of_the_disk_it_is_on(
    reader: Reader, database: Database
) -> None:
    sizes = reader.read().sizes
    assert 0 < sizes["disk_free"] < sizes["disk"]
    assert sizes["database"] > 100_000  # some sixty tables
    assert ("wal" in sizes) is (database.engine.dialect.name == "sqlite")


def test_what_was_ever_made_counts_though_it_was_erased(
    reader: Reader, database: Database, clock: StandingClock
) -> None:
    assert reader.read().ever == dict.fromkeys(EVER, 0)
    with database.transaction() as db:
        talk = at_address(db, channel="webchat", address="x", now=clock.now())
        for number in (1, 2):
            db.add(a_booking(number, talk.resident_id, talk.id, clock))
        db.flush()
        db.delete(db.scalars(select(Booking).order_by(Booking.id)).first())
    reader.kept_for = 0
    assert reader.read().ever["bookings"] == 2


def a_booking(
    number: int, resident_id: str, conversation_id: str, clock: StandingClock
) -> Booking:
    session = Session(
        activity_id="club-calligraphy",
        planned_at=clock.now() + timedelta(days=number),
        starts_at=clock.now() + timedelta(days=number),
        ends_at=clock.now() + timedelta(days=number, hours=1),
        places=5,
    )
    return Booking(
        session=session,
        resident_id=resident_id,
        conversation_id=conversation_id,
        code=f"{number:06}",
        token=f"t{number}",
        places=1,
        status="booked",
        booked_at=clock.now(),
    )


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_claims_are_counted_from_their_own_index(database: Database) -> None:
    taken = select(func.count()).select_from(Match).where(TAKEN)
    with database.reading() as db:
        rows = db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {taken}")
        assert all("uq_help_matches_taken" in str(row[-1]) for row in rows)


def test_a_store_that_is_away_is_not_asked_again_by_everybody_who_waits(
    reader: Reader, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def away() -> None:
        tries.append(1)
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(database, "reading", away)
    for _ in range(3):
        with pytest.raises(SQLAlchemyError):
            reader.read()
    assert len(tries) == 1
