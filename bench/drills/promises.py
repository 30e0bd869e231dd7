"""What is promised (`docs/promises.md`), and by which drills and tests (`promises.toml`)."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.stores import STORES

LIST = Path("docs/promises.md")
TABLE = Path("bench/drills/promises.toml")
ROW = re.compile(r"^\| ([PAS]\d+) \| (.+?) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Drill:
    """A module that tries promises; `promises.toml` says what each of these means."""

    module: str
    minutes: int
    full: str = ""
    short: str | None = None
    stores: tuple[str, ...] = STORES


@dataclass(frozen=True)
class Shown:
    """What shows a promise, what has to fail, and what is missing."""

    by: tuple[str, ...]
    control: tuple[str, ...]
    gap: str = ""


def read_list() -> Mapping[str, str]:
    """Return what is promised, by number."""
    return dict(ROW.findall(LIST.read_text(encoding="utf-8")))


def read_table() -> tuple[Mapping[str, Drill], Mapping[str, Shown]]:
    """Return the drills there are, by name, and what shows each promise, by number."""
    read = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    drills = {name: Drill(**_lists_fixed(row)) for name, row in read["drills"].items()}
    promises = {name: Shown(**_lists_fixed(row)) for name, row in read["promises"].items()}
    return drills, promises


def _lists_fixed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(said) if isinstance(said, list) else said for key, said in row.items()}


def is_test(name: str) -> bool:
    """Whether what is named is a test, and not a drill."""
    return "::" in name


def node_and_case(name: str) -> tuple[str, str]:
    """Return a test as pytest names it, and the part its cases must have in their name."""
    node, _, case = name.partition("[")
    return node, case.rstrip("]")
