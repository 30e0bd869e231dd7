"""The offline twin says what the assistant says: read back from the paper, and compared.

What is expected is asked of the services, without the sheet; what is found is read from the
text of the finished PDF and of the finished scripts.
"""

import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from knowledge.hours import spans_on
from knowledge.pack import Pack
from knowledge.printing import spoken
from knowledge.printing.script import day_script
from knowledge.printing.sheet import main_places, place_of
from knowledge.programme import in_week
from knowledge.transit import Only, open_timetable
from tests.knowledge.printing.conftest import LOADED_ON, Paper, sheet_of

ORDINARY = date(2026, 11, 23)
NATIONAL_DAY, BACK_TO_WORK = date(2026, 9, 28), date(2026, 10, 5)  # 调休 on Saturday the 10th
SUNDAY_WORKED, STOCK_TAKING = date(2026, 9, 14), date(2026, 12, 21)
PRINTED = [ORDINARY, NATIONAL_DAY, BACK_TO_WORK, STOCK_TAKING]  # a PDF takes two seconds
READ_OUT = [*PRINTED, SUNDAY_WORKED, date(2026, 2, 16), date(2027, 2, 1)]

DAYS = "一二三四五六日"
SPAN = r"\d\d:\d\d–(?:次日)?\d\d:\d\d"
RUN = rf"周[{DAYS}](?:至周[{DAYS}])?"
SAID = re.compile(  # on which days, and what then
    rf"(?P<on>每天|{RUN}(?:、{RUN})*)(?P<what>休息|停开|{SPAN}(?:、{SPAN})*)"
)
ROW = re.compile(r".+?·\d+人(?:·示例:\d+元/次)?")

Key = tuple[str, int]
Change = Callable[[Pack, Path], Pack]


@dataclass
class Facts:
    """What a week is like: activities by day, hours and buses by name and weekday."""

    activities: dict[date, list[str]]
    hours: dict[Key, str]
    buses: dict[Key, str]


def clock(moment: datetime, on: date) -> str:
    written = f"{moment:%H:%M}"
    if moment.date() == on:
        return written
    return "24:00" if written == "00:00" else f"次日{written}"


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def told_by_the_services(pack: Pack, monday: date) -> Facts:
    facts = Facts(defaultdict(list), {}, {})
    for each in in_week(pack, monday, loaded_on=LOADED_ON):
        if each.activity.kind in {"visit", "volunteer_task"}:
            continue
        on = each.starts_at.date()
        span = f"{each.starts_at:%H:%M}–{clock(each.ends_at, on)}"
        name, place = each.activity.name.zh, place_of(pack, each).zh
        fee = each.activity.fee.zh.removeprefix("免费")
        row = f"{span}{name}{place}·{each.activity.places}人{'·' if fee else ''}{fee}"
        facts.activities[on].append(squeezed(row))
    timetable = open_timetable(pack)
    for number in range(7):
        on = monday + timedelta(days=number)
        for hall in main_places(pack):
            spans = [f"{a:%H:%M}–{clock(b, on)}" for a, b in spans_on(pack, hall, on)]
            facts.hours[squeezed(hall.name.zh), number] = "、".join(spans) or "休息"
        for line in timetable.lines.values():
            ends = timetable.first_and_last("s_guali", on, only=Only(frozenset({line.id})))
            if ends:
                name = squeezed(f"{line.number.zh}往{ends[0].towards.zh}")
                first, last = (bus.leaves_at for bus in ends)
                facts.buses[name, number] = f"{first:%H:%M}–{clock(last, on)}"
    return facts


def read_from_paper(file: Path, pack: Pack, monday: date) -> Facts:
    pages = [page.extract_text().replace("\x00", "") for page in PdfReader(file).pages]
    text = squeezed("".join(pages))
    activities, _, rest = text.partition("几点开门")
    hours, _, rest = rest.partition("瓜沥公交站首班—末班")
    buses = rest.partition("有急事")[0]
    places = [re.escape(squeezed(place.name.zh)) for place in main_places(pack)]
    numbers = {line.number.zh for line in open_timetable(pack).lines.values()}
    lines = [rf"{number}往[^周每\d]+" for number in numbers]
    return Facts(
        read_activities(activities, monday), by_name(hours, places), by_name(buses, lines)
    )


def read_activities(text: str, monday: date) -> dict[date, list[str]]:
    found: dict[date, list[str]] = defaultdict(list)
    labels = {
        f"周{DAYS[n]}{on.month}月{on.day}日": on
        for n in range(7)
        for on in [monday + timedelta(days=n)]
    }
    parts = re.split(f"({'|'.join(labels)})", text)
    for label, part in zip(parts[1::2], parts[2::2], strict=True):
        rows = re.split(f"({SPAN})", part)
        for span, row in zip(rows[1::2], rows[2::2], strict=True):
            asked = row.replace("(先问)", "")  # said of some; it is no fact of the services
            found[labels[label]] += [span + told for told in ROW.findall(asked)]
    return found


