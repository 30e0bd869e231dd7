"""The choices a resident was offered, and which is meant: by tap, number, ordinal or label."""

import re
from collections.abc import Sequence

from sqlalchemy import select

from actions.conversations import CHOICE_ID, Author, Choice, Message
from actions.db import Db
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


def offered_before(db: Db, message: Message) -> list[Choice]:
    """Return the choices offered last, between the resident's message before and this one."""
    earlier = db.scalars(
        select(Message)
        .where(Message.conversation_id == message.conversation_id, Message.id < message.id)
        .order_by(Message.id.desc())
        .limit(8)
    )
    for said in earlier:
        if said.author == Author.RESIDENT:
            break
        if said.choices:
            return said.offered
    return []


def issued(db: Db, message: Message, choice_id: str) -> Choice | None:
    """Return the choice of this id if we ever gave it out in this conversation."""
    said = db.scalars(
        select(Message)
        .where(
            Message.conversation_id == message.conversation_id,
            Message.author != Author.RESIDENT,
        )
        .order_by(Message.id.desc())
        .limit(500)
    )
    return next((c for one in said for c in one.offered if c.id == choice_id), None)


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
