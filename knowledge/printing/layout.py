"""How a page is laid out: sizes of letters, lengths, and the pieces of a row.

Apart from `paper.py`, so that who prints only now and then need not bring in what draws.
"""

from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import KnowledgeError

BODY, HEADING, TITLE = 14.0, 20.0, 24.0  # points; nothing on paper is smaller than the body
BODIES = tuple(half / 2 for half in range(32, 23, -1))  # 16 to 12: as large as the room allows
LINE = 1.12  # from one line to the next, in sizes of the letters
MARGIN = 10.0  # millimetres, as are all lengths here
GAP = 0.5  # between rows
GUTTER = 2.0  # at the right of each cell
POINT = 25.4 / 72
SIZES = {"A4": (210.0, 297.0), "A5": (148.0, 210.0)}


class FontMissing(KnowledgeError):
    """The machine has no Chinese font to embed."""

    def __init__(self, file: str, folder: Path) -> None:
        super().__init__(
            f"The font {file} is not under {folder}; install it (Debian, Ubuntu: apt install "
            "fonts-noto-cjk) or say where it is with FONT_DIR"
        )


@dataclass(frozen=True)
class Cell:
    """A piece of a row: its width in millimetres, and how its text looks.

    `size` is in points, that of the paper's body when left out.
    """

    width: float
    text: str
    bold: bool = False
    size: float | None = None