def by_name(text: str, names: Iterable[str]) -> dict[Key, str]:
    """Spread out what is said of the names (patterns) before it; those in a list share it."""
    spread: dict[Key, str] = {}
    known = "|".join(sorted(names, key=len, reverse=True))
    rows = re.findall(rf"((?:(?:{known})、?)+)((?:(?!{known}).)+)", text)
    for listed, said in rows:
        for match in SAID.finditer(said):
            for number in weekdays(match["on"]):
                for name in re.findall(known, listed):
                    spread[name, number] = match["what"]
    return spread


def weekdays(on: str) -> list[int]:
    if on == "每天":
        return list(range(7))
    numbers: list[int] = []
    for part in on.replace("周", "").split("、"):
        first, _, last = part.partition("至")
        numbers += range(DAYS.index(first), DAYS.index(last or first) + 1)
    return numbers


@pytest.mark.parametrize("monday", PRINTED, ids=str)
def test_the_paper_says_what_the_services_say(guali: Pack, monday: date, paper: Paper) -> None:
    expected = told_by_the_services(guali, monday)
    found = read_from_paper(paper(monday, "zh"), guali, monday)
    assert expected.activities
    assert expected.hours
    assert expected.buses
    assert found.activities == expected.activities
    assert found.hours == expected.hours
    assert {key: ends for key, ends in found.buses.items() if ends != "停开"} == expected.buses


@pytest.mark.parametrize("monday", READ_OUT, ids=str)
def test_the_loudspeaker_says_what_the_services_say(guali: Pack, monday: date) -> None:
    sheet = sheet_of(guali, monday)
    timetable = open_timetable(guali)
    for day in sheet.days:
        said = day_script(sheet, day, "zh")
        happening = [
            (spoken.clock(each.starts_at), each.activity.name.zh, place_of(guali, each).zh)
            for each in in_week(guali, monday, loaded_on=LOADED_ON)
            if each.starts_at.date() == day.on
            and each.activity.kind not in {"visit", "volunteer_task"}
        ]
        found = re.findall(r"^(\w+)，(.+?)，在(.+?)。", said, re.MULTILINE)
        left = len(happening) - len(found)
        assert found == happening[: len(found)]
        assert left == 0 or f"还有{spoken.number(left)}个，请看公告栏" in said
        ends = {
            spoken.line(line.number.zh): tuple(spoken.clock(bus.leaves_at) for bus in pair)
            for line in timetable.lines.values()
            if (
                pair := timetable.first_and_last(
                    "s_guali", day.on, only=Only(frozenset({line.id}))
                )
            )
        }
        buses = re.findall(r"^(\w+)，头班(\w+)，末班(\w+)。", said, re.MULTILINE)
        assert {line: (first, last) for line, first, last in buses} == ends
        shut = {p.name.zh for p in main_places(guali) if not spans_on(guali, p, day.on)}
        closed = re.search("今天不开门的有：(.+)。", said)
        assert set(closed[1].split("、 ") if closed else ()) == shut


def moved(pack: Pack, into: Path) -> Pack:
    """The pack with the first 360 of a weekday a minute later."""
    shutil.copytree(pack.gtfs, into / "gtfs")
    times = into / "gtfs" / "stop_times.txt"
    at, later = "05:40:00,05:40:00,s_guali", "05:41:00,05:41:00,s_guali"
    changed = times.read_text("utf-8").replace(at, later)
    times.write_text(changed, encoding="utf-8")
    return pack.model_copy(update={"folder": into})


def an_hour_later(pack: Pack, _into: Path) -> Pack:
    choir = pack.activities["club-choir"]
    changed = choir.model_copy(update={"start": time(18), "end": time(19)})
    return pack.model_copy(update={"activities": {**pack.activities, choir.id: changed}})


def shut_on_tuesday(pack: Pack, _into: Path) -> Pack:
    room = pack.facilities["fac-yongxing"]
    changed = room.model_copy(update={"opening_hours": "We-Su 09:00-20:30"})
    return pack.model_copy(update={"facilities": {**pack.facilities, room.id: changed}})


@pytest.mark.parametrize(
    ("change", "part"),
    [(an_hour_later, "activities"), (shut_on_tuesday, "hours"), (moved, "buses")],
)
def test_the_comparison_sees_a_paper_that_is_out_of_date(
    guali: Pack, change: Change, part: str, tmp_path: Path, paper: Paper
) -> None:
    found = read_from_paper(paper(ORDINARY, "zh"), guali, ORDINARY)
    expected = told_by_the_services(change(guali, tmp_path), ORDINARY)
    for name in ("activities", "hours", "buses"):
        same = getattr(found, name) == getattr(expected, name)
        assert same is (name != part)
