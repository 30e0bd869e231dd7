"""What everybody may read of a draw: before it, what binds us; after it, how it came out."""

from typing import Any

from sqlalchemy import select

from actions.booking import lots, stages
from actions.booking.lots import Lot
from actions.booking.model import Draw, DrawEntry
from actions.booking.programme import Programme
from actions.db import Db


def published(db: Db, programme: Programme, session_id: int) -> dict[str, Any] | None:
    """Return what is published of a session's draw, as JSON; None before it opens.

    Moments are ISO 8601 in UTC; `places` are those that are drawn, `kept` those that are not.
    Nobody is named: whoever entered was told their ticket.
    """
    draw = db.get(Draw, session_id)
    activity = programme.pack.activities.get(draw.session.activity_id) if draw else None
    if draw is None or activity is None:
        return None
    content: dict[str, Any] = {
        "format": lots.FORMAT,
        "how": lots.HOW,
        "session": session_id,
        "activity": {"id": activity.id, "zh": activity.name.zh, "en": activity.name.en},
        "starts_at": draw.session.starts_at.isoformat(),
        "opens_at": draw.opens_at.isoformat(),
        "closes_at": draw.closes_at.isoformat(),
        "places": stages.places_drawn(programme, draw.session),
        "kept": draw.kept,
        "entries": stages.count(db, session_id),
        "commitment": draw.commitment,
        "drawn_at": draw.drawn_at.isoformat() if draw.drawn_at else None,
    }
    if draw.drawn_at is not None:
        content |= _result(db, draw)
    return lots.sealed(content)


def _result(db: Db, draw: Draw) -> dict[str, Any]:
    drawn = select(DrawEntry).where(
        DrawEntry.session_id == draw.session_id, DrawEntry.rank.is_not(None)
    )
    chances = [
        Lot(entry.ticket, entry.group or 0, entry.places)
        for entry in db.scalars(drawn.order_by(DrawEntry.ticket))
    ]
    return {
        "seed": draw.seed,
        "tickets": [vars(lot) for lot in chances],
        "order": lots.result(draw.seed, chances, draw.places or 0),
    }
