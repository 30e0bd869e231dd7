"""Brings what people type to one form, to compare it by. Callers keep the original."""

import unicodedata
from functools import cache

from opencc import OpenCC


@cache
def _simplify() -> OpenCC:
    # tw2s and not t2s: t2s leaves 著火 as it is, tw2s gives 着火.
    return OpenCC("tw2s")


def normalise(text: str) -> str:
    """Return text with full-width forms folded, traditional Chinese simplified, lower case."""
    return str(_simplify().convert(unicodedata.normalize("NFKC", text))).lower().strip()


def normalise_script(text: str) -> str:
    """Return text in simplified characters, otherwise as it is."""
    return str(_simplify().convert(text))


def has_han(text: str) -> bool:
    """Whether a text has a Chinese character."""
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def is_han(text: str) -> bool:
    """Whether a text is of Chinese characters alone."""
    return bool(text) and all("\u4e00" <= character <= "\u9fff" for character in text)
