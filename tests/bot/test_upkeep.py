"""The programme is written some weeks ahead, once a day."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from actions.booking.model import Session
from actions.content.editions import Shelf
from actions.db import Database
from bot.upkeep import Upkeep
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
