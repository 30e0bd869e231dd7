"""Which language a message is in: by its letters."""

import re

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


def language_of(text: str, before: str) -> str:
    """Return zh or en; what has neither language's letters stays in the language before.

    One Latin word alone (OK, WeChat, a bus line) changes nothing either.
    """
    if HAN.search(text):
        return "zh"
    words = LATIN_WORD.findall(text)
    if len(words) >= 2 or (len(words) == 1 and len(words[0]) >= 4):
        return "en"
    return before
