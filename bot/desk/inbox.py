"""The desk's inbox: what waits for a person, within the scope of who looks.

It names nobody and shows no resident's words: reading those is written down when it is opened.
"""

from typing import Any

from starlette.responses import Response

from actions import alerts, outbox, undelivered
from actions.booking import visits
from actions.booking.model import BookingStatus
from actions.care import reports
from actions.governance import worklist
from actions.governance.worklist import Wanted
from actions.neighbours import listing as neighbours
from actions.people.model import Role
from actions.people.roles import ANSWERS
from actions.people.scope import is_topmost
from bot.desk import conversation, request, requests
from bot.desk.visit import Visit

FIRST = 20  # requests shown; the work list has them all


def see(visit: Visit) -> Response:
    """Show the inbox."""
    return visit.show("inbox.html", **_what_waits(visit))


def see_list(visit: Visit) -> Response:
    """Show the lists of the inbox alone, for a page that is open."""
    return visit.show("inbox_list.html", **_what_waits(visit))


def _what_waits(visit: Visit) -> dict[str, Any]:
    talks = conversation.waiting(visit.db)
    who = requests.looker(visit)
    counts = worklist.counts(visit.db, visit.pack, who)
    first, _ = worklist.page(visit.db, visit.pack, who, Wanted(), limit=FIRST)
    needs = neighbours.for_staff(visit.db, now=visit.now)
    calls = len(outbox.to_phone(visit.db, now=visit.now))
    groups = sum(
        group.booking.status == BookingStatus.REQUESTED
        for group in visits.coming(visit.db, now=visit.now)
    )
    care = {"alerts": alerts.untaken(visit.db), "reports": reports.undecided(visit.db)}
    lost = undelivered.count(visit.db) if visit.staff.role in ANSWERS else 0
    unanswered = sum(talk.unanswered_since is not None for talk, _ in talks)
    return {
        "talks": talks,
        "rows": requests.rows(visit, first),
        "counts": counts,
        "needs": needs,
        "writes_needs": visit.staff.role in ANSWERS,
        "calls": calls,
        "groups": groups,
        "care": care,
        "lost": lost,
        "count": sum((unanswered, counts["new"], len(needs), calls, groups, lost))
        + sum(care.values()),
        "watched_by_nobody": watched_by_nobody(visit),
    }


def watched_by_nobody(visit: Visit) -> list[tuple[str, int]]:
    """Return how many restricted requests a team has that nobody can see, by team.

    Those who can make somebody a member of the team are told: admins of the topmost area.
    """
    who = visit.staff
    if who.role != Role.ADMIN or not is_topmost(who.area_id):
        return []
    with visit.desk.database.reading() as db:
        return request.watched_by_nobody(db)
