"""A helper's own record: how often, how long, by month. Nobody is ranked, nobody else looks."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from actions.db import Db
from actions.neighbours.model import HelpRequest, Match, MatchStatus
from actions.neighbours.settling import UNTOLD_MINUTES


@dataclass(frozen=True)
class Record:
    """What one resident did for others: times, minutes, and minutes by month ("2026-11")."""

    times: int
    minutes: int
    by_month: Mapping[str, int]


def of_resident(db: Db, resident_id: str, since: datetime) -> Record:
    """Return the record of a resident for that resident, on the clock `since` is told by."""
    found = db.execute(
        select(Match, HelpRequest.minutes, HelpRequest.wanted_until)
        .join(HelpRequest, HelpRequest.id == Match.request_id)
        .where(Match.helper_id == resident_id, Match.status == MatchStatus.DONE)
        .order_by(Match.id)
    )
    by_month: Counter[str] = Counter()
    times = 0
    for match, planned, wanted_until in found:
        at = match.left_at or match.arrived_at or match.helper_done_at or wanted_until
        if at >= since:
            times += 1
            month = f"{at.astimezone(since.tzinfo):%Y-%m}"
            by_month[month] += match.minutes or planned or UNTOLD_MINUTES
    return Record(times, sum(by_month.values()), dict(sorted(by_month.items())))
