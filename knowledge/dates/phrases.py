"""Puts the pieces of a message together: phrases, then the time or times they mean."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from knowledge.dates.meaning import Grain, Unclear, When
from knowledge.dates.tokens import (
    NOON,
    Clock,
    Dates,
    Days,
    Moment,
    Part,
    Token,
    Unsure,
    Value,
    either,
)

DAY_MINUTES = 24 * 60
LONGEST_RANGE = 12 * 60  # of one day, when nothing else says which half of it is meant
NIGHT = 6  # nobody asks at noon for three in the morning
MANY = 7  # days a clock time is offered for, at most
BETWEEN = re.compile(r"[\s()（）,，的:是]*")
LISTED = re.compile("[,，]")
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Phrase:
    """Pieces said together; `until` is the other end of a range."""

    start: int
    end: int
    days: Days | Unsure | None = None
    part: Part | None = None
    clock: Clock | None = None
    moment: Moment | None = None
    until: "Phrase | None" = None


@dataclass(frozen=True)
class Joints:
    """How a language joins two times: a range, a choice, days in a row; and says a deadline.

    `by` ends before the time it is about, `before` begins after it.
    """

    range: re.Pattern[str]
    either: re.Pattern[str]
    together: re.Pattern[str]
    by: re.Pattern[str]
    before: re.Pattern[str]


@dataclass(frozen=True)
class Message:
    """A message made ready to be read, its pieces, and the part of the day it hints at."""

    text: str
    now: datetime
    tokens: Sequence[Token]
    joints: Joints
    hint: Part | None = None
    recurs: bool = False


def read(message: Message) -> When | Unclear | None:
    """Return what all phrases of the message mean together."""
    phrases = [phrase for phrase in _phrases(message) if not message.recurs or phrase.days]
    if not phrases:
        return None
    meant = [(phrase, list(_told(phrase, message))) for phrase in phrases]
    readings = [when for _, found in meant for when in found]
    words = message.text[phrases[0].start : phrases[-1].end]
    joined = _joined(meant, message)
    if joined:
        return joined
    readings = list(dict.fromkeys(_not_over(readings, message.now)))
    return readings[0] if len(readings) == 1 else Unclear(words, tuple(readings))


def _phrases(message: Message) -> list[Phrase]:
    """Fill phrases with pieces in the order they were said."""
    phrases: list[Phrase] = []
    before: Token | None = None
    for token in message.tokens:
        gap = message.text[before.end : token.start] if before else ""
        whole = phrases.pop() if phrases else None
        if whole is None or before is None:
            phrases.append(_put(Phrase(token.start, token.end), token))
        elif message.joints.range.fullmatch(gap) and not whole.until:
            phrases.append(
                replace(whole, until=_put(Phrase(token.start, token.end), token), end=token.end)
            )
        else:
            phrases += _added(whole, token, gap, message.now)
        before = token
    return _sharing(list(_inheriting(phrases, message)), message)


def _added(whole: Phrase, token: Token, gap: str, now: datetime) -> list[Phrase]:
    """Add a piece to the phrase, or begin another where its place is taken."""
    if whole.until:
        if _place(token.value) != "days" and _free(whole.until, token.value):
            until = replace(_put(whole.until, token), end=token.end)
            return [replace(whole, until=until, end=token.end)]
        if whole.days is None and whole.until.days is None and _free(whole, token.value):
            return [replace(_put(whole, token), end=token.end)]
    elif _free(whole, token.value):
        return [replace(_put(whole, token), end=token.end)]
    elif BETWEEN.fullmatch(gap) and isinstance(token.value, Days) and whole.days:
        again = _said_again(whole, token.value, gap, now)
        if again:
            return [replace(again, end=token.end)]
    return [whole, _put(Phrase(token.start, token.end), token)]


def _said_again(whole: Phrase, days: Days, gap: str, now: datetime) -> Phrase | None:
    """Return the phrase with days another name tells more exactly, None if it tells others."""
    if whole.clock or (days.of_month and LISTED.search(gap)):
        return None
    same = _agreed(whole.days, days, now)
    if days.feast and "的" in gap and not isinstance(same, Days):
        return whole  # 20号的重阳合影 is only called like that
    return replace(whole, days=same) if same else None


def _place(value: Value) -> str:
    if isinstance(value, Part):
        return "part"
    if isinstance(value, Clock):
        return "clock"
    return "moment" if isinstance(value, Moment) else "days"


def _free(phrase: Phrase, value: Value) -> bool:
    return getattr(phrase, _place(value)) is None


def _put(phrase: Phrase, token: Token) -> Phrase:
    pieces: dict[str, Any] = {_place(token.value): token.value}
    return replace(phrase, **pieces)


def _agreed(said: Days | Unsure | None, again: Days, now: datetime) -> Days | Unsure | None:
    """Return the days two names stand for; both when they contradict each other."""
    if not isinstance(said, Days) or not _single(again):
        return None
    if not _single(said):
        return _within(said, again)
    for dates in said.successive:
        if dates in again.successive and dates[1] >= now.date():
            return Days((dates,))
    if len(said.successive) == 1 == len(again.successive):
        return None  # two fixed days are two days
    if _are_of_week(said) and _are_of_week(again):
        return None  # so are two weekdays
    return either(said, again)


def _within(said: Days, again: Days) -> Days | None:
    """Return the day of “下周 Monday”, “下个月的元旦”: the only one in what was said first."""
    first, last = said.successive[0]
    found = [dates for dates in again.successive if first <= dates[0] <= last]
    one_a_span = again.of_month or again.feast or last - first < WEEK
    return Days((found[0],)) if one_a_span and len(found) == 1 else None


def _single(days: Days) -> bool:
    return all(first == last for first, last in days.successive)


def _inheriting(phrases: Sequence[Phrase], message: Message) -> Iterator[Phrase]:
    """Let “周六上午九点，十点也行” speak of Saturday twice, “12月28号或30号” of December."""
    days: Days | Unsure | None = None
    end = 0
    for phrase in phrases:
        joined = message.joints.either.fullmatch(message.text[end : phrase.start])
        if phrase.days:
            days = _after(days, phrase.days, message.now, joined is not None)
        yield phrase if phrase.moment else replace(phrase, days=days)
        end = phrase.end


def _sharing(phrases: list[Phrase], message: Message) -> list[Phrase]:
    """Let “周三或周四下午三点”, “周三周四下午三点” speak of three o'clock twice."""
    for place in range(len(phrases) - 2, -1, -1):
        one, following = phrases[place], phrases[place + 1]
        gap = message.text[one.end : following.start]
        only_days = not (one.part or one.clock or one.until)
        says_more = following.part or following.clock
        joints = message.joints
        joined = joints.either.fullmatch(gap) or joints.together.fullmatch(gap)
        if only_days and says_more and joined:
            shared = replace(one, part=following.part, clock=following.clock)
            phrases[place] = replace(shared, end=following.end)
    return phrases


