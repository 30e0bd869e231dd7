"""A service request: what, where, whose, how it stands, and the moves staff may make."""

from typing import Any

from sqlalchemy import func, select
from starlette.responses import Response

from actions.db import Db
from actions.errors import Refusal
from actions.governance import history, moves, workflow
from actions.governance.model import ServiceRequest, Status, Update
from actions.people.model import Staff
from actions.people.scope import RESTRICTED
from bot.desk.visit import Missing, Visit, go

NEW = frozenset({Status.RECEIVED, Status.REOPENED})  # nobody has taken them on yet


def see(visit: Visit) -> Response:
    """Show a request, and the moves that may follow."""
    request = _find(visit)
    visit.note("read_request", f"request:{request.id}")
    next_ones = workflow.moves_of_staff(request.status)
    return visit.show(
        "request.html",
        request=request,
        unfinished=request.status in workflow.UNFINISHED,
        history=_history(visit.db, request),
        moves=[status for status in Status if status in next_ones],
        needs_words=workflow.NEEDS_WORDS,
    )


def move(visit: Visit) -> Response:
    """Make a move; the resident is told.

    Raises:
        Refusal: it is not allowed, needs words, or somebody else has moved the request.
    """
    request, to = _find(visit), visit.sent.get("to", "")
    if visit.sent.get("seen") != request.status:
        raise Refusal("utter_move_overtaken")
    if to not in set(Status):
        raise Refusal("utter_move_not_allowed")
    moves.move(
        visit.db,
        pack=visit.pack,
        request=request,
        to=Status(to),
        staff_id=visit.staff.id,
        now=visit.now,
        words=visit.words(),
    )
    visit.note(f"moved_to_{to}", f"request:{request.id}")
    return go(f"/requests/{request.reference}")


def watched_by_nobody(db: Db) -> list[tuple[str, int]]:
    """Count the unfinished restricted requests of teams in which nobody can sign in.

    Only their team may see them: without one, somebody has to be told that they are there. Asks
    without regard to scope and returns counts alone.
    """
    on_duty = select(Staff.id).where(
        Staff.team_id == ServiceRequest.team_id, Staff.disabled_at.is_(None)
    )
    found = db.execute(
        select(ServiceRequest.team_id, func.count(ServiceRequest.id))
        .where(
            ServiceRequest.visibility == RESTRICTED,
            ServiceRequest.status.in_(workflow.UNFINISHED),
            ~on_duty.exists(),
        )
        .group_by(ServiceRequest.team_id)
        .order_by(ServiceRequest.team_id)
    )
    return [(team, count) for team, count in found]


def _find(visit: Visit) -> ServiceRequest:
    """Return the request of the address; unknown and forbidden look the same."""
    name = visit.path["reference"]
    found = (
        visit.db.scalar(select(ServiceRequest).where(ServiceRequest.reference == name))
        if name.isprintable()
        else None
    )
    if found is None:
        raise Missing
    return found


def _history(db: Db, request: ServiceRequest) -> list[tuple[Update, Any]]:
    """Return what happened, with who did it."""
    names = {number: name for number, name in db.execute(select(Staff.id, Staff.username))}
    return [(made, names.get(made.staff_id or 0)) for made in history.history(db, request)]
