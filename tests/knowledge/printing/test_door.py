"""A door sign: its usual hours, and a QR that asks about this door."""

from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import segno
from pypdf import PdfReader

from knowledge.pack import Pack
from knowledge.printing.door import (
    AddressMissing,
    DoorUnknown,
    Press,
    ask_address,
    usual_week,
    write_door,
)
from tests.knowledge.printing.conftest import ADDRESS


def press(font_dir: Path, url: str = ADDRESS + "/") -> Press:
    return Press(font_dir, url, date(2026, 9, 24))


def test_the_qr_opens_the_chat_with_a_question_about_this_door(guali: Pack) -> None:
    asks = urlsplit(ask_address(ADDRESS, guali.facilities["fac-yongxing"], "zh"))
    assert f"{asks.scheme}://{asks.netloc}{asks.path}" == ADDRESS + "/"
    assert parse_qs(asks.query) == {"ask": ["永兴书房(七彩)现在开着吗？"], "lang": ["zh"]}


def test_a_sign_has_name_hours_and_a_qr_to_print_elsewhere(
    guali: Pack, tmp_path: Path, font_dir: Path
) -> None:
    files = write_door(guali, "fac-convenience", "zh", tmp_path, press(font_dir))
    assert [file.suffix for file in files] == [".pdf", ".svg", ".png"]
    (page,) = PdfReader(files[0]).pages
    text = page.extract_text().replace("\x00", "")
    for said in ("便民中心", "周一至周五", "08:30–12:00", "周日", "休息", "示例数据", "扫码"):
        assert said in text
    address = ask_address(ADDRESS, guali.facilities["fac-convenience"], "zh")
    drawn = len(segno.make_qr(address, error="m").matrix)
    assert f'width="{(drawn + 8) * 20}"' in files[1].read_text("utf-8")
    assert files[2].read_bytes().startswith(b"\x89PNG")


def test_a_week_of_holidays_is_not_taken_for_the_usual_one(guali: Pack) -> None:
    """The sign is printed in the week before the long holiday of October."""
    week = usual_week(guali, guali.facilities["fac-yongxing"], date(2026, 9, 24))
    assert [len(day.spans) for day in week] == [0, 1, 1, 1, 1, 1, 1]
    assert {f"{start:%H:%M}–{end:%H:%M}" for day in week for start, end in day.spans} == {
        "09:00–20:30"
    }
    assert {start.month for day in week for start, _ in day.spans} == {10}


def test_hours_nobody_has_told_are_not_made_up(
    guali: Pack, tmp_path: Path, font_dir: Path
) -> None:
    files = write_door(guali, "fac-hospital", "zh", tmp_path, press(font_dir))
    text = PdfReader(files[0]).pages[0].extract_text().replace("\x00", "")
    assert "开放时间还不知道" in text


def test_a_door_nobody_knows_and_a_missing_address_are_said(
    guali: Pack, tmp_path: Path
) -> None:
    with pytest.raises(DoorUnknown, match="fac-x"):
        write_door(guali, "fac-x", "zh", tmp_path, press(tmp_path))
    for url in ("", "xiaoli.example.org"):
        with pytest.raises(AddressMissing, match="PUBLIC_URL"):
            write_door(guali, "fac-yongxing", "zh", tmp_path, press(tmp_path, url))
    assert list(tmp_path.iterdir()) == []
