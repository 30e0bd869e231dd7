"""What `make drill` has found, as JSON and to read; written anew after each promise."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.drills.showing import Result
from bench.here import RESULTS, commit, machine

SAID = {True: "yes", False: "**no**", None: "–"}


@dataclass
class Report:
    """The results so far, by promise; `words` is what each promises.

    Promises shown earlier on the same day and at the same length stay, each with its commit.
    """

    words: Mapping[str, str]
    short: bool
    folder: Path = RESULTS
    date: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    commit: str = field(default_factory=commit)
    machine: str = field(default_factory=machine)
    results: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.file.is_file():
            before = json.loads(self.file.read_text(encoding="utf-8"))
            if all(before[key] == self._about()[key] for key in ("machine", "date", "short")):
                self.results = before["promises"]

    @property
    def file(self) -> Path:
        """Where it is; the one to read lies beside it."""
        return self.folder / f"drill-{self.date}.json"

    def note(self, name: str, result: Result) -> None:
        """Add what came of a promise, and write all down."""
        self.results[name] = asdict(result) | {"commit": self.commit}
        self.folder.mkdir(parents=True, exist_ok=True)
        told = {"promises": self.results, **self._about()}
        self.file.write_text(
            json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        self.file.with_suffix(".md").write_text(self.to_read(), encoding="utf-8")

    def to_read(self) -> str:
        """Return it as Markdown: a line a promise."""
        held = sum(one["held"] is True for one in self.results.values())
        length = "Short form (SHORT=1): sizes that minutes allow" if self.short else "In full"
        left = len(self.words) - len(self.results)
        head = [
            f"# Promises drilled on {self.date}",
            f"{length}. Commit {self.commit}, {self.machine}. "
            f"Of {len(self.words)} promises {held} held, {left} were not drilled.",
            "| | Promise | held | trials | control failed | seconds |",
            "|---|---|---|---|---|---|",
        ]
        rows = [
            f"| {name} | {words}<br>{self._details(found)} | {SAID[found['held']]} | "
            f"{found['trials']} | {SAID[found['control_failed']]} | {found['seconds']:.0f} |"
            for name, words in self.words.items()
            if (found := self.results.get(name))
        ]
        return "\n\n".join(head[:2]) + "\n\n" + "\n".join([*head[2:], *rows]) + "\n"

    def _about(self) -> dict[str, Any]:
        return {
            "machine": self.machine,
            "commit": self.commit,
            "date": self.date,
            "short": self.short,
        }

    def _details(self, found: Mapping[str, Any]) -> str:
        not_run = f"not run: {found['not_run']}" if found["not_run"] else ""
        earlier = found["commit"] != self.commit
        at = f"shown at {found['commit']}" if earlier else ""
        said = ". ".join(filter(None, (found["figure"], not_run, at)))
        return f"*{said.replace('|', '/')}*"
