"""Opening hours as residents ask for them: now, today, on holidays, after midnight."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from knowledge.calendar import DayKind
from knowledge.hours import opening, spans_on
from knowledge.osm import readable
from knowledge.pack import Facility, Pack

SHANGHAI = ZoneInfo("Asia/Shanghai")


def facility(pack: Pack, hours: str | None, exceptions: str = "none") -> Facility:
    some: Any = next(iter(pack.facilities.values()))
    changed: Facility = some.model_copy(
        update={"opening_hours": hours, "exceptions": exceptions}
    )
    return changed


def at(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


def test_open_now_and_until_when(guali: Pack) -> None:
    found = opening(guali, facility(guali, "Mo-Fr 08:30-17:00"), at(2026, 11, 24, 10))
    assert found.is_open
    assert found.closes_at == at(2026, 11, 24, 17)
    assert found.opens_at is None


def test_the_closing_minute_is_closed_and_the_next_opening_is_told(guali: Pack) -> None:
    found = opening(guali, facility(guali, "Mo-Fr 08:30-17:00"), at(2026, 11, 27, 17))
    assert not found.is_open
    assert found.opens_at == at(2026, 11, 30, 8, 30)  # Friday evening → Monday


def test_a_lunch_break_is_closed(guali: Pack) -> None:
    counter = facility(guali, "Mo-Fr 08:30-11:30,13:30-17:00")
    found = opening(guali, counter, at(2026, 11, 24, 12))
    assert not found.is_open
    assert found.opens_at == at(2026, 11, 24, 13, 30)
    assert len(found.today) == 2


def test_hours_past_midnight_belong_to_the_evening_before(guali: Pack) -> None:
    found = opening(guali, facility(guali, "Fr 18:00-02:00"), at(2026, 11, 28, 1))
    assert found.is_open
    assert found.closes_at == at(2026, 11, 28, 2)


def test_always_open_has_no_closing(guali: Pack) -> None:
    found = opening(guali, facility(guali, "24/7"), at(2026, 11, 24, 3))
    assert found.always
    assert found.closes_at is None


def test_hours_nobody_has_told_are_unknown(guali: Pack) -> None:
    found = opening(guali, facility(guali, None), at(2026, 11, 24, 10))
    assert not found.known
    assert not found.is_open


def test_a_holiday_is_as_the_hours_say(guali: Pack) -> None:
    national_day = date(2026, 10, 1)
    assert spans_on(guali, facility(guali, "Mo-Su 09:00-17:00; PH off"), national_day) == []
    special = spans_on(
        guali, facility(guali, "Mo-Su 09:00-17:00; PH 10:00-15:00"), national_day
    )
    assert [(start.hour, end.hour) for start, end in special] == [(10, 15)]
    usual = spans_on(guali, facility(guali, "Mo-Su 09:00-17:00"), national_day)
    assert [(start.hour, end.hour) for start, end in usual] == [(9, 17)]


def test_a_worked_saturday_follows_the_weekday_where_the_set_says_so(guali: Pack) -> None:
    saturday = date(2026, 10, 10)
    assert spans_on(guali, facility(guali, "Mo-Fr 08:30-17:00", "office"), saturday)
    assert spans_on(guali, facility(guali, "Mo-Fr 08:30-17:00", "none"), saturday) == []


def test_an_exception_of_the_pack_comes_first_and_gives_its_reason(guali: Pack) -> None:
    found = opening(guali, facility(guali, "24/7", "open-all"), at(2027, 2, 5, 12))
    assert found.reason
    assert [(start.hour, end.hour) for start, end in found.today] == [(10, 16)]


def test_a_day_of_an_unpublished_year_is_said_to_be_uncertain(guali: Pack) -> None:
    found = opening(guali, facility(guali, "Mo-Su 09:00-17:00"), at(2040, 10, 1, 10))
    assert found.day == DayKind.UNKNOWN


def test_now_is_read_in_the_community_s_zone(guali: Pack) -> None:
    """2:00 in London is 10:00 here."""
    london = datetime(2026, 11, 24, 2, tzinfo=ZoneInfo("Europe/London"))
    assert opening(guali, facility(guali, "Mo-Fr 08:30-17:00"), london).is_open


@pytest.mark.parametrize(
    ("hours", "can_be"),
    [
        ("Mo-Fr 08:30-17:00; PH off", True),
        ("24/7", True),
        ("周一到周五", False),
        ("Mo-Fr 8", False),
    ],
)
def test_hours_in_another_syntax_cannot_be_read(hours: str, can_be: bool) -> None:
    assert readable(hours) is can_be