def _after(
    before: Days | Unsure | None, days: Days | Unsure, now: datetime, joined: bool
) -> Days | Unsure:
    """Return what may be meant after other days: “下周二或周三” are of one week."""
    if not isinstance(before, Days) or isinstance(days, Unsure):
        return days
    if not (days.of_month or (joined and _are_of_week(days))):
        return days
    (first, _), _ = _first_coming(before, 0, DAY_MINUTES, now)
    later = tuple(dates for dates in days.successive if dates[0] >= first)
    return replace(days, successive=later) if later else days


def _are_of_week(days: Days) -> bool:
    """Whether a weekday was named, and not of which week."""
    return len(days.successive) > 1 and len({d.weekday() for d, _ in days.successive}) == 1


def _not_over(readings: list[When], now: datetime) -> list[When]:
    """Leave out what is over, where something is still to come."""
    coming = [when for when in readings if when.end > now]
    return coming or readings


def _joined(meant: Sequence[tuple[Phrase, list[When]]], message: Message) -> When | None:
    """Return one span for days said one after the other: “周六和周日”."""
    whens = [found[0] for _, found in meant if len(found) == 1]
    if len(meant) < 2 or len(whens) < len(meant):
        return None
    for (one, (first,)), (other, (second,)) in itertools.pairwise(meant):
        gap = message.text[one.end : other.start]
        only_days = not any((one.part, other.part, one.clock, other.clock))
        if not (
            only_days and first.end == second.start and message.joints.together.fullmatch(gap)
        ):
            return None
    words = message.text[meant[0][0].start : meant[-1][0].end]
    return When(Grain.SPAN, whens[0].start, whens[-1].end, words)


