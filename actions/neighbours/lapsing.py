"""Neighbours who were asked and need not answer any more."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from actions.db import Db
from actions.neighbours import telling
from actions.neighbours.model import HelpRequest, Match, MatchStatus

ANSWER_WITHIN = timedelta(minutes=20)  # afterwards the next are asked, too


def lapse(db: Db, request: HelpRequest, *, now: datetime) -> list[Match]:
    """End what neighbours were asked about a need; returns those who may have heard it."""
    open_still = (
        select(Match)
        .where(Match.request_id == request.id, Match.status == MatchStatus.PROPOSED)
        .order_by(Match.id)
    )
    asked = list(db.scalars(open_still.execution_options(populate_existing=True)))
    for match in asked:
        match.status = MatchStatus.LAPSED
        if match.asked_at > now - ANSWER_WITHIN:  # who had time and did not answer stays so
            match.answered_at = now
    db.flush()
    return [match for match in asked if not telling.take_back(db, key_of(match))]


def key_of(match: Match) -> str:
    """Return the key of the notice by which a neighbour is asked, this time."""
    return f"help-asked:{match.id}:{match.asked_at.astimezone(UTC):%y%m%d%H%M%S%f}"
