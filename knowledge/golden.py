"""The golden questions of a pack: what its answers are tuned on and held to.

`golden.tsv` has five columns: kind, language, question, the ids of the records that answer it,
separated by commas (none: nothing does), and what was asked before it (empty for most).
"""

import csv
from pathlib import Path

from knowledge.content import Unreadable, at, read_text
from knowledge.folder import Files
from knowledge.records import Record

FILE = "golden.tsv"
COLUMNS = ("kind", "language", "question", "records", "after")
LANGUAGES = ("zh", "en")


class Golden(Record):
    """A question, and the records that answer it; without any it must be declined.

    `after` is what was asked before it, where it only adds to that.
    """

    kind: str
    language: str
    question: str
    records: frozenset[str]
    after: str = ""


def read_golden(file: Path, files: Files) -> tuple[Golden, ...]:
    """Read a pack's golden questions, none without a file; `files` is told what is wrong."""
    if not file.is_file():
        return ()
    try:
        text = read_text(file)
    except Unreadable as broken:
        files.mistakes.append(f"{at(file.name, broken.line)}: {broken}")
        return ()
    golden, mistakes = parse_golden(text, file.name)
    files.mistakes += mistakes
    return golden


def parse_golden(text: str, name: str = FILE) -> tuple[tuple[Golden, ...], list[str]]:
    """Return the questions of a file's text, and what is wrong with it; then no questions."""
    rows = list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    mistakes = [
        f"{at(name, number)}: {reason}"
        for number, row in enumerate(rows, start=1)
        if (reason := _unfit(row, number))
    ]
    return () if mistakes else tuple(_golden(row) for row in rows[1:]), mistakes


def _golden(row: list[str]) -> Golden:
    kind, language, question, records, after = row
    return Golden(
        kind=kind,
        language=language,
        question=question,
        records=frozenset(filter(None, records.split(","))),
        after=after,
    )


def _unfit(row: list[str], number: int) -> str | None:
    if number == 1:
        named = "the first line must name the columns: " + ", ".join(COLUMNS)
        return None if tuple(row) == COLUMNS else named
    if len(row) != len(COLUMNS):
        return f"{len(row)} columns; write {', '.join(COLUMNS)}, with tabs between"
    if row[1] not in LANGUAGES:
        return f"language “{row[1]}” is unknown; write zh or en"
    return None if row[2].strip() else "the question is empty; write it or take the line out"