def _told(phrase: Phrase, message: Message) -> Iterator[When]:
    """Yield every reading of a phrase; of a deadline, the time left until then."""
    joints, text = message.joints, message.text
    deadline = joints.before.match(text, phrase.end) or joints.by.search(text[: phrase.start])
    for when in _meanings(phrase, message):
        if deadline and not phrase.until and when.end > message.now:
            begins = message.now.replace(second=0, microsecond=0)
            ends = when.start if phrase.clock and when.start > begins else when.end
            yield replace(when, grain=Grain.SPAN, start=begins, end=ends)
        else:
            yield when


def _meanings(phrase: Phrase, message: Message) -> Iterator[When]:
    """Yield every reading of one phrase."""
    words = message.text[phrase.start : phrase.end]
    if phrase.moment:
        at = phrase.moment.at.replace(second=0, microsecond=0)
        yield When(Grain.MINUTE, at, at + timedelta(minutes=1), words)
        return
    if phrase.until and phrase.until.days and phrase.days:
        yield from _from_day_to_day(phrase, phrase.until, words, message)
        return
    for days in _readings(phrase.days, message.now):
        yield from _on_days(phrase, days, words, message)


def _readings(days: Days | Unsure | None, now: datetime) -> tuple[Days, ...]:
    if days is None:
        today = now.date()
        tomorrow = today + timedelta(days=1)
        return (Days(((today, today), (tomorrow, tomorrow))),)
    return days.readings if isinstance(days, Unsure) else (days,)


def _on_days(phrase: Phrase, days: Days, words: str, message: Message) -> Iterator[When]:
    now = message.now
    if phrase.clock is None:
        yield _of_days(days, phrase.part, words, now)
        return
    spans = _clock_spans(phrase, message.hint)
    coming = [_first_coming(days, *span, now) for span in spans]
    if len(coming) > 1:
        coming = _sensible(coming, phrase.days is None, now) or coming
    elif _may_be_later(phrase, message.hint):
        coming = _or_later(coming[0], days, phrase, now)
    for dates, (start, end) in coming:
        for on in _each(dates)[:MANY]:
            begin = _at(on, start, now)
            yield When(Grain.MINUTE, begin, _at(on, end, now), words)


Coming = tuple[Dates, tuple[int, int]]


def _may_be_later(phrase: Phrase, hint: Part | None) -> bool:
    """Whether nothing says which half of the day a clock from one to twelve is of."""
    clock = phrase.clock
    said = phrase.part or hint or phrase.until
    return bool(clock and not said and 1 <= clock.hour <= NOON and _is_open(clock))


def _is_open(clock: Clock) -> bool:
    return clock.doubtful or not clock.plain


def _or_later(soonest: Coming, days: Days, phrase: Phrase, now: datetime) -> list[Coming]:
    """Add the other half of the day: 十点半 at half past eight is soon, or of next morning.

    With a day the later half is meant only where the earlier is over.
    """
    (first, _), (start, end) = soonest
    half = DAY_MINUTES // 2
    later = _first_coming(days, start + half, end + half, now)
    if phrase.days:
        is_over = _at(first, end, now) <= now < _at(later[0][0], end + half, now)
        return [later] if is_over else [soonest]
    assert phrase.clock  # noqa: S101 - only asked of phrases with one
    soon = later[0][0] == now.date() < first
    return [soonest, later] if soon or phrase.clock.doubtful else [soonest]


