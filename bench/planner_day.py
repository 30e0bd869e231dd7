"""A day of a whole town through the message budget, by its own clock: `make bench-planner`.

Residents are a sample, counted up to the town. Each gets notices as a town sends them, some
write now and then; WeChat lets us write five messages in 48 hours. Last line: one JSON with
messages a person, what was put off, held and told together, and what broke a limit: none.
"""

import argparse
import heapq
import random
import statistics
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from actions import planning
from actions.channels import CHANNELS
from actions.planning import RULES, Kind
from actions.quiet import is_quiet
from bench.output import finish
from bench.peak import TOWN

ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 11, 24, tzinfo=ZONE)
DAYS = 3  # the window is two days: the last day counts
PER_DAY = {  # how many a resident is owed on an average day
    Kind.ANSWER: 0.30,
    Kind.URGENT: 0.10,
    Kind.REMINDER: 0.25,
    Kind.NEWS: 0.50,
    Kind.CAN_WAIT: 1.50,
}
WRITES = TOWN.a_day  # messages a resident writes on an average day
CHANNEL_OF = {"wechat": 0.7, "telegram": 0.1, "webchat": 0.2}


@dataclass
class Person:
    """Somebody on a channel: what we may still write, what they were told and when."""

    channel: str
    write_until: datetime | None = None
    left: int = 0
    could_wait_at: datetime | None = None
    waiting: list[tuple[Kind, datetime]] = field(default_factory=list)  # held
    told: list[tuple[datetime, Kind, int]] = field(default_factory=list)

    def writes_left(self, now: datetime) -> int | None:
        """Return how many messages may be written, None where there is no limit."""
        if CHANNELS[self.channel].window is None:
            return None
        return self.left if self.write_until and self.write_until > now else 0


@dataclass
class Town:
    """The people, and what happens to them, one thing after the other."""

    people: list[Person]
    chance: random.Random
    counted: Counter[str] = field(default_factory=Counter)
    events: list[tuple[datetime, int, float, str]] = field(default_factory=list)

    def plan(self) -> None:
        """Draw what happens in these days."""
        happening = {str(kind): often for kind, often in PER_DAY.items()} | {"writes": WRITES}
        for number in range(len(self.people)):
            for what, often in happening.items():
                for _ in range(_how_many(self.chance, often * DAYS)):
                    self._add(
                        BEGIN + DAYS * timedelta(days=1) * self.chance.random(), number, what
                    )

    def _add(self, at: datetime, number: int, what: str) -> None:
        heapq.heappush(self.events, (at, number, self.chance.random(), str(what)))

    def live(self) -> None:
        """Let everything happen, in order."""
        while self.events:
            now, number, _, what = heapq.heappop(self.events)
            if now >= BEGIN + timedelta(days=DAYS):
                continue
            person = self.people[number]
            if what == "writes":
                self._writes(person, number, now)
            else:
                self._owe(person, number, Kind(what), now)

    def _writes(self, person: Person, number: int, now: datetime) -> None:
        window = CHANNELS[person.channel].window
        if window is not None:
            person.write_until, person.left = now + window.lasts, window.most
        held, person.waiting = person.waiting, []
        self._owe(person, number, Kind.ANSWER, now)
        for kind, _ in held:
            self._add(now, number, kind)

    def _owe(self, person: Person, number: int, kind: Kind, now: datetime) -> None:
        told_at = person.could_wait_at if RULES[kind].daily else None
        at = planning.may_go_at(kind, now=now, zone=ZONE, told_at=told_at)
        if at > now:
            self.counted["put_off"] += 1
            self._add(at, number, kind)
        elif planning.fits(kind, person.writes_left(now)):
            self._tell(person, number, kind, now)
        else:
            self.counted[f"held_{kind}"] += 1
            person.waiting.append((kind, now))

    def _tell(self, person: Person, number: int, kind: Kind, now: datetime) -> None:
        scarce = CHANNELS[person.channel].window is not None
        also = self._due_with(number, kind, now, scarce=scarce)
        self.counted["told_together"] += len(also)
        person.told.append((now, kind, 1 + len(also)))
        if scarce:
            person.left -= 1
        if any(RULES[one].daily for one in (kind, *also)):
            person.could_wait_at = now

    def _due_with(self, number: int, kind: Kind, now: datetime, *, scarce: bool) -> list[Kind]:
        also: list[Kind] = []
        aside = []
        while self.events and self.events[0][:2] <= (now, number):
            event = heapq.heappop(self.events)
            if event[3] != "writes" and planning.goes_with(
                kind, Kind(event[3]), is_scarce=scarce
            ):
                also.append(Kind(event[3]))
            else:
                aside.append(event)
        for event in aside:
            heapq.heappush(self.events, event)
        return also

    def figures(self) -> dict[str, object]:
        """Return what the last day was like, and what should not have been."""
        last = BEGIN + timedelta(days=DAYS - 1)
        a_day = [sum(at >= last for at, *_ in person.told) for person in self.people]
        factor = TOWN.people / len(self.people)
        return {
            "residents": TOWN.people,
            "sampled": len(self.people),
            "messages_last_day": round(sum(a_day) * factor),
            "per_person_mean": round(statistics.mean(a_day), 2),
            "per_person_p99": sorted(a_day)[int(len(a_day) * 0.99)],
            "per_person_max": max(a_day),
            "counted": dict(sorted(self.counted.items())),
            "violations": dict(self.violations()),
        }

    def violations(self) -> Counter[str]:
        """Count what broke a limit."""
        wrong: Counter[str] = Counter(window=0, daily=0, night=0)
        for person in self.people:
            wrong["window"] += person.left < 0
            can_wait = Counter(
                at.astimezone(ZONE).date() for at, kind, _ in person.told if RULES[kind].daily
            )
            wrong["daily"] += sum(count > 1 for count in can_wait.values())
            wrong["night"] += sum(
                is_quiet(at, ZONE) for at, kind, _ in person.told if not RULES[kind].wakes
            )
        return wrong


def _how_many(chance: random.Random, mean: float) -> int:
    """Draw from a Poisson distribution."""
    passed, count = chance.expovariate(1), 0
    while passed < mean:
        passed, count = passed + chance.expovariate(1), count + 1
    return count


def main() -> None:
    """Let the days pass and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sampled", type=int, default=9_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    kinds, weights = zip(*CHANNEL_OF.items(), strict=True)
    people = [Person(chance.choices(kinds, weights)[0]) for _ in range(asked.sampled)]
    town = Town(people, chance)
    town.plan()
    town.live()
    finish(town.figures())


if __name__ == "__main__":
    main()
