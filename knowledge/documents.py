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
BLOCKS = ("|", ">")  # styles of a text over several lines

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
    node = _records(_list(document, listed), listed).get(record_id)
    if node is None:
        return None
    column, start = node.start_mark.column, node.start_mark.index
    return _at_margin(document[start : _end(document, node)], column).rstrip() + "\n"


def with_record(document: str, listed: Listed, record_id: str, text: str) -> str:
    """Return the document with a record's text put in place of the old, or added at the end.

    Nothing else of the document changes: comments and its own indentation stay.

    Raises:
        PackInvalid: the document, or the record, is no YAML, or the records stand in one line;
            the sentence names the line.
    """
    mapping(text, listed.path)
    items = _list(document, listed)
    node = _records(items, listed).get(record_id)
    if node:
        body = _indented(text, listed, node.start_mark.column)
        return document[: node.start_mark.index] + body + document[_end(document, node) :]
    if items and items.value:
        dash, column = items.start_mark.column, items.value[0].start_mark.column
        entry = " " * dash + "-".ljust(column - dash) + _indented(text, listed, column)
        end = _end(document, items.value[-1])
        rest = document[end:] or "\n"
        return f"{document[:end]}\n{entry}{rest}"
    return _first_record(document, listed, "- " + _indented(text, listed, 2))


def mapping(text: str, path: str) -> Lined:
    """Read a YAML text that must be fields with values.

    Raises:
        PackInvalid: it is not; the sentence names the line.
    """
    try:
        return load_yaml(text)
    except Unreadable as broken:
        raise PackInvalid([f"{at(path, broken.line)}: {broken}"]) from None


def _composed(document: str, listed: Listed) -> yaml.Node | None:
    try:
        root: yaml.Node | None = yaml.compose(document, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as broken:
        said = unreadable(broken)
        raise PackInvalid([f"{at(listed.path, said.line)}: {said}"]) from None
    return root


def _list(document: str, listed: Listed) -> yaml.SequenceNode | None:
    """Return the list of records; None where there is none yet."""
    items = _value(_composed(document, listed), listed.field)
    if not isinstance(items, yaml.SequenceNode):
        return None
    if items.flow_style and items.value:
        line = items.start_mark.line + 1
        said = f"write {listed.field} one below the other, each behind a “- ”"
        raise PackInvalid([f"{at(listed.path, line)}: {said}"])
    return items


def _records(items: yaml.SequenceNode | None, listed: Listed) -> dict[str, yaml.Node]:
    return {
        str(named.value): item
        for item in (items.value if items else ())
        if (named := _value(item, listed.key)) is not None
    }


def _first_record(document: str, listed: Listed, entry: str) -> str:
    """Return the document with its first record, where its list is empty or is not there."""
    empty = _value(_composed(document, listed), listed.field)
    if empty is None:
        return f"{document.rstrip()}\n{listed.field}:\n{entry}\n".lstrip("\n")
    before = document[: empty.start_mark.index].rstrip()
    remark, _, after = document[empty.end_mark.index :].partition("\n")
    return f"{before}{remark.rstrip()}\n{entry}\n{after}"


def _end(document: str, node: yaml.Node) -> int:
    """Return where a record's last line ends.

    A block's own end is where the next thing begins, behind the comments on that.
    """
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end = node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in BLOCKS:
        return len(document[:end].rstrip())
    line_end = document.find("\n", end)
    return len(document) if line_end < 0 else line_end


def _at_margin(text: str, column: int) -> str:
    """Return a text that begins at a column moved to the left margin."""
    return re.sub(rf"(?m)^ {{1,{column}}}", "", text) if column else text


def _indented(text: str, listed: Listed, column: int) -> str:
    """Return a record's text as it stands behind a dash, without its last line's end."""
    root = _composed(text, listed)
    lines = text.strip("\n").rstrip()
    begins = root.start_mark.column if root else 0
    return textwrap.indent(_at_margin(lines, begins), " " * column).lstrip()


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)
