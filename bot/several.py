"""Several things in one message: where it may fall apart, and whether it does.

Pure. `clauses` proposes boundaries, somebody who understands reads each clause, `things`
decides. When in doubt a message is one thing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from actions.errands import Thing
from actions.intents import COURTESIES, DEEDS, QUESTIONS, SURE, WAYS_OUT
from bot.assistant import Meant

MOST = 12  # clauses; a message of more is a story

HAN = "\u4e00-\u9fff"
# A word that begins something else, at the start of a clause.
JOINER = re.compile(
    r"(?:(?:还有(?:就是)?|另外|此外|顺便|顺带|对了|以及|然后|同时|接着)[，,、：:\s]*(?:再|也|还)?"
    r"|再(?=[问帮给看查约报取告])|(?:(?:and|also|plus|then|by the way|oh)\b[,\s]*)+)",
    re.IGNORECASE,
)
# A clause ends after a mark, at a space between Chinese words, or before such a word.
MARK = rf"[，,。!！?？;；\n]+|\.+(?=\s|$|[{HAN}])|(?<=[{HAN}])\s+(?=[{HAN}])"
INNER = (
    rf"(?<=[{HAN}]{{4}})(?=另外|顺便|对了|再帮我|再问"
    r"|还有(?!名额|位|空|票|没|吗|什么|谁|哪|余|剩|多|几))"
    r"|\s(?=(?:and|also)\s+(?:also\s+)?(?:when|what|where|how|is|are|do|does|can|could|will"
    r"|please|i|book|cancel|report)\b)"
)
BOUNDARY = re.compile(f"{MARK}|{INNER}", re.IGNORECASE)
SENTENCE_END = re.compile(r"[。!！?？;；\n.]")


@dataclass(frozen=True)
class Clause:
    """A stretch of a message.

    `joined`: a word before it says that something else begins. `apart`: a sentence ended.
    """

    starts: int
    ends: int
    joined: bool = False
    apart: bool = False
    first: bool = False

    @property
    def needs(self) -> float:
        """How sure it has to be that it asks something else."""
        if self.joined or self.first:
            return JOINED
        return APART if self.apart else BY_ITSELF

    @property
    def begins(self) -> bool:
        """Whether it stands where something else may well begin."""
        return self.joined or self.apart or self.first

    def of(self, text: str) -> str:
        """Return its words."""
        return text[self.starts : self.ends]


def clauses(text: str) -> list[Clause]:
    """Return the clauses of a message, in order; none of one that is a story."""
    found = list(_clauses(text))
    return found if len(found) <= MOST else []


def _clauses(text: str) -> Iterator[Clause]:
    starts, joined, apart, first = 0, False, False, True
    for ends, mark in [
        *((hit.end(), hit[0]) for hit in BOUNDARY.finditer(text)),
        (len(text), ""),
    ]:
        begins, led = _begin(text, starts, ends)
        joined = joined or led
        if re.search(r"\w", text[begins:ends]):
            yield Clause(begins, ends, joined, apart, first)
            joined = apart = first = False
        apart = apart or SENTENCE_END.search(mark) is not None
        starts = ends


def _begin(text: str, starts: int, ends: int) -> tuple[int, bool]:
    """Return where the words of a clause begin, and whether they follow a joiner."""
    begins = starts + _blank(text[starts:ends])
    joiner = JOINER.match(text, begins, ends)
    if joiner is None:
        return begins, False
    return joiner.end() + _blank(text[joiner.end() : ends]), True


def _blank(text: str) -> int:
    return len(text) - len(text.lstrip(" ，,、：:"))


# What tells that a clause asks, and that it wants something done.
ASKS = re.compile(
    r"[?？吗呢伐]|几[点时]|什么|多少|怎么|哪|谁|多久|多远|啥|咋|知道|有没有|是不是|能不能|可不可以"
    r"|查查|查一?下|查询|看看|看一?下|[我下][查看]|问问|问一?下|问个|[请想]问"
    r"|(?P<yes>\w)不(?P=yes)|末班|首班|进度"
    r"|^\W*(?:what|when|where|which|who|how|why|is|are|does|do|can|could|has|have|will)\b",
    re.IGNORECASE,
)
# A question about the report before it.
CONTINUES = re.compile(r"修好|修啊|修呢|修吗|处理|解决|来修|来人|人管|谁管")

# How sure a clause is that asks something else: after a joiner, a sentence, a mere comma.
JOINED, APART, BY_ITSELF = SURE, 0.8, 0.9
# Asked in passing they are nearly always part of what was said before.
NEVER_BY_ITSELF = frozenset(
    {"correct_place", "add_to_request", "relay_message", "manage_offer"}
)
# What goes on with the thing before it, where nothing says that something else begins.
GOES_ON = {
    "report_problem": {"check_request", "add_to_request", "correct_place", "request_help"}
    | {"ask_person", "report_neighbour", "relay_message"},
    "check_request": {"report_problem", "ask_person", "add_to_request", "withdraw_request"},
    "request_help": {"offer_help", "meet_neighbours", "relay_message", "ask_person"},
    "offer_help": {"request_help", "meet_neighbours", "manage_offer"},
    "book_activity": {"list_bookings", "change_booking"},
    "change_booking": {"book_activity", "cancel_booking", "list_bookings"},
    "cancel_booking": {"change_booking", "cancel", "list_bookings"},
}
# Deeds of which one message may ask two, if each names its own.
REPEATED = frozenset({"book_activity", "cancel_booking", "change_booking"})
# What belongs to a form besides its own intent: the booking that is not made yet.
OF_FORM = {"book_activity_form": {"cancel_booking"}}
ANSWER = "answer"  # the intent of what is said to a form
QUESTION = "ask_knowledge"  # of a question that is none of those we know
PERSON = "ask_person"  # we answer nothing after it
ASKED = QUESTIONS - COURTESIES
OF_SOMETHING = frozenset({"ask_knowledge", "ask_hours"})  # questions that name what they ask of


@dataclass(frozen=True)
class Part:
    """Clauses that ask for one thing together; without an intent they ask nothing yet."""

    starts: int
    ends: int
    intent: str = ""
    names: frozenset[str] = frozenset()


def things(
    text: str, found: Sequence[Clause], meant: Sequence[Meant], form: str | None = None
) -> list[Thing]:
    """Return what a message asks, in the order in which it is to be done.

    `meant` is what each clause means by itself, `form` the form that is under way: what asks
    nothing then is said to the form.
    """
    parts: list[Part] = []
    for clause, reading in zip(found, meant, strict=True):
        words = clause.of(text)
        wish = _beside(form, clause, reading, words) if form else _wish(clause, reading, words)
        new = Part(clause.starts, clause.ends, wish or (ANSWER if form else ""), reading.names)
        if parts and not _is_another(parts[-1], new, clause, words):
            parts[-1] = _together(parts[-1], new)
        else:
            parts.append(new)
    return [_thing(text, part) for part in sorted(parts, key=_turn)]


def _wish(clause: Clause, meant: Meant, words: str) -> str:
    """Return what a clause asks by itself; nothing when it only adds to something."""
    sure = meant.confidence >= clause.needs
    if sure and meant.intent in DEEDS | WAYS_OUT - {"cancel"}:
        return meant.intent
    if ASKS.search(words) is None or (sure and meant.intent not in ASKED):
        return ""
    if sure:
        return meant.intent
    return QUESTION if clause.begins and not CONTINUES.search(words) else ""


def _beside(form: str, clause: Clause, meant: Meant, words: str) -> str:
    """Return what a clause asks beside a form; nothing when it may well be said to the form."""
    of_form = {form.removesuffix("_form")} | OF_FORM.get(form, set())
    if meant.confidence < max(clause.needs, APART) or meant.intent in of_form:
        return ""
    if clause.begins and meant.intent in DEEDS | WAYS_OUT:
        return meant.intent
    asks = meant.intent in ASKED and ASKS.search(words) and not CONTINUES.search(words)
    return meant.intent if asks and (clause.begins or meant.names) else ""


def _is_another(before: Part, new: Part, clause: Clause, words: str) -> bool:
    """Whether a clause begins something else than what stands before it."""
    if not new.intent or not before.intent:
        return False
    if ANSWER in (new.intent, before.intent):
        return new.intent != before.intent and (clause.apart or new.intent != ANSWER)
    if new.intent == before.intent:
        other = bool(new.names - before.names) and bool(before.names)
        return other and (new.intent in ASKED or (clause.begins and new.intent in REPEATED))
    if before.intent in ("report_problem", "check_request") and CONTINUES.search(words):
        return clause.begins and new.intent == "check_request"
    return clause.begins or not _goes_on(before, new)


def _goes_on(before: Part, new: Part) -> bool:
    """Whether what stands behind a mere comma is still about the same thing."""
    if before.intent in DEEDS and new.intent in OF_SOMETHING and not new.names:
        return True
    return new.intent in NEVER_BY_ITSELF | GOES_ON.get(before.intent, set())


def _together(before: Part, more: Part) -> Part:
    intent = before.intent or more.intent
    return Part(before.starts, more.ends, intent, before.names | more.names)


def _turn(part: Part) -> int:
    """Questions come first, then what is said to a form, then a person, then deeds."""
    if part.intent in DEEDS:
        return 3
    return 2 if part.intent == PERSON else int(part.intent == ANSWER)


def _thing(text: str, part: Part) -> Thing:
    ends = part.starts + len(text[part.starts : part.ends].rstrip(" ，,、;；"))
    return Thing(part.starts, ends, part.intent, at_once=part.intent not in DEEDS)
