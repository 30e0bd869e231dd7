from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import delete, select, update

from actions.db import Database, Db
from actions.people import audit
from actions.people.model import AuditEntry
from tests.conftest import StandingClock

Way = Callable[[Database, StandingClock, Barrier, int], None]


def fill(database: Database, clock: StandingClock, entries: int = 5) -> None:
    for number in range(entries):
        with database.transaction() as db:
            append(clock, db, f"request:{number}")


def append(clock: StandingClock, db: Db, subject: str) -> AuditEntry:
    return audit.append(
        db,
        key="key",
        staff_id=None,
        deed="read_request",
        subject=subject,
        now=clock.now(),
    )


def broken_at(database: Database, key: str = "key") -> int | None:
    with database.reading() as db:
        return audit.check(db, key).broken_at


def test_a_log_nobody_touched_fits(database: Database, clock: StandingClock) -> None:
    assert broken_at(database) is None
    fill(database, clock)
    with database.reading() as db:
        checked = audit.check(db, "key")
        assert (checked.entries, checked.broken_at) == (5, None)
        assert (
            checked.last_seal
            == db.scalars(select(AuditEntry.seal).order_by(AuditEntry.id.desc()).limit(1)).one()
        )


@pytest.mark.parametrize(
    "change",
    [
        {"deed": "read_photo"},
        {"subject": "request:9"},
        {"seal": "0" * 64},
        {"happened_at": StandingClock().now().replace(year=2025)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_entry_is_found(
    database: Database, clock: StandingClock, change: dict[str, object]
) -> None:
    fill(database, clock)
    with database.transaction() as db:
        third = list(db.scalars(select(AuditEntry.id).order_by(AuditEntry.id)))[2]
        db.execute(update(AuditEntry).where(AuditEntry.id == third).values(**change))
    assert broken_at(database) == third


def test_a_dropped_entry_is_found(database: Database, clock: StandingClock) -> None:
    fill(database, clock)
    with database.transaction() as db:
        ids = list(db.scalars(select(AuditEntry.id).order_by(AuditEntry.id)))
        db.execute(delete(AuditEntry).where(AuditEntry.id == ids[1]))
    assert broken_at(database) == ids[2]


def test_nobody_without_the_key_can_seal(database: Database, clock: StandingClock) -> None:
    fill(database, clock)
    assert broken_at(database, key="another") is not None


def test_what_is_rolled_back_was_not_done_and_is_not_in_the_log(
    database: Database, clock: StandingClock
) -> None:
    fill(database, clock)

    def fail() -> None:
        with database.transaction() as db:
            append(clock, db, "request:7")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    fill(database, clock)
    with database.reading() as db:
        assert audit.check(db, "key").entries == 10


def in_a_lock(database: Database, clock: StandingClock, meet: Barrier, number: int) -> None:
    meet.wait()
    with database.transaction() as db:
        append(clock, db, f"request:{number}")


def without_a_lock(
    database: Database, clock: StandingClock, meet: Barrier, number: int
) -> None:
    """The naive way: look at the last seal first, write later."""
    with database.reading() as db:
        last = db.scalar(select(AuditEntry.seal).order_by(AuditEntry.id.desc()).limit(1))
    meet.wait()
    with database.transaction() as db:
        entry = AuditEntry(deed="x", subject=f"request:{number}", happened_at=clock.now())
        entry.seal = audit._seal("key", last or audit.FIRST, entry)
        db.add(entry)


@pytest.mark.parametrize(
    ("way", "holds"), [(in_a_lock, True), (without_a_lock, False)], ids=["lock", "control"]
)
def test_entries_appended_at_once_are_one_chain(
    database: Database, clock: StandingClock, way: Way, holds: bool
) -> None:
    threads = 8
    meet = Barrier(threads)
    with ThreadPoolExecutor(threads) as pool:
        tries = [pool.submit(way, database, clock, meet, n) for n in range(threads)]
        for tried in tries:
            tried.result()
    assert (broken_at(database) is None) is holds
    with database.reading() as db:
        assert len(db.scalars(select(AuditEntry)).all()) == threads
