"""The loudspeaker script: spoken, short, and honest about what it leaves out."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from knowledge.pack import Pack
from knowledge.printing import spoken
from knowledge.printing.script import MINUTES, PER_MINUTE, day_script, length, write_scripts
from tests.knowledge.printing.conftest import sheet_of

WEDNESDAY, NATIONAL_DAY = date(2026, 11, 25), date(2026, 10, 1)
WORKED_SATURDAY = date(2026, 10, 10)


def said(pack: Pack, on: date, language: str = "zh") -> str:
    sheet = sheet_of(pack, on)
    return day_script(sheet, sheet.days[on.weekday()], language)


def test_no_figure_is_left_to_the_reader(guali: Pack) -> None:
    for on in (WEDNESDAY, NATIONAL_DAY, WORKED_SATURDAY):
        assert not re.search(r"\d", said(guali, on))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("monday", [date(2026, 11, 23), date(2026, 9, 28), date(2026, 10, 5)])
def test_a_day_is_read_in_two_minutes(guali: Pack, monday: date, language: str) -> None:
    sheet = sheet_of(guali, monday)
    for day in sheet.days:
        text = day_script(sheet, day, language)
        assert length(text, language) <= MINUTES * PER_MINUTE[language]


def test_a_day_with_too_much_says_how_many_are_left_to_the_board(guali: Pack) -> None:
    sheet = sheet_of(guali, WEDNESDAY)
    day = sheet.days[2]
    full = replace(day, entries=day.entries * 4)
    text = day_script(sheet, full, "zh")
    assert length(text, "zh") <= MINUTES * PER_MINUTE["zh"]
    assert "今天有三十二个活动" in text
    read = len(re.findall("，在", text))
    assert 0 < read < 32
    assert f"还有{spoken.number(32 - read)}个，请看公告栏" in text


def test_holidays_and_worked_weekends_are_said(guali: Pack) -> None:
    assert "今天放假。" in said(guali, NATIONAL_DAY)
    assert "文化教育中心今天上午九点到下午五点。" in said(guali, NATIONAL_DAY)
    assert "今天调休，要上班。" in said(guali, WORKED_SATURDAY)
    assert "便民中心今天上午八点半到中午十二点" in said(guali, WORKED_SATURDAY)
    assert "放假" not in said(guali, WEDNESDAY)


def test_an_activity_whose_venue_is_shut_then_says_so(guali: Pack) -> None:
    saturday = said(guali, date(2026, 10, 3))
    assert "小志愿者社，在志愿之家。场地那时不开门" in saturday
    assert saturday.count("场地那时不开门") == 1


def test_samples_are_called_so(guali: Pack) -> None:
    assert "以上是示例" in said(guali, WEDNESDAY)
    assert "sample data" in said(guali, WEDNESDAY, "en")


def test_there_is_a_file_for_each_day(guali: Pack, tmp_path: Path) -> None:
    files = write_scripts(sheet_of(guali, WEDNESDAY), "zh", tmp_path)
    assert [file.name for file in files][::6] == [
        "script-2026-11-23.zh.txt",
        "script-2026-11-29.zh.txt",
    ]
    assert "星期三" in files[2].read_text("utf-8")
