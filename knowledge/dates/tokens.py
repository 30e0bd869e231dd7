"""The pieces a time is made of, as the grammars of both languages find them in a message."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

Dates = tuple[date, date]  # the first and the last day, both meant
NOON = 12


@dataclass(frozen=True)
class Days:
    """Days somebody named. `successive` are tried in order: the first not yet over is meant.

    A fixed date has one, and may be over; “周六” has this week's and those after it. With
    `of_month` only a number was said: after another date it is of that date's month. With
    `feast` a festival was named: after another day it may only be what something is called.
    """

    successive: tuple[Dates, ...]
    of_month: bool = False
    feast: bool = False


@dataclass(frozen=True)
class Unsure:
    """Days with several readings, or with none that anybody can know."""

    readings: tuple[Days, ...]


@dataclass(frozen=True)
class Part:
    """A part of the day: its first and last hour, and the hour from which on a clock counts.

    “晚上” counts from 17 to 29: seven is 19:00 and one is 1:00 of the next morning.
    """

    first: int
    last: int
    clock_from: int


@dataclass(frozen=True)
class Clock:
    """A time by the clock, as it was said; `plain` when it was written in 24 hours.

    `doubtful` if many write it like this for the afternoon, too.
    """

    hour: int
    minute: int = 0
    plain: bool = False
    doubtful: bool = False

    def minutes(self, part: Part | None) -> tuple[int, ...]:
        """Return the minutes after midnight it may mean, the likelier first."""
        if self.hour > NOON or (self.hour == 0 and part is None):
            return (self.hour * 60 + self.minute,)
        if part:
            hour = self.hour % NOON
            while hour < part.clock_from:
                hour += NOON
            return (hour * 60 + self.minute,)
        if self.plain or self.hour > 9:
            return (self.hour * 60 + self.minute,)
        morning, evening = (hour * 60 + self.minute for hour in (self.hour, self.hour + NOON))
        return (morning, evening) if self.hour > 6 else (evening, morning)


@dataclass(frozen=True)
class Moment:
    """A moment counted from now: “半小时后”."""

    at: datetime


Value = Days | Unsure | Part | Clock | Moment


@dataclass(frozen=True)
class Token:
    """A piece, and where in the message it stands."""

    start: int
    end: int
    value: Value


Reader = Callable[[re.Match[str], datetime], Value | None]


class Grammar(list[tuple[re.Pattern[str], Reader]]):
    """Expressions, each with the function that reads it."""

    def says(self, expression: str) -> Callable[[Reader], Reader]:
        """Keep the decorated function as the reader of an expression."""

        def keep(reader: Reader) -> Reader:
            self.append((re.compile(expression), reader))
            return reader

        return keep


def find(text: str, now: datetime, grammar: Grammar) -> list[Token]:
    """Return the pieces of a message in order: the leftmost first, the longest of those."""
    found = sorted(_all(text, now, grammar), key=lambda token: (token.start, -token.end))
    kept: list[Token] = []
    for token in found:
        if not kept or token.start >= kept[-1].end:
            kept.append(token)
    return kept


def _all(text: str, now: datetime, grammar: Grammar) -> Iterator[Token]:
    for pattern, reader in grammar:
        for match in pattern.finditer(text):
            value = reader(match, now)
            if value is not None:
                yield Token(match.start(), match.end(), value)


def day(on: date) -> Days:
    """Return one fixed day."""
    return Days(((on, on),))


def days(first: date, last: date) -> Days:
    """Return a fixed run of days."""
    return Days(((first, last),))


def either(*readings: Days) -> Days | Unsure:
    """Return the one reading there is, or that there are several."""
    return readings[0] if len(readings) == 1 else Unsure(readings)


def week_of(on: date) -> date:
    """Return the Monday of a day's week."""
    return on - timedelta(days=on.weekday())


def next_weekdays(weekday: int, today: date) -> Days:
    """Return this week's day and those of the three weeks after it."""
    first = week_of(today) + timedelta(days=weekday)
    return Days(tuple((d, d) for d in (first + timedelta(weeks=n) for n in range(4))))
