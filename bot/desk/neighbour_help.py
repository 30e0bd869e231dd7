"""Neighbour help that waits for staff: a need to look at, or two neighbours to introduce."""

from sqlalchemy import select
from starlette.responses import Response

from actions import conversations
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours import changing, listing, needs
from actions.neighbours.model import HelpRequest, Match, MatchStatus, Status
from actions.people import scope
from actions.people.model import Caller
from actions.relay import masking, relaying
from bot.desk import labels
from bot.desk.visit import Missing, Visit, go
from knowledge.records import Text

ASKER, HELPER = "asker", "helper"


def see(visit: Visit) -> Response:
    """Show a need, and the two sides once a neighbour has taken it."""
    need = find(visit)
    visit.note("read_help", f"help:{need.id}")
    return visit.show(
        "neighbour_help.html",
        need=need,
        described=needs.described(visit.square, need),
        kind=visit.pack.help_kinds.get(need.kind_id),
        words=listing.words_of(need),
        masked=masking.mask(listing.words_of(need)).text,
        reasons=_reasons(visit, need),
        caller=visit.db.get(Caller, need.resident_id),
        sides=_sides(visit.db, need) if need.status == Status.MATCHED else {},
        on_phone=side_on_phone(visit.db, need) is not None,
        longest=relaying.LONGEST,
    )


def approve(visit: Visit) -> Response:
    """Let neighbours hear of a need; the resident is told."""
    need = find(visit)
    needs.approve(visit.db, square=visit.square, request=need, now=visit.now)
    visit.note("approved_help", f"help:{need.id}")
    return go("/")


def decline(visit: Visit) -> Response:
    """Turn a need down; the resident is told."""
    need = find(visit)
    needs.decline(visit.db, square=visit.square, request=need, now=visit.now)
    visit.note("declined_help", f"help:{need.id}")
    return go("/")


def rewrite(visit: Visit) -> Response:
    """Put the words of a need that waits for staff right; they look at it again."""
    need = find(visit)
    words = visit.words().strip()
    needs.rewrite(
        visit.db,
        square=visit.square,
        request=need,
        words=words,
        meaning=visit.prepared,
        now=visit.now,
    )
    visit.note("changed_help", f"help:{need.id}")
    return go(f"/help/{need.id}")


def withdraw(visit: Visit) -> Response:
    """Take a need back for somebody who phones; what a resident asked is theirs to take back.

    Raises:
        Refusal: it is a resident with a page of their own, or it is over already.
    """
    need = find(visit)
    talk = visit.db.get(Conversation, need.conversation_id)
    if talk is None or visit.db.get(Caller, need.resident_id) is None:
        raise Refusal("utter_desk_not_like_that")
    with scope.unlimited(visit.db):
        changing.withdraw(visit.db, square=visit.square, request=need, by=talk, now=visit.now)
    visit.note("cancelled_help_for_caller", f"help:{need.id}")
    return go(f"/help/{need.id}")


def talk(visit: Visit) -> Response:
    """Take over the conversation with one of the two sides.

    Raises:
        Refusal: there is no such side, or not within this member of staff's scope.
    """
    need, side = find(visit), visit.sent.get("side", "")
    found = _sides(visit.db, need).get(side)
    if found is None:
        raise Refusal("utter_help_moved")
    conversations.open_for_staff(visit.db, found, now=visit.now)
    visit.note("opened_for_help", f"help:{need.id} conversation:{found.id}")
    return go(f"/conversations/{found.id}")


def side_on_phone(db: Db, need: HelpRequest) -> Conversation | None:
    """Return the conversation of who asked, if they have no page and the scope reaches it."""
    talk = db.get(Conversation, need.conversation_id)
    return talk if talk and db.get(Caller, talk.resident_id) else None


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


def _reasons(visit: Visit, need: HelpRequest) -> list[Text]:
    """Return why staff look at it first, as the pack or the desk names it."""
    risks = visit.pack.help_risks
    return [
        risks[reason].name
        if reason in risks
        else labels.REVIEWED.get(reason, Text(zh=reason, en=reason))
        for reason in need.review
    ]


def find(visit: Visit) -> HelpRequest:
    """Return the need of the address; unknown and forbidden look the same."""
    number = visit.path["help_id"]
    known = number.isascii() and number.isdigit() and len(number) < 10
    need = visit.db.get(HelpRequest, int(number)) if known else None
    if need is None:
        raise Missing
    return need
