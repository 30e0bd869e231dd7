"""A page that old eyes can read at arm's length: Chinese fonts embedded, rows that wrap."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from math import inf
from pathlib import Path
from typing import Literal, cast

import segno
from fpdf import FPDF
from fpdf.enums import MethodReturnValue
from fpdf.fonts import TTFFont

from knowledge.printing.layout import (
    BODIES,
    BODY,
    GAP,
    GUTTER,
    HEADING,
    LINE,
    MARGIN,
    POINT,
    SIZES,
    Cell,
    FontMissing,
)

# Style of fpdf → file of Noto Sans CJK; the third face of each is the simplified one.
FONTS = {"": "NotoSansCJK-Regular.ttc", "B": "NotoSansCJK-Bold.ttc"}
SIMPLIFIED = 2


class Paper(FPDF):
    """A document in one font, on A4 or A5."""

    def __init__(
        self, font_dir: Path, language: str, made_on: date, size: Literal["A4", "A5"] = "A4"
    ) -> None:
        """Load the font.

        Raises:
            FontMissing: says what to install.
        """
        super().__init__(format=SIZES[size])
        self.made_on = made_on
        self.body = BODY
        self._trying = False
        for style, file in FONTS.items():
            self.add_font(
                "CJK", style, _find(font_dir, file), collection_font_number=SIMPLIFIED
            )
        self.set_margin(MARGIN)
        self.set_auto_page_break(False)
        self.set_lang("zh-CN" if language == "zh" else "en")
        # The same content makes the same file.
        self.set_creation_date(datetime(made_on.year, made_on.month, made_on.day, tzinfo=UTC))
        self.add_page()

    @property
    def inner(self) -> float:
        """How wide the page is between its margins."""
        return float(self.w) - 2 * MARGIN

    @property
    def room(self) -> float:
        """How much of the page is left below; as much as one likes while only trying."""
        return inf if self._trying else float(self.h) - MARGIN - float(self.get_y())

    def fill(self, write: Callable[[], None]) -> None:
        """Write with the largest of `BODIES` that the room left allows, else with the least."""
        largest = (body for body in BODIES if self.fits(write, body))
        self.body = next(largest, BODIES[-1])
        write()

    def fits(self, write: Callable[[], None], body: float) -> bool:
        """Whether the room left is enough for what `write` writes; nothing is drawn."""
        top, room = self.get_y(), self.room
        self.body, self._trying = body, True
        write()
        used, self._trying = self.get_y() - top, False
        self.set_y(top)
        return used <= room

    def row(self, cells: Sequence[Cell], *, at: float = MARGIN) -> None:
        """Write cells side by side, each wrapped in its width; go to a new page if need be."""
        height = self.height_of([cells])
        self.ensure(height)
        top = self.get_y()
        for cell in cells if not self._trying else ():
            self._write(cell, at, top)
            at += cell.width
        self.set_xy(MARGIN, top + height)

    def height_of(self, rows: Sequence[Sequence[Cell]]) -> float:
        """Return how high rows will be together."""
        return sum(max(map(self._height, row)) + GAP for row in rows)

    def width_of(self, cell: Cell) -> float:
        """Return how wide a cell must be for its text to stay on one line."""
        self._set(cell)
        return float(self.get_string_width(cell.text)) + GUTTER + 0.1

    def ensure(self, height: float) -> None:
        """Go to a new page unless so much is left of this one."""
        if height > self.room:
            self.add_page()

    def printable(self, text: str) -> str:
        """Put a box for what the font has no letter for."""
        font = self.fonts["cjk"]
        known = font.cmap if isinstance(font, TTFFont) else {}
        return "".join(letter if ord(letter) in known else "□" for letter in text)

    def heading(self, text: str, follows: float = 0.0) -> None:
        """Write a heading with a line under it, on the page where what follows will stand."""
        cell = Cell(self.inner, text, bold=True, size=HEADING)
        self.ensure(self.height_of([[cell]]) + 5 + follows)
        self.ln(2.5)
        self.row([cell])
        self.rule(0.6)

    def rule(self, thickness: float) -> None:
        """Draw a line across the page."""
        if not self._trying:
            self.set_line_width(thickness)
            self.line(MARGIN, self.get_y(), self.w - MARGIN, self.get_y())
        self.ln(1.2)

    def qr(self, address: str, x: float, y: float, side: float) -> None:
        """Draw a QR code; `side` is without the white around it."""
        matrix = qr_code(address).matrix
        module = side / len(matrix)
        self.set_fill_color(0)
        for row, dots in enumerate(matrix):
            for column, dark in enumerate(dots):
                if dark:
                    # A hair wider than a module, so that no printer leaves white between two.
                    self.rect(
                        x + column * module, y + row * module, module * 1.02, module * 1.02, "F"
                    )

    def _write(self, cell: Cell, x: float, y: float) -> None:
        self._set(cell)
        step = self._step(cell)
        for number, line in enumerate(self._lines(cell)):
            self.set_xy(x, y + number * step)
            self.cell(cell.width, step, line)

    def _height(self, cell: Cell) -> float:
        return len(self._lines(cell)) * self._step(cell)

    def _step(self, cell: Cell) -> float:
        return (cell.size or self.body) * POINT * LINE

    def _lines(self, cell: Cell) -> list[str]:
        self._set(cell)
        lines = self.multi_cell(
            cell.width - GUTTER, text=cell.text, dry_run=True, output=MethodReturnValue.LINES
        )
        return cast(list[str], lines) or [""]

    def _set(self, cell: Cell) -> None:
        self.set_font("CJK", "B" if cell.bold else "", cell.size or self.body)
        self.c_margin = 0


def qr_code(address: str) -> segno.QRCode:
    """Return the QR code of an address; a scratch or a drop of rain does not spoil it."""
    return segno.make_qr(address, error="m")


def _find(folder: Path, file: str) -> Path:
    found = next(iter(sorted(folder.rglob(file))), None)
    if found is None:
        raise FontMissing(file, folder)
    return found
