"""A resident leaves for good: what they reported stays the town's, without them."""

from datetime import datetime

from sqlalchemy import select

from actions.db import Db
from actions.governance import following, history, moves, reporting, workflow
from actions.governance.model import Follower, ServiceRequest, Status
from knowledge.pack import Pack


def leave_all(db: Db, pack: Pack, resident_id: str, *, now: datetime) -> None:
    """Follow nothing more; what nobody else may see and nobody has taken on is withdrawn.

    What is public goes on, and waits for no answer of theirs.
    """
    followed = select(ServiceRequest).join(Follower, Follower.request_id == ServiceRequest.id)
    for request in db.scalars(followed.where(Follower.resident_id == resident_id)).all():
        reporting.leave(db, request, resident_id=resident_id)
    reported = select(ServiceRequest).where(ServiceRequest.resident_id == resident_id)
    for request in db.scalars(reported.order_by(ServiceRequest.id)).all():
        history.alone(db, request)
        _let_go(db, pack, request, now)


def _let_go(db: Db, pack: Pack, request: ServiceRequest, now: datetime) -> None:
    if request.visibility != following.PUBLIC:
        if _may_be_withdrawn(db, request):
            reporting.withdraw(db, pack, request, resident_id=request.resident_id, now=now)
        request.place_id = request.lat = request.lon = None  # it may be where they live
    elif request.status in workflow.UNFINISHED and request.paused_at is not None:
        moves.resume(pack, request, now)
        moves.schedule(pack, request, now)
    db.flush()


def _may_be_withdrawn(db: Db, request: ServiceRequest) -> bool:
    alone = len(following.parties(db, request)) == 1
    return alone and Status.WITHDRAWN in workflow.MOVES[Status(request.status)]
