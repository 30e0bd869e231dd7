"""A pack as text: its documents by path, their version, and single records inside them."""

import hashlib
import json
import os
import re
import shutil
import tempfile
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from knowledge.content import Lined, Unreadable, at, load_yaml, read_text, unreadable
from knowledge.errors import PackInvalid
from knowledge.golden import FILE as GOLDEN

TIMETABLE = "gtfs"  # stays with the files: many rows, made by a program

Documents = Mapping[str, str]  # path inside the pack → its text


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
        PackInvalid: a document is empty, far too large or no text.
    """
    files = [*folder.glob("*.yml"), *folder.glob("articles/*.md"), *folder.glob(GOLDEN)]
    found, mistakes = {}, []
    for file in sorted(files):
        path = file.relative_to(folder).as_posix()
        try:
            found[path] = read_text(file)
        except Unreadable as unfit:
            mistakes.append(f"{at(path, unfit.line)}: {unfit}")
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


def mapping(text: str, path: str) -> Lined:
    """Read a YAML text that must be fields with values.

    Raises:
        PackInvalid: it is not; the sentence names the line.
    """
    try:
        return load_yaml(text)
    except Unreadable as broken:
        raise PackInvalid([f"{at(path, broken.line)}: {broken}"]) from None


def _records(document: str, listed: Listed) -> dict[str, yaml.Node]:
    try:
        root = yaml.compose(document, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as broken:
        said = unreadable(broken)
        raise PackInvalid([f"{at(listed.path, said.line)}: {said}"]) from None
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
