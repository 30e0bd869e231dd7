"""How Chinese characters sound, tones left out.

Its dictionary takes 55 MB and half a second: it is read by the first text, not by every process
that only might hear one.
"""


def syllables(text: str) -> list[str]:
    """Return the syllable of each character, and what is no character as it is."""
    from pypinyin import lazy_pinyin

    return lazy_pinyin(text)
