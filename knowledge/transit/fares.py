"""What a ride costs, where the feed says so; discounts are told by articles."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from knowledge.transit.feed import Feed
from knowledge.transit.network import Level, Stop, level

ANY = ""


@dataclass(frozen=True, order=True)
class Fare:
    """A full fare in an ISO 4217 currency, with where it comes from."""

    price: Decimal
    currency: str
    level: Level
    source: str
    as_of: str


class Fares:
    """A feed's fares: by line, and by the zones a ride begins and ends in.

    Rules about zones passed on the way (`contains_id`) are left out: no sum is told that
    might be another one.
    """

    def __init__(self, feed: Feed, publisher: str) -> None:
        said = next(iter(feed["feed_info.txt"]), {})
        as_of = said.get("feed_version", "")
        self._fares = {
            row["fare_id"]: Fare(
                Decimal(row["price"]),
                row["currency_type"],
                level(row),
                row.get("source") or publisher,
                row.get("as_of") or as_of,
            )
            for row in feed["fare_attributes.txt"]
        }
        self._rules: dict[str, dict[tuple[str, str], set[str]]] = defaultdict(dict)
        ruled = set()
        for row in feed["fare_rules.txt"]:
            ruled.add(row["fare_id"])
            if not row.get("contains_id"):
                zones = (row.get("origin_id", ANY), row.get("destination_id", ANY))
                rules = self._rules[row.get("route_id", ANY)]
                rules.setdefault(zones, set()).add(row["fare_id"])
        everywhere = self._fares.keys() - ruled
        if everywhere:
            self._rules[ANY].setdefault((ANY, ANY), set()).update(everywhere)

    def of_line(self, line_ids: Collection[str]) -> list[Fare]:
        """Return all fares of some lines, the cheapest first; none when the feed has none."""
        rules = (self._rules.get(line_id, {}) for line_id in (*line_ids, ANY))
        return self._sorted(ids for zones in rules for ids in zones.values())

    def between(self, line_ids: Collection[str], start: Stop, end: Stop) -> list[Fare]:
        """Return the fares of a ride with one of some lines, the cheapest first."""
        zones = list(product((*start.zones, ANY), (*end.zones, ANY)))
        rules = [self._rules.get(line_id, {}) for line_id in (*line_ids, ANY)]
        return self._sorted(of.get(pair, ()) for of in rules for pair in zones)

    def _sorted(self, found: Iterator[Collection[str]]) -> list[Fare]:
        return sorted({self._fares[fare_id] for ids in found for fare_id in ids})
