"""What is in a backup: said on its first line, before any of it."""

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import TypeAdapter


@dataclass(frozen=True)
class Part:
    """One file of a backup; `name` says where it belongs ("state/uploads/…")."""

    name: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class Rows:
    """How many rows a table had, and one figure that changes when any of them does."""

    count: int
    sum: str


@dataclass(frozen=True)
class Contents:
    """What a backup holds. The bytes of its parts follow it, one after the other, in order.

    `revision` is the schema's, `key_mark` tells whether a SECRET_KEY is the one of then,
    `models` are the manifests of what set-up makes again, `lost` the uploads whose file was
    missing already.
    """

    made_at: datetime
    commit: str  # of the code; empty where it is not known
    store: str  # sqlite or postgresql
    revision: str
    key_mark: str
    tables: dict[str, Rows]
    parts: tuple[Part, ...]
    models: dict[str, dict[str, str]] = field(default_factory=dict)
    lost: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(part.size for part in self.parts)


_AS_JSON = TypeAdapter(Contents)


def to_json(contents: Contents) -> bytes:
    """Write contents as one line."""
    return _AS_JSON.dump_json(contents)


def from_json(line: bytes) -> Contents:
    """Read contents again.

    Raises:
        ValueError: it is no such line.
    """
    return _AS_JSON.validate_json(line)
