"""How elders are spoken to: short messages, three choices at most, a phone number last.

Pure: what is to be said goes in, what is said now comes out. What does not fit is held back
and told when they ask for more; what asks something is always said whole.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from actions.conversations import MORE, Choice
from actions.wording import Said, Wording
from knowledge.text import has_han

LONGEST, LONGEST_ENGLISH = 60, 120  # characters of a message; letters are half as wide
MOST_CHOICES = 3
MOST_MESSAGES = 3  # of an answer at a time

SENTENCE = re.compile(r"[^。！？；!?;\n]*?(?:\.(?=\s|$)|\n|(?:[。！？；!?;]+[”」』）)\"]*)+|$)")
CLAUSE = re.compile(r".+?(?:[，、：,:]+|\s+|$)")
# Numbers to call, and none of 110路, 120元, 119号.
PHONE = re.compile(
    r"(?<![\d.:-])(?<!第)(?<!第 )(?:0\d{2,3}[- ]?\d{7,8}|1[3-9]\d{9}|400[- ]?\d{3}[- ]?\d{4}"
    r"|1(?:10|19|20|22)|12345|123\d\d|95\d{3})(?!\d|[-.:]\d|\s*[路元号人分个米岁年月日位幢栋])"
)
GOES_ON = re.compile(r"[，。；,.;!！?？\n]\s*\w")
AFTER_PHONE = re.compile(
    rf"^(.*{PHONE.pattern}[^\w，。；,.;!！]*[，。；,.;!！]+\s?)(.+)$", re.S
)


def plainly(said: Said, wording: Wording, language: str) -> list[Said]:
    """Return the messages that say it to an elder; the last has the choices and the mark."""
    messages = _messages(said.text)
    first, last = messages, ""
    if not said.choices and len(messages) > MOST_MESSAGES:
        first, last = messages[:MOST_MESSAGES], "\n".join(messages[MOST_MESSAGES:])
    *before, end = first or [""]
    ending = replace(said, text=end, rest=last)
    if last:
        ending = replace(ending, choices=(_more("utter_more_text", wording, language),))
    return [*(Said(text) for text in before), few_choices(ending, wording, language)]


def few_choices(said: Said, wording: Wording, language: str) -> Said:
    """Return a message with at most three choices; the last of them shows the others.

    They come round: after the last page the first is shown again.
    """
    if len(said.choices) <= MOST_CHOICES:
        return said
    shown, held = said.choices[: MOST_CHOICES - 1], said.choices[MOST_CHOICES - 1 :]
    more = _more("utter_more_choices", wording, language)
    return replace(said, choices=(*shown, more), held=(*held, *shown))


def one_question(said: Sequence[Said]) -> list[Said]:
    """Return what is said in one turn with the choices of the last question alone."""
    asking = [n for n, one in enumerate(said) if one.choices]
    return [replace(one, choices=()) if n in asking[:-1] else one for n, one in enumerate(said)]


def is_plain(said: Said) -> bool:
    """Whether a message keeps to the policy; after a phone number at most its clause ends."""
    *_, after = PHONE.split(said.text)
    return (
        len(said.text) <= longest(said.text)
        and len(said.choices) <= MOST_CHOICES
        and (after == said.text or not GOES_ON.search(after))
    )


def longest(text: str) -> int:
    """Return how long a message like this may be."""
    return LONGEST if has_han(text) else LONGEST_ENGLISH


def _more(label: str, wording: Wording, language: str) -> Choice:
    return Choice(wording.render(label, language=language).text, MORE)


def _messages(text: str) -> list[str]:
    """Join what belongs together as long as it fits; a phone number ends a message."""
    messages: list[str] = []
    most = longest(text)
    for piece in _pieces(text, most):
        fits = messages and len((messages[-1] + piece).strip()) <= most
        if fits and not PHONE.search(messages[-1]):
            messages[-1] += piece
        else:
            messages.append(piece)
    return [message.strip() for message in messages if message.strip()]


def _pieces(text: str, most: int) -> Iterator[str]:
    """Cut at the ends of sentences, where one is too long of clauses, else anywhere."""
    for sentence in _sentences(text):
        if len(sentence.strip()) <= most:
            yield sentence
            continue
        for clause in CLAUSE.findall(sentence):
            cuts = [*range(0, len(clause), most), len(clause)]
            yield from (clause[start:end] for start, end in pairwise(cuts))


def _sentences(text: str) -> Iterator[str]:
    for sentence in SENTENCE.findall(text):
        ended = AFTER_PHONE.match(sentence)
        yield from (ended[1], ended[2]) if ended else (sentence,)
