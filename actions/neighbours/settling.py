"""How help comes to its end: both say so, one does and a day passes, or nobody ever does."""

from datetime import datetime, timedelta

from actions import outbox
from actions.db import Db
from actions.neighbours import pair, telling
from actions.neighbours.model import HelpRequest, Match, MatchStatus, Status

ASK_AFTER = timedelta(hours=2)  # the end of the wanted time: then each is asked once, by day
ONE_IS_ENOUGH_AFTER = timedelta(days=1)
SILENCE = timedelta(days=3)  # after the wanted time nobody's word is waited for any more
UNTOLD_MINUTES = 30  # of help, where nothing says how long it took
LONGEST = timedelta(hours=12)  # a longer stay was not told of when it ended


def finish(db: Db, request: HelpRequest, match: Match) -> None:
    """Write down that somebody was helped, and for how long."""
    match.status, request.status = MatchStatus.DONE, Status.DONE
    match.minutes = minutes_of(match, request.minutes)
    request.look_at = None
    outbox.cancel(db, telling.about(match))
    db.flush()


def minutes_of(match: Match, planned: int | None) -> int:
    """Return how long it took: from coming to leaving, else as planned, else half an hour."""
    if match.arrived_at and match.left_at:
        stayed = match.left_at - match.arrived_at
        if timedelta(0) < stayed <= LONGEST:
            return max(1, round(stayed / timedelta(minutes=1)))
    return planned or UNTOLD_MINUTES


def settle(db: Db, request: HelpRequest, *, now: datetime) -> None:
    """End what nobody says any more about; `now` the time for it has come.

    Where nobody said that anything was done, nothing is written down as done.
    """
    match = pair.taken(db, request, [MatchStatus.ACCEPTED])
    if match is None:  # the helper did not come, and who asked wanted nothing more
        request.status = Status.CANCELLED
    elif match.helper_done_at or match.asker_done_at or match.arrived_at:
        finish(db, request, match)
    else:
        match.status, match.answered_at = MatchStatus.LAPSED, now
        request.status = Status.CANCELLED
        outbox.cancel(db, telling.about(match))
