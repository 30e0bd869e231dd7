"""What has happened is noted with its cause, and says nothing of anybody."""

import pytest
from sqlalchemy import select

from actions import happenings
from actions.db import Database, Db
from actions.happenings import Happening, What
from tests.conftest import StandingClock


def note(db: Db, clock: StandingClock, number: int) -> None:
    facts = {"category": "light"}
    happenings.note(
        db,
        What.REQUEST_FILED,
        f"request/{number}",
        area_id=None,
        facts=facts,
        now=clock.now(),
    )


def test_what_waits_is_announced_once_in_the_order_in_which_it_happened(
    database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        for number in range(3):
            note(db, clock, number)
    with database.transaction() as db:
        first, second = happenings.unannounced(db, 2)
        happenings.mark_announced(db, [first.id, second.id], now=clock.now())
    with database.reading() as db:
        assert [one.subject for one in happenings.unannounced(db, 9)] == ["request/2"]


def test_what_was_rolled_back_has_not_happened(
    database: Database, clock: StandingClock
) -> None:
    def fail() -> None:
        with database.transaction() as db:
            note(db, clock, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.reading() as db:
        assert db.scalars(select(Happening)).all() == []
