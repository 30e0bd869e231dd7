"""What processes tell of themselves survives them, and adds up over all of them."""

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram
from sqlalchemy.exc import OperationalError

from actions import vitals
from actions.db import Base, Database
from actions.vitals import Vitals
from tests.conftest import StandingClock


class Process:
    """A process with counts of its own, begun anew with each object."""

    def __init__(self, database: Database, clock: StandingClock) -> None:
        registry = CollectorRegistry()
        self.brought = Counter("brought", "Letters", ["channel"], registry=registry)
        self.took = Histogram("took_seconds", "Time", buckets=(1, 2), registry=registry)
        self.vitals = Vitals(database, clock, registry)


def counted(database: Database) -> dict[tuple[str, str], float]:
    with database.reading() as db:
        return {(one.name, one.labels): one.value for one in vitals.tallies(db)}


def test_counts_add_up_over_processes_and_their_restarts(
    database: Database, clock: StandingClock
) -> None:
    first, second = Process(database, clock), Process(database, clock)
    for process, many in ((first, 2), (second, 3), (Process(database, clock), 4)):
        process.brought.labels("telegram").inc(many)
        process.took.observe(1.5)
        process.vitals.write()
    first.brought.labels("telegram").inc()
    first.vitals.write()
    first.vitals.write()  # nothing is new
    found = counted(database)
    assert found["brought_total", '{"channel": "telegram"}'] == 10
    assert found["took_seconds_count", "{}"] == 3
    assert found["took_seconds_bucket", '{"le": "2.0"}'] == 3
    assert ("took_seconds_bucket", '{"le": "1.0"}') not in found  # nothing was so quick
    assert not [name for name, _ in found if name.endswith("_created")]


def test_what_was_counted_before_a_process_began_to_tell_is_not_told(
    database: Database, clock: StandingClock
) -> None:
    process = Process(database, clock)
    process.brought.labels("telegram").inc(7)
    later = Vitals(database, clock, process.vitals.registry)
    later.write()
    assert counted(database) == {}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nothing_is_lost_or_counted_twice_while_the_store_is_away(
    database: Database, clock: StandingClock
) -> None:
    process = Process(database, clock)
    process.brought.labels("wechat").inc(2)
    process.vitals.beat("courier/wechat")
    table = Base.metadata.tables["tallies"]
    table.drop(database.engine)
    with pytest.raises(OperationalError):
        process.vitals.write()
    table.create(database.engine)
    process.brought.labels("wechat").inc()
    process.vitals.write()
    assert counted(database)["brought_total", '{"channel": "wechat"}'] == 3
    with database.reading() as db:
        assert set(vitals.beats(db)) == {"courier/wechat"}


def test_a_part_that_goes_no_more_rounds_is_seen_to(
    database: Database, clock: StandingClock
) -> None:
    process, began = Process(database, clock), clock.now()
    for part in ("worker", "courier/telegram"):
        process.vitals.beat(part)
    process.vitals.write()
    clock.pass_by(timedelta(minutes=1))
    process.vitals.beat("worker")
    process.vitals.write()
    with database.reading() as db:
        assert vitals.beats(db) == {"worker": clock.now(), "courier/telegram": began}
