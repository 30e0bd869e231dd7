"""Times as residents say them. `dates.tsv` is held out: written before the parser was run."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.dates import differing, measure, read
from knowledge.dates import Grain, Unclear, When, read_when
from knowledge.dates.calendar_days import FESTIVALS, by_moon

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 10, tzinfo=SHANGHAI)  # a Tuesday


def when(text: str, now: datetime = NOW) -> When:
    found = read_when(text, now)
    assert isinstance(found, When), found
    return found


def unclear(text: str, now: datetime = NOW) -> Unclear:
    found = read_when(text, now)
    assert isinstance(found, Unclear), found
    return found


def test_the_held_out_phrases_are_understood() -> None:
    figures = measure(read(Path("tests/knowledge/dates.tsv")))
    assert figures["phrases"] >= 160
    assert figures["accuracy"] >= 0.97
    assert figures["silent_wrong"] <= 0.01


def test_many_threads_are_told_what_one_is_told() -> None:
    """`tests/bench/test_dates.py` has the control: a reader that keeps what it was asked."""
    assert differing(read(Path("tests/knowledge/dates.tsv")), read_when) == 0


def test_a_moment_lasts_a_minute() -> None:
    found = when("明天下午三点")
    assert found.grain == Grain.MINUTE
    assert found.start == datetime(2026, 11, 25, 15, tzinfo=SHANGHAI)
    assert found.end - found.start == timedelta(minutes=1)


def test_a_range_ends_when_it_was_said_to() -> None:
    found = when("周六下午1点到3点")
    assert (found.start.hour, found.end.hour) == (13, 15)


def test_a_day_ends_at_midnight_and_a_part_of_it_when_it_does() -> None:
    whole, part = when("明天"), when("明天下午")
    assert (whole.grain, part.grain) == (Grain.DAY, Grain.DAY)
    assert whole.end - whole.start == timedelta(days=1)
    assert (part.start.hour, part.end.hour) == (12, 18)


def test_a_weekend_is_two_days() -> None:
    found = when("这周末")
    assert found.grain == Grain.SPAN
    assert (found.start.date(), found.end.date()) == (date(2026, 11, 28), date(2026, 11, 30))


def test_the_words_that_say_it_are_told() -> None:
    assert when("我想约周六上午的书法社").words == "周六上午"


def test_an_hour_that_may_be_two_is_asked_about() -> None:
    hours = [reading.start.hour for reading in unclear("明天三点").readings]
    assert hours == [15, 3]  # the likelier first


def test_what_is_over_decides_which_half_of_the_day_is_meant() -> None:
    assert when("今天三点").start.hour == 15


def test_a_date_and_a_weekday_that_disagree_are_asked_about() -> None:
    days = {reading.start.day for reading in unclear("11月28号星期天").readings}
    assert days == {28, 29}


@pytest.mark.parametrize(
    "text", ["11月31号", "2月30日上午", "Feb 30", "这个月31号", "2026-02-30"]
)
def test_a_date_that_does_not_exist_is_asked_about(text: str) -> None:
    assert unclear(text).readings == ()


def test_a_holiday_nobody_has_published_is_asked_about() -> None:
    assert unclear("2027年国庆假期").readings == ()


def test_a_published_holiday_is_known() -> None:
    found = when("国庆假期", datetime(2026, 9, 1, tzinfo=SHANGHAI))
    assert (found.start.date(), found.end.date()) == (date(2026, 10, 1), date(2026, 10, 8))


def test_yesterday_stays_past_and_a_bare_weekday_comes_next() -> None:
    assert when("昨天").start.date() == date(2026, 11, 23)
    assert when("周一").start.date() == date(2026, 11, 30)


def test_what_is_to_come_is_meant_where_the_past_is_spoken_of_too() -> None:
    assert when("昨天报的路灯明天能修好吗").start.date() == date(2026, 11, 25)


def test_a_recurring_time_is_no_time() -> None:
    assert read_when("每周三下午两点", NOW) is None


def test_a_deadline_begins_now() -> None:
    found = when("周五之前")
    assert (found.start, found.end.date()) == (NOW, date(2026, 11, 28))


def test_the_zone_is_the_one_of_now() -> None:
    tokyo = NOW.astimezone(ZoneInfo("Asia/Tokyo"))
    assert when("下午三点", tokyo).start.utcoffset() == timedelta(hours=9)
    assert when("今天", datetime(2026, 11, 24, 23, tzinfo=UTC)).start.day == 24


def test_minutes_from_now_are_counted_across_a_change_of_the_clock() -> None:
    """On 25 October 2026 Berlin's clocks went from 3:00 back to 2:00."""
    before = datetime(2026, 10, 25, 1, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert (when("两个小时后", before).start - before.astimezone(UTC)) == timedelta(hours=2)


def test_the_moon_s_feasts_agree_with_the_state_s_calendar() -> None:
    for year in range(2020, 2027):
        for name, occasion in (
            ("春节", "Spring Festival"),
            ("端午", "Dragon Boat Festival"),
            ("中秋", "Mid-autumn Festival"),
            ("清明", "Tomb-sweeping Day"),
        ):
            on = FESTIVALS[name](year)
            assert on
            named = chinese_calendar.get_holiday_detail(on)[1]
            # in 2020 Mid-autumn fell on National Day
            assert named in (occasion, "National Day"), (year, name, on)


def test_a_year_outside_the_moon_s_table_is_not_guessed() -> None:
    assert by_moon(2019, 1, 1) is None
    assert by_moon(2050, 1, 1) is None


@given(
    st.text(alphabet="今明后天周六日上下午点半三号月初底到或:-0123456789 amp/next", max_size=30)
)
def test_anything_may_be_typed(text: str) -> None:
    found = read_when(text, NOW)
    for reading in [found] if isinstance(found, When) else found.readings if found else ():
        assert reading.start < reading.end
        assert reading.start.tzinfo is SHANGHAI


def test_a_very_long_message_is_read_at_its_beginning() -> None:
    assert when("明天下午三点" + "啊" * 10_000).start.hour == 15
