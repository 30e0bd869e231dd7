"""Figures on needs and who helps, counted by the database within the scope of who looks."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select

from actions.db import Db
from actions.neighbours.model import HelpOffer, HelpRequest


def needs(db: Db, *, since: datetime) -> Mapping[str, Counter[str]]:
    """Count by kind and status the needs that were posted."""
    found = db.execute(
        select(HelpRequest.kind_id, HelpRequest.status, func.count(HelpRequest.id))
        .where(HelpRequest.created_at >= since)
        .group_by(HelpRequest.kind_id, HelpRequest.status)
    )
    counts: dict[str, Counter[str]] = {}
    for kind_id, status, count in found:
        counts.setdefault(kind_id, Counter())[status] = count
    return counts


def helpers(db: Db) -> int:
    """Count the neighbours who are willing to help."""
    willing = select(func.count(HelpOffer.id)).where(HelpOffer.withdrawn_at.is_(None))
    return db.scalar(willing) or 0
