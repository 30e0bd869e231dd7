"""The only place that reads the clock."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""


@dataclass(frozen=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class FileClock:
    """A clock set by a file, running on from when it was written: every process agrees.

    The file holds one ISO 8601 moment with its offset; writing another moves all processes.
    """

    path: Path

    def now(self) -> datetime:
        set_to = datetime.fromisoformat(self.path.read_text(encoding="utf-8").strip())
        set_at = datetime.fromtimestamp(self.path.stat().st_mtime, UTC)
        return set_to.astimezone(UTC) + (datetime.now(UTC) - set_at)


def open_clock(test_clock: Path | None) -> Clock:
    """Return the file clock a test set up, else the machine's own."""
    return FileClock(test_clock) if test_clock else SystemClock()
