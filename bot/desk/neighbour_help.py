"""Neighbour help that waits for staff: a need to look at, or two neighbours to introduce."""

from sqlalchemy import select
from starlette.responses import Response

from actions import conversations
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours import service
from actions.neighbours.model import HelpRequest, Match, MatchStatus, Status
from actions.neighbours.service import Square
from bot.desk.visit import Missing, Visit, go

ASKER, HELPER = "asker", "helper"


def see(visit: Visit) -> Response:
    """Show a need, and the two sides once a neighbour has taken it."""
    need = _find(visit)
    visit.note("read_help", f"help:{need.id}")
    return visit.show(
        "neighbour_help.html",
        need=need,
        described=service.described(_square(visit), need),
        kind=visit.pack.help_kinds.get(need.kind_id),
        sides=_sides(visit.db, need) if need.status == Status.MATCHED else {},
    )


def approve(visit: Visit) -> Response:
    """Let neighbours hear of a need; the resident is told."""
    need = _find(visit)
    service.approve(visit.db, square=_square(visit), request=need, now=visit.now)
    visit.note("approved_help", f"help:{need.id}")
    return go("/")


def decline(visit: Visit) -> Response:
    """Turn a need down; the resident is told."""
    need = _find(visit)
    service.decline(visit.db, square=_square(visit), request=need, now=visit.now)
    visit.note("declined_help", f"help:{need.id}")
    return go("/")


def introduce(visit: Visit) -> Response:
    """Note that the two know one another now: nothing more waits for staff."""
    need = _find(visit)
    service.introduced(visit.db, request=need, now=visit.now)
    visit.note("introduced_help", f"help:{need.id}")
    return go("/")


def talk(visit: Visit) -> Response:
    """Take over the conversation with one of the two sides, to introduce them.

    Raises:
        Refusal: there is no such side, or not within this member of staff's scope.
    """
    need, side = _find(visit), visit.sent.get("side", "")
    found = _sides(visit.db, need).get(side)
    if found is None:
        raise Refusal("utter_help_moved")
    conversations.open_for_staff(visit.db, found, now=visit.now)
    visit.note("opened_for_help", f"help:{need.id} conversation:{found.id}")
    return go(f"/conversations/{found.id}")


def _sides(db: Db, need: HelpRequest) -> dict[str, Conversation]:
    """Return the conversations with who asked and who helps, as far as the scope reaches."""
    helper = db.scalar(
        select(Match.conversation_id).where(
            Match.request_id == need.id, Match.status == MatchStatus.ACCEPTED
        )
    )
    found = {
        ASKER: db.get(Conversation, need.conversation_id),
        HELPER: db.get(Conversation, helper) if helper else None,
    }
    return {side: conversation for side, conversation in found.items() if conversation}


def _find(visit: Visit) -> HelpRequest:
    """Return the need of the address; unknown and forbidden look the same."""
    number = visit.path["help_id"]
    known = number.isascii() and number.isdigit() and len(number) < 10
    need = visit.db.get(HelpRequest, int(number)) if known else None
    if need is None:
        raise Missing
    return need


def _square(visit: Visit) -> Square:
    return Square(visit.pack, visit.desk.wording)
