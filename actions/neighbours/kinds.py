"""What kind of help a text asks for, whether neighbours may give it, when, how far."""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from knowledge.pack import HelpKind, Pack
from knowledge.text import normalise

OTHER = "other"  # what no kind of the pack fits: staff look at it first
ENOUGH, WHOLE = 1.0, 2.0  # a lower score says nothing; a keyword is there whole
NOT_TELLING = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "for",
        "go",
        "help",
        "home",
        "of",
        "run",
        "the",
        "things",
        "to",
        "up",
    ]
)

# Words residents use for what a policy forbids; a sign counts where it names the subject.
SIGNS: dict[str, str] = {
    "未成年": r"(?:孩子|小孩|女儿|儿子|小囡)(?:一个人|单独)|child alone",
    "现金": r"现金|存钱|取款|转账|汇款|银行卡|借.{0,3}钱|\bcash\b|bank card|borrow.{0,10}money",
    "存折": r"存折|bank book",
    "密码": r"密码|验证码|password|\bpin\b",
    "医疗": r"打针|输液|盐水|(?<!去)(?:换药|拔牙)|吸痰|导尿|injection|dress.+wound|\bdrip\b",
    "燃气": r"(?:燃气|煤气|天然气|液化气)(?!费|卡)|\bgas\b",
    "带电": r"带电|电闸|配电|电表|接电线|live wir|fuse box",
    "登高": r"登高|爬高|屋顶|房顶|楼顶|外墙|空调外机|\broof\b",
}

TIERS = {"building": 3, "village": 2, "town": 1}  # how many parts of the area's path must agree


def kind_of(pack: Pack, text: str, *, enough: float = ENOUGH) -> HelpKind | None:
    """Return the kind of help the words of a text name; None when none or several fit."""
    said = normalise(text)
    scored = [(kind, _score(kind, said)) for kind in pack.help_kinds.values()]
    best = max((score for _, score in scored), default=0.0)
    fitting = [kind for kind, score in scored if score == best]
    return fitting[0] if best >= enough and len(fitting) == 1 else None


def forbidden(pack: Pack, text: str) -> bool:
    """Whether a text asks for what the pack's policy says no neighbour is asked to do."""
    said, never = normalise(text), " ".join(pack.help_policy.never)
    return any(re.search(sign, said) for subject, sign in SIGNS.items() if subject in never)


def window(kind: HelpKind | None) -> tuple[str, str]:
    """Return from when to when on a day neighbours may be asked for it, as HH:MM."""
    begin, _, end = (kind.time_window if kind else "00:00-24:00").partition("-")
    return begin, end


def within_window(
    kind: HelpKind | None, zone: ZoneInfo, wanted: tuple[datetime, datetime]
) -> tuple[datetime, datetime] | None:
    """Return the part of the wanted time that lies in the kind's hours; None when none does.

    A time over several days is left as it is: the two find an hour that suits both.
    """
    start, end = (moment.astimezone(zone) for moment in wanted)
    if (end - timedelta(seconds=1)).date() > start.date():
        return wanted
    first, last = (_at(start, clock) for clock in window(kind))
    if start == end:
        return wanted if first <= start < last else None
    clipped = max(start, first), min(end, last)
    return clipped if clipped[0] < clipped[1] else None


def reaches(
    kind: HelpKind | None, areas: tuple[str | None, str | None], waited: timedelta
) -> bool:
    """Whether a need that was open for so long has come as far as a neighbour.

    `areas` are the asker's and the neighbour's. Without the asker's there is nothing to go
    by, and the whole town hears of it at once; a neighbour without one lives in the town.
    """
    asker, neighbour = areas
    if kind is None or not kind.distance_steps or asker is None:
        return True
    minutes = waited / timedelta(minutes=1)
    return any(
        minutes >= step.after_minutes and _same(asker, neighbour or "", TIERS[step.scope])
        for step in kind.distance_steps
    )


def _same(asker: str, neighbour: str, parts: int) -> bool:
    if parts == TIERS["town"]:
        return True
    of_asker, of_neighbour = asker.split("/")[:parts], neighbour.split("/")[:parts]
    return all(of_neighbour) and of_asker == of_neighbour


def _at(on: datetime, clock: str) -> datetime:
    midnight = datetime.combine(on.date(), time(), on.tzinfo)
    hours, minutes = clock.split(":")
    return midnight + timedelta(hours=int(hours), minutes=int(minutes))


def _score(kind: HelpKind, said: str) -> float:
    hits = [_hit(keyword, said) for keyword in (kind.name.zh, *kind.keywords)]
    return max(*hits, _score_in_english(kind, said))


def _hit(keyword: str, said: str) -> float:
    """取个快递 uses the keyword 取快递; 快递 alone says half of it."""
    keyword = normalise(keyword)
    if _spread(keyword).search(said):
        return float(len(keyword))
    rest = keyword[1:]
    return len(rest) / 2 if len(rest) > 1 and rest in said else 0.0


@cache
def _spread(keyword: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(keyword[0])}.{{0,4}}{re.escape(keyword[1:])}")


def _score_in_english(kind: HelpKind, said: str) -> float:
    used = {_stem(word) for word in _words(said)}
    return sum(len(word) / 3 for word in _words(kind.name.en) if _stem(word) in used)


def _words(text: str) -> Iterator[str]:
    return (word for word in re.findall(r"[a-z]+", text.lower()) if word not in NOT_TELLING)


def _stem(word: str) -> str:
    return word[:4]
