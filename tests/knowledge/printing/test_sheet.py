"""What stands on a sheet: for residents, of the main places, in the week it is for."""

from datetime import date

from knowledge.pack import Pack
from knowledge.printing.sheet import MOST_PLACES, main_places, main_stop
from knowledge.printing.words import Words
from knowledge.transit import open_timetable
from tests.knowledge.printing.conftest import sheet_of

MONDAY = date(2026, 11, 23)


def test_a_week_begins_on_monday_whatever_day_is_asked(guali: Pack) -> None:
    assert sheet_of(guali, date(2026, 11, 29)) == sheet_of(guali, MONDAY)
    assert [day.on.day for day in sheet_of(guali, MONDAY).days] == [*range(23, 30)]


def test_group_visits_and_tasks_are_not_for_the_board(guali: Pack) -> None:
    names = {entry.name.zh for day in sheet_of(guali, MONDAY).days for entry in day.entries}
    assert "武术社" in names
    assert not names & {"团队参观预约", "公交站引导"}


def test_only_what_costs_something_has_a_fee(guali: Pack) -> None:
    fees = {e.name.zh: e.fee for day in sheet_of(guali, MONDAY).days for e in day.entries}
    assert fees["武术社"] is None
    yoga = fees["瑜伽"]
    assert yoga is not None
    assert ("10 元" in yoga.zh, "10 yuan" in yoga.en) == (True, True)


def test_a_pack_may_say_whose_hours_are_printed(guali: Pack) -> None:
    assert len(main_places(guali)) == MOST_PLACES
    chosen = guali.model_copy(update={"sheet_places": ("fac-canteen", "fac-senior")})
    assert [place.id for place in main_places(chosen)] == ["fac-canteen", "fac-senior"]


def test_places_with_the_same_hours_share_a_line(guali: Pack) -> None:
    alike = [line.names for line in sheet_of(guali, MONDAY).hours if len(line.names) > 1]
    assert [{name.zh for name in names} for names in alike] == [
        {"七彩游泳池", "永兴书房(七彩)"}
    ]


def test_the_main_stop_is_the_bus_station(guali: Pack) -> None:
    assert main_stop(guali, open_timetable(guali)) == "s_guali"


def test_weekdays_that_follow_one_another_are_a_range() -> None:
    zh, en = Words("zh"), Words("en")
    assert zh.weekdays([0, 1, 2, 3, 4]) == "周一至周五"
    assert zh.weekdays([0, 1, 3, 4, 5]) == "周一、周二、周四至周六"
    assert zh.weekdays(list(range(7))) == "每天"
    assert en.weekdays([0, 1, 2, 5]) == "Mon–Wed, Sat"
