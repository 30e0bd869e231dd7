"""A table to open in a spreadsheet: it is read as it stands, and nothing is calculated."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

FORMULA = tuple("=+-@")  # what makes a spreadsheet take a cell for one; NFKC knows its forms
BROKEN = tuple("\t\r\n")
MINUS = "\u2212"
BOM = "\ufeff"  # without it Excel does not know Chinese when it sees it


def write_csv(rows: Iterable[Sequence[str]]) -> str:
    """Write a table that opens as it is meant, Chinese and all, and calculates nothing.

    Every cell is quoted: what separates cells elsewhere (; or a tab) separates none here.
    """
    written = io.StringIO()
    table = csv.writer(written, quoting=csv.QUOTE_ALL)
    table.writerows([neutral(cell) for cell in row] for row in rows)
    return BOM + written.getvalue()


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    begins = cell.startswith(BROKEN) or _bare(cell).startswith(FORMULA)
    return f"'{cell}" if begins else cell


def _bare(cell: str) -> str:
    """Return how a cell begins to somebody who overlooks widths and what cannot be seen."""
    seen = unicodedata.normalize("NFKC", cell[:200]).replace(MINUS, "-")
    return "".join(
        letter for letter in seen if unicodedata.category(letter) not in {"Cf", "Cc", "Mn"}
    ).lstrip()
