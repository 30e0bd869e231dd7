"""Finds what the community pack names in a message: places, lines, activities, references.

Every name and alias of the pack becomes a pattern, so a community that edits its pack and
trains again is understood without anybody writing examples.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import ahocorasick
import yaml

from nlu.components.text import fold

# file, list, key of the id, kind of entity, and the fields whose words stand for the record
TABLES = (
    ("facilities.yml", "facilities", "id", "facility", ("name", "aliases")),
    ("activities.yml", "activities", "id", "activity", ("name", "aliases")),
    ("gazetteer.yml", "places", "id", "place", ("name", "aliases")),
    ("categories.yml", "categories", "service_code", "category", ("name", "keywords")),
    ("help.yml", "kinds", "id", "help_kind", ("name", "keywords")),
)
# A keyword says what a message is about and may stand inside a name: each layer is matched
# alone, and within one the longest match wins.
TOPICS = frozenset({"category", "help_kind"})

NUMBERED_LINE = (
    "{}路",
    "{} 路",
    "{}线",
    "line {}",
    "bus {}",
    "route {}",
    "number {}",
    "no. {}",
    "no.{}",
    "{} bus",
    "the {}",
)
NAMED_LINE = ("{}", "{} line", "{} bus", "{} shuttle")

BRACKETS = re.compile(r"\s*\([^)]*\)")
SPOKEN = str.maketrans("〇零一幺二两三四五六七八九", "0011223456789")
REFERENCE = re.compile(
    r"(?<![a-z0-9])([a-z]{2})[\s\-–—_横杠]*(\d{6})[\s\-–—_横杠]*(\d{4})(?!\d)"
)


class Meaning(NamedTuple):
    """What a pattern stands for: a kind of entity and the pack's id."""

    kind: str
    id: str


@dataclass(frozen=True)
class Found:
    """One thing named in a message, from character `start` up to `end`."""

    start: int
    end: int
    kind: str
    id: str


Patterns = dict[str, list[Meaning]]


