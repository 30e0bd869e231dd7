"""The community's office: where somebody answers, and when."""

from datetime import datetime

from knowledge.hours import Opening, opening
from knowledge.pack import Facility, Pack


def office(pack: Pack) -> Facility | None:
    """Return the facility of the pack's first counter; None when it names no counter."""
    counters = (place for place in pack.places.values() if place.kind == "counter")
    return next((pack.facilities[place.facility] for place in counters if place.facility), None)


def office_opening(pack: Pack, now: datetime) -> Opening:
    """Say whether somebody is there now, and when next; not `known` without an office."""
    counter = office(pack)
    return opening(pack, counter, now) if counter else Opening(known=False)
