"""A resident helps and asks no more: offers, proposals and needs end, the other side is told.

Who was asked and has not answered is told nothing: there is nothing they would wait for.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from actions.db import Db
from actions.neighbours import falling_through, helping, lapsing, pair, telling
from actions.neighbours.model import (
    WAITING,
    HelpOffer,
    HelpRequest,
    Match,
    MatchStatus,
    Status,
)
from actions.neighbours.pair import Pair
from actions.square import Square


def stop(db: Db, square: Square, resident_id: str, *, now: datetime) -> None:
    """Withdraw an offer, let proposals lapse, and take back needs nobody has taken on."""
    db.execute(
        update(HelpOffer)
        .where(HelpOffer.resident_id == resident_id, HelpOffer.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
    for found in _helped(db, resident_id, MatchStatus.PROPOSED):
        found.match.status, found.match.answered_at = MatchStatus.LAPSED, now
        telling.take_back(db, lapsing.key_of(found.match))
        if found.request.status == Status.OPEN:
            found.request.look_at = now  # another is asked instead
    _cancel(db, square, resident_id, WAITING, now)
    db.flush()


def leave(db: Db, square: Square, resident_id: str, *, now: datetime) -> None:
    """Let go also of what was agreed: the helper is told, or the asker, who waits anew."""
    stop(db, square, resident_id, now=now)
    for found in _helped(db, resident_id, MatchStatus.ACCEPTED):
        request = falling_through.part(db, square, found, now)
        again = falling_through.open_again(db, square, request, now=now)
        response = "utter_helper_left" if again else "utter_helper_left_late"
        telling.tell_asker(db, square, request, response, now=now)
    _cancel(db, square, resident_id, (Status.MATCHED,), now)
    db.flush()


def _helped(db: Db, helper_id: str, status: MatchStatus) -> Sequence[Pair]:
    """Hold the needs a resident is asked about, or has taken on."""
    own = select(Match).where(Match.helper_id == helper_id, Match.status == status)
    held = []
    for match in db.scalars(own.order_by(Match.request_id)).all():
        request = pair.hold(db, match.request_id)
        db.refresh(match)
        if request is not None and match.status == status:
            held.append(Pair(request, match))
    return held


def _cancel(
    db: Db,
    square: Square,
    resident_id: str,
    statuses: Sequence[Status] | frozenset[Status],
    now: datetime,
) -> None:
    own = select(HelpRequest.id).where(
        HelpRequest.resident_id == resident_id, HelpRequest.status.in_(statuses)
    )
    for need_id in db.scalars(own.order_by(HelpRequest.id)).all():
        request = pair.hold(db, need_id)
        if request is not None and request.status in statuses:
            request.status = Status.CANCELLED
            helping.need_gone(db, square, request, now)
