"""Reads content files as people hand them in: of bounded size, each mistake with its line.

The YAML is plainer than the standard's: what is not quoted is still a text where the standard
makes 14:30 a count of minutes, 0571 an octal number and `off` a truth value.
"""

import re
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml

LARGEST = {  # bytes; an article is some thousand
    ".md": 256 * 1024,
    ".yml": 4 * 1024 * 1024,
    ".tsv": 4 * 1024 * 1024,
}
SIGNATURES = {  # how a file begins → what it is
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "an Office or ZIP file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}


class Unreadable(ValueError):
    """A file is no content; says what is wrong and what to do, `line` is None for all of it."""

    def __init__(self, said: str, line: int | None = None) -> None:
        super().__init__(said)
        self.line = line


# (file, record) → the line of each of its fields, and of the record itself under "".
Lines = dict[tuple[str, str], dict[str, int]]


class Lined(dict[Any, Any]):
    """A mapping that knows its line in the file, and the line of each key; lines begin at 1."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


def read_text(file: Path) -> str:
    """Read a text file; one that is too large is not read.

    Raises:
        Unreadable: it is too large, empty, not text, or not UTF-8.
    """
    check_size(file.name, file.stat().st_size)
    with file.open("rb") as opened:
        content = opened.read(LARGEST[file.suffix] + 1)
    check_size(file.name, len(content))
    for signature, kind in SIGNATURES.items():
        if content.startswith(signature):
            raise Unreadable(f"this is {kind}; write plain text in UTF-8 here")
    if b"\0" in content:
        raise Unreadable("this is not text; write plain text in UTF-8 here")
    return _decoded(content)


def check_size(name: str, size: int) -> None:
    """See that a file of this name and so many bytes is neither empty nor too large.

    Raises:
        Unreadable: it is.
    """
    largest = LARGEST[Path(name).suffix]
    if not size:
        raise Unreadable("this is empty; write it, or take the file away")
    if size > largest:
        raise Unreadable(
            f"{size / 1e6:.1f} MB is too large, {largest / 1e6:.1f} MB is the most; "
            "leave out what is not text, or split it"
        )


def load_yaml(text: str, first_line: int = 1) -> Lined:
    """Read YAML that is a mapping; `first_line` is where it begins in its file.

    Raises:
        Unreadable: with the line.
    """
    try:
        content = yaml.load(text, _Loader)  # noqa: S506 - a safe loader, made below
    except yaml.YAMLError as broken:
        raise unreadable(broken, first_line) from None
    except RecursionError:
        raise Unreadable("too deeply nested; write it flatter") from None
    if not isinstance(content, Lined):
        raise Unreadable("write names with a colon first, like “places:”", first_line)
    _shift(content, first_line - 1)
    return content


def unreadable(broken: yaml.YAMLError, first_line: int = 1) -> Unreadable:
    """Say what is wrong with YAML, with its line."""
    mark = getattr(broken, "problem_mark", None)
    problem = getattr(broken, "problem", None) or "not readable YAML"
    line = (mark.line if mark else 0) + first_line
    return Unreadable(f"not readable YAML ({problem}); mend that line", line)


def line_of(content: object, path: tuple[int | str, ...]) -> int | None:
    """Return the line where a path into what was read leads, or as far as it leads."""
    line = content.line if isinstance(content, Lined) else None
    for part in path:
        named = isinstance(content, Lined)
        if isinstance(content, Lined):
            line = content.lines.get(str(part), content.line)
        try:
            content = content[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(content, Lined) and not named:
            line = content.line
    return line


def at(file: str, line: int | None) -> str:
    """Write where something is: “activities.yml, line 35”; None is an unknown line."""
    return f"{file}, line {line}" if line else file


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as broken:
        line = content[: broken.start].count(b"\n") + 1
        said = "not in UTF-8 (perhaps in GBK); save it as UTF-8"
        raise Unreadable(said, line) from None
    if not text.strip():
        raise Unreadable("this is empty; write it, or take the file away")
    return text


class _Loader(yaml.CSafeLoader):
    """Makes texts, whole and decimal numbers, true and false, null, lists and `Lined`."""


TAG = "tag:yaml.org,2002:"
PLAIN = {
    "null": (r"~|null|Null|NULL|", "~nN"),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    "float": (r"[-+]?[0-9]+\.[0-9]+", "-+0123456789"),
}


def _lined(loader: Any, node: yaml.MappingNode) -> Iterator[Lined]:
    made = Lined(node.start_mark.line + 1)
    yield made
    for key_node, value_node in node.value:
        key: Any = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise yaml.constructor.ConstructorError(
                problem="a name cannot be a list", problem_mark=key_node.start_mark
            )
        if str(key) in made:
            raise yaml.constructor.ConstructorError(
                problem=f"“{key}” is written twice",
                problem_mark=key_node.start_mark,
            )
        made.lines[str(key)] = key_node.start_mark.line + 1
        made[str(key)] = loader.construct_object(value_node, deep=True)


def _shift(content: object, lines: int) -> None:
    """Move what was read from inside a file down to where it stands there."""
    if isinstance(content, Lined) and lines:
        content.line += lines
        content.lines = {key: line + lines for key, line in content.lines.items()}
        for value in content.values():
            _shift(value, lines)
    elif isinstance(content, list):
        for value in content:
            _shift(value, lines)


_Loader.yaml_implicit_resolvers = {}
for name, (shape, firsts) in PLAIN.items():
    first = [*firsts, ""] if name == "null" else list(firsts)
    _Loader.add_implicit_resolver(TAG + name, re.compile(f"(?:{shape})$"), first)
_Loader.add_constructor(TAG + "map", _lined)
