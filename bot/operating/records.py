"""What was written down of the last backups and of the last drill."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actions.backup import past
from actions.backup.past import Past

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "results"


@dataclass(frozen=True)
class Drill:
    """What the last drill found: of each promise, whether it held."""

    date: str
    commit: str
    promises: Mapping[str, bool]

    @property
    def broken(self) -> list[str]:
        """The promises that did not hold."""
        return [promise for promise, held in self.promises.items() if not held]


@dataclass(frozen=True)
class Backups:
    """The last one, and the last that is good; None where there is none."""

    last: Past | None = None
    good: Past | None = None


def backups(state_dir: Path) -> Backups:
    """Return the last backups; a file that cannot be read tells of none."""
    made = past.read(state_dir)
    good = [one for one in made if one.ok]
    return Backups(made[-1] if made else None, good[-1] if good else None)


def last_drill() -> Drill | None:
    """Return what the newest drill found; None where nothing was drilled."""
    files = sorted(RESULTS.glob("drill-*.json"), reverse=True)
    return next((drill for file in files if (drill := _drill(_json(file)))), None)


def _drill(found: Any) -> Drill | None:
    try:
        promises = {str(name): one["held"] is True for name, one in found["promises"].items()}
        return Drill(str(found["date"]), str(found["commit"]), promises)
    except (KeyError, TypeError, AttributeError):
        return None


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
