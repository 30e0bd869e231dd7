"""No cell of a table that is exported is taken for a formula (P39)."""

import ast
import csv
import io
from pathlib import Path

import pytest

from bot.desk.spreadsheet import BOM, neutral, write_csv

SIGNS = "=+-@" + "＝＋－＠" + "﹢﹣﹦﹫" + "⁺⁻⁼₊₋₌" + "−"
BEFORE = [
    "",
    " ",
    "\u00a0",
    "\u3000",
    "\u200b",
    "\ufeff",
    "\u202e",
    "\u2060",
    "\0",
    " \u200b ",
    "\v",
]
AFTER = ["1+1", "SUM(A1)", 'HYPERLINK("http://evil.example","点我")', "cmd|' /C calc'!A0", ""]
HOSTILE = [before + sign + after for before in BEFORE for sign in SIGNS for after in AFTER]
HOSTILE += [f"{begin}{text}" for begin in "\t\r\n" for text in ("=1", "张阿姨")]


def reads(line: str, separator: str) -> list[str]:
    (row,) = csv.reader(io.StringIO(line), delimiter=separator)
    return row


def is_formula(cell: str) -> bool:
    """What Excel, WPS and LibreOffice calculate between them, by the widest reading."""
    shown = "".join(each for each in cell if each.isprintable()).lstrip()
    return (shown != "" and shown[0] in SIGNS) or cell.startswith(("\t", "\r", "\n"))


def test_no_hostile_cell_is_taken_for_a_formula() -> None:
    assert len(HOSTILE) > 1000
    for cell in HOSTILE:
        assert neutral(cell) == f"'{cell}"
        assert not is_formula(neutral(cell))


def test_as_it_is_every_hostile_cell_is_one() -> None:
    """Negative control."""
    assert all(is_formula(cell) for cell in HOSTILE)


@pytest.mark.parametrize(
    "cell", ["", "张阿姨", "K37 492", "a=b", "2", "3 号楼-2", "*", "'", "（代）", "𠮷野", "⑦"]
)
def test_what_is_harmless_stays_as_it_is(cell: str) -> None:
    assert neutral(cell) == cell


def test_a_table_reads_back_as_it_was_written() -> None:
    rows = [["张阿姨", 'say "a", b', "两\n行"], ["", "；", "1"]]
    written = write_csv(rows)
    assert written.startswith(BOM)
    assert list(csv.reader(io.StringIO(written.removeprefix(BOM), newline=""))) == rows


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_what_separates_cells_elsewhere_makes_no_new_one(separator: str) -> None:
    cell = f"a{separator}=1+1"
    assert len(reads(write_csv([[cell]]).removeprefix(BOM), separator)) == 1
    assert reads(cell, separator)[1] == "=1+1"  # negative control: unquoted it does


def test_every_export_is_written_here() -> None:
    """No module of the bot writes tables by itself."""
    writers = [
        str(file)
        for file in Path("bot").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if (isinstance(node, ast.Import) and "csv" in {name.name for name in node.names})
        or (isinstance(node, ast.ImportFrom) and node.module == "csv")
    ]
    assert writers == ["bot/desk/spreadsheet.py"]
