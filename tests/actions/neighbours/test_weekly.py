"""Hours of the week: read from words, compared with a wanted time, written for people."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.neighbours import weekly, weekly_words
from actions.neighbours.weekly import ALL_DAYS, WEEKEND, WORKDAYS
from actions.wording import read_wording

ZONE = ZoneInfo("Asia/Shanghai")
WORDING = read_wording(ZONE)


def days(said: str, *ons: int) -> tuple[str, ...]:
    return tuple(f"{on} {said}" for on in ons)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("周末有空", days("00:00-24:00", 6, 7)),
        ("工作日晚上", days("18:00-22:00", 1, 2, 3, 4, 5)),
        ("周二下午", days("12:00-18:00", 2)),
        ("随时", ()),
        ("什么时候都行", ()),
        ("周二下午三点到五点", days("15:00-17:00", 2)),
        ("周二、周四下午", days("12:00-18:00", 2, 4)),
        ("周一到周五晚上七点以后", days("19:00-22:00", 1, 2, 3, 4, 5)),
        ("周二下午周四上午", ("2 12:00-18:00", "4 08:00-12:00")),
        ("除了周三都可以", days("00:00-24:00", 1, 2, 4, 5, 6, 7)),
        (
            "周末有空，但周日下午不行",
            ("6 00:00-24:00", "7 00:00-12:00", "7 18:00-24:00"),
        ),
        ("平时都上班，周末有空", days("00:00-24:00", 6, 7)),
        ("星期六和星期天的上午", days("08:00-12:00", 6, 7)),
        ("每天早上", days("06:00-10:00", *range(1, 8))),
        ("禮拜天", days("00:00-24:00", 7)),
        ("weekends", days("00:00-24:00", 6, 7)),
        ("weekday evenings", days("18:00-22:00", 1, 2, 3, 4, 5)),
        ("Tuesday and Thursday afternoons", days("12:00-18:00", 2, 4)),
        ("Mon to Fri 9am to 5pm", days("09:00-17:00", 1, 2, 3, 4, 5)),
        ("any time except Sunday", days("00:00-24:00", 1, 2, 3, 4, 5, 6)),
        ("weekdays but not Monday", days("00:00-24:00", 2, 3, 4, 5)),
        ("我会修水管，周末有空，我愿意帮忙", days("00:00-24:00", 6, 7)),
    ],
)
def test_hours_of_the_week_are_read(text: str, hours: tuple[str, ...]) -> None:
    assert weekly_words.read(text) == hours


@pytest.mark.parametrize(
    "text",
    [
        "帮人拿快递",
        "我有三个儿子",
        "今天下午我闲着",
        "下周三",
        "这周不在",
        "tomorrow afternoon",
    ],
)
def test_dates_and_other_things_are_no_hours_of_the_week(text: str) -> None:
    assert weekly_words.read(text) is None


def at(day: int, hour: float) -> datetime:
    return datetime(2026, 11, day, int(hour), int(hour % 1 * 60), tzinfo=ZONE)  # 23rd: Monday


@pytest.mark.parametrize(
    ("hours", "start", "end", "share"),
    [
        ((), at(24, 3), at(24, 4), 1.0),
        (days("12:00-18:00", 2), at(24, 15), at(24, 15), 1.0),
        (days("12:00-18:00", 2), at(24, 17.5), at(24, 17.5), 0.5),
        (days("12:00-18:00", 2), at(25, 15), at(25, 15), 0.0),
        (days("12:00-18:00", 2), at(23, 0), at(25, 0), 1.0),
        (days("00:00-24:00", 2, 3), at(24, 23.5), at(25, 0.5), 1.0),
    ],
)
def test_a_wanted_time_is_compared_with_the_hours(
    hours: tuple[str, ...], start: datetime, end: datetime, share: float
) -> None:
    assert weekly.share(hours, (start, end), 60, ZONE) == pytest.approx(share)


@given(
    st.sets(st.integers(1, 7), min_size=1),
    st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)), min_size=1, max_size=5),
)
def test_what_is_kept_is_in_order_and_apart(on: set[int], spans: list[tuple[int, int]]) -> None:
    kept = weekly.written(on, spans)
    assert weekly.together(kept) == kept
    assert weekly.without(kept, kept) == ()
    for each in weekly.spans_of(kept).values():
        assert all(a[1] < b[0] for a, b in pairwise(each))


@pytest.mark.parametrize(
    ("hours", "zh", "en"),
    [
        ((), "随时", "any time"),
        (weekly.written(WEEKEND, [weekly.WHOLE_DAY]), "周末 全天", "weekends all day"),
        (
            weekly.written(WORKDAYS, [(1080, 1320)]),
            "周一到周五 18:00-22:00",
            "Mon to Fri 18:00-22:00",
        ),
        (weekly.written(ALL_DAYS, [(480, 720)]), "每天 08:00-12:00", "every day 08:00-12:00"),
        (
            ("2 12:00-18:00", "4 08:00-12:00"),
            "周二 12:00-18:00 · 周四 08:00-12:00",
            "Tue 12:00-18:00 · Thu 08:00-12:00",
        ),
    ],
)
def test_hours_are_written_in_both_languages(hours: tuple[str, ...], zh: str, en: str) -> None:
    shown = weekly.shown(WORDING, hours)
    assert (shown.zh, shown.en) == (zh, en)
