"""Who works at the desk, for those who manage staff: add, new password, let in no more."""

from starlette.responses import Response

from actions.errors import Refusal
from actions.people import scope, staff
from actions.people.model import Role, Staff
from actions.people.staff import Newcomer, StaffUnfit
from bot.desk.sessions import identity
from bot.desk.visit import Missing, Visit, go
from bot.message import clean
from knowledge.pack import Area, Team


def see(visit: Visit) -> Response:
    """Show the staff of the own area and below."""
    return _show(visit)


def add(visit: Visit) -> Response:
    """Make somebody a member of staff; their password is shown this once.

    Raises:
        Refusal: a rule of `staff.add`, or it is not for this person to say.
    """
    role, team_id = visit.sent.get("role", ""), visit.sent.get("team", "") or None
    area_id = visit.sent.get("area", "")
    teams = (None, *_teams(visit))
    if role not in set(Role) or area_id not in _areas(visit) or team_id not in teams:
        raise Refusal("utter_desk_not_like_that")
    name, password = clean(visit.sent.get("username", "")), staff.make_password()
    try:
        made = staff.add(
            visit.db, Newcomer(name, Role(role), area_id, team_id), password, now=visit.now
        )
    except StaffUnfit as unfit:
        raise Refusal(unfit.response) from None
    visit.note("staff_added", f"staff:{made.id}")
    return _show(visit, made, password)


def reset(visit: Visit) -> Response:
    """Set a new password, shown this once; whoever is signed in with the old one no longer is.

    Raises:
        Refusal: it is their own, which they change themselves.
    """
    member, password = _find(visit), staff.make_password()
    staff.reset(visit.db, member.username, password)
    visit.note("staff_reset", f"staff:{member.id}")
    return _show(visit, member, password)


def disable(visit: Visit) -> Response:
    """Let somebody in no longer.

    Raises:
        Refusal: it is themselves: there must be somebody left to undo it.
    """
    member = _find(visit)
    staff.disable(visit.db, member.username, now=visit.now)
    visit.note("staff_disabled", f"staff:{member.id}")
    return go("/staff")


def may_manage(visit: Visit, member: Staff) -> bool:
    """Whether this visitor may change what somebody is."""
    return staff.may_manage(visit.staff, member.area_id, member.team_id)


def _show(visit: Visit, made: Staff | None = None, password: str = "") -> Response:
    return visit.show(
        "members.html",
        members=staff.everybody(visit.db, [visit.staff.area_id]),
        roles=list(Role),
        areas=_areas(visit),
        teams=_teams(visit),
        may_manage=may_manage,
        made=made,
        password=password,
    )


def _find(visit: Visit) -> Staff:
    """Return the member of the address; unknown and not ours to change look the same."""
    member = visit.db.get(Staff, identity(visit.path["staff_id"]))
    if member is None or not may_manage(visit, member):
        raise Missing
    if member.id == visit.staff.id:
        raise Refusal("utter_desk_staff_yourself")
    return member


def _areas(visit: Visit) -> dict[str, Area]:
    mine = [visit.staff.area_id]
    return {one.id: one for one in visit.pack.areas.values() if scope.reaches(mine, one.id)}


def _teams(visit: Visit) -> dict[str, Team]:
    """Return the teams this visitor may give."""
    topmost = scope.is_topmost(visit.staff.area_id)
    return dict(visit.pack.teams) if topmost else {}
