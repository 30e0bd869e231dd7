"""Visits of groups that wait for an answer, and those that are coming."""

from collections.abc import Sequence

from sqlalchemy import select
from starlette.responses import Response

from actions.booking import visits
from actions.booking.model import Booking
from actions.booking.model import Visit as Group
from actions.booking.programme import described
from actions.people import scope
from actions.people.model import Staff
from actions.people.roles import ORGANISES
from bot.desk.sessions import identity, programme_of
from bot.desk.visit import Missing, Visit, go


def see(visit: Visit) -> Response:
    """Show the visits, without who they are."""
    programme = programme_of(visit)
    return visit.show(
        "visits.html",
        groups=[
            (group, described(programme, group.booking.session))
            for group in visits.coming(visit.db, now=visit.now)
        ],
        names=_names(visit),
    )


def see_one(visit: Visit) -> Response:
    """Show one, with the form that answers it."""
    group = _find(visit)
    visit.note("read_visit", f"booking:{group.booking_id}")
    return visit.show(
        "group.html",
        group=group,
        session=group.booking.session,
        told=described(programme_of(visit), group.booking.session),
        guides=_guides(visit, group.booking),
        names=_names(visit),
    )


def approve(visit: Visit) -> Response:
    """Say yes, with a guide; the resident is told.

    Raises:
        Refusal: a rule of `visits.approve`.
    """
    group, guide_id = _find(visit), identity(visit.sent.get("guide", ""))
    with scope.unlimited(visit.db):
        visits.approve(
            visit.db,
            programme_of(visit),
            booking_id=group.booking_id,
            guide_id=guide_id,
            now=visit.now,
        )
    visit.note("approved_visit", f"booking:{group.booking_id}")
    return go("/visits")


def decline(visit: Visit) -> Response:
    """Say no and why; the resident is told.

    Raises:
        Refusal: a rule of `visits.decline`.
    """
    group = _find(visit)
    with scope.unlimited(visit.db):
        visits.decline(
            visit.db,
            programme_of(visit),
            booking_id=group.booking_id,
            reason=visit.words().strip(),
            now=visit.now,
        )
    visit.note("declined_visit", f"booking:{group.booking_id}")
    return go("/visits")


def _find(visit: Visit) -> Group:
    """Return the visit of the address; unknown and forbidden look the same."""
    booking = visit.db.get(Booking, identity(visit.path["booking_id"]))
    group = visit.db.get(Group, booking.id) if booking else None
    if group is None:
        raise Missing
    return group


def _guides(visit: Visit, booking: Booking) -> Sequence[Staff]:
    """Return who may guide there: those who answer for the area of the venue."""
    answering = visit.db.scalars(
        select(Staff)
        .where(Staff.disabled_at.is_(None), Staff.role.in_(ORGANISES))
        .order_by(Staff.username)
    )
    return [one for one in answering if scope.reaches([one.area_id], booking.area_id)]


def _names(visit: Visit) -> dict[int, str]:
    found = visit.db.execute(select(Staff.id, Staff.username))
    return {number: name for number, name in found}
