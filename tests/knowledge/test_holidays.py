"""Statutory holidays by name: the next one's days, as published or as the law gives them."""

from datetime import date

import pytest

from knowledge.dates import read_holiday


@pytest.mark.parametrize(
    ("text", "today", "days"),
    [
        ("国庆开不开", "2026-09-01", "2026-10-01 2026-10-07 published"),
        ("国庆开不开", "2026-10-07", "2026-10-01 2026-10-07 published"),  # still on
        ("国庆开不开", "2026-10-08", "2027-10-01 2027-10-03 law"),
        ("春节食堂还开吗", "2026-01-20", "2026-02-15 2026-02-23 published"),
        ("过年開嗎", "2026-11-24", "2027-02-05 2027-02-08 law"),  # from 除夕 on
        ("元旦上班吗", "2025-12-30", "2026-01-01 2026-01-03 published"),
        ("五一放假吗", "2026-11-24", "2027-05-01 2027-05-02 law"),
        ("中秋节", "2026-06-01", "2026-09-25 2026-09-27 published"),
        ("中秋节", "2025-09-01", "2025-10-01 2025-10-08 published"),  # one with 国庆
        ("端午", "2026-06-01", "2026-06-19 2026-06-21 published"),
        ("清明节开吗", "2026-03-01", "2026-04-04 2026-04-06 published"),
        ("明年国庆", "2025-06-01", "2026-10-01 2026-10-07 published"),
        ("2027年国庆", "2026-03-01", "2027-10-01 2027-10-03 law"),
        ("节假日开不开", "2026-04-20", "2026-05-01 2026-05-05 published"),
        ("十一长假", "2026-04-20", "2026-10-01 2026-10-07 published"),
        ("are you open on National Day", "2026-04-20", "2026-10-01 2026-10-07 published"),
        ("open over the public holidays?", "2026-04-20", "2026-05-01 2026-05-05 published"),
    ],
)
def test_a_holiday_is_the_next_that_is_not_over(text: str, today: str, days: str) -> None:
    found = read_holiday(text, date.fromisoformat(today))
    assert found
    told = "published" if found.published else "law"
    assert f"{found.days[0]} {found.days[-1]} {told}" == days


@pytest.mark.parametrize(
    "text", ["五一路怎么走", "国庆前开吗", "春节之后", "周六开吗", "十一点开吗", "2060年春节"]
)
def test_what_is_no_holiday_or_beyond_our_tables_is_none(text: str) -> None:
    assert read_holiday(text, date(2026, 11, 24)) is None
