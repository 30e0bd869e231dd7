"""How near two problems are, as far as can be told from how residents say where."""

from dataclasses import dataclass
from enum import StrEnum
from math import cos, radians

from sqlalchemy import ColumnElement, and_, or_

from actions.governance import places
from actions.governance.model import ServiceRequest
from actions.governance.service import Where
from knowledge.geo import metres
from knowledge.pack import Pack, Place

DEGREE = 111_195  # metres of one of latitude
NAMED_ONLY = 50  # metres a point may lie off a place that is only named


class Nearness(StrEnum):
    """How near two problems are."""

    SPOT = "spot"  # at one place, or within the category's metres
    STRETCH = "stretch"  # along one road or in one block, who knows where
    UNKNOWN = "unknown"  # of one of them nobody knows the place
    ANYWHERE = "anywhere"  # where it is makes no difference


@dataclass(frozen=True)
class Spot:
    """Where something is: a point, the place it was named by, or both."""

    place: Place | None
    point: tuple[float, float] | None
    exact: bool  # a point was shared


def spot_of(pack: Pack, where: Where, text: str) -> Spot | None:
    """Return where something is: by its point, its place, or the place its words name."""
    place = pack.places.get(where.place_id or "")
    if where.lat is not None and where.lon is not None:
        return Spot(place, (where.lat, where.lon), exact=True)
    place = place or places.by_words(pack, text)
    if place is None:
        return None
    known = place.lat is not None and place.lon is not None
    return Spot(place, (place.lat or 0, place.lon or 0) if known else None, exact=False)


def nearness(one: Spot | None, other: Spot | None, radius: int) -> Nearness | None:
    """Return how near two problems are; None when they are not."""
    if not radius:
        return Nearness.ANYWHERE
    if one is None or other is None:
        return Nearness.UNKNOWN
    named = one.place == other.place and not (one.exact and other.exact)
    if named and one.place and one.place.kind in places.STRETCHES:
        return Nearness.STRETCH
    if named and not one.exact and not other.exact:
        return Nearness.SPOT
    reach = radius + (NAMED_ONLY if one.exact != other.exact else 0)
    if one.point and other.point and metres(*one.point, *other.point) <= reach:
        return Nearness.SPOT
    return None


def not_elsewhere(pack: Pack, spot: Spot | None, radius: int) -> ColumnElement[bool]:
    """Return the condition that leaves out requests known to be elsewhere."""
    request = ServiceRequest
    if spot is None or not radius:
        return request.id > 0
    conditions = [_unknown()]
    if spot.place:
        conditions.append(request.place_id == spot.place.id)
    if spot.point:
        (lat, lon), reach = spot.point, radius + NAMED_ONLY
        high, wide = reach / DEGREE, reach / (DEGREE * cos(radians(lat)))
        box = (
            request.lat.between(lat - high, lat + high),
            request.lon.between(lon - wide, lon + wide),
        )
        conditions += [and_(*box), request.place_id.in_(_around(pack, lat, lon, reach))]
    return or_(*conditions)


def _around(pack: Pack, lat: float, lon: float, reach: float) -> list[str]:
    return [
        place.id
        for place in pack.places.values()
        if place.lat is not None
        and place.lon is not None
        and metres(lat, lon, place.lat, place.lon) <= reach
    ]


def _unknown() -> ColumnElement[bool]:
    return and_(ServiceRequest.place_id.is_(None), ServiceRequest.lat.is_(None))
