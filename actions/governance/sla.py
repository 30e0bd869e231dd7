"""By when a request is due: calendar hours run day and night, working hours with the office."""

from datetime import datetime, timedelta

from actions.people.office import office
from knowledge.hours import spans_on
from knowledge.pack import Category, Pack

DAYS_AHEAD = 120  # the longest promise is 120 working hours, some four weeks


def due_at(pack: Pack, category: Category, received_at: datetime) -> datetime:
    """Return the moment by which the category promises an answer.

    Working hours are those of the community's office: weekends, holidays, make-up workdays
    and lunch as its opening hours have them. Without an office they run like calendar hours.
    """
    promised = timedelta(hours=category.promise.hours)
    if category.promise.clock == "working":
        return _after_working(pack, promised, received_at) or received_at + promised
    return received_at + promised


def _after_working(pack: Pack, left: timedelta, since: datetime) -> datetime | None:
    counter = office(pack)
    if counter is None:
        return None
    today = since.astimezone(pack.zone).date()
    for ahead in range(DAYS_AHEAD):
        for start, end in spans_on(pack, counter, today + timedelta(days=ahead)):
            begin = max(start, since)  # only the part that still lies ahead counts
            if end - begin >= left:
                return begin + left
            left -= max(end - begin, timedelta())
    return None
