"""Brings what people type to one form without moving a character: offsets stay true."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

from opencc import OpenCC

# U+FF01 to U+FF5E are the printable ASCII characters, drawn a Chinese character wide.
FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}

# The rows of GB 2312, which holds the Chinese characters in use, the common ones first.
COMMON, ALL = range(0xB0, 0xD8), range(0xB0, 0xF8)

CODE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][ -]?[0-9]{2}[ -]?[0-9]{3}(?![A-Za-z0-9])")


def characters(rows: range) -> str:
    """Return the characters of these rows of GB 2312: 3,755 that are common, 6,763 in all."""
    codes = (bytes([row, cell]) for row in rows for cell in range(0xA1, 0xFF))
    return "".join(code.decode("gb2312", "ignore") for code in codes)


def says_something(text: str) -> bool:
    """Whether a text has a letter, a digit or a picture, and not marks and spaces alone."""
    return any(one.isalnum() or unicodedata.category(one) == "So" for one in text)


def one_code(text: str) -> str:
    """Write every booking code as the same one: what a message wants does not depend on it."""
    return CODE.sub("K37492", text)


@lru_cache(maxsize=1)
def _simplify() -> Any:
    # tw2s and not t2s: t2s leaves 著火 as it is, tw2s gives 着火.
    return OpenCC("tw2s")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return text in half width, simplified characters and lower case, as long as it was."""
    narrow = text.translate(FULL_WIDTH)
    return "".join(_same_length(c, c.lower()) for c in _simplified(narrow))


def _simplified(text: str) -> str:
    simple = _simplify().convert(text)
    if len(simple) == len(text):
        return str(simple)
    return "".join(_same_length(c, _simplify().convert(c)) for c in text)


def _same_length(character: str, folded: str) -> str:
    return folded if len(folded) == 1 else character
