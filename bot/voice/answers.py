"""What somebody may say to the choices they were given: each is said in several ways."""

from collections.abc import Iterator, Mapping, Sequence

from actions.conversations import Message
from actions.db import Db
from bot.choices import CHINESE_NUMBERS, ENGLISH_NUMBERS, offered_before

# Whatever was asked this may be said, and is none of the choices.
ALWAYS: Mapping[str, tuple[str, ...]] = {
    "zh": ("算了", "人工", "再说一遍"),
    "en": ("never mind", "a person", "say that again"),
}
LONGEST = 20  # characters of a choice that is read out as it stands


def answers_that_wait(db: Db, message: Message, language: str) -> dict[str, str]:
    """Return what may be said in answer → which choice it is; empty where none wait."""
    offered = offered_before(db, message).last
    return answers_to([(one.label, one.id) for one in offered], language)


def answers_to(choices: Sequence[tuple[str, str]], language: str) -> dict[str, str]:
    """Return what may be said to choices, each a label and what it stands for."""
    answers: dict[str, str] = {}
    for place, (label, meaning) in enumerate(choices):
        for words in _ways(place, label, language):
            answers.setdefault(words, meaning)
    return answers | {words: words for words in ALWAYS[language]} if answers else {}


def _ways(place: int, label: str, language: str) -> Iterator[str]:
    if len(label) <= LONGEST:
        yield label
    if language == "zh" and place < len(CHINESE_NUMBERS):
        number = CHINESE_NUMBERS[place]
        yield from (number, f"第{number}个", f"选{number}", f"{number}号", f"我要第{number}个")
    if language == "en" and place < len(ENGLISH_NUMBERS):
        number, ordinal = ENGLISH_NUMBERS[place]
        yield from (number, f"number {number}", f"the {ordinal} one", f"option {number}")
