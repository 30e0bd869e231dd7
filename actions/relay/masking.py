"""Takes out of a message what neighbours should not learn: numbers, accounts, addresses.

What is taken out is said to whoever wrote it. A number handed over in pieces, in several
messages, is found when its last piece comes.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from actions.relay.folding import Folded, Group, fold, groups
from actions.relay.patterns import A_HOUSE, CODE, HARMLESS, PATTERNS

IsPhone = Callable[[str, Sequence[Group]], bool]

MASK = "▇▇▇"
KINDS = ("phone", "account", "mail", "link", "card", "door", "plate", "number")

BETWEEN = re.compile(  # the pieces of a number
    r"(?:[\s.\-‐-―_·,、/\\|+~()\[\]【】《》<>'\"…;=&#^]"
    r"|然后|接着|再来|再是|再|后面是?|后边|中间是?|最后是?|跟着|还有|接|是|加|杠|横杠|空格|and|then|dash|space|plus)"
    r"{0,8}"
)
MOBILE = re.compile(r"(?:0{0,2}86)?1[3-9]\d{9}")
ABROAD = re.compile(r"0{0,2}86[1-9]\d{8,10}")
LANDLINE = re.compile(r"0[1-9]\d{1,2}[2-8]\d{6,7}")
LOCAL = re.compile(r"(?!20\d\d(?:0\d|1[0-2])[0-3]\d)[2-8]\d{6,7}")
LONGEST_PHONE = 16
LIKE_A_CODE = frozenset({"door", "card"})
WITH_A_FIGURE = re.compile(r"[0-9_]")
PIECE_WORDS = 12  # signs beside its figures that a message with a piece of a number may have


@dataclass(frozen=True)
class Masked:
    """A message as it is passed on, and the kinds of what was taken out, in `KINDS`' order."""

    text: str
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """Something to be taken out of a folded text."""

    start: int
    end: int
    kind: str


def mask(text: str, earlier: Sequence[str] = ()) -> Masked:
    """Take out of a message whatever would tell who, or where, its writer is.

    `earlier` are the messages the same person had passed on just before, oldest first.
    """
    folded = fold(text)
    found = [
        *_named(folded.text),
        *_numbers(folded.text),
        *_announced(folded.text, earlier),
        *_last_pieces(folded.text, earlier),
    ]
    taken = _apart(found)
    kinds = {one.kind for one in taken}
    return Masked(_without(text, folded, taken), tuple(k for k in KINDS if k in kinds))


def _apart(found: Iterable[Found]) -> list[Found]:
    """Make one of what overlaps: its kind is that of the longest part."""
    apart: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not apart or one.start >= apart[-1].end:
            apart.append(one)
            continue
        last = apart.pop()
        longer = max(last, one, key=lambda part: part.end - part.start)
        apart.append(Found(last.start, max(last.end, one.end), longer.kind))
    return apart


def _without(text: str, folded: Folded, taken: Iterable[Found]) -> str:
    """Put one sign in the place of everything taken out."""
    kept, done = [], 0
    for one in taken:
        start, end = folded.original(one.start, one.end)
        kept += [text[done:start], MASK]
        done = end
    return "".join([*kept, text[done:]])


def _named(text: str) -> Iterator[Found]:
    """Find what its own form or the words before it give away."""
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            name = "it" if "it" in pattern.groupindex else 0
            start, end = match.span(name)
            if end > start and not (kind in LIKE_A_CODE and _is_code(text, start, end)):
                yield Found(start, end, kind)


def _is_code(text: str, start: int, end: int) -> bool:
    """Whether what looks like a door is the code of a parcel: no code names a building."""
    return bool(CODE.search(text[:start])) and not A_HOUSE.search(text[start:end])


def _announced(text: str, earlier: Sequence[str]) -> Iterator[Found]:
    """Find what the message before has announced: "add me on WeChat", and then the name."""
    if not earlier:
        return
    before = fold(earlier[-1]).text + "\n"
    for one in _named(before + text):
        if one.end > len(before) and WITH_A_FIGURE.search(text[: one.end - len(before)]):
            yield Found(max(one.start - len(before), 0), one.end - len(before), one.kind)


