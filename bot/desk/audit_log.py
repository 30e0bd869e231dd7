"""What staff read, changed and exported, for those who manage staff."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from actions.people import scope
from actions.people.model import AuditEntry, Staff
from bot.desk.deeds import done
from bot.desk.sessions import identity
from bot.desk.visit import Visit

AT_A_TIME = 100


def see(visit: Visit) -> Response:
    """Show the latest entries of the own area's staff, or those before one, or of somebody."""
    entries = _entries(visit)
    visit.note("read_audit", f"entries:{len(entries)}")
    return visit.show("audit.html", entries=entries, done=done, more=len(entries) == AT_A_TIME)


def _entries(visit: Visit) -> Sequence[Any]:
    """The operator at the command line is of no area: the topmost area's see what they did."""
    ours = scope.inside(Staff.area_id, (visit.staff.area_id,))
    asked = select(AuditEntry, Staff.username).outerjoin(Staff).where(ours)
    if before := identity(visit.sent.get("before", "")):
        asked = asked.where(AuditEntry.id < before)
    if who := identity(visit.sent.get("who", "")):
        asked = asked.where(AuditEntry.staff_id == who)
    return visit.db.execute(asked.order_by(AuditEntry.id.desc()).limit(AT_A_TIME)).all()
