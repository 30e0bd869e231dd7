"""What the matches so far say of neighbours, and how alike their skills are to a need."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import case, func, select

from actions.db import Db
from actions.neighbours.matching import Floats
from actions.neighbours.model import HelpRequest, Match, MatchStatus

TAKEN = (MatchStatus.ACCEPTED, MatchStatus.DONE)
WEEK = timedelta(days=7)
LATELY = timedelta(days=14)  # what counts as asked or helped of late
REMEMBERED = timedelta(days=365)  # whether promises were kept
ASKS_PER_HELP = 3  # in a week, for each time they are willing to help

FACTS = ("kept", "broken", "unanswered", "asked", "helped", "pairs")  # of `matching.Facts`
THIS_WEEK = ("asked_this_week", "helped_this_week")


def counts(
    db: Db, request: HelpRequest, helper_ids: Sequence[str], *, now: datetime
) -> dict[str, Floats]:
    """Count matches: an array for each of `FACTS` and `THIS_WEEK`, an element a helper."""
    if not helper_ids:
        return {name: np.zeros(0) for name in (*FACTS, *THIS_WEEK)}
    found = {row.helper_id: row for row in db.execute(_counted(helper_ids, now))}
    good = db.execute(_good_pairs(request.resident_id, helper_ids)).all()
    pairs = {row.helper_id: row.times for row in good}
    return {
        name: np.array([float(getattr(found.get(one), name, 0)) for one in helper_ids])
        for name in (*FACTS[:-1], *THIS_WEEK)
    } | {"pairs": np.array([float(pairs.get(one, 0)) for one in helper_ids])}


def has_enough(counted: dict[str, Floats], at: int, per_week: int) -> bool:
    """Whether a helper has helped, or was asked, as often this week as they like."""
    asked, helped = (float(counted[name][at]) for name in THIS_WEEK)
    return helped >= per_week or asked >= ASKS_PER_HELP * per_week


def alike(meaning: bytes | None, others: Sequence[bytes | None]) -> Floats:
    """Return the cosine of each kept vector (float16) with one; NaN where either is missing."""
    found = np.full(len(others), np.nan)
    told = [at for at, other in enumerate(others) if meaning and other]
    if meaning and told:
        found[told] = _vectors([others[at] or b"" for at in told]) @ _vectors([meaning])[0]
    return found


def _vectors(kept: Sequence[bytes]) -> Floats:
    vectors = np.array([np.frombuffer(one, np.float16) for one in kept], np.float64)
    units: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return units


def _counted(helper_ids: Sequence[str], now: datetime) -> Any:
    lately, week = Match.asked_at > now - LATELY, Match.asked_at > now - WEEK
    taken, silent = Match.status.in_(TAKEN), Match.answered_at.is_(None)
    counted = {
        "kept": Match.status == MatchStatus.DONE,
        "broken": Match.status == MatchStatus.WITHDRAWN,
        "unanswered": (Match.status == MatchStatus.LAPSED) & silent,
        "asked": lately,
        "helped": lately & taken,
        "asked_this_week": week,
        "helped_this_week": week & taken,
    }
    return (
        select(
            Match.helper_id,
            *(func.sum(case((one, 1), else_=0)).label(name) for name, one in counted.items()),
        )
        .where(Match.helper_id.in_(helper_ids), Match.asked_at > now - REMEMBERED)
        .group_by(Match.helper_id)
    )


def _good_pairs(asker_id: str, helper_ids: Sequence[str]) -> Any:
    """Count the matches of these very two that both said were done, and thanked for."""
    return (
        select(Match.helper_id, func.count(Match.id).label("times"))
        .join(HelpRequest, HelpRequest.id == Match.request_id)
        .where(
            HelpRequest.resident_id == asker_id,
            Match.helper_id.in_(helper_ids),
            Match.status == MatchStatus.DONE,
            Match.helper_done_at.is_not(None),
            Match.asker_done_at.is_not(None),
            Match.thanked_at.is_not(None),
        )
        .group_by(Match.helper_id)
    )
