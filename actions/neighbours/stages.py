"""How far a need has come: from the building to the village to the town, by day only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from actions.neighbours import showing
from actions.neighbours.model import HelpRequest
from actions.quiet import quiet_begins, quiet_ends
from actions.square import Square

TOWN = "town"


@dataclass(frozen=True)
class Stage:
    """A step, and when it begins."""

    step: str
    begins_at: datetime


def of(square: Square, request: HelpRequest) -> list[Stage]:
    """Return the stages of an open need, the nearest first.

    Its minutes pass by day only. Where time is short they are shortened, so that a need has
    come to the last step by half its time. Whoever lives nowhere we know asks the whole town.
    """
    kind = showing.kind_in(square, request.kind_id)
    opened_at = request.opened_at or request.created_at
    if kind is None or not kind.distance_steps or request.area_id is None:
        return [Stage(TOWN, opened_at)]
    steps = sorted(kind.distance_steps, key=lambda step: step.after_minutes)
    last = timedelta(minutes=steps[-1].after_minutes)
    half = awake(opened_at, request.expires_at, square.zone) / 2
    shortened = min(1.0, half / last) if last else 1.0
    return [
        Stage(
            step.scope,
            after(opened_at, timedelta(minutes=step.after_minutes) * shortened, square.zone),
        )
        for step in steps
    ]


def reached(stages: Sequence[Stage], asked: Sequence[str], now: datetime) -> int:
    """Return the number of the stage a need is in; it never draws back from one it had."""
    by_time = max((n for n, one in enumerate(stages) if one.begins_at <= now), default=0)
    had = max((n for n, one in enumerate(stages) if one.step in asked), default=0)
    return max(by_time, had)


def awake(since: datetime, until: datetime, zone: tzinfo) -> timedelta:
    """Return how much of the time between two moments lies outside the quiet hours."""
    passed, at = timedelta(), quiet_ends(since, zone)
    while at < until:
        night = quiet_begins(at, zone)
        passed += min(night, until) - at
        at = quiet_ends(night, zone)
    return passed


def after(since: datetime, time: timedelta, zone: tzinfo) -> datetime:
    """Return when so much time outside the quiet hours has passed; never a quiet moment."""
    at = quiet_ends(since, zone)
    while (day := quiet_begins(at, zone) - at) <= time:
        time -= day
        at = quiet_ends(quiet_begins(at, zone), zone)
    return at + time
