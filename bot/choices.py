"""The choices a resident was offered, and which is meant: by tap, number, ordinal or label.

A number answers what was asked last. Where that came by itself while a form waits for an
answer, or a read-back for its yes, it may mean either: then the resident is asked which.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from actions.conversations import CHOICE_ID, SURE, Author, Choice, Draft, Message
from actions.db import Db
from bot import unread
from knowledge.text import normalise

MOST_SAID = 100  # messages between two of a resident that are looked at
LEAD = 16  # characters
ENDS = "。.!！ "
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
# What may stand around a number: 选1 · 第一个 · 1. · (1) · 1号 · 我要第2个 · option 2
AROUND = re.compile(
    r"^(?:我?(?:要|选择|选|按|点|回复|回|就)?)?[(\[]?第?(?P<number>[0-9]{1,2}|[一二两三四五六七八九十])"
    r"(?:个|号|项|条|种|吧|[.、,。)\]])*$"
)
# Said of the first and of the last, in any other words around: 头一个 · 就最后那个吧
FIRST = re.compile(r"(?:最?前面|头)(?:一|那)?(?=[个场项条种家])")
LAST = re.compile(r"(?:最后|末了|最末|末)(?:面|头)?(?:一|那)?(?=[个场项条种家])")
# With more around it only an ordinal is sure, for 那就三个 may count: 要不就第三个 · 一号那个
AMONG_WORDS = (
    re.compile(
        r"^(?:要不|要么|还是|那么?|嗯|好的?|我|想|要|就|选择?|按|点|来|看|换|[,、 ])*"
        r"(?:第(?P<nth>[0-9]{1,2}|[一二两三四五六七八九十])(?:个|号|项|条|种|场|班|家)?"
        r"|(?P<number>[0-9]{1,2}|[一二两三四五六七八九十])号)"
        r"(?:那|这)?(?:个|项|条|种|场|班|家)?(?:吧|好了?|就?行|了|啊|呀|哦|谢谢|[,、 ])*$"
    ),
    re.compile(
        r"^(?:(?:ok|okay|well|then|maybe|perhaps|let's|i'll|i'd|i would|say|go|with|take|pick|"
        r"choose|want|like|have)[, ]+)*"
        r"(?:the (?P<nth>[a-z]+)|(?:option|number|no\.?) ?(?P<number>[a-z]+|\d{1,2}))"
        r"(?: one| option)?(?:[, ]+(?:then|please|thanks))*$"
    ),
)
NUMBERED = re.compile(r"^\(?[0-9]{1,2}[).、:,\s]*")  # 1 坐车: a choice as it was read
ENGLISH = re.compile(r"^(?:option |number |no\. ?|the )?(?P<word>[a-z]+|\d{1,2})(?: one)?\.?$")


@dataclass(frozen=True)
class Offers:
    """What a resident may answer: `last` by number, and by tap or label all that still waits.

    `before` was asked earlier and not answered when `last` came by itself.
    """

    last: Sequence[Choice] = ()
    before: Sequence[Choice] = ()
    others: Sequence[Choice] = ()  # older ones, and those of a page that is not turned yet

    def meant(self, text: str) -> list[Choice]:
        """Return the choice a message means; two when its number may mean either; or none."""
        named = resolve(text, self.last) or _named(text, [*self.before, *self.others])
        if named is None or not self.before or _named(text, [named]):
            return [named] if named else []
        either = resolve(text, self.before)
        return [either, named] if either else [named]


def resolve(text: str, offered: Sequence[Choice]) -> Choice | None:
    """Return the choice that is meant; None when the text is something else."""
    if named := _named(text, offered):
        return named
    said = FIRST.sub("第1", normalise(text).rstrip(ENDS))
    number = _number(LAST.sub(f"第{len(offered)}", said))
    return offered[number - 1] if number and number <= len(offered) else None


def _named(text: str, offered: Sequence[Choice]) -> Choice | None:
    """Return the choice whose id or label a message is."""
    said = normalise(text).rstrip(ENDS)
    for choice in offered:
        label = normalise(choice.label).rstrip(ENDS)
        if text == choice.id or said == label or NUMBERED.sub("", said) == label:
            return choice
    return None


def is_id(text: str) -> bool:
    """Whether the text is the id of a choice, of those offered now or of older ones."""
    return CHOICE_ID.fullmatch(text) is not None


def offered_before(db: Db, message: Message) -> Offers:
    """Return what we offered between the resident's message before and this one."""
    asking = list(_asking(db, message))
    if not asking:
        return Offers()
    last, *older = asking
    earlier = (one for one in older if one.inbox_id != last.inbox_id)
    before = next((one for one in earlier if _waits(db, one)), None)
    others = [choice for one in older if one is not before for choice in one.offered]
    held = [choice for one in asking for choice in one.held_back]
    return Offers(last.offered, before.offered if before else (), [*others, *held])


def _waits(db: Db, asked: Message) -> bool:
    """Whether something is still to be answered, and not only offered."""
    sure = any(choice.intent == SURE for choice in asked.offered)
    return sure or db.get(Draft, asked.conversation_id) is not None


def either(db: Db, message: Message, meant: Sequence[Choice]) -> list[Choice]:
    """Return two choices so that they can be told apart: by what was asked, where need be."""
    if len({normalise(choice.label) for choice in meant}) > 1:
        return [replace(choice, id="") for choice in meant]
    asked = {c.id: one.text for one in _asking(db, message) for c in one.offered}
    return [
        replace(choice, id="", label=f"{choice.label} · {_lead(asked[choice.id])}")
        for choice in meant
    ]


def _lead(text: str) -> str:
    """Return the last words of a message, by which somebody knows it again."""
    line = text.strip().splitlines()[-1]
    return line if len(line) <= LEAD else f"{line[: LEAD - 1]}…"


def _asking(db: Db, message: Message) -> Iterator[Message]:
    """Return what we said with choices since the resident's message before, newest first."""
    earlier = db.scalars(
        select(Message)
        .where(Message.conversation_id == message.conversation_id, Message.id < message.id)
        .order_by(Message.id.desc())
        .limit(MOST_SAID)
    )
    for said in earlier:
        if said.author == Author.RESIDENT and not unread.is_all(said):
            break
        if said.choices:
            yield said


def issued(db: Db, message: Message, choice_id: str) -> Choice | None:
    """Return the choice of this id if we ever gave it out in this conversation."""
    said = offering(db, message.conversation_id, choice_id)
    choices = (*said.offered, *said.held_back) if said else ()
    return next((choice for choice in choices if choice.id == choice_id), None)


def offering(db: Db, conversation_id: str, choice_id: str) -> Message | None:
    """Return the latest message that gave this choice out."""
    said = db.scalars(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.author != Author.RESIDENT)
        .order_by(Message.id.desc())
        .limit(500)
    )
    return next(
        (m for m in said if any(choice_id == c.id for c in (*m.offered, *m.held_back))), None
    )


def _number(said: str) -> int | None:
    if match := AROUND.fullmatch(said):
        return _read(match["number"])
    if match := ENGLISH.fullmatch(said):
        return _read(match["word"])
    found = (pattern.fullmatch(said) for pattern in AMONG_WORDS)
    return next((_read(match["nth"] or match["number"]) for match in found if match), None)


def _read(number: str) -> int | None:
    """Return a number from one on, in digits, Chinese, or an English word."""
    if number.isdigit():
        return int(number)
    if number.isascii():
        names = (n for n, words in enumerate(ENGLISH_NUMBERS, 1) if number in words)
        return next(names, None)
    return CHINESE_NUMBERS.index(number.replace("两", "二")) + 1
