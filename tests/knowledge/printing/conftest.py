"""Sheets of the shipped pack, and the font they are printed in."""

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from knowledge.pack import Pack, load_pack
from knowledge.printing.paper import FONTS
from knowledge.printing.pdf import write_week
from knowledge.printing.sheet import WeekSheet, week_sheet
from tests.conftest import missing

LOADED_ON = date(2026, 1, 1)
PRINTED_ON = date(2026, 1, 2)
ADDRESS = "https://xiaoli.example.org"


Paper = Callable[[date, str], Path]


def sheet_of(pack: Pack, on: date) -> WeekSheet:
    """The sheet of the week a day is in."""
    return week_sheet(pack, on, loaded_on=LOADED_ON, printed_on=PRINTED_ON, address=ADDRESS)


@pytest.fixture(scope="session")
def guali() -> Pack:
    """The shipped pack."""
    return load_pack(Path("knowledge/data/guali"))


@pytest.fixture(scope="session")
def font_dir() -> Path:
    """The folder of the machine's fonts."""
    folder = Path("/usr/share/fonts")
    if not all(any(folder.rglob(file)) for file in FONTS.values()):
        missing("the font Noto Sans CJK (fonts-noto-cjk)")
    return folder


@pytest.fixture(scope="session")
def paper(guali: Pack, font_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """Prints the sheet of a week, once: subsetting the fonts takes two seconds."""
    into = tmp_path_factory.mktemp("paper")

    @cache
    def printed(monday: date, language: str) -> Path:
        file = into / f"{monday}.{language}.pdf"
        write_week(sheet_of(guali, monday), language, file, font_dir)
        return file

    return printed
