"""A session's list as a table and on paper: it opens as it is meant, and does nothing else."""

import csv
import io
import logging
from typing import Any

import pypdf
import pytest

from actions.booking.model import Booking
from actions.people.model import Words
from knowledge.printing.layout import FontMissing
from tests.bot.desk.conftest import CANARY, Colleague, Village


@pytest.fixture
def own(village: Village) -> Colleague:
    village.organise()
    return village.colleague("own")


def name_for(village: Village, words: str) -> None:
    """For whom a booking is, in words nobody chose well."""
    with village.bot.parts.database.transaction() as db:
        booking = db.get_one(Booking, village.booking_id)
        db.get_one(Words, booking.whom_id).text = words


async def test_the_table_has_everybody_and_opens_in_a_spreadsheet(
    village: Village, own: Colleague
) -> None:
    name_for(village, '=HYPERLINK("http://evil.example","点我")')
    answer = await own.get(f"/sessions/{village.session_id}/list.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["编号", "姓名", "给谁约", "名额", "情况", "到的时间"]
    assert [row[1] for row in rows[1:]] == ["", CANARY, "张阿姨"]
    assert rows[1][2] == '\'=HYPERLINK("http://evil.example","点我")'
    assert [row[4] for row in rows[1:]] == ["还没到", "还没到", "候补 在等"]
    assert b"13800000000" not in answer.content


async def test_the_sheet_of_paper_has_everybody_in_an_embedded_font(
    village: Village, own: Colleague, caplog: pytest.LogCaptureFixture
) -> None:
    name_for(village, "妈妈 🎂")
    with caplog.at_level(logging.WARNING):
        answer = await own.get(f"/sessions/{village.session_id}/list.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    paper = pypdf.PdfReader(io.BytesIO(answer.content))
    text = "".join(page.extract_text() for page in paper.pages).replace("\0", "")
    for shown in ("书法社", "妈妈", CANARY, "张阿姨", "一号教室"):
        assert shown in text
    assert "13800000000" not in text
    fonts: Any = paper.pages[0]["/Resources"]
    for font in fonts["/Font"].values():
        (inner,) = font.get_object()["/DescendantFonts"]
        assert {"/FontFile2", "/FontFile3"} & set(inner.get_object()["/FontDescriptor"])
    assert "🎂" not in caplog.text


async def test_without_a_font_the_desk_says_what_is_missing(
    village: Village, own: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(folder: object, *_: object) -> None:
        raise FontMissing("a font", folder)  # type: ignore[arg-type]

    monkeypatch.setattr("knowledge.printing.paper.Paper", nothing)
    answer = await own.get(f"/sessions/{village.session_id}/list.pdf")
    assert (answer.status_code, "没有中文字体" in answer.text) == (409, True)
