"""What runs here: the program, the language model; names only, no secret is among them."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from actions import commit
from bot.operating.records import ROOT
from knowledge import manifest

UNKNOWN = "unknown"
SHOWN = 12  # digits of a fingerprint


@dataclass(frozen=True)
class Program:
    """Which program this process is."""

    version: str
    commit: str


def program(told: str = "") -> Program:
    """Return the program's version, and its commit: as `told`, else as git knows it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Program(str(project["version"]), told or commit.running()[:8] or UNKNOWN)


def model(folder: Path) -> str:
    """Return the fingerprint of the language model's manifest; empty where there is none."""
    file = folder / manifest.NAME
    if not file.is_file():
        return ""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:SHOWN]
