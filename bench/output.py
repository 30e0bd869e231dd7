"""How every bench speaks: progress to stderr, one line of JSON last to stdout.

It also runs in Rasa's Python, so it needs nothing but the standard library.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
EVERY = 2.0  # seconds between two lines of progress


def say(line: str) -> None:
    """Tell the person at the terminal how it goes."""
    print(line, file=sys.stderr, flush=True)


def following(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Yield the items, and say every other second how many are done."""
    told_at = time.monotonic()
    for done, item in enumerate(items):
        if time.monotonic() - told_at >= EVERY:
            say(f"{what}: {done} of {len(items)}")
            told_at = time.monotonic()
        yield item


def finish(figures: Mapping[str, Any]) -> None:
    """Print the figures as the last line."""
    sys.stdout.flush()
    print(json.dumps(figures, ensure_ascii=False), flush=True)


def share(truths: Iterable[bool]) -> float:
    """Return how many are true, as a fraction 0 to 1; 0 of none."""
    counted = list(truths)
    return round(sum(counted) / len(counted), 4) if counted else 0.0
