"""Whether what was measured for hours stays flat: memory, handles, the slowest answers.

The first half of a run is warming up. In the second half the slope is the median of the slopes
between any two samples (Theil and Sen): a spike is no growth, and noise is told from it by the
range in which the slope lies with 95 %.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import theilslopes

HOUR = 3600.0
LEAST = 20  # samples in the second half; with fewer no slope is said
LEAST_WINDOWS = 10  # of answers in a quarter
WORSE, MORE_MS = 1.5, 50.0  # times as slow and so much slower: not flat


@dataclass(frozen=True)
class Slope:
    """Growth in an hour: the likeliest, and the least and the most it may be."""

    an_hour: float
    low: float
    high: float

    def is_flat(self, most: float) -> bool | None:
        """Whether it grows by `most` an hour or less; None where that cannot be told."""
        if self.high <= most:
            return True
        return False if self.low > most else None


def slope(at: Sequence[float], values: Sequence[float]) -> Slope | None:
    """Return the slope of the second half of what was measured; None: there is too little."""
    begin = next((n for n, t in enumerate(at) if t >= at[-1] / 2), 0)
    hours, later = [t / HOUR for t in at[begin:]], values[begin:]
    if len(later) < LEAST:
        return None
    found = theilslopes(later, hours, alpha=0.95)
    return Slope(float(found[0]), float(found[2]), float(found[3]))


def stays_quick(at: Sequence[float], slowest: Sequence[float]) -> bool | None:
    """Whether the slowest answers of the last quarter are like those of the second quarter.

    `slowest` are the milliseconds of the windows that end `at` these moments.
    """

    def quarter(number: int) -> list[float]:
        begin, end = number * at[-1] / 4, (number + 1) * at[-1] / 4
        return [ms for t, ms in zip(at, slowest, strict=True) if begin < t <= end]

    before, after = quarter(1), quarter(3)
    if min(len(before), len(after)) < LEAST_WINDOWS:
        return None
    was, became = statistics.median(before), statistics.median(after)
    return became <= was * WORSE or became <= was + MORE_MS
