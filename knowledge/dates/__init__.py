"""Finds the time a message speaks of, in Chinese or English; says so when it is not clear.

An own small grammar: JioNLP is slow to load, holds no two threads, and takes 12号楼 for a date;
dateparser knows no “下周三晚上七点半” (figures in DECISIONS.md). Whoever uses this reads the
date and its weekday back before doing anything.
"""

import re
from datetime import datetime

from knowledge.dates import chinese_words, english, phrases
from knowledge.dates.chinese import CHINESE
from knowledge.dates.english import ENGLISH
from knowledge.dates.holidays import Holiday, read_holiday
from knowledge.dates.meaning import Grain, Unclear, When
from knowledge.dates.phrases import Joints, Message
from knowledge.dates.plain import in_plain_words
from knowledge.dates.tokens import Grammar, Part, Token, find
from knowledge.text import normalise

__all__ = ["Grain", "Holiday", "Unclear", "When", "read_holiday", "read_when"]

BOTH = Grammar([*CHINESE, *ENGLISH])
LONGEST = 1000  # characters; a time is said early in a message, or not for us
HAN = re.compile(r"[一-鿿]")
HINTS = re.compile(chinese_words.any_of(chinese_words.HINTS))


def read_when(text: str, now: datetime) -> When | Unclear | None:
    """Return the time a whole message speaks of, None when it speaks of none.

    `now` is aware. Dates without a year, weekdays and times that are over mean the next ones;
    “昨天” and other words for the past stay past.
    """
    said = english.BETWEEN.sub(r"\g<1>to ", in_plain_words(normalise(text[:LONGEST])))
    chinese = HAN.search(said) is not None
    words = chinese_words if chinese else english
    kept = words.RECURS.sub(_blank, words.NO_TIME.sub(_blank, said))
    tokens = find(kept, now, BOTH if chinese else ENGLISH)
    hint = HINTS.search(said)
    return phrases.read(
        Message(
            said,
            now,
            _meant(
                said,
                _not_refused(said, tokens, words.REFUSED),
                words.NEGATED,
                words.UNAVAILABLE,
                words.CHANGED,
            ),
            Joints(words.RANGE, words.EITHER, words.TOGETHER, words.BY, words.BEFORE),
            chinese_words.HINTS[hint[0]] if hint else None,
            recurs=words.RECURS.search(said) is not None,
        )
    )


def _blank(match: re.Match[str]) -> str:
    """Cover what is no time, so that everything else stays where it is."""
    return "□" * len(match[0])


def _not_refused(said: str, tokens: list[Token], refused: re.Pattern[str]) -> list[Token]:
    """Leave out times that are refused, with the part of the day where another is said."""
    kept = list[Token]()
    for number, token in enumerate(tokens):
        if not refused.match(said[token.end :]):
            kept.append(token)
        elif kept and isinstance(kept[-1].value, Part):
            again = any(isinstance(later.value, Part) for later in tokens[number + 1 :])
            kept = kept[:-1] if again else kept
    return kept


def _meant(
    said: str,
    tokens: list[Token],
    negated: re.Pattern[str],
    unavailable: re.Pattern[str],
    changed: re.Pattern[str],
) -> list[Token]:
    """Leave out times that are ruled out, or given up for another, if others remain."""
    move = changed.match(said)
    after = [token for token in tokens if move and token.start >= move.end()]
    tokens = after or tokens
    possible = [
        token
        for token in tokens
        if not negated.search(said[: token.start]) and not unavailable.match(said[token.end :])
    ]
    return possible or tokens
