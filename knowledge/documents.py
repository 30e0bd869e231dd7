"""A pack as text: its documents by path, their version, and single records inside them."""

import hashlib
import json
import os
import re
import shutil
import tempfile
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.errors import PackInvalid

GOLDEN = "golden.tsv"
TIMETABLE = "gtfs"  # stays with the files: many rows, made by a program
LARGEST = 1_000_000  # bytes of one document
LONGEST_RECORD = 60  # lines, in which a field of it is looked for

Documents = Mapping[str, str]  # path inside the pack → its text

# What a sentence about a mistake begins with, so that the line can be found.
PLACE = re.compile(
    r"(?P<file>[\w./-]+\.(?:yml|md))(?:, record (?P<record>[^:,]+))?: (?P<field>[\w.]+)?"
)


@dataclass(frozen=True)
class Listed:
    """Where records of a kind lie in their document: a list of mappings, named by a key."""

    path: str
    field: str
    key: str = "id"


LISTS = {
    "facility": Listed("facilities.yml", "facilities"),
    "activity": Listed("activities.yml", "activities"),
}


def read_documents(folder: Path) -> dict[str, str]:
    """Read a pack's folder, as it stands.

    Raises:
        PackInvalid: a document is far too large or is no text.
    """
    files = [*folder.glob("*.yml"), *folder.glob("articles/*.md"), *folder.glob(GOLDEN)]
    found, mistakes = {}, []
    for file in sorted(files):
        path = file.relative_to(folder).as_posix()
        try:
            found[path] = _read(file)
        except ValueError as unfit:
            mistakes.append(f"{path}: {unfit}")
    if mistakes:
        raise PackInvalid(mistakes)
    return found


def write_documents(documents: Documents, into: Path, timetable: Path) -> None:
    """Write a folder `load_pack` can read, whole or not at all; `timetable` is linked to."""
    into.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=into.parent))
    (draft / "articles").mkdir()
    for path, text in documents.items():
        (draft / path).write_text(text, encoding="utf-8", newline="")
    (draft / TIMETABLE).symlink_to(timetable.absolute())
    shutil.rmtree(into, ignore_errors=True)
    draft.chmod(0o755)
    os.replace(draft, into)


def version_of(documents: Documents) -> str:
    """Return the name of exactly this content: 16 hex digits."""
    content = json.dumps(sorted(documents.items()), ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def record_text(document: str, listed: Listed, record_id: str) -> str | None:
    """Return one record's own text, at the left margin; None when it is not there.

    Raises:
        PackInvalid: the document is no YAML; the sentence names the line.
    """
    node = _records(document, listed).get(record_id)
    if node is None:
        return None
    text = document[node.start_mark.index : node.end_mark.index]
    return textwrap.dedent(" " * node.start_mark.column + text).rstrip() + "\n"


def with_record(document: str, listed: Listed, record_id: str, text: str) -> str:
    """Return the document with a record's text put in place of the old, or added at the end.

    Nothing else of the document changes, comments included.

    Raises:
        PackInvalid: the document, or the record, is no YAML; the sentence names the line.
    """
    mapping(text, listed.path)
    records = _records(document, listed)
    node = records.get(record_id)
    column = node.start_mark.column if node else 2
    body = textwrap.indent(text.strip("\n"), " " * column).lstrip() + "\n"
    if node:
        return document[: node.start_mark.index] + body + document[node.end_mark.index :]
    if records:
        end = max(found.end_mark.index for found in records.values())
        dash = min(found.start_mark.column for found in records.values()) - 2
        body = textwrap.indent(text.strip("\n"), " " * (dash + 2)).lstrip() + "\n"
        before = document[:end].rstrip() + "\n"
        return before + " " * dash + "- " + body + document[end:]
    emptied = re.sub(rf"(?m)^{listed.field}:.*\n?", "", document).rstrip()
    return f"{emptied}\n{listed.field}:\n- {body}".lstrip("\n")


def mapping(text: str, path: str) -> dict[str, Any]:
    """Read a YAML text that must be fields with values.

    Raises:
        PackInvalid: it is not; the sentence names the line.
    """
    try:
        read = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as broken:
        raise PackInvalid([f"{path}, line {_line(broken)}: {_problem(broken)}"]) from None
    if not isinstance(read, dict):
        raise PackInvalid([f"{path}, line 1: write fields with values, like “id: …”"])
    return read


def located(sentences: Iterable[str], documents: Documents) -> list[str]:
    """Add the line to each sentence that names a document and a record of it."""
    return [_located(sentence, documents) for sentence in sentences]


def line_of(text: str, field: str) -> int:
    """Return the number of the first line that says a field; 1 when none does."""
    return (_says(text.splitlines(), 0, field) or 0) + 1


def _located(sentence: str, documents: Documents) -> str:
    sentence = re.sub(r"^articles, record ([\w-]+)", r"articles/\1.md", sentence)
    place = PLACE.match(sentence)
    if place is None or place["file"] not in documents:
        return sentence
    lines = documents[place["file"]].splitlines()
    first = _begins(lines, place["record"]) if place["record"] else 0
    line = _says(lines, first, (place["field"] or "").split(".")[0])
    if line is None:
        return sentence
    return sentence.replace(place["file"], f"{place['file']}, line {line + 1}", 1)


def _begins(lines: Sequence[str], record: str) -> int | None:
    """Return the line that names a record."""
    named = re.compile(rf"\s*-?\s*(?:id|service_code): *['\"]?{re.escape(record)}['\"]?\s*$")
    return next((n for n, line in enumerate(lines) if named.match(line)), None)


def _says(lines: Sequence[str], first: int | None, field: str) -> int | None:
    """Return the line of a field, from a record's first line on; else that line."""
    if first is None:
        return None
    written = re.compile(rf"\s*-?\s*{re.escape(field)}:")
    near = range(first, min(first + LONGEST_RECORD, len(lines)))
    found = next((n for n in near if field and written.match(lines[n])), None)
    return found if found is not None else first or None


def _read(file: Path) -> str:
    if file.stat().st_size > LARGEST:
        raise ValueError(
            f"{file.stat().st_size // 1_000_000} MB are too large for a document; "
            f"write at most {LARGEST // 1_000_000} MB"
        )
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError("this is no text in UTF-8; save it as UTF-8, or take it out") from None


def _records(document: str, listed: Listed) -> dict[str, yaml.Node]:
    try:
        root = yaml.compose(document, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as broken:
        sentence = f"{listed.path}, line {_line(broken)}: {_problem(broken)}"
        raise PackInvalid([sentence]) from None
    items = _value(root, listed.field)
    if not isinstance(items, yaml.SequenceNode) or items.flow_style:
        return {}
    return {
        str(named.value): item
        for item in items.value
        if (named := _value(item, listed.key)) is not None
    }


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _line(broken: yaml.YAMLError) -> int:
    mark = getattr(broken, "problem_mark", None)
    return int(mark.line) + 1 if mark else 1


def _problem(broken: yaml.YAMLError) -> str:
    problem = getattr(broken, "problem", None) or "it cannot be read"
    return f"not readable YAML ({problem}); mend that line"
