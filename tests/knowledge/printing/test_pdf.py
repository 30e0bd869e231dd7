"""The week sheet as paper: its fonts, its size, what it says of itself."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from knowledge.pack import Pack
from knowledge.printing.layout import BODIES, FontMissing
from knowledge.printing.pdf import write_week
from knowledge.printing.sheet import WeekSheet
from tests.knowledge.printing.conftest import Paper, sheet_of

MONDAY, LONG_HOLIDAY = date(2026, 11, 23), date(2026, 9, 28)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text.replace("\x00", ""))


def text_of(reader: PdfReader) -> str:
    return squeezed("".join(page.extract_text() for page in reader.pages))


def fonts_of(reader: PdfReader) -> list[Any]:
    pages: list[Any] = [*reader.pages]
    resources = [page["/Resources"]["/Font"].values() for page in pages]
    return [font.get_object() for fonts in resources for font in fonts]


def test_the_fonts_travel_with_the_paper_and_only_what_is_used_of_them(
    paper: Paper,
) -> None:
    found = fonts_of(PdfReader(paper(MONDAY, "zh")))
    assert found
    for font in found:
        assert re.match(r"/[A-Z]{6}\+NotoSansCJKSC", font["/BaseFont"])
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert "/FontFile3" in descriptor


def sizes_on(page: Any) -> set[float]:
    drawn = page.get_contents().get_data()
    return {float(size) for size in re.findall(rb"/F\d+ ([\d.]+) Tf", drawn)}


@pytest.mark.parametrize(("language", "least"), [("zh", 13), ("en", 12)])
def test_nothing_is_smaller_than_the_eyes_of_old_people_can_read(
    paper: Paper, language: str, least: float
) -> None:
    assert BODIES[-1] == 12
    for page in PdfReader(paper(MONDAY, language)).pages:
        assert min(sizes_on(page)) >= least


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_week_is_two_pages_of_a4_at_most(paper: Paper, language: str) -> None:
    pages = PdfReader(paper(MONDAY, language)).pages
    assert len(pages) <= 2
    assert [round(float(side) / 72 * 25.4) for side in pages[0].mediabox[2:]] == [210, 297]


@pytest.mark.parametrize("monday", [MONDAY, LONG_HOLIDAY], ids=str)
def test_the_whole_week_is_in_front_and_what_is_so_every_week_on_the_back(
    paper: Paper, monday: date
) -> None:
    front, back = (squeezed(p.extract_text()) for p in PdfReader(paper(monday, "zh")).pages)
    assert [day for day in "一二三四五六日" if not re.search(f"周{day}\\d+月", front)] == []
    assert "几点开门" not in front
    assert re.match("几点开门.*首班—末班.*有急事", back)


def test_what_there_is_room_for_is_written_larger(paper: Paper) -> None:
    front, back = PdfReader(paper(MONDAY, "zh")).pages
    assert min(sizes_on(back)) == BODIES[0] > min(sizes_on(front))


def test_a_week_with_little_in_it_is_one_page(
    guali: Pack, tmp_path: Path, font_dir: Path
) -> None:
    sheet = sheet_of(guali, MONDAY)
    days = tuple(replace(day, entries=day.entries[:1]) for day in sheet.days)
    few = replace(sheet, days=days, hours=sheet.hours[:4], buses=None)
    write_week(few, "zh", tmp_path / "week.pdf", font_dir)
    (page,) = PdfReader(tmp_path / "week.pdf").pages
    assert "有急事" in squeezed(page.extract_text())


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "zh",
            [
                "示例数据",
                "扫码问小沥",
                "110",
                "12345",
                "来源：",
                "1月2日（周五）打印",
                "武术社",
            ],
        ),
        ("en", ["Sampledata", "askXiaoli", "110", "Sources:", "PrintedFri2Jan", "Choir"]),
    ],
)
def test_it_says_whom_to_call_where_it_is_from_and_when_it_was_printed(
    paper: Paper, language: str, said: list[str]
) -> None:
    text = text_of(PdfReader(paper(MONDAY, language)))
    assert [each for each in said if each not in text] == []


def official(sheet: WeekSheet) -> WeekSheet:
    days = [
        replace(day, entries=tuple(replace(e, sample=False) for e in day.entries))
        for day in sheet.days
    ]
    hours = [replace(line, sample=False) for line in sheet.hours]
    return replace(sheet, days=tuple(days), hours=tuple(hours), buses=None)


def test_what_is_no_sample_is_not_called_one(
    guali: Pack, tmp_path: Path, font_dir: Path
) -> None:
    """Without an address there is no QR either, and no words below it."""
    sheet = replace(official(sheet_of(guali, MONDAY)), address=None)
    write_week(sheet, "zh", tmp_path / "week.pdf", font_dir)
    text = text_of(PdfReader(tmp_path / "week.pdf"))
    assert "示例数据" not in text
    assert "扫码" not in text


def test_a_machine_without_the_font_is_told_what_to_install(
    guali: Pack, tmp_path: Path
) -> None:
    with pytest.raises(FontMissing, match="apt install fonts-noto-cjk"):
        write_week(sheet_of(guali, MONDAY), "zh", tmp_path / "week.pdf", tmp_path)
    assert list(tmp_path.iterdir()) == []
