"""Where something is: by a named place, a point on the map, or the resident's own words."""

import re
from functools import lru_cache

from actions.governance import figures
from knowledge.geo import metres
from knowledge.pack import Outside, Pack, Place
from knowledge.text import normalise

NEAR_METRES = 300  # a point is told by the place that is no farther away
OURS_METRES = 8000  # a point farther from every place of ours is not in our area
COMMON_KINDS = ("building", "gate", "road", "parking")  # offered to choose from
BUILDING = "building"  # the kind of a place, and the sort of a figure
# Too long for one point: two problems there may lie far apart.
STRETCHES = frozenset({"road", "block", "village", "hill"})


def named(pack: Pack, place_id: str | None, facility_id: str | None) -> Place | None:
    """Return the place a message names, by itself or by the facility in it."""
    if place_id in pack.places:
        return pack.places[place_id]
    in_it = (place for place in pack.places.values() if place.facility == facility_id)
    return next(in_it, None) if facility_id else None


def by_words(pack: Pack, text: str) -> Place | None:
    """Return the place that words say: the building with their number, else the first named.

    3幢东门 is at building 3, whatever else is called 东门; the rest is for the words to say.
    """
    return building(pack, text) or next(iter(in_text(pack, text)), None)


def building(pack: Pack, text: str) -> Place | None:
    """Return the building with the number a text speaks of; None when there are several."""
    numbers = figures.read(BUILDING, normalise(text))
    alike = [
        place
        for place in pack.places.values()
        if place.kind == BUILDING and numbers & _numbers(place)
    ]
    if len(alike) > 1:  # a block or village that is named too decides
        named = {place.area for place in in_text(pack, text) if place.kind in STRETCHES}
        alike = [place for place in alike if place.area in named]
    return alike[0] if len(alike) == 1 else None


def _numbers(place: Place) -> frozenset[str]:
    names = normalise(" ".join((place.name.zh, place.name.en, *place.aliases)))
    return figures.read(BUILDING, names)


def nearest(pack: Pack, lat: float, lon: float) -> tuple[Place, float] | None:
    """Return the place nearest to a point and its distance in metres."""
    distances = (
        (place, metres(lat, lon, place.lat, place.lon))
        for place in pack.places.values()
        if place.lat is not None and place.lon is not None
    )
    return min(distances, key=lambda pair: pair[1], default=None)


def outside(pack: Pack, text: str) -> Outside | None:
    """Return the place that is not ours which a text names, if it names one."""
    said = normalise(text)
    return next((o for o in pack.outside if _short(o.name) in said), None)


def common(pack: Pack, limit: int) -> list[Place]:
    """Return places many speak of, in the pack's order, one kind after the other."""
    places = [
        place
        for kind in COMMON_KINDS
        for place in pack.places.values()
        if place.kind == kind and place.area
    ]
    return places[:limit]


def in_text(pack: Pack, text: str) -> list[Place]:
    """Return the places a text names, in its order; of names in one another the longest."""
    names = tuple(
        (place.id, (place.name.zh, place.name.en, *place.aliases))
        for place in pack.places.values()
    )
    expression, ids = _names(names)
    found = (ids[hit[0]] for hit in expression.finditer(normalise(text)))
    return [pack.places[place] for place in dict.fromkeys(found)]


@lru_cache(maxsize=4)
def _names(
    names: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple[re.Pattern[str], dict[str, str]]:
    """Return an expression for all names, the longest first, and the place of each."""
    ids = {normalise(name): place for place, said in reversed(names) for name in said}
    forms = sorted((form for form in ids if len(form) > 1), key=len, reverse=True)
    said = (
        rf"(?<![a-z\d]){re.escape(form)}(?![a-z\d])" if form.isascii() else re.escape(form)
        for form in forms
    )
    return re.compile("|".join(said) or r"(?!)"), ids


def _short(name: str) -> str:
    """衙前镇 → 衙前: people leave the last character out."""
    return normalise(name)[:-1] if name[-1:] in "镇乡" else normalise(name).removesuffix("街道")
