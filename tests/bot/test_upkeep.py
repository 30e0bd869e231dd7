"""The programme is written once a day; a publication that was ordered is begun, once."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from actions.booking.model import Draw, Session
from actions.content import publications
from actions.content.editions import Shelf
from actions.db import Database
from actions.wording import read_wording
from bot.upkeep import PAUSE, Draws, Publisher, Upkeep
from knowledge.pack import load_pack
from tests.conftest import StandingClock

PACK = load_pack(Path("knowledge/data/guali"))


def sessions(database: Database) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(Session)) or 0


def test_the_days_work_is_done_once(database: Database, clock: StandingClock) -> None:
    upkeep = Upkeep(database, Shelf(PACK, Path("nowhere")), clock)
    assert upkeep.run_due()
    assert not upkeep.run_due()
    assert sessions(database) > 0


def test_a_week_later_another_week_is_there(database: Database, clock: StandingClock) -> None:
    upkeep = Upkeep(database, Shelf(PACK, Path("nowhere")), clock)
    upkeep.run_due()
    before = sessions(database)
    clock.pass_by(timedelta(weeks=1))
    assert upkeep.run_due()
    assert sessions(database) > before


def test_draws_are_opened_held_and_freed_by_the_worker_each_once(
    database: Database, clock: StandingClock
) -> None:
    shelf, wording = Shelf(PACK, Path("nowhere")), read_wording(PACK.zone)
    Upkeep(database, shelf, clock).run_due()
    draws = Draws(database, shelf, wording, clock)

    def found() -> tuple[int, int, int]:
        with database.reading() as db:
            drawn = db.scalars(select(Draw.drawn_at)).all()
            kept = db.scalar(select(func.count()).where(Session.kept > 0)) or 0
        return len(drawn), len([*filter(None, drawn)]), kept

    assert draws.run_due()
    opened, held, kept = found()
    assert held == 0
    assert kept == opened > 0
    assert not draws.run_due()
    clock.pass_by(timedelta(days=2, hours=3))  # Thursday, 13:00
    assert draws.run_due()
    assert found()[1] == 1  # Saturday's swimming
    assert not draws.run_due()
    clock.pass_by(timedelta(days=1))  # Friday, 13:00
    assert draws.run_due()
    assert found()[2] < found()[0]


@pytest.fixture
def ordered(database: Database, clock: StandingClock) -> Database:
    """Somebody at the desk has ordered a publication."""
    with database.transaction() as db:
        publications.order(db, {}, staff_id=None, now=clock.now())
    return database


def ends_with(code: int) -> tuple[str, ...]:
    return (sys.executable, "-c", f"raise SystemExit({code})")


def wait_for(publisher: Publisher) -> None:
    assert publisher._process
    publisher._process.wait(20)


def test_a_publisher_is_started_when_one_is_ordered_and_never_two(
    ordered: Database, clock: StandingClock
) -> None:
    publisher = Publisher(ordered, clock, (sys.executable, "-c", "import time; time.sleep(60)"))
    assert publisher.run_due()
    assert not publisher.run_due()
    assert publisher._process
    publisher._process.kill()
    wait_for(publisher)


def test_nothing_is_started_when_nothing_is_ordered(
    database: Database, clock: StandingClock
) -> None:
    assert not Publisher(database, clock, ends_with(0)).run_due()


@pytest.mark.parametrize(("code", "at_once"), [(0, True), (3, True), (1, False), (-9, False)])
def test_one_that_ended_badly_is_not_started_again_at_once(
    ordered: Database, clock: StandingClock, code: int, at_once: bool
) -> None:
    command = ends_with(code) if code >= 0 else ("sh", "-c", "kill -9 $$")
    publisher = Publisher(ordered, clock, command)
    assert publisher.run_due()
    wait_for(publisher)
    assert publisher.run_due() is at_once
    if not at_once:
        clock.pass_by(PAUSE + timedelta(seconds=1))
        assert publisher.run_due()
    wait_for(publisher)
