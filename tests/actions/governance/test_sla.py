"""By when: calendar hours run on, working hours wait for the office."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from actions.governance import sla
from knowledge.pack import Pack, Promise, load_pack

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(Path("knowledge/data/guali"))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def due(pack: Pack, hours: int, clock: str, received: str) -> datetime:
    category = next(iter(pack.categories.values())).model_copy(
        update={"promise": Promise.model_validate({"hours": hours, "clock": clock})}
    )
    return sla.due_at(pack, category, moment(received)).astimezone(ZONE)


def test_calendar_hours_run_day_and_night(pack: Pack) -> None:
    assert due(pack, 48, "calendar", "2026-11-27 16:00") == moment("2026-11-29 16:00")


@pytest.mark.parametrize(
    ("hours", "received", "expected"),
    [
        (1, "2026-11-24 10:00", "2026-11-24 11:00"),
        (3, "2026-11-24 10:00", "2026-11-24 14:30"),  # over lunch
        (1, "2026-11-24 12:30", "2026-11-24 14:30"),  # received at lunch
        (1, "2026-11-24 06:00", "2026-11-24 09:30"),  # before the office opens
        (2, "2026-11-24 16:30", "2026-11-25 09:30"),  # over night
        (1, "2026-11-28 11:30", "2026-11-30 09:00"),  # Saturday morning, then Monday
        (1, "2026-12-31 17:00", "2027-01-02 09:30"),  # over New Year's Day
    ],
)
def test_working_hours_are_the_offices(
    pack: Pack, hours: int, received: str, expected: str
) -> None:
    assert due(pack, hours, "working", received) == moment(expected)


def test_without_an_office_working_hours_run_on(pack: Pack) -> None:
    nowhere = pack.model_copy(update={"places": {}})
    assert due(nowhere, 48, "working", "2026-11-27 16:00") == moment("2026-11-29 16:00")


def test_the_longest_promise_of_the_pack_is_met_within_the_days_looked_at(pack: Pack) -> None:
    for category in pack.categories.values():
        received = moment("2027-02-01 09:00")  # Spring Festival lies ahead
        by = sla.due_at(pack, category, received)
        assert received < by
        assert (by - received).days < sla.DAYS_AHEAD
