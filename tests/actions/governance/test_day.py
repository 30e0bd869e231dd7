"""Two hundred requests lived through, over a holiday with make-up days: nothing is lost.

National Day 2026: no work from 1 to 7 October, and Saturday the 10th is worked instead.
"""

from datetime import datetime

import pytest

from actions import outbox
from actions.governance import telling
from actions.governance.model import Status
from tests.actions.governance.conftest import Hall
from tests.actions.governance.town import Town, settle
from tests.conftest import StandingClock

REQUESTS, FILED_WITHIN = 200, 13 * 24  # hours
WEEKS = 3


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime.fromisoformat("2026-09-28T07:00+08:00"))  # Monday


def test_two_hundred_requests_over_a_holiday(hall: Hall) -> None:
    town = settle(hall, REQUESTS, FILED_WITHIN)
    town.live(WEEKS * 7 * 24)
    statuses = town.statuses()
    assert statuses.total() == REQUESTS
    assert set(statuses) >= {*Status} - {Status.WITHDRAWN, Status.IN_PROGRESS, Status.REOPENED}
    town.outlive()
    assert town.wrong == []
    assert len(town.news) > 3 * REQUESTS
    assert town.untold() == []
    assert town.doubled() == []
    assert town.woken() == []
    assert town.left_lying() == []
    assert town.overlooked() == []


def a_few_days(hall: Hall) -> Town:
    return settle(hall, 25, 24)


on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@on_sqlite
def test_without_upkeep_requests_would_lie_where_they_are(hall: Hall) -> None:
    """Negative control."""
    town = a_few_days(hall)
    town.upkeep = None
    town.live(10 * 24)
    assert town.overlooked()
    assert town.left_lying()


@on_sqlite
def test_told_twice_would_be_seen(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: without the key that makes a notice exist once."""
    residents = telling.residents

    def twice(*told: object, **more: object) -> None:
        residents(*told, **more)  # type: ignore[arg-type]
        residents(*told, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(telling, "residents", twice)
    town = a_few_days(hall)
    town.live(3 * 24)
    assert town.doubled() == []  # the key holds
    monkeypatch.setattr(outbox, "put_once", lambda db, *, key, **more: outbox.put(db, **more))
    town.live(3 * 24)
    del town.sent
    assert town.doubled()


@on_sqlite
def test_untold_would_be_seen(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: one deed that tells nobody."""
    monkeypatch.setattr(telling, "residents", lambda *told, **more: None)
    town = a_few_days(hall)
    town.live(3 * 24)
    assert town.untold()
