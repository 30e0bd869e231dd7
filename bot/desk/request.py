"""A service request: what, where, whose, how it stands, and everything that happened to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from starlette.responses import Response

from actions.db import Db
from actions.governance import categories, following, history, workflow, worklist
from actions.governance.model import Kind, ServiceRequest, Status, Update
from actions.people import scope
from actions.people.model import Resident, Staff
from actions.people.scope import RESTRICTED
from bot.desk import ready_replies
from bot.desk.visit import Missing, Visit

LATEST_ID = 2**31  # no update has a larger one

# Who did what no member of staff did.
BY_RESIDENTS = frozenset({Kind.ADDED, Kind.PLACED, Kind.FOLLOWED, Kind.RATED})
SAID_BY_RESIDENTS = workflow.RESIDENTS_OWN | {Status.RECEIVED}


@dataclass(frozen=True)
class Line:
    """One line of a request's history: who did it, and which other request it speaks of.

    `fresh`: it happened since whoever was refused had looked.
    """

    made: Update
    who: str
    by: str
    other: str
    fresh: bool


def see(visit: Visit) -> Response:
    """Show a request, what happened to it, and what may be done with it."""
    request = find(visit)
    visit.note("read_request", f"request:{request.id}")
    asked = ready_replies.chosen(visit, request, "reply")
    next_ones = workflow.moves_of_staff(request.status)
    return visit.show(
        "request.html",
        request=request,
        unfinished=request.status in workflow.UNFINISHED,
        marks=worklist.marks_of(visit.pack, request, now=visit.now),
        owner=_name_of(visit.db, request.staff_id),
        merged_into=_references(visit.db, [request.merged_into_id]).get(
            request.merged_into_id or 0, ""
        ),
        parties=1 + len(following.followers(visit.db, request)),
        households=following.households(visit.db, [request]).get(request.id, 1),
        language=visit.db.get_one(Resident, request.resident_id).language,
        history=_history(visit, request),
        seen=history.last_id(visit.db, request),
        replies=ready_replies.ready(visit, request),
        words=asked.words if asked else "",
        moves=[status for status in Status if status in next_ones],
        needs_photo=categories.of(visit.pack, request).photo_on_close,
        may_merge=workflow.may_merge(request.status),
        teams=colleagues(visit, request.area_id),
    )


def find(visit: Visit) -> ServiceRequest:
    """Return the request of the address; unknown and forbidden look the same."""
    found = named(visit.db, visit.path["reference"])
    if found is None:
        raise Missing
    return found


def named(db: Db, reference: str) -> ServiceRequest | None:
    """Return the request of a reference, within the scope of who looks."""
    if not reference.isprintable():
        return None
    return db.scalar(select(ServiceRequest).where(ServiceRequest.reference == reference))


def last_seen(visit: Visit) -> int:
    """Return the last update somebody had seen who filled a form in; none is 0."""
    said = visit.sent.get("seen", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def colleagues(visit: Visit, area_id: str | None) -> dict[str, list[Staff]]:
    """Return the teams a request may be passed to, and who of them looks at its area.

    Whoever belongs to no team may be given requests of any.
    """
    everybody = visit.db.scalars(
        select(Staff).where(Staff.disabled_at.is_(None)).order_by(Staff.username)
    )
    reach = [who for who in everybody if scope.reaches([who.area_id], area_id)]
    return {
        team: [who for who in reach if who.team_id in (team, None)] for team in visit.pack.teams
    }


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


def _history(visit: Visit, request: ServiceRequest) -> list[Line]:
    """Return what happened, with who did it."""
    names: dict[int | None, str] = {
        number: name for number, name in visit.db.execute(select(Staff.id, Staff.username))
    }
    happened = history.history(visit.db, request)
    others = _references(visit.db, (made.other_id for made in happened))
    seen = last_seen(visit) if visit.refused and "seen" in visit.sent else LATEST_ID
    return [
        Line(
            made,
            who=names.get(made.staff_id, ""),
            by=_by(made),
            other=others.get(made.other_id or 0, ""),
            fresh=made.id > seen,
        )
        for made in happened
    ]


def _by(made: Update) -> str:
    """Say who did it where no member of staff did, by the names of `labels.BY`."""
    if made.staff_id is not None:
        return ""
    moved = made.kind == Kind.MOVED and made.status in SAID_BY_RESIDENTS
    answered = made.kind == Kind.ANSWERED and made.words_id is not None
    return "resident" if moved or answered or made.kind in BY_RESIDENTS else "clock"


def _references(db: Db, ids: Iterable[int | None]) -> dict[int, str]:
    """Return the references of other requests, those that who looks may see."""
    wanted: Sequence[Any] = [number for number in ids if number is not None]
    if not wanted:
        return {}
    found = db.execute(
        select(ServiceRequest.id, ServiceRequest.reference).where(ServiceRequest.id.in_(wanted))
    )
    return {number: reference for number, reference in found}


def _name_of(db: Db, staff_id: int | None) -> str:
    who = db.get(Staff, staff_id) if staff_id else None
    return who.username if who else ""
