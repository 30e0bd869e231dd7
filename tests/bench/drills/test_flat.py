"""Growth is told from noise, a spike and warming up; a run that is too short says nothing."""

import random
from collections.abc import Callable, Sequence

import pytest

from bench.drills.flat import HOUR, slope, stays_quick

AT = [30.0 * n for n in range(1, 241)]  # two hours
MOST = 8.0  # MB an hour
QUARTER_OF_AN_HOUR = 30  # samples


def series(grow: Callable[[float], float], noise: float = 1.0) -> list[float]:
    chance = random.Random(7)
    return [500 + grow(t / HOUR) + chance.gauss(0, noise) for t in AT]


def warming_up(hours: float) -> float:
    return 80 * min(hours, 0.8)


def spiking(hours: float) -> float:
    return 300.0 if 1.5 < hours < 1.55 else 0.0


def leaking(hours: float) -> float:
    return 16 * hours


def leaking_by_steps(hours: float) -> float:
    return float(5 * int(hours * 6))


@pytest.mark.parametrize(
    ("grow", "flat"),
    [
        (lambda _hours: 0.0, True),
        (lambda hours: 2 * hours, True),
        (warming_up, True),
        (spiking, True),
        (leaking, False),
        (leaking_by_steps, False),
        (lambda hours: warming_up(hours) + leaking(hours), False),
    ],
)
def test_a_leak_is_found_and_nothing_else(grow: Callable[[float], float], flat: bool) -> None:
    found = slope(AT, series(grow))
    assert found
    assert found.is_flat(MOST) is flat


def test_a_short_run_says_nothing_and_noise_leaves_it_open() -> None:
    short = slice(QUARTER_OF_AN_HOUR)
    assert slope(AT[short], series(leaking)[short]) is None
    noisy = slope(AT[:60], series(lambda _hours: 0.0, noise=20)[:60])
    assert noisy
    assert noisy.is_flat(MOST) is None


def test_the_mean_of_the_same_spikes_would_be_taken_for_growth() -> None:
    """Negative control: what the median of slopes is for."""
    spikes = series(lambda hours: 3000.0 if hours > 1.95 else 0.0)
    half = len(AT) // 2
    hours, later = [t / HOUR for t in AT[half:]], spikes[half:]
    assert least_squares(hours, later) > MOST
    found = slope(AT, spikes)
    assert found
    assert found.is_flat(MOST)


def least_squares(x: Sequence[float], y: Sequence[float]) -> float:
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return above / sum((a - mean_x) ** 2 for a in x)


@pytest.mark.parametrize(
    ("last", "quick"), [(100.0, True), (145.0, True), (190.0, False), (900.0, False)]
)
def test_answers_that_become_slow_are_noticed(last: float, quick: bool) -> None:
    slowest = [100.0 if t < 0.75 * AT[-1] else last for t in AT]
    slowest[-1] = 5000.0  # one window
    assert stays_quick(AT, slowest) is quick


def test_few_windows_say_nothing_of_the_slowest_answers() -> None:
    short = AT[:QUARTER_OF_AN_HOUR]
    assert stays_quick(short, [100.0] * len(short)) is None