class Gazetteer:
    """Finds the patterns of a pack in messages."""

    def __init__(self, patterns: Patterns) -> None:
        self.patterns = patterns
        self._layers = [
            _automaton(patterns, lambda kind: kind not in TOPICS),
            _automaton(patterns, lambda kind: kind in TOPICS),
        ]

    def find(self, text: str) -> list[Found]:
        """Return what a message names, in order; one span may mean several things."""
        folded = fold(text)
        found = [hit for layer in self._layers for hit in _longest(folded, layer)]
        found += _bare_line(folded, self.patterns) + _references(folded)
        return sorted(found, key=lambda hit: (hit.start, -hit.end))

    def save(self, file: Path) -> None:
        """Write the patterns as JSON."""
        file.write_text(json.dumps(self.patterns, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> "Gazetteer":
        """Read what `save` wrote."""
        kept = json.loads(file.read_text(encoding="utf-8"))
        return cls({name: [Meaning(*m) for m in means] for name, means in kept.items()})


def read_pack(folder: Path) -> Gazetteer:
    """Make the gazetteer of a community pack.

    Raises:
        FileNotFoundError: the folder is not a pack.
    """
    patterns: Patterns = {}
    for name, meaning in _names(folder):
        for form in _forms(name):
            means = patterns.setdefault(form, [])
            if meaning not in means:
                means.append(meaning)
    return Gazetteer(patterns)


def _names(folder: Path) -> Iterator[tuple[str, Meaning]]:
    for file, key, id_key, kind, fields in TABLES:
        for record in _records(folder / file, key):
            for name in _words(record, fields):
                yield name, Meaning(kind, str(record[id_key]))
                yield from _also(name, record)
    yield from _stops_and_lines(folder / "gtfs")


def _also(name: str, record: dict[str, Any]) -> Iterator[tuple[str, Meaning]]:
    """A place may be a facility or a stop as well: its nicknames name those too."""
    for kind in ("facility", "stop"):
        if record.get(kind):
            yield name, Meaning(kind, str(record[kind]))


def _records(file: Path, key: str) -> list[dict[str, Any]]:
    return yaml.safe_load(file.read_text(encoding="utf-8")).get(key) or []


def _words(record: dict[str, Any], fields: Iterable[str]) -> Iterator[str]:
    for field in fields:
        value = record.get(field) or ()
        yield from (value.values() if isinstance(value, dict) else map(str, value))


def _stops_and_lines(gtfs: Path) -> Iterator[tuple[str, Meaning]]:
    lines: dict[str, set[str]] = {}
    for stop in _table(gtfs / "stops.txt"):
        yield stop["stop_name"], Meaning("stop", stop["stop_id"])
    for route in _table(gtfs / "routes.txt"):
        name = route["route_short_name"] or route["route_long_name"]
        lines.setdefault(route["route_id"], set()).add(name)
    for row in _table(gtfs / "translations.txt"):
        record = row.get("record_id")  # the older format of translations has none
        if record and row["field_name"] == "stop_name":
            yield row["translation"], Meaning("stop", record)
        elif record and row["field_name"] == "route_short_name":
            lines.setdefault(record, set()).add(row["translation"])
    for line, names in lines.items():
        for name in names:
            yield from ((form, Meaning("line", line)) for form in _line_forms(name))


def _line_forms(name: str) -> Iterator[str]:
    numbered = name[:1].isdigit()
    if not numbered and name.isascii():
        yield from (form.format(name) for form in NAMED_LINE[1:])
        return
    yield from (form.format(name) for form in (NUMBERED_LINE if numbered else NAMED_LINE[:1]))
    if name.endswith("站专线"):
        yield name.removesuffix("站专线") + "专线"


def _table(file: Path) -> list[dict[str, str]]:
    if not file.is_file():
        return []
    with file.open(encoding="utf-8-sig", newline="") as content:
        return list(csv.DictReader(content))


def _forms(name: str) -> Iterator[str]:
    """Return how a name is looked for: folded, and without what stands in brackets."""
    folded = fold(name).replace("（", "(").replace("）", ")").strip()
    for form in {folded, BRACKETS.sub("", folded).strip()}:
        if len(form) > 2 or (len(form) == 2 and not form.isascii()):
            yield form


def _automaton(patterns: Patterns, wanted: Any) -> Any:
    automaton = ahocorasick.Automaton()
    for pattern, means in patterns.items():
        kept = [meaning for meaning in means if wanted(meaning.kind)]
        if kept:
            automaton.add_word(pattern, (len(pattern), kept))
    automaton.make_automaton()
    return automaton


def _longest(text: str, automaton: Any) -> Iterator[Found]:
    """Yield the longest matches, left to right, none over another."""
    if not len(automaton):
        return
    for last, (length, means) in automaton.iter_long(text):
        start, end = last - length + 1, last + 1
        if _whole_words(text, start, end):
            yield from (Found(start, end, meaning.kind, meaning.id) for meaning in means)


def _whole_words(text: str, start: int, end: int) -> bool:
    """Tell whether a match does not begin or end inside an English word or a number."""
    return not (
        _joined(text[start - 1 : start], text[start])
        or _joined(text[end - 1], text[end : end + 1])
    )


def _joined(left: str, right: str) -> bool:
    if not left or not right or not (left + right).isascii():
        return False
    return (left.isalpha() and right.isalpha()) or (left.isdigit() and right.isdigit())


def _bare_line(text: str, patterns: Patterns) -> list[Found]:
    """A line's number alone is a line only when it is all somebody wrote."""
    said = text.strip()
    means = patterns.get(f"{said}路", []) if said and said.isalnum() else []
    start = text.find(said)
    return [Found(start, start + len(said), m.kind, m.id) for m in means if m.kind == "line"]


def _references(text: str) -> list[Found]:
    return [
        Found(hit.start(), hit.end(), "reference", "-".join(hit.groups()).upper())
        for hit in REFERENCE.finditer(text.translate(SPOKEN))
    ]
