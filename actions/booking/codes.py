"""Booking codes that can be said: one letter and five digits, none easily taken for another.

Left out are what looks alike (0 O, 1 I L, 2 Z, 5 S, 8 B) and what sounds alike over the phone
(B C D E G P T V; M N), so that one of each kind is left.
"""

import re
import secrets
import unicodedata

from actions.errors import Refusal

LETTERS = "AFHKMRWXY"
DIGITS = "23456789"
CODE = re.compile(rf"[{LETTERS}][{DIGITS}]{{5}}")
CODE_LIKE = re.compile(r"(?<![A-Z0-9])([A-Z])[\s-]*((?:[0-9OILZSB][\s-]*){5})(?![A-Z0-9])")
SAID = str.maketrans("零〇幺一二两三四五六七八九", "0011223456789")
MEANT = str.maketrans("ZSB", "258")  # written for a digit that is in use
NEVER = frozenset("01OIL")


def new_code() -> str:
    """Return a code; whoever writes it makes sure that nobody else has it."""
    return secrets.choice(LETTERS) + "".join(secrets.choice(DIGITS) for _ in range(5))


def read_code(text: str) -> str | None:
    """Return the code a message says, as it is stored; None when it says none.

    Raises:
        Refusal: it says what looks like a code, and no code of ours can be: why.
    """
    said = unicodedata.normalize("NFKC", text).translate(SAID).upper()
    match = CODE_LIKE.search(said)
    if match is None:
        return None
    digits = re.sub(r"[\s-]", "", match[2]).translate(MEANT)
    if NEVER & set(digits) or match[1] not in LETTERS:
        raise Refusal("utter_code_unreadable", code=match[1] + digits)
    return match[1] + digits


def shown(code: str) -> str:
    """Write a code as people read it out: K37 492."""
    return f"{code[:3]} {code[3:]}"
