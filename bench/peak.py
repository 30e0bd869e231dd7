"""How much a town writes to its assistant: what is assumed, said once, and what follows.

Nobody has counted it for an assistant like ours; whoever has figures of a town puts them here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A place, and how its people write.

    `a_day`: messages of each of them on an average day, those who never write included (as
    in `bench.planner_day`); `busiest_hour`: what part of a day's messages it brings.
    """

    name: str
    people: int
    a_day: float = 0.30
    busiest_hour: float = 0.12

    @property
    def messages_a_day(self) -> float:
        """Messages of an average day."""
        return self.people * self.a_day

    @property
    def peak(self) -> float:
        """Messages a second in the busiest hour of an average day."""
        return self.messages_a_day * self.busiest_hour / 3600


TOWN = Place("a town", 180_000)
PROVINCE = Place("a province", 65_000_000)
SURGE = 5  # times its peak: a typhoon, sign-up that opens; this is what has to be borne
