from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import delete, select, update

from actions.db import Database, Db
from actions.people import audit
from actions.people.model import Area, AuditEntry, Staff
from tests.conftest import StandingClock

Way = Callable[[Database, StandingClock, Barrier, int], None]


def fill(database: Database, clock: StandingClock, entries: int = 5) -> None:
    for number in range(entries):
        with database.transaction() as db:
            append(clock, db, f"request:{number}")


def append(
    clock: StandingClock, db: Db, subject: str, staff_id: int | None = None
) -> AuditEntry:
    return audit.append(
        db,
        key="key",
        staff_id=staff_id,
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


def staff(database: Database, clock: StandingClock) -> list[int]:
    with database.transaction() as db:
        db.add(Area(id="guali/", tier="town"))
        db.flush()
        members = [
            Staff(username=name, role="staff", area_id="guali/", created_at=clock.now())
            for name in ("wang", "li")
        ]
        for member in members:
            member.password_hash = "-"
        db.add_all(members)
        db.flush()
        return [member.id for member in members]


def flipped(column: str, entry: AuditEntry, members: list[int]) -> list[object]:
    """What a hand in the table could put into a column instead."""
    values: dict[str, list[object]] = {
        "id": [entry.id + 1000],  # to the end: the order of things
        "staff_id": [None, *members],
        "deed": [entry.deed + "s", entry.deed[:-1], ""],
        "subject": [entry.subject + "0", "request:9", f"{entry.subject}\n"],
        "happened_at": [entry.happened_at + timedelta(microseconds=1)],
        "seal": ["0" * 64, entry.seal[:-1] + ("0" if entry.seal[-1] != "0" else "1")],
    }
    return [value for value in values[column] if value != getattr(entry, column)]


@pytest.mark.parametrize("column", [column.name for column in AuditEntry.__table__.columns])
def test_a_flip_in_any_column_of_any_entry_is_found(
    database: Database, clock: StandingClock, column: str
) -> None:
    members, flips = staff(database, clock), 0
    for number in range(6):
        with database.transaction() as db:
            who = [None, *members][number % 3]
            append(clock, db, f"request:{number}", who)
    assert broken_at(database) is None
    with database.reading() as db:
        entries = list(db.scalars(select(AuditEntry).order_by(AuditEntry.id)))
    if column == "id":
        entries.pop()  # the last one stays the last: that says nothing else
    for entry in entries:
        before = getattr(entry, column)
        for value in flipped(column, entry, members):
            at = value if column == "id" else entry.id
            put(database, entry.id, {column: value})
            assert broken_at(database) is not None
            put(database, at, {column: before})
            assert broken_at(database) is None
            flips += 1
    assert flips >= len(entries)


def put(database: Database, entry_id: object, values: dict[str, object]) -> None:
    with database.transaction() as db:
        db.execute(update(AuditEntry).where(AuditEntry.id == entry_id).values(**values))


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
@pytest.mark.both_stores
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
