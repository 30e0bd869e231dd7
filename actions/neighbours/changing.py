"""What residents do with their own needs, and what follows for who knows of them."""

from datetime import datetime

from sqlalchemy import select

from actions import conversations, outbox
from actions.conversations import Conversation
from actions.db import Db
from actions.neighbours import helping, needs, pair
from actions.neighbours.model import HelpRequest, Match, MatchStatus, Status
from actions.neighbours.need import Need
from actions.square import Square


def change(
    db: Db, *, square: Square, request: HelpRequest, need: Need, now: datetime
) -> HelpRequest:
    """Put an own need that waits into other words or at another time.

    Raises:
        Refusal: as `needs.change`.
    """
    before = request.kind_id, request.wanted_from, request.wanted_until
    changed = needs.change(db, square=square, request=request, need=need, now=now)
    after = changed.kind_id, changed.wanted_from, changed.wanted_until
    if after != before and changed.status == Status.OPEN:
        need_changed(db, square, changed, now=now)
    return changed


def withdraw(
    db: Db, *, square: Square, request: HelpRequest, by: Conversation, now: datetime
) -> None:
    """Take an own need back; a neighbour who has taken it on is told.

    So is, of a need asked for another, the one of the two who did not take it back.

    Raises:
        Refusal: it is over already.
    """
    pair.hold(db, request.id)
    needs.cancel(db, request=request, now=now)
    helping.need_gone(db, square, request, now)
    theirs = conversations.of_resident(db, request.resident_id)
    concerned = {request.conversation_id, theirs.id if theirs else request.conversation_id}
    if by.resident_id == request.resident_id:
        concerned.discard(theirs.id if theirs else by.id)
    for conversation_id in concerned - {by.id}:
        _tell(db, square, request, conversation_id, "utter_help_taken_back", now=now)


def need_changed(db: Db, square: Square, request: HelpRequest, *, now: datetime) -> None:
    """Tell who was asked and has not answered that kind or time are others now."""
    for asked in _matched(db, request, MatchStatus.PROPOSED):
        _tell(db, square, request, asked.conversation_id, "utter_help_is_another", now=now)


def _matched(db: Db, request: HelpRequest, status: MatchStatus) -> list[Match]:
    return list(
        db.scalars(select(Match).where(Match.request_id == request.id, Match.status == status))
    )


def _tell(
    db: Db,
    square: Square,
    request: HelpRequest,
    conversation_id: str,
    response: str,
    *,
    now: datetime,
) -> None:
    outbox.put(
        db,
        conversation_id=conversation_id,
        response=response,
        due_at=now,
        values=needs.values_of(square, request),
    )
