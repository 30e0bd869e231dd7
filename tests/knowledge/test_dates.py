"""Times as residents say them.

`dates.tsv` may be tuned on; `dates_held_back.tsv` and `dates_fresh.tsv` were written before the
parser was run on them.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import thread_time
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


@pytest.mark.parametrize(
    ("file", "phrases", "right"),
    [
        ("dates.tsv", 270, 1.0),
        ("dates_held_back.tsv", 330, 0.97),
        ("dates_fresh.tsv", 60, 0.95),
    ],
)
def test_what_residents_say_is_understood(file: str, phrases: int, right: float) -> None:
    figures = measure(read(Path("tests/knowledge") / file))
    assert figures["phrases"] >= phrases
    assert figures["accuracy"] >= right
    assert figures["silent_wrong"] <= 0.02  # before it is read back


def test_many_threads_are_told_what_one_is_told() -> None:
    """`tests/bench/test_dates.py` has the control: a reader that keeps what it was asked."""
    assert differing(read(Path("tests/knowledge/dates.tsv")), read_when) == 0


def test_a_moment_lasts_a_minute() -> None:
    found = when("明天下午三点")
    assert found.grain == Grain.MINUTE
    assert found.start == datetime(2026, 11, 25, 15, tzinfo=SHANGHAI)
    assert found.end - found.start == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("八点钟太早了，十点半吧", "11-24 10:30"),
        ("下周三上午九点实在太早，十一点行吗", "12-02 11:00"),
        ("晚上八点太晚了，下午四点可以", "11-24 16:00"),
        ("今天来不及了，明天下午两点", "11-25 14:00"),
        ("后天早上七点起不来，八点半", "11-26 08:30"),
        ("8 am is too early, 11 am please", "11-24 11:00"),
        ("tomorrow at 7 pm is a bit too late, 5 pm", "11-25 17:00"),
    ],
)
def test_a_time_that_is_refused_is_not_the_one_that_is_meant(text: str, meant: str) -> None:
    assert f"{when(text).start:%m-%d %H:%M}" == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("10 past 5 pm on Friday", "11-27 17:10"),
        ("on Saturday at a quarter past three pm", "11-28 15:15"),
        ("tomorrow, twenty to 9 a.m.", "11-25 08:40"),
        ("half past 4 pm tomorrow", "11-25 16:30"),
        ("quarter to 12 pm on Friday", "11-27 11:45"),
        ("quarter to 1 pm on Friday", "11-27 12:45"),
    ],
)
def test_what_marks_the_half_of_the_day_may_stand_after_any_clock(
    text: str, meant: str
) -> None:
    assert f"{when(text).start:%m-%d %H:%M}" == meant


def test_of_a_refused_time_its_day_is_left() -> None:
    assert when("明天七点太早了").grain == Grain.DAY
    assert read_when("七点太早了", NOW) is None


def test_a_range_ends_when_it_was_said_to() -> None:
    found = when("周六下午1点到3点")
    assert (found.start.hour, found.end.hour) == (13, 15)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("tomorrow 10 to 12 am", (10, 12)),  # said of noon
        ("tomorrow 9:30-12am", (9, 12)),
        ("tomorrow 10 am to 12 am", (10, 0)),
        ("tomorrow 10 pm to 12 am", (22, 0)),
    ],
)
def test_twelve_am_after_a_bare_hour_is_noon(text: str, hours: tuple[int, int]) -> None:
    found = when(text)
    assert (found.start.hour, found.end.hour) == hours


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


WORDS = """
今 明 后 天 周 六 日 点 半 三 十 两 号 月 初 底 到 或 每 第 个 年 过 差 刻 、 和 改 不是
上午 下午 晚上 夜里 最后 星期 礼拜 农历 正 小时 分钟 周末 除夕 国庆 前一天 以后 之前 没空
0 12 20 9999 : - / . , am pm next last from to between and half past in by months
monday saturday noon tomorrow december 路 楼 元 岁 的 。 ①
"""
PIECES = (" ", *WORDS.split())
messages = st.one_of(
    st.text(),
    st.lists(st.sampled_from(PIECES)).map("".join),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map(
        lambda said: "".join(said) * 1000
    ),
)
moments = st.integers(0, 15 * 365 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=SHANGHAI) + timedelta(minutes=minutes)
)
LONGEST_READING = 0.05  # seconds of our own processor time, others on the machine left out


@given(messages, moments)
def test_whatever_is_typed_is_read_in_no_time(text: str, now: datetime) -> None:
    found = None

    def spent() -> float:
        nonlocal found
        began = thread_time()
        found = read_when(text, now)
        return thread_time() - began

    assert any(spent() < LONGEST_READING for _ in range(3))
    for reading in readings_of(found):
        assert reading.start < reading.end
        assert reading.start.tzinfo is SHANGHAI


def readings_of(found: When | Unclear | None) -> tuple[When, ...]:
    return (found,) if isinstance(found, When) else found.readings if found else ()


@pytest.mark.parametrize(
    "text",
    ["十十点", "零零十十年", "初十十", "9999999999分钟后", "9999年后", "9" * 5000 + "天后"],
)
def test_a_number_nobody_can_mean_is_no_time(text: str) -> None:
    assert read_when(text, NOW) is None


def test_a_very_long_message_is_read_at_its_beginning() -> None:
    assert when("明天下午三点" + "啊" * 10_000).start.hour == 15
