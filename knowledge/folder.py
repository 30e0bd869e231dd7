"""Reads the YAML files of a pack's folder, and collects what is wrong with them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from knowledge.content import Lined, Lines, Unreadable, at, line_of, load_yaml, read_text


class Files:
    """Reads a pack's files; collects what is wrong with them, and on which line what stands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mistakes: list[str] = []
        self.lines: Lines = {}

    def mapping(self, name: str) -> Mapping[str, Any]:
        """Return what a YAML file says; nothing when it cannot be read."""
        file = self.folder / name
        if not file.is_file():
            self.mistakes.append(f"{name} is missing in {self.folder}; every pack has one")
            return {}
        try:
            return load_yaml(read_text(file))
        except Unreadable as broken:
            self.mistakes.append(f"{at(name, broken.line)}: {broken}")
            return {}

    def part(self, content: Mapping[str, Any], file: str, field: str) -> Mapping[str, Any]:
        """Return a field that holds names and what is said of them."""
        found = content.get(field) or {}
        if isinstance(found, dict):
            return found
        self._wrong(content, file, field, "write names with a colon below it")
        return {}

    def by_id(
        self, content: Mapping[str, Any], file: str, field: str, key: str = "id"
    ) -> dict[str, Any]:
        """Return a field's records by their id."""
        listed = content.get(field) or []
        if not isinstance(listed, list):
            self._wrong(content, file, field, "write a list below it, a “-” before each record")
            return {}
        found: dict[str, Any] = {}
        for number, record in enumerate(listed, start=1):
            line = record.line if isinstance(record, Lined) else line_of(content, (field,))
            if not isinstance(record, Lined) or not record.get(key):
                self.mistakes.append(
                    f"{at(file, line)}, {field} number {number}: give it an {key}"
                )
            elif (name := str(record[key])) in found:
                self.mistakes.append(
                    f"{at(file, line)}, record {name}: the {key} is used twice, first on line "
                    f"{found[name].line}; give one of them another"
                )
            else:
                found[name] = record
                self.lines[file, name] = {"": record.line, **record.lines}
        return found

    def _wrong(self, content: Mapping[str, Any], file: str, field: str, mend: str) -> None:
        line = line_of(content, (field,))
        self.mistakes.append(f"{at(file, line)}: {field} cannot be read; {mend}")
