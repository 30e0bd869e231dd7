"""Mistypes Chinese sentences the ways people do, so that readers learn to read through it.

A character becomes another that sounds the same, any other common one, or is left out. English
is left alone: slips in its words cost .9 points of HWU64.
"""

import random
from collections import defaultdict
from functools import cache

from knowledge.sounds import syllables
from knowledge.text import is_han
from nlu.components.text import COMMON, characters

LEAST = 4  # characters; a shorter text would mean another thing
BY_SOUND, ANOTHER = 0.5, 0.25  # of the slips; in the rest the character is left out


def slipped(text: str, dealer: random.Random) -> str:
    """Return a Chinese text with one slip in it, any other as it is."""
    han = [place for place, one in enumerate(text) if is_han(one)]
    if len(han) < LEAST:
        return text
    place = dealer.choice(han)
    return text[:place] + _instead(text[place], dealer) + text[place + 1 :]


def _instead(character: str, dealer: random.Random) -> str:
    chance = dealer.random()
    if chance < BY_SOUND:
        return dealer.choice(_alike().get(character) or character)
    return dealer.choice(_common()) if chance < BY_SOUND + ANOTHER else ""


@cache
def _common() -> str:
    return characters(COMMON)


@cache
def _alike() -> dict[str, str]:
    """Return for each common character the others that sound the same, tones aside."""
    alike: dict[str, str] = defaultdict(str)
    for one in _common():
        alike[syllables(one)[0]] += one
    return {one: same.replace(one, "") for same in alike.values() for one in same}
