"""Reports about neighbours: what was said, what the two wrote, and one decision.

The relayed conversation is shown because it was reported, and only while a report is open or
with the police post; each reading is written down.
"""

from starlette.responses import Response

from actions import conversations
from actions.care import reports
from actions.care.model import NeighbourReport
from actions.conversations import Conversation
from actions.errors import Refusal
from actions.people import nicknames, scope
from actions.relay import relaying
from actions.relay.model import Relay
from actions.relay.relaying import Line
from bot.desk.sessions import identity
from bot.desk.visit import Missing, Visit, go

REPORTER, REPORTED = "reporter", "reported"


def see(visit: Visit) -> Response:
    """Show what was reported: open ones first; no names and no words."""
    found = reports.for_staff(visit.db)
    return visit.show(
        "reports.html",
        found=found,
        earlier={one.id: reports.earlier(visit.db, one) for one in found if not one.closed_at},
    )


def see_one(visit: Visit) -> Response:
    """Show a report, what the two wrote, and how often the other was reported before."""
    report = _find(visit)
    visit.note("read_report", f"report:{report.id}")
    lines = _lines(visit, report)
    if lines:
        visit.note("read_relay", f"relay:{report.relay_id}")
    return visit.show(
        "report.html",
        report=report,
        lines=lines,
        earlier=reports.earlier(visit.db, report),
        called={
            REPORTER: nicknames.called(visit.db, report.reporter_id),
            REPORTED: nicknames.called(visit.db, report.reported_id),
        },
        outcomes=reports.OUTCOMES,
        days=reports.DAYS,
        police=bool(reports.police_chats(visit.db, report)),
        lasts=reports.BY_ITSELF.lasts.days,
    )


def decide(visit: Visit) -> Response:
    """Close a report.

    Raises:
        Refusal: there is no such outcome, or a colleague has decided.
    """
    report, outcome = _find(visit), visit.sent.get("outcome", "")
    days = visit.sent.get("days", "")
    with scope.unlimited(visit.db):
        reports.decide(
            visit.db,
            visit.square,
            report,
            outcome,
            staff_id=visit.staff.id,
            days=int(days) if days.isascii() and days.isdigit() and len(days) < 4 else 0,
            now=visit.now,
        )
    visit.note(f"decided_{outcome}", f"report:{report.id}")
    return go(f"/reports/{report.id}")


def talk(visit: Visit) -> Response:
    """Take over the conversation with one of the two, as far as the scope reaches.

    Raises:
        Refusal: there is no such side, or it is out of reach.
    """
    report, side = _find(visit), visit.sent.get("side", "")
    whose = {REPORTER: report.reporter_id, REPORTED: report.reported_id}.get(side, "")
    found = conversations.of_resident(visit.db, whose)
    if found is None:
        raise Refusal("utter_desk_out_of_reach")
    conversations.open_for_staff(visit.db, found, now=visit.now)
    visit.note("opened_for_report", f"report:{report.id} conversation:{found.id}")
    return go(f"/conversations/{found.id}")


def _find(visit: Visit) -> NeighbourReport:
    """Return the report of the address; unknown and forbidden look the same."""
    found = visit.db.get(NeighbourReport, identity(visit.path["report_id"]))
    if found is None:
        raise Missing
    return found


def _lines(visit: Visit, report: NeighbourReport) -> list[tuple[str, Line]]:
    if report.relay_id is None or report.outcome not in (None, "police"):
        return []
    relay = visit.db.get_one(Relay, report.relay_id)
    with scope.unlimited(visit.db):
        ones = visit.db.get_one(Conversation, relay.one_id).resident_id
    reporters = "one" if ones == report.reporter_id else "other"
    return [
        (REPORTER if line.side == reporters else REPORTED, line)
        for line in relaying.transcript(visit.db, report.relay_id)
    ]
