"""A month of needs in a simulated town, with one way of choosing whom to ask.

How neighbours behave is no formula of ours: it stands on what they are really like
(`town.Nature`), which no policy sees.
* Whoever is asked sees it or does not (`answers`). A yes has the odds
  exp(willing + 2.5·able − 1) · ½^(metres / far) · ¾^(asked in the last seven days).
* Answers come after a while (log-normal, 12 minutes in the median); the first yes counts.
* Who said yes comes as often as `keeps`, less by a fifth for each other help of that week;
  otherwise the need is cancelled, and counts as not filled.
* Who was asked more than six times in a week wants no more: one in ten each further time.
Needs come one after the other; each is settled before the next. The rules that forbid to ask
hold for all policies alike: only the order differs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from actions.neighbours import matching, weekly
from actions.neighbours.candidates import AT_ONCE as LOOKED_AT
from actions.neighbours.matching import Facts
from actions.neighbours.track_record import ASKS_PER_HELP
from bench.town import GRIDS, HOURS, KINDS, Floats, Helpers, Ints, Town

ZONE = ZoneInfo("Asia/Shanghai")
BEGINS = datetime(2026, 11, 2, tzinfo=ZONE)
STEP_AFTER = (0, 30, 90)  # minutes until a need reaches building, village, town
AT_ONCE, WAVE, GIVES_UP = 3, 10, 240  # asked together, minutes between, minutes in all
ANSWER = 12.0  # minutes, in the median
WEEK, LATELY = 7.0, 14.0  # days
ENOUGH = 6  # asks in a week
NEAR = 700.0  # metres: about a village


@dataclass(frozen=True)
class Need:
    """Something asked for: when (days since the beginning), where, which kind, for when."""

    number: int
    at: float
    household: int
    kind: int
    wanted: tuple[datetime, datetime]


Policy = Callable[[Need, Ints, Facts, np.random.Generator], Ints]


def ours(need: Need, rows: Ints, known: Facts, _chance: np.random.Generator) -> Ints:
    """Order by the score those whom `candidates` looks at: all, but for very many."""
    turns = matching.in_turn(need.number, rows, known.metres < NEAR)[:LOOKED_AT]
    rows, known = rows[turns], known.of(turns)
    return rows[matching.in_order(need.number, rows, matching.score(known), len(rows))]


def nearest(_need: Need, rows: Ints, known: Facts, _chance: np.random.Generator) -> Ints:
    """Order by distance alone."""
    return rows[np.argsort(known.metres, kind="stable")]


def at_random(_need: Need, rows: Ints, _known: Facts, chance: np.random.Generator) -> Ints:
    """Order by chance."""
    return chance.permutation(rows)


POLICIES: dict[str, Policy] = {"ours": ours, "nearest": nearest, "random": at_random}


def needs(town: Town, a_day: int, days: int, chance: np.random.Generator) -> list[Need]:
    """Make the needs of some days: by day, for a time within the next two days."""
    often = 1 / np.arange(1, KINDS + 1)
    made = []
    for number, at in enumerate(np.sort(chance.uniform(0, days, a_day * days))):
        day, hour = int(at), 8 + 12 * (at % 1)
        moment = BEGINS + timedelta(days=day, hours=hour)
        starts = moment + timedelta(hours=float(chance.uniform(1, 36)))
        if starts.hour < 8 or starts.hour >= 19:
            starts = starts.replace(hour=10)
        made.append(
            Need(
                number + 1,
                day + hour / 24,
                int(chance.integers(len(town.grid))),
                int(chance.choice(KINDS, p=often / often.sum())),
                (starts, starts + timedelta(hours=float(chance.choice([1, 2, 6])))),
            )
        )
    return made


class Month:
    """One policy in one town; the same seed gives the same needs and the same luck."""

    def __init__(self, town: Town, people: Helpers, policy: Policy, seed: int) -> None:
        self.town, self.people, self.policy = town, people, policy
        self.chance = np.random.default_rng(seed)
        count = len(people.household)
        self.asks, self.gone = np.zeros(count), np.zeros(count, bool)
        self.asked_at: list[list[float]] = [[] for _ in range(count)]
        self.helped_at: list[list[float]] = [[] for _ in range(count)]
        self.kept, self.broken, self.unanswered = np.zeros((3, count))
        self.pairs: dict[tuple[int, int], int] = {}
        self.minutes: list[float] = []
        self.walked: list[float] = []
        self.needs = self.cancelled = 0
        self._x, self._y = town.x[people.household], town.y[people.household]
        self._grid = town.grid[people.household]
        self._for_all = ~people.named.any(axis=1)

    def live(self, wanted: Sequence[Need]) -> dict[str, float]:
        """Let the needs come one after the other; returns what came of them."""
        for need in wanted:
            self.needs += 1
            self._settle(need)
        done = len(self.walked)
        return {
            "needs": self.needs,
            "filled": round(done / self.needs, 4),
            "minutes_to_fill_p50": round(float(np.median(self.minutes or [0])), 1),
            "asks_per_filled": round(float(self.asks.sum()) / max(done, 1), 2),
            "metres_walked_mean": round(float(np.mean(self.walked or [0]))),
            "cancelled": round(self.cancelled / self.needs, 4),
            "gini_of_asks": round(gini(self.asks), 4),
            "asks_on_top_5_percent": round(on_top(self.asks, 0.05), 4),
            "wanted_no_more": round(float(self.gone.mean()), 4),
        }

    def _settle(self, need: Need) -> None:
        metres = np.hypot(
            self.town.x[need.household] - self._x, self.town.y[need.household] - self._y
        )
        asked: set[int] = set()
        yes: tuple[float, int] | None = None
        order: list[int] = []
        step = -1
        for minute in range(0, GIVES_UP, WAVE):
            if yes and yes[0] <= minute:
                break
            reached = max(n for n, after in enumerate(STEP_AFTER) if minute >= after)
            if reached != step:
                step, order = reached, list(self._order(need, reached, metres))
            wave = [one for one in order if one not in asked][:AT_ONCE]
            for one in wave:
                asked.add(one)
                after = self._ask(need, one, float(metres[one]))
                if after is not None and (yes is None or minute + after < yes[0]):
                    yes = (minute + after, one)
        if yes:
            self._come(need, yes[1], yes[0], float(metres[yes[1]]))

    def _order(self, need: Need, step: int, metres: Floats) -> Ints:
        """Leave out whom the rules forbid to ask; put the others into the policy's order."""
        people = self.people
        here, home = self.town.grid[need.household], need.household
        relation = np.where(
            self._grid == here, 0, np.where(self._grid // GRIDS == here // GRIDS, 1, 2)
        )
        time = np.array([weekly.share(hours, need.wanted, 60, ZONE) for hours in HOURS])
        time = time[people.hours]
        rows = self._rested(
            need,
            np.flatnonzero(
                (relation <= step)
                & (relation <= people.reach)
                & (people.household != home)
                & (people.named[:, need.kind] | self._for_all)
                & (time > 0)
                & ~self.gone
            ),
        )
        known = matching.facts(
            len(rows),
            named=people.named[rows, need.kind],
            time=time[rows],
            metres=metres[rows],
            alike=people.told[rows, need.kind],
            kept=self.kept[rows],
            broken=self.broken[rows],
            unanswered=self.unanswered[rows],
            asked=[_since(self.asked_at[one], need.at - LATELY) for one in rows],
            helped=[_since(self.helped_at[one], need.at - LATELY) for one in rows],
            pairs=[self.pairs.get((home, int(one)), 0) for one in rows],
        )
        return self.policy(need, rows, known, self.chance)

    def _rested(self, need: Need, rows: Ints) -> Ints:
        """Leave out who was asked or has helped as often this week as they like."""
        most = self.people.per_week[rows]
        helped = np.array([_since(self.helped_at[one], need.at - WEEK) for one in rows])
        asked = np.array([_since(self.asked_at[one], need.at - WEEK) for one in rows])
        return rows[(helped < most) & (asked < ASKS_PER_HELP * most)]

    def _ask(self, need: Need, one: int, metres: float) -> float | None:
        """Ask somebody; returns after how many minutes they say yes, None when they do not."""
        nature, chance = self.people.nature, self.chance
        lately = _since(self.asked_at[one], need.at - WEEK)
        self.asked_at[one].append(need.at)
        self.asks[one] += 1
        seen, luck, tired = chance.random(3)
        after = float(chance.normal())
        if lately >= ENOUGH and tired < 0.1:
            self.gone[one] = True
        if seen > nature.answers[one]:
            self.unanswered[one] += 1
            return None
        odds = np.exp(nature.willing[one] + 2.5 * nature.able[one, need.kind] - 1)
        odds *= 0.5 ** (metres / nature.far[one]) * 0.75**lately
        return ANSWER * float(np.exp(0.8 * after)) if luck < odds / (1 + odds) else None

    def _come(self, need: Need, one: int, minutes: float, metres: float) -> None:
        others = _since(self.helped_at[one], need.at - WEEK)
        self.helped_at[one].append(need.at)
        if self.chance.random() > self.people.nature.keeps[one] * 0.8**others:
            self.broken[one] += 1
            self.cancelled += 1
            return
        self.kept[one] += 1
        pair = (need.household, one)
        self.pairs[pair] = self.pairs.get(pair, 0) + 1
        self.minutes.append(minutes)
        self.walked.append(metres)


def gini(counts: Floats) -> float:
    """Return how unequal counts are: 0 all the same, towards 1 all on one."""
    ordered, count = np.sort(counts), len(counts)
    if not ordered.sum():
        return 0.0
    ranks = 2 * np.arange(1, count + 1) - count - 1
    return float((ranks * ordered).sum() / (count * ordered.sum()))


def on_top(counts: Floats, part: float) -> float:
    """Return the share of a sum that falls on the largest part of the counts."""
    top = np.sort(counts)[::-1][: max(1, int(len(counts) * part))]
    return float(top.sum() / max(counts.sum(), 1))


def _since(moments: list[float], begin: float) -> int:
    """Count from the end: moments come in order."""
    count = 0
    for moment in reversed(moments):
        if moment < begin:
            break
        count += 1
    return count