def _numbers(text: str) -> Iterator[Found]:
    """Find phone numbers, in one piece or several, and other long numbers.

    Whether a quantity is meant counts only where it could be one: 138 0013 8000 路上打 is a
    phone number, though 8000 路 alone would be a bus.
    """
    for run in _runs(text, groups(text)):
        yield from _phones(run, _is_far)
    for run in _runs(text, _open_groups(text)):
        yield from _phones(run, _is_local)
        yield from _cards(run)
        for group in run:
            if kind := _alone(group, text):
                yield Found(group.start, group.end, kind)


def _phones(run: Sequence[Group], is_phone: IsPhone) -> Iterator[Found]:
    """Find the longest phone numbers a run has, each from its first group on."""
    done = 0
    for first in range(len(run)):
        if first >= done and (end := _end_from(run, first, is_phone)):
            yield Found(run[first].start, run[end - 1].end, "phone")
            done = end


def _open_groups(text: str) -> list[Group]:
    """Return the figures that are no time, date, price or other quantity."""
    harmless = [match.span() for match in HARMLESS.finditer(text)]
    return [
        group
        for group in groups(text)
        if not any(start <= group.start and group.end <= end for start, end in harmless)
    ]


def _runs(text: str, found: Sequence[Group]) -> Iterator[list[Group]]:
    """Put together the groups that have nothing between them but what parts a number."""
    run: list[Group] = []
    for group in found:
        if run and not BETWEEN.fullmatch(text[run[-1].end : group.start]):
            yield run
            run = []
        run.append(group)
    if run:
        yield run


def _end_from(run: Sequence[Group], first: int, is_phone: IsPhone) -> int | None:
    """Return after which group a phone number that begins with this one ends."""
    figures, ends = "", None
    for end in range(first + 1, len(run) + 1):
        figures += run[end - 1].figures
        if len(figures) > LONGEST_PHONE:
            break
        if is_phone(figures, run[first:end]):
            ends = end
    return ends


def _is_far(figures: str, pieces: Sequence[Group]) -> bool:
    """Whether these are a mobile's figures, or a line's with its area code."""
    if MOBILE.fullmatch(figures) or ABROAD.fullmatch(figures):
        return True
    sizes = [len(piece.figures) for piece in pieces]
    whole = sizes[0] in (3, 4) or len(sizes) == 1 or set(sizes) == {1}
    return whole and LANDLINE.fullmatch(figures) is not None


def _is_local(figures: str, pieces: Sequence[Group]) -> bool:
    """Whether these are a line's figures without area code: 8255-1234."""
    halves = [len(piece.figures) for piece in pieces] == [4, 4]
    near = halves and pieces[1].start - pieces[0].end <= 1
    return near and LOCAL.fullmatch(figures) is not None and figures[:2] not in ("19", "20")


def _alone(group: Group, text: str) -> str | None:
    """Say what a number in one piece is, None for one that tells nothing."""
    figures = group.figures
    if len(figures) >= 15:
        return "card" if not CODE.search(text[: group.start]) else None
    if CODE.search(text[: group.start]):
        return None
    if len(figures) >= 9:
        return "number"
    return "phone" if LOCAL.fullmatch(figures) else None


def _cards(run: Sequence[Group]) -> Iterator[Found]:
    """Find the numbers of cards, in pieces of four."""
    for first in range(len(run)):
        for last in range(first + 2, min(first + 6, len(run))):
            pieces = run[first : last + 1]
            if (
                all(len(piece.figures) >= 3 for piece in pieces)
                and 15 <= sum(len(piece.figures) for piece in pieces) <= 19
            ):
                yield Found(pieces[0].start, pieces[-1].end, "card")


def _last_pieces(text: str, earlier: Sequence[str]) -> Iterator[Found]:
    """Find the end of a number whose beginning was passed on before."""
    before = [piece for said in earlier for piece in _pieces(fold(said).text)]
    now = _pieces(text)
    for first in range(len(before)):
        for last in range(len(now)):
            pieces = [*before[first:], *now[: last + 1]]
            figures = "".join(piece.figures for piece in pieces)
            if MOBILE.fullmatch(figures) or (
                LANDLINE.fullmatch(figures) and len(pieces[0].figures) in (1, 3, 4)
            ):
                for piece in now[: last + 1]:
                    yield Found(piece.start, piece.end, "phone")


def _pieces(text: str) -> list[Group]:
    """Return the figures of a message that may be a piece of a number and little else."""
    found = _open_groups(text)
    beside = len(text) - sum(group.end - group.start for group in found)
    return found if beside <= PIECE_WORDS else []
