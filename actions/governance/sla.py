"""By when a request is due: calendar hours run day and night, working hours with the office.

A promise has a clock. Working hours are those of the community's office: weekends, holidays,
make-up workdays and lunch as its opening hours have them. Without an office they run like
calendar hours.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from actions.people.office import office
from knowledge.hours import Span, spans_on
from knowledge.pack import Category, Pack

DAYS_AHEAD = 120  # the longest promise is 120 working hours, some four weeks
NUDGE_AFTER = 0.75  # of what is left of a promise, its team is reminded


def due_at(pack: Pack, category: Category, since: datetime) -> datetime:
    """Return the moment by which the category promises an answer to what came in `since`."""
    return after(pack, category, timedelta(hours=category.promise.hours), since)


def nudge_at(pack: Pack, category: Category, *, now: datetime, due: datetime) -> datetime:
    """Return when the team of an unanswered request is reminded, while there is time left."""
    return after(pack, category, NUDGE_AFTER * between(pack, category, now, due), now)


def after(pack: Pack, category: Category, time: timedelta, since: datetime) -> datetime:
    """Return when so much time has run on the category's clock."""
    left = time
    for start, end in _running(pack, category, since):
        if end - start >= left:
            return start + left
        left -= end - start
    return since + time


def between(pack: Pack, category: Category, since: datetime, until: datetime) -> timedelta:
    """Return how much time runs on the category's clock between two moments; none backwards."""
    run = timedelta()
    for start, end in _running(pack, category, since):
        if start >= until:
            return run
        run += min(end, until) - start
    return run


def resumed(
    pack: Pack, category: Category, *, due: datetime, paused_at: datetime, now: datetime
) -> datetime:
    """Return when a promise is due that waited for the resident: what was left of it is left.

    One that was overdue before it waited stays overdue.
    """
    if paused_at >= due:
        return due
    return after(pack, category, between(pack, category, paused_at, due), now)


def _running(pack: Pack, category: Category, since: datetime) -> Iterator[Span]:
    """Yield the spans in which the clock runs, from `since` on, in order."""
    counter = office(pack)
    if category.promise.clock != "working" or counter is None:
        yield since, since + timedelta(days=DAYS_AHEAD)
        return
    today = since.astimezone(pack.zone).date()
    for ahead in range(DAYS_AHEAD):
        for start, end in spans_on(pack, counter, today + timedelta(days=ahead)):
            if end > since:  # only the part that still lies ahead counts
                yield max(start, since), end
