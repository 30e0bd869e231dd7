"""`python -m knowledge print`: which files it writes, and what it says when it cannot."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from knowledge.__main__ import commands
from knowledge.printing.door import AddressMissing
from knowledge.printing.layout import FontMissing


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A state folder of its own, and an address."""
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("PUBLIC_URL", "https://xiaoli.example.org")
    return monkeypatch


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["print", *arguments])


def test_a_week_is_a_sheet_and_seven_scripts(tmp_path: Path, font_dir: Path) -> None:
    result = run("--week", "2026-11-25", "--out", str(tmp_path / "paper"))
    assert result.exit_code == 0, result.output
    names = [file.name for file in sorted((tmp_path / "paper").iterdir())]
    assert names == [
        *(f"script-2026-11-{day}.zh.txt" for day in range(23, 30)),
        "week-2026-11-23.zh.pdf",
    ]
    assert "warning" not in result.output


def test_without_an_address_a_week_warns_and_a_door_refuses(
    settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.setenv("PUBLIC_URL", "")
    settings.setenv("FONT_DIR", str(tmp_path))
    week, door = run("--week", "2026-11-25"), run("--door", "fac-yongxing")
    assert "the sheet has no QR. PUBLIC_URL is missing" in " ".join(week.output.split())
    assert isinstance(week.exception, FontMissing)
    assert isinstance(door.exception, AddressMissing)
    assert not (tmp_path / "print").exists()


def test_a_week_that_is_no_date_is_refused() -> None:
    result = run("--week", "next")
    assert result.exit_code == 2
    assert "%Y-%m-%d" in result.output
