"""Numbers and times as they are read aloud."""

from datetime import date, time

import pytest

from knowledge.printing import spoken


@pytest.mark.parametrize(
    ("count", "read"),
    [
        *[(0, "零"), (5, "五"), (10, "十"), (12, "十二"), (20, "二十"), (31, "三十一")],
        *[(100, "一百"), (105, "一百零五"), (110, "一百一十"), (1005, "一千零五")],
        *[(1010, "一千零一十"), (1050, "一千零五十"), (1111, "一千一百一十一")],
    ],
)
def test_a_count_is_read_as_it_is_spoken(count: int, read: str) -> None:
    assert spoken.number(count) == read


@pytest.mark.parametrize(
    ("clock", "read"),
    [
        *[("00:10", "凌晨零点十分"), ("02:00", "凌晨两点"), ("06:30", "早上六点半")],
        *[("08:05", "上午八点零五分"), ("12:00", "中午十二点"), ("13:30", "下午一点半")],
        *[("14:00", "下午两点"), ("17:45", "下午五点四十五分"), ("22:20", "晚上十点二十分")],
    ],
)
def test_a_time_says_the_part_of_the_day(clock: str, read: str) -> None:
    assert spoken.clock(time.fromisoformat(clock)) == read


def test_telephone_numbers_and_lines_are_read_figure_by_figure() -> None:
    assert spoken.telephone("110") == "幺幺零"
    assert spoken.line("360") == "三六零路"
    assert spoken.line("748B") == "七四八B路"
    assert spoken.line("机场专线") == "机场专线"


def test_a_date_is_read_with_its_month() -> None:
    assert spoken.day(date(2026, 10, 1)) == "十月一号"
    assert spoken.weekday(date(2026, 10, 1)) == "星期四"
