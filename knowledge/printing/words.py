"""The words on paper, from nlu/domain, and how days and times are written there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from knowledge.hours import Span
from knowledge.pack import Text

WORDS = Path(__file__).parents[2] / "nlu" / "domain" / "print.yml"
WEEKDAYS = {
    "zh": tuple(f"周{day}" for day in "一二三四五六日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TIED = "\u00a0"  # paper wraps at a space, and not at this one
AND = {"zh": "、 ", "en": ", "}
TOGETHER = {"zh": "、", "en": ", "}
THEN = {"zh": "； ", "en": "; "}
UNTIL = {"zh": "至", "en": "–"}


@dataclass(frozen=True)
class Words:
    """Says and writes in one language, `zh` or `en`."""

    language: str

    def say(self, response: str, /, **values: object) -> str:
        """Fill in a response of nlu/domain/print.yml.

        Raises:
            KeyError: there is no such response, or it speaks of a value that was not given.
        """
        return _responses()[response][self.language].format_map(
            {key: self.text(value) for key, value in values.items()}
        )

    def text(self, value: object) -> str:
        """Write a value: text of the pack in our language, a date with its weekday."""
        match value:
            case Text():
                return value.in_(self.language)
            case date():
                return self.day(value)
        return str(value)

    def every(self, values: Iterable[object]) -> str:
        """Write several values as a list."""
        return AND[self.language].join(map(self.text, values))

    def then(self, parts: Iterable[str]) -> str:
        """Join parts of a line."""
        return THEN[self.language].join(parts)

    def beside(self, parts: Sequence[str]) -> str:
        """Write parts side by side; only the first may be wrapped within."""
        first, *others = parts
        return " ·".join([first, *(TIED + part.replace(" ", TIED) for part in others)])

    def day(self, on: date) -> str:
        """Write a date with its weekday: 11月23日（周一）, Mon 23 Nov."""
        if self.language == "zh":
            return f"{self.month_day(on)}（{self.weekday(on)}）"
        return f"{self.weekday(on)} {self.month_day(on)}"

    def month_day(self, on: date) -> str:
        """Write a date: 11月23日, 23 Nov."""
        if self.language == "zh":
            return f"{on.month}月{on.day}日"
        return f"{on.day} {MONTHS[on.month - 1]}"

    def weekday(self, on: date) -> str:
        """Write a weekday."""
        return WEEKDAYS[self.language][on.weekday()]

    def span(self, span: Span) -> str:
        """Write from when to when on the day it begins: 18:00–24:00, 18:00–次日 02:00."""
        start, end = span
        if end - start >= timedelta(days=1):
            return self.say("utter_print_always")
        return f"{start:%H:%M}–{self.clock(end, start.date())}"

    def clock(self, moment: datetime, on: date) -> str:
        """Write a time of day; what is after midnight of `on` says so."""
        if moment.date() == on:
            return f"{moment:%H:%M}"
        if (moment.hour, moment.minute) == (0, 0):
            return "24:00"
        return self.say("utter_print_next_day", clock=f"{moment:%H:%M}")

    def week(self, days: Sequence[str]) -> list[str]:
        """Write what is so on each day, Monday first, days that are alike together."""
        alike: dict[str, list[int]] = {}
        for number, day in enumerate(days):
            alike.setdefault(day, []).append(number)
        return [f"{self.weekdays(numbers)}{TIED}{day}" for day, numbers in alike.items()]

    def weekdays(self, numbers: Sequence[int]) -> str:
        """Write weekdays, Monday is 0: 每天, 周一至周五, 周一、周三."""
        if len(numbers) == 7:
            return self.say("utter_print_every_day")
        return TOGETHER[self.language].join(self._run(run) for run in _runs(numbers))

    def _run(self, run: Sequence[int]) -> str:
        names = [WEEKDAYS[self.language][number] for number in run]
        if len(names) < 3:
            return TOGETHER[self.language].join(names)
        return f"{names[0]}{UNTIL[self.language]}{names[-1]}"


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    """Split into what follows one upon another."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


@cache
def _responses() -> Mapping[str, Mapping[str, str]]:
    """Return each response's text by language; the variant without a condition is Chinese."""
    found = yaml.load(WORDS.read_text(encoding="utf-8"), yaml.CSafeLoader)["responses"]
    return {
        name: {_language(variant): str(variant["text"]) for variant in variants}
        for name, variants in found.items()
    }


def _language(variant: Mapping[str, Any]) -> str:
    return str(next((each["value"] for each in variant.get("condition", ())), "zh"))
