"""What a drill is asked first, and says last: of each promise it is about, whether it held."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench import stores
from bench.output import finish


@dataclass(frozen=True)
class Verdict:
    """Whether a promise held; `figure` says it in words, for people.

    `held`: None where nothing could be tried. `control_failed`: whether it failed without what
    protects it, as it must; None where a drill has no control of its own. `not_run`: what was
    left out, and why.
    """

    held: bool | None
    trials: int
    figure: str
    control_failed: bool | None = None
    not_run: str = ""

    @property
    def is_good(self) -> bool:
        """Whether nothing speaks against the promise."""
        return self.held is not False and self.control_failed is not False


def arguments(about: str | None) -> argparse.ArgumentParser:
    """Return a parser of what every drill is asked: on which store, with which chance."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--store", choices=stores.STORES, default=stores.SQLITE)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def told(**verdicts: Verdict) -> dict[str, dict[str, Any]]:
    """Return verdicts on promises as they stand in a last line."""
    return {"promises": {name: asdict(one) for name, one in verdicts.items()}}


def conclude(figures: Mapping[str, Any], **verdicts: Verdict) -> None:
    """Print the last line: a drill's figures, and under `promises` its verdicts.

    Raises:
        SystemExit: 0, or 1 where a promise was not held or a control did not fail.
    """
    finish({**told(**verdicts), **figures})
    raise SystemExit(0 if all(one.is_good for one in verdicts.values()) else 1)
