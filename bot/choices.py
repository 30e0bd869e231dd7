"""Which of the offered choices a resident means: by tap, number, ordinal or label."""

import re
from collections.abc import Sequence

from actions.conversations import CHOICE_ID, Choice
from knowledge.text import normalise

CHINESE_NUMBERS = "一二三四五六七八九十"
ENGLISH_NUMBERS = (
    ("one", "first"),
    ("two", "second"),
    ("three", "third"),
    ("four", "fourth"),
    ("five", "fifth"),
    ("six", "sixth"),
    ("seven", "seventh"),
    ("eight", "eighth"),
)
# What may stand around a number: 选1 · 第一个 · 1. · 1号 · 我要第2个 · option 2 · the first one
AROUND = re.compile(
    r"^(?:我?(?:要|选择|选|就)?)?第?(?P<number>[0-9]{1,2}|[一二两三四五六七八九十])"
    r"(?:个|号|项|条|种|吧|[.、,。])*$"
)
ENGLISH = re.compile(r"^(?:option |number |no\. ?|the )?(?P<word>[a-z]+|\d{1,2})(?: one)?\.?$")


def resolve(text: str, offered: Sequence[Choice]) -> Choice | None:
    """Return the choice that is meant; None when the text is something else."""
    if not offered:
        return None
    for choice in offered:
        if text == choice.id:
            return choice
    said = normalise(text).rstrip("。.!！ ")
    for choice in offered:
        if said == normalise(choice.label).rstrip("。.!！ "):
            return choice
    number = _number(said)
    return offered[number - 1] if number and number <= len(offered) else None


def is_id(text: str) -> bool:
    """Whether the text is the id of a choice, of those offered now or of older ones."""
    return CHOICE_ID.fullmatch(text) is not None


def _number(said: str) -> int | None:
    match = AROUND.fullmatch(said)
    if match:
        number = match["number"].replace("两", "二")
        return int(number) if number.isdigit() else CHINESE_NUMBERS.index(number) + 1
    match = ENGLISH.fullmatch(said)
    if not match:
        return None
    if match["word"].isdigit():
        return int(match["word"])
    return next(
        (n for n, words in enumerate(ENGLISH_NUMBERS, 1) if match["word"] in words), None
    )
