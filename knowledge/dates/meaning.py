"""What a message can say about time: a moment or some days, or something with two readings."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Grain(StrEnum):
    """How exactly a time was said: by the clock, by the day, or as several days."""

    MINUTE = "minute"
    DAY = "day"
    SPAN = "span"


@dataclass(frozen=True)
class When:
    """A time somebody spoke of: aware, in the zone of `now`, the end not included.

    A moment lasts a minute unless a range was said. A day begins and ends at midnight, a part
    of a day when that part does (下午: 12:00 to 18:00). `words` are those that said it.
    """

    grain: Grain
    start: datetime
    end: datetime
    words: str


@dataclass(frozen=True)
class Unclear:
    """Words with several sensible readings, likeliest first, or with none: ask."""

    words: str
    readings: tuple[When, ...]
