"""A residents' code in what somebody writes: known without understanding, then read back.

What may as well be a word or a number (departure, 138 001 380) is only taken for a code while
one begins like that; what is written as codes are is taken for one, right or wrong.
"""

import re
from dataclasses import dataclass

from actions import own_phone
from actions.db import Db
from actions.people import households, links
from actions.people.model import LinkCode
from actions.square import Square
from actions.taps import Done, Spoken
from knowledge.text import normalise

# What may stand around a code. Three letters are no word here: they may be a part of it.
AROUND = re.compile(
    r"家庭|家里|家人|家|加入|绑定|绑|邀请|连接|连|关联|验证|号码|码|输入|"
    r"[我的有要是在这个用给了您你请把帮进上为]|"
    r"\b(?:code|join|link|family|household|invite|with|is|my|me|it)\b"
)
GROUPED = re.compile(r"(?<![a-z0-9])(?:[a-z0-9]{3}([-–—.\s]*)){2}[a-z0-9]{3}(?![a-z0-9])")
# Where it is called a code, it is meant for one, even if it is too short or too long.
CALLED = re.compile(r"码|\bcode\b")
OFFERED = re.compile(r"加入|绑定|\b(?:join|link)\b")
LIKE_ONE = re.compile(r"(?<![a-z0-9])(?:[a-z0-9][-–—.\s]?){7,12}(?![a-z0-9])")
NOT_PART = re.compile(r"[\s:：,，。.!！?？;；\"'“”‘’「」()（）-]+")


@dataclass(frozen=True)
class Seen:
    """What looks like a code; not `sure`: it may as well be something else."""

    code: str
    sure: bool


def read(text: str) -> Seen | None:
    """Return the code a message is, with or without words around it; None when it is none."""
    said = normalise(text)
    bare = AROUND.sub(" ", said)
    found = GROUPED.search(bare) or (LIKE_ONE.search(bare) if CALLED.search(said) else None)
    if found is None or found[0].strip().isdigit():
        return None
    if NOT_PART.sub("", bare[: found.start()] + bare[found.end() :]):
        return None  # there is more to the message than a code
    code = NOT_PART.sub("", found[0]).upper().replace("–", "").replace("—", "")
    if code.isdigit():
        return None
    return Seen(code, bool(CALLED.search(said)) or _is_written_like_one(text, found, code))


def take(db: Db, square: Square, spoken: Spoken) -> Done | None:
    """Take a code as said, and ask whether it is meant; None when it looks like none.

    Which of wrong, used and too late it is, nobody is told.
    """
    seen = read(spoken.text)
    if not seen or not (seen.sure or links.is_alive(db, seen.code, now=spoken.now)):
        return None
    if own_phone.is_shared(spoken.channel):
        return Done("utter_own_phone")  # and the code stays good
    resident_id = spoken.conversation.resident_id
    code = links.said_by(db, seen.code, resident_id, key=spoken.key, now=spoken.now)
    if code is None:
        return Done("utter_code_wrong")
    useless = _useless(code, spoken)
    if useless is not None:
        links.give_back(db, code)
        return useless
    if code.household_id is None:
        return Done("utter_ask_link", {"code": code.id})
    others = len(households.members(db, code.household_id))
    return Done("utter_ask_join", {"code": code.id, "others": others})


def _useless(code: LinkCode, spoken: Spoken) -> Done | None:
    """Say why a right code is no use to whoever said it: it stays good for others."""
    me = spoken.conversation.resident
    if code.resident_id == me.id:
        return Done("utter_link_elsewhere")
    if code.household_id is None or me.household_id is None:
        return None
    mine = code.household_id == me.household_id
    return Done("utter_household_already" if mine else "utter_household_another")


def _is_written_like_one(text: str, found: re.Match[str], code: str) -> bool:
    if not set(code) <= set(links.ALPHABET):
        return False
    in_groups = "-" in found[0]
    letters_and_digits = not code.isalpha() and " " not in found[0]
    in_capitals = " " not in found[0] and text.isupper()
    is_offered = OFFERED.search(normalise(text)) is not None
    return in_groups or letters_and_digits or in_capitals or is_offered