def _sensible(coming: list[Coming], bare: bool, now: datetime) -> list[Coming]:
    """Leave out what is over, and for a bare time the small hours of tomorrow."""
    return [
        (dates, (start, end))
        for dates, (start, end) in coming
        if _at(dates[1], end, now) > now
        and not (bare and dates[0] > now.date() and start < NIGHT * 60)
    ]


def _of_days(days: Days, part: Part | None, words: str, now: datetime) -> When:
    start, end = (part.first * 60, part.last * 60) if part else (0, DAY_MINUTES)
    (first, last), _ = _first_coming(days, start, end, now)
    grain = Grain.DAY if first == last else Grain.SPAN
    return When(grain, _at(first, start, now), _at(last, end, now), words)


def _first_coming(days: Days, start: int, end: int, now: datetime) -> Coming:
    """Return the first of successive days on which the time is not over, else the last."""
    for dates in days.successive:
        if _at(dates[1], end, now) > now:
            return dates, (start, end)
    return days.successive[-1], (start, end)


def _clock_spans(phrase: Phrase, hint: Part | None) -> list[tuple[int, int]]:
    """Return the first and last minute of every reading of the clock."""
    assert phrase.clock  # noqa: S101 - only asked of phrases with one
    other = phrase.until.clock if phrase.until else None
    starts = phrase.clock.minutes(phrase.part or (None if other else hint))
    if other is None or phrase.until is None:
        return [(minute, minute + 1) for minute in starts]
    return _ranges(starts, other, phrase.until.part, phrase.part or hint)


def _ranges(
    starts: Sequence[int], other: Clock, part: Part | None, first_part: Part | None
) -> list[tuple[int, int]]:
    """Pair each beginning with the next end after it; a fixed end chooses the beginning."""
    said = other.minutes(part)
    fixed = len(said) == 1 and (part or len(starts) > 1 or other.hour > 12)
    half_days = (0, DAY_MINUTES) if fixed or other.plain else (0, DAY_MINUTES // 2, DAY_MINUTES)
    ends = sorted({minute + more for minute in said for more in half_days})
    pairs = [
        (start, next(end for end in [*ends, ends[-1] + DAY_MINUTES] if end > start))
        for start in starts
    ]
    near = [pair for pair in pairs if pair[1] - pair[0] <= LONGEST_RANGE]
    if fixed and len(pairs) > 1:
        return [min(pairs, key=lambda pair: pair[1] - pair[0])]
    return near or pairs


def _from_day_to_day(
    phrase: Phrase, until: Phrase, words: str, message: Message
) -> Iterator[When]:
    now = message.now
    for days, last in itertools.product(
        _readings(phrase.days, now), _readings(until.days, now)
    ):
        first = _of_days(days, phrase.part, words, now)
        begins, ends = first.start, _end_after(first.start.date(), last, until.part, now)
        if ends is None:
            continue
        if phrase.clock:
            begins = _at(begins.date(), phrase.clock.minutes(phrase.part)[-1], now)
        if until.clock:
            stop = until.clock.minutes(until.part or phrase.part)[-1]
            ends = _at((ends - timedelta(minutes=1)).date(), stop, now)
        grain = Grain.MINUTE if phrase.clock else Grain.SPAN
        yield When(grain, begins, ends, words)


def _end_after(first: date, days: Days, part: Part | None, now: datetime) -> datetime | None:
    end = part.last * 60 if part else DAY_MINUTES
    return next((_at(last, end, now) for _, last in days.successive if last >= first), None)


def _each(dates: Dates) -> list[date]:
    return [dates[0] + timedelta(days=n) for n in range((dates[1] - dates[0]).days + 1)]


def _at(on: date, minute: int, now: datetime) -> datetime:
    """Return a minute of a day by the wall clock of the zone of `now`."""
    return datetime.combine(on, time(), now.tzinfo) + timedelta(minutes=minute)
