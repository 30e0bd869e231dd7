"""Tells whether the inputs of a step have changed: by content, and cheaply.

A file whose size and time of change are those of the last look is not read again.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

_SKIPPED = frozenset({"__pycache__"})


class Ledger:
    """Remembers the hash of every input between two set-ups."""

    def __init__(self, file: Path) -> None:
        """Read what the last set-up remembered, if anything."""
        self._file = file
        self._known: dict[str, list[int | str]] = {}
        if file.is_file():
            self._known = json.loads(file.read_text(encoding="utf-8"))

    def fingerprint(self, places: Iterable[Path], *said: str) -> str:
        """Return one hash over all files in these places and the texts said besides.

        Files go by their names in their places, so that a copy elsewhere has the same hash.
        """
        whole = hashlib.sha256("\0".join(said).encode())
        for place in places:
            for file in sorted(_files(place)):
                name = file.relative_to(place.parent)
                whole.update(f"\0{name}\0{self._hash(file)}".encode())
        return whole.hexdigest()[:16]

    def keep(self) -> None:
        """Write the hashes down for the next set-up."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps(self._known), encoding="utf-8")
        draft.replace(self._file)

    def _hash(self, file: Path) -> str:
        state = file.stat()
        known = self._known.get(str(file))
        if known and known[:2] == [state.st_size, state.st_mtime_ns]:
            return str(known[2])
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        self._known[str(file)] = [state.st_size, state.st_mtime_ns, found]
        return found


def _files(place: Path) -> Iterable[Path]:
    if place.is_file():
        yield place
    for file in place.rglob("*"):
        if file.is_file() and not _SKIPPED & set(file.parts):
            yield file
