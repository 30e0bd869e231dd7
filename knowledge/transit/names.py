"""Understands what residents call a stop or a line, said alone or within a message.

The ways of `spelling` are tried in order; the first that finds anything decides, and what it
finds about equally well is a tie the resident is asked about.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from knowledge.text import normalise
from knowledge.transit.spelling import EXACT, NOISE, WAYS, Key, key_of, keys
from knowledge.transit.timetable import Timetable

MOST = 3  # stops or lines to choose from
TIE = 6  # points of 100 within which two are about equally good
SOUNDS_NEAR = 60  # of 100: offered after a miss
COUNTED = re.compile(r"\s*([点时分块元月日个人岁楼]|号楼|[:：]\d|[ap]m\b|minutes?\b|o'clock)")


@dataclass(frozen=True)
class Match:
    """What a name may mean: ids, the best first. One is sure, several are a tie, none a miss.

    `way` is the one of `spelling.WAYS` it was found by, none for a name found within a
    message letter by letter. `near` has what sounds nearest after a miss.
    """

    ids: tuple[str, ...] = ()
    way: str = ""
    near: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mention:
    """A stop or line named in a message, from character `start` up to `end`."""

    start: int
    end: int
    ids: tuple[str, ...]


class Names:
    """Finds stops or lines by what residents call them.

    `spellings` has every id with its names and nicknames, the official name first.
    """

    def __init__(self, spellings: Mapping[str, Iterable[str]]) -> None:
        self._keys = [key for id_, said in spellings.items() for key in keys(id_, said)]
        self._exact: dict[str, list[str]] = defaultdict(list)
        for key in self._keys:
            if key.id not in self._exact[key.letters]:
                self._exact[key.letters].append(key.id)
        self._longest = max(map(len, self._exact), default=0)

    def look_up(self, name: str) -> Match:
        """Return what one name, said alone, means."""
        asked = key_of("", name)
        if not asked.letters:
            return Match()
        for way, score in EXACT.items() if asked.generic else WAYS.items():
            if found := self._tied(asked, score):
                return Match(tuple(found), way)
        return Match() if asked.generic else Match(near=self._nearest(asked))

    def within(self, text: str) -> list[Mention]:
        """Return what a message names letter by letter, the longest first come, in order."""
        letters, places = _letters_of(text)
        found, start = [], 0
        while start < len(letters):
            length = self._longest_at(text, letters, places, start)
            if length:
                ids = tuple(self._exact[letters[start : start + length]])
                found.append(Mention(places[start], places[start + length - 1] + 1, ids))
            start += length or 1
        return found

    def _longest_at(self, text: str, letters: str, places: list[int], start: int) -> int:
        for length in range(min(self._longest, len(letters) - start), 1, -1):
            end = start + length
            word = letters[start:end]
            if word not in self._exact or _joined(letters, places, start):
                continue
            counts = word.isdigit() and _counts(text, places[start], places[end - 1] + 1)
            if not counts and not _joined(letters, places, end):
                return length
        return 0

    def _tied(self, asked: Key, score: Callable[[Key, Key], float]) -> list[str]:
        best: dict[str, float] = {}
        for key in self._keys:
            points = score(asked, key)
            if points > best.get(key.id, 0):
                best[key.id] = points
        top = max(best.values(), default=0)
        ranked = sorted(best, key=lambda id_: -best[id_])
        return [id_ for id_ in ranked if best[id_] >= top - TIE][:MOST]

    def _nearest(self, asked: Key) -> tuple[str, ...]:
        sounds = "".join(asked.sounds)
        near: dict[str, float] = {}
        for key in self._keys:
            points = fuzz.ratio(sounds, "".join(key.sounds), score_cutoff=SOUNDS_NEAR)
            near[key.id] = max(points, near.get(key.id, 0))
        ranked = sorted(near, key=lambda id_: -near[id_])
        return tuple(id_ for id_ in ranked if near[id_])[:MOST]


def stop_names(timetable: Timetable, nicknames: Mapping[str, Iterable[str]]) -> Names:
    """Return the names of the stops; `nicknames` has more of them by stop_id."""
    spellings: dict[str, list[str]] = {
        stop.id: [stop.name.zh, stop.name.en] for stop in timetable.stops.values()
    }
    for stop_id, said in nicknames.items():
        if stop := timetable.stop(stop_id):
            spellings[stop.id] += said
    return Names(spellings)


def line_names(timetable: Timetable) -> Names:
    """Return the names of the lines: 360, 360路, the 360, 党湾专线, Dangwan line."""
    return Names(
        {
            line.id: [
                form
                for text in (line.number, line.name)
                for said in dict.fromkeys((text.zh, text.en))
                for form in _line_forms(said)
            ]
            for line in timetable.lines.values()
        }
    )


NUMBERED_ZH = ("{}", "{}路", "{}路车", "{}号线", "{}线", "{}番")
NUMBERED_EN = ("bus {}", "line {}", "route {}", "number {}", "no. {}", "{} bus", "the {}")
NUMBER = re.compile(r"(\d+[a-z]?)(?=[:：]|$)", re.IGNORECASE)


def _line_forms(said: str) -> Iterator[str]:
    number = NUMBER.match(said)
    if number:
        yield from (form.format(number[1]) for form in (*NUMBERED_ZH, *NUMBERED_EN))
    if said.isascii() and not number:  # “Airport” alone is where it goes
        yield from (f"{said} line", f"{said} bus", f"{said} shuttle")
    else:
        yield said
    if said.endswith("专线"):
        goal = said.removesuffix("专线").removesuffix("站")
        yield from (goal + kind for kind in ("专线", "大巴", "巴士", "班车"))


def _letters_of(text: str) -> tuple[str, list[int]]:
    """Return a message's letters as `key_of` writes them, and where in it each stands."""
    folded = normalise(text)
    if len(folded) != len(text.strip()):  # what changed length has no places: take it as it is
        folded = text.strip().lower()
    begins = len(text) - len(text.lstrip())
    kept = [(char, begins + place) for place, char in enumerate(folded)]
    kept = [(char, place) for char, place in kept if not NOISE.match(char)]
    return "".join(char for char, _ in kept), [place for _, place in kept]


def _counts(text: str, start: int, end: int) -> bool:
    """Tell whether a number counts something or is a time, and names no line."""
    return text[start - 1 : start] in (":", "：", ".") or COUNTED.match(text, end) is not None


def _joined(letters: str, places: list[int], at: int) -> bool:
    """Tell whether a word would begin or end inside a number or an English word."""
    if not 0 < at < len(letters) or places[at] - places[at - 1] > 1:
        return False
    both = letters[at - 1] + letters[at]
    return both.isdigit() or (both.isascii() and both.isalpha())
