"""What became of earlier backups, in `backups.json` of the state folder; and how many stay.

The file is a list of `Past` as JSON, the newest last, for whoever wants to show it.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter

FILE = "backups.json"
REMEMBERED = 100
NAME = re.compile(r"xiaoli-\d{8}-\d{6}\.backup")  # in UTC


@dataclass(frozen=True)
class Past:
    """One try at making a backup. `trouble` says why it is not there, where it is not `ok`."""

    at: datetime
    file: str
    size: int  # bytes
    seconds: float
    ok: bool
    trouble: str = ""


_AS_JSON = TypeAdapter(list[Past])


def read(state: Path) -> list[Past]:
    """Return what is remembered, the newest last; a file that cannot be read tells nothing."""
    try:
        return _AS_JSON.validate_json((state / FILE).read_bytes())
    except (OSError, ValueError):
        return []


def note(state: Path, one: Past) -> None:
    """Remember one more."""
    draft = state / f"{FILE}.draft"
    draft.write_bytes(_AS_JSON.dump_json([*read(state), one][-REMEMBERED:], indent=1))
    draft.replace(state / FILE)


def name_at(moment: datetime) -> str:
    """Return what a backup of a moment (in UTC) is called."""
    return f"xiaoli-{moment:%Y%m%d-%H%M%S}.backup"


def let_go(folder: Path, keep: int) -> list[Path]:
    """Remove all backups of a folder but the newest so many; returns what is gone.

    Nothing is touched that is not called as `name_at` calls them.
    """
    ours = sorted(file for file in folder.iterdir() if NAME.fullmatch(file.name))
    old = ours[:-keep] if keep > 0 else []
    for file in old:
        file.unlink()
    return old
