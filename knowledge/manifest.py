"""A manifest names every file of a folder with its SHA-256, so that nothing else is loaded."""

import hashlib
import json
from pathlib import Path

NAME = "manifest.json"


def digest(file: Path) -> str:
    """Return a file's SHA-256, as hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def write(folder: Path) -> None:
    """Write the manifest of everything that is in the folder now."""
    hashes = {
        str(file.relative_to(folder)): digest(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != NAME
    }
    (folder / NAME).write_text(json.dumps(hashes, indent=1), encoding="utf-8")


def changed(folder: Path, *files: str) -> str | None:
    """Return the first of `files` that is not the one the manifest names, None if all are.

    A missing manifest counts as a change of itself.
    """
    manifest = folder / NAME
    if not manifest.is_file():
        return NAME
    hashes = json.loads(manifest.read_text(encoding="utf-8"))
    for file in files:
        path = folder / file
        if not path.is_file() or digest(path) != hashes.get(file):
            return file
    return None


def first_changed(folder: Path) -> str | None:
    """Return the first of all files a folder's manifest names that is not as named, or None.

    Raises:
        OSError: there is no manifest.
    """
    return changed(folder, *json.loads((folder / NAME).read_text(encoding="utf-8")))
