"""A whole year of opening hours, and single moments, against what was worked out without us.

The year is computed here straight from facilities.yml: the few shapes of OSM hours it uses are
read by splitting, and 2026's holidays are typed from the State Council's notice.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from knowledge.hours import opening, spans_on
from knowledge.pack import Pack

ZONE = ZoneInfo("Asia/Shanghai")
FILE = Path("knowledge/data/guali/facilities.yml")
WEEK = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
# 国务院办公厅关于2026年部分节假日安排的通知: first and last free day of each holiday,
HOLIDAYS = (
    ("01-01", "01-03"),
    ("02-15", "02-23"),
    ("04-04", "04-06"),
    ("05-01", "05-05"),
    ("06-19", "06-21"),
    ("09-25", "09-27"),
    ("10-01", "10-07"),
)
# and the weekend days that are worked for them.
WORKED = ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10")
YEAR = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]

Hours = list[str]  # as 08:30-12:00


def expected(content: dict[str, Any], facility: dict[str, Any], on: date) -> Hours:
    """Work a day's hours out: exception, worked weekend day, public holiday, weekday."""
    hours, rules = facility["opening_hours"], content["exception_sets"][facility["exceptions"]]
    day = f"{on:%m-%d}"
    if hours is None:
        return []
    for exception in rules["dates"]:
        if exception["date"] <= on.isoformat() <= exception["to"]:
            return [] if exception["hours"] == "off" else exception["hours"].split(",")
    if day in WORKED and rules["makeup_workdays"] == "as-weekday":
        return of_weekday(hours, "Mo")
    if any(first <= day <= last for first, last in HOLIDAYS) and "PH" in hours:
        return of_weekday(hours, "PH")
    return of_weekday(hours, WEEK[on.weekday()])


def of_weekday(hours: str, wanted: str) -> Hours:
    """Read the rules in order; a later one that names the day takes it over."""
    if hours == "24/7":
        return ["00:00-24:00"]
    found: Hours = []
    for rule in hours.split("; "):
        days, times = rule.split(" ")
        if wanted in named(days):
            found = [] if times == "off" else times.split(",")
    return found


def named(days: str) -> Iterator[str]:
    for part in days.split(","):
        first, _, last = part.partition("-")
        if part == "PH":
            yield part
        else:
            yield from WEEK[WEEK.index(first) : WEEK.index(last or first) + 1]


def written(pack: Pack, facility_id: str, on: date) -> Hours:
    """Our answer, in the same writing."""
    midnight = datetime(on.year, on.month, on.day, tzinfo=ZONE)
    return [
        f"{start:%H:%M}-{'24:00' if end == midnight + timedelta(days=1) else f'{end:%H:%M}'}"
        for start, end in spans_on(pack, pack.facilities[facility_id], on)
    ]


def test_every_day_of_2026_at_every_facility_is_as_worked_out_from_the_file(
    guali: Pack,
) -> None:
    content = yaml.safe_load(FILE.read_text("utf-8"))
    facilities = content["facilities"]
    wrong = [
        f"{facility['id']} {on}: {ours}, not {theirs}"
        for facility in facilities
        for on in YEAR
        if (ours := written(guali, facility["id"], on))
        != (theirs := expected(content, facility, on))
    ]
    print(f"{len(YEAR)} days × {len(facilities)} facilities, {len(wrong)} wrong")  # noqa: T201
    assert len(facilities) == len(guali.facilities)
    assert wrong == []


def test_the_year_has_closed_days_open_exceptions_and_worked_weekends_in_it(
    guali: Pack,
) -> None:
    """The comparison would prove little if the pack had none of them."""
    assert written(guali, "fac-hzbook", date(2026, 10, 5)) == ["10:00-17:00"]  # a Monday
    assert written(guali, "fac-hzbook", date(2026, 12, 24)) == []  # a Thursday
    assert written(guali, "fac-convenience", date(2026, 10, 10)) == [
        "08:30-12:00",
        "13:30-17:30",
    ]


def cases() -> list[tuple[str, ...]]:
    rows = (Path(__file__).parent / "hours.tsv").read_text("utf-8").splitlines()[1:]
    return [tuple(row.split("\t")[:3]) for row in rows]


@pytest.mark.parametrize(("facility_id", "moment", "answer"), cases())
def test_a_moment_is_as_the_table_says(
    guali: Pack, facility_id: str, moment: str, answer: str
) -> None:
    """Answers: open until …, closed until …, always, unknown; days as month-day."""
    at = datetime.fromisoformat(moment).replace(tzinfo=ZONE)
    found = opening(guali, guali.facilities[facility_id], at)
    if not found.known:
        said = "unknown"
    elif found.always:
        said = "always"
    elif found.is_open:
        said = f"open until {found.closes_at:%m-%d %H:%M}"
    else:
        said = f"closed until {found.opens_at:%m-%d %H:%M}"
    assert said == answer


def test_the_table_has_sixty_cases_and_none_twice() -> None:
    rows = [row[:2] for row in cases()]
    assert len(rows) == len(set(rows)) >= 60
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", moment) for _, moment in rows)
