"""What staff say in a chat to deal with requests: one table of commands, and how it is read.

A command is its word, what names a request, and the rest. Letters of any width, case and
writing are the same; the rest stays as it was written.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from actions.governance import teams
from actions.governance.model import Status
from knowledge.pack import Pack
from knowledge.text import normalise


@dataclass(frozen=True)
class Command:
    """A row of the table: `words` say it, the first in Chinese and the last in English.

    `to` is the status it moves a request to. `before` is what may stand right behind a word
    without a space. `utter_staff_help_<name>` explains it.
    """

    name: str
    words: tuple[str, ...]
    to: Status | None = None
    before: str = ""  # "", "team" or "list"

    @property
    def intent(self) -> str:
        """What a choice that says it stands for."""
        return f"staff_{self.name}"


COMMANDS = (
    Command("take", ("接", "接单", "接下", "ack", "take"), Status.ACKNOWLEDGED),
    Command("assign", ("转", "转给", "转交", "pass", "assign"), before="team"),
    Command("return", ("退", "退给", "退回", "return"), before="team"),
    Command("start", ("办", "在办", "开始办", "start"), Status.IN_PROGRESS),
    Command("reply", ("办结", "答复", "回复", "办好", "reply", "done"), Status.REPLIED),
    Command("decline", ("不办", "不予办理", "decline"), Status.DECLINED),
    Command("ask", ("问", "问居民", "ask")),
    Command("note", ("备注", "note")),
    Command("merge", ("并", "合并", "merge"), Status.MERGED),
    Command("show", ("查", "查询", "find", "show"), before="list"),
    Command("help", ("帮助", "?", "help")),
)

LISTS = {
    "late": ("超时", "逾期", "overdue", "late"),
    "today": ("今天", "今日", "today"),
    "mine": ("我的", "mine"),
    "open": ("全部", "all"),
}


@dataclass(frozen=True)
class Number:
    """The number of a request as it was said; `day` (yymmdd) is empty when it was left out."""

    count: int
    day: str = ""

    def __str__(self) -> str:
        return f"{self.day}-{self.count:04d}" if self.day else f"{self.count:04d}"


@dataclass(frozen=True)
class Order:
    """A command as somebody has said or tapped it; `request_id` is what was tapped about."""

    command: Command
    numbers: tuple[Number, ...] = ()
    rest: str = ""
    request_id: int | None = None

    @property
    def listed(self) -> str:
        """Which of LISTS is asked for, none is ""."""
        said = normalise(self.rest).strip(" 的")
        return next(
            (name for name, words in LISTS.items() if said in [w.strip("的") for w in words]),
            "",
        )


MENTIONS = re.compile(r"^(?:\s*@\S+\s+)*[\s/]*")
BETWEEN = re.compile(r"[\s,:;、。.!和入到与]*(?:(?:and|into)\b)?\s*")
# With letters and day; marked as a number; of four digits; alone.
NUMBER = re.compile(
    r"(?:[a-z]{2}[\s-]*)?(?P<day>\d{6})[\s-]*(?P<of_day>\d{1,5})(?!\d)号?"
    r"|(?:#|编号|no\.?)\s*(?P<marked>\d{1,5})(?!\d)"
    r"|(?P<four>\d{4})(?![\d号幢栋楼单室年月点元块米人个件]|[.:-]\d)"
    r"|(?P<alone>\d{1,5})号?\s*$"
)
PLAIN = re.compile(r"(?P<plain>\d{1,5})(?!\d)")  # where nothing but numbers is said
AFTER_WORD = re.compile(r"$|[\s,:;、。.!#\d]|编号|[a-z]{2}[\s-]*\d{6}|no\.?\s*\d")


def read(pack: Pack, text: str) -> Order | None:
    """Return what a text orders; None when it is no command."""
    folded = _fold(text)
    begin = MENTIONS.match(folded)
    at = begin.end() if begin else 0
    first, at = _number(folded, at)  # 0042 接 is said too
    command, at = _command(pack, folded, text, at)
    if command is None:
        return None
    numbers = [first] if first else []
    while len(numbers) < (2 if command.name == "merge" else 1):
        number, at = _number(folded, at, plain=command.name == "merge")
        if number is None:
            break
        numbers.append(number)
    return Order(command, tuple(numbers), _rest(text, folded, at))


def read_number(order: Order) -> Order:
    """Read the number of a request that stands in front of the rest, if none was said yet."""
    if order.numbers:
        return order
    folded = _fold(order.rest)
    number, at = _number(folded, 0)
    if number is None:
        return order
    return replace(order, numbers=(number,), rest=_rest(order.rest, folded, at))


def mentioned(text: str) -> list[Number]:
    """Return the requests a text names in full, as our own notices do."""
    found = (match for match in NUMBER.finditer(_fold(text)) if match["day"])
    return list(dict.fromkeys(Number(int(match["of_day"]), match["day"]) for match in found))


def tapped(intent: str, value: str) -> Order | None:
    """Return what a choice of ours orders; None for those of residents."""
    command = next((command for command in COMMANDS if command.intent == intent), None)
    return Order(command, request_id=int(value)) if command and value.isdecimal() else None


def nearly(text: str) -> Command | None:
    """Return the command a text begins with that has no space behind its word."""
    folded = MENTIONS.sub("", _fold(text))
    return next((command for word, command in _words() if folded.startswith(word)), None)


def _command(pack: Pack, folded: str, text: str, at: int) -> tuple[Command | None, int]:
    gap = BETWEEN.match(folded, at)
    at = gap.end() if gap else at
    for word, command in _words():
        after = at + len(word)
        if folded.startswith(word, at) and _ends(pack, command, folded, text, after):
            return command, after
    return None, at


def _ends(pack: Pack, command: Command, folded: str, text: str, at: int) -> bool:
    """Whether a word ends there: no letter of the same word follows, 接下来 is not 接."""
    if AFTER_WORD.match(folded, at):
        return True
    if command.before == "team" and not folded[at - 1].isascii():
        return teams.begins_with_one(pack, text[at:])
    return command.before == "list" and Order(command, rest=text[at:]).listed != ""


@cache
def _words() -> Sequence[tuple[str, Command]]:
    """The words of all commands, the longest first: 办结 is not 办."""
    words = [(word, command) for command in COMMANDS for word in command.words]
    return sorted(words, key=lambda pair: -len(pair[0]))


def _number(folded: str, at: int, *, plain: bool = False) -> tuple[Number | None, int]:
    gap = BETWEEN.match(folded, at)
    start = gap.end() if gap else at
    match = NUMBER.match(folded, start) or (PLAIN.match(folded, start) if plain else None)
    if match is None:
        return None, at
    said = match.groupdict()
    if said.get("day"):
        return Number(int(said["of_day"]), said["day"]), match.end()
    return Number(int(next(digits for digits in said.values() if digits))), match.end()


def _rest(text: str, folded: str, at: int) -> str:
    gap = re.compile(r"[\s,:;、。.]*").match(folded, at)
    return text[gap.end() if gap else at :].strip()


def _fold(text: str) -> str:
    """Bring each character to its plainest form; places in the text stay the same."""
    return "".join(map(_plain, text))


@cache
def _plain(character: str) -> str:
    plain = normalise(character)
    return plain if len(plain) == 1 else character
