"""Whom a request concerns: who reported it, and who met the same and follows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.governance import history, workflow
from actions.governance.model import Follower, Kind, ServiceRequest, Status
from actions.people.model import Resident

PUBLIC = "public"  # the word of the pack's categories

# What was said to be done, and somebody says is not: it is taken up again.
SAID_DONE = frozenset({Status.REPLIED, Status.UNCONFIRMED, Status.RESOLVED})
# Whose home counts as one: a household's, else the resident's own.
HOME = func.coalesce(func.cast(Resident.household_id, Resident.id.type), Resident.id)
FOLLOWABLE = workflow.UNFINISHED | SAID_DONE


@dataclass(frozen=True)
class Party:
    """Somebody who is told, and where."""

    resident_id: str
    conversation_id: str


def follow(
    db: Db, *, request: ServiceRequest, conversation: Conversation, now: datetime
) -> Follower | None:
    """Have a resident told what the reporter is told; None when they follow it already.

    Raises:
        Refusal: it is their own, not for others to see, or over.
    """
    if request.visibility != PUBLIC or request.status not in FOLLOWABLE:
        raise Refusal("utter_request_not_to_follow")
    if request.resident_id == conversation.resident_id:
        raise Refusal("utter_request_yours", reference=request.reference)
    follower = add(db, request, Party(conversation.resident_id, conversation.id), now)
    if follower is not None:
        history.record(db, request, Kind.FOLLOWED, now=now)
    return follower


def parties(db: Db, request: ServiceRequest) -> list[Party]:
    """Return everybody a request concerns, the reporter first."""
    followers = db.scalars(
        select(Follower).where(Follower.request_id == request.id).order_by(Follower.id)
    )
    return [
        Party(request.resident_id, request.conversation_id),
        *(Party(one.resident_id, one.conversation_id) for one in followers),
    ]


def households(db: Db, requests: Sequence[ServiceRequest]) -> dict[int, int]:
    """Count by request how many households it concerns: the measure of its urgency.

    Residents of no known household count as one each.
    """
    ids = [request.id for request in requests]
    following = select(Follower.request_id, Follower.resident_id)
    reporting = select(ServiceRequest.id, ServiceRequest.resident_id)
    concerned = (
        following.where(Follower.request_id.in_(ids))
        .union(reporting.where(ServiceRequest.id.in_(ids)))
        .subquery()
    )
    number, resident = concerned.c
    counted = db.execute(
        select(number, func.count(func.distinct(HOME)))
        .join(Resident, Resident.id == resident)
        .group_by(number)
    )
    return {number: count for number, count in counted}


def take_over(db: Db, *, merged: ServiceRequest, into: ServiceRequest, now: datetime) -> None:
    """Have everybody a merged request concerned follow the one it became part of."""
    for party in parties(db, merged):
        if party.resident_id != into.resident_id:
            add(db, into, party, now)


def release(db: Db, request: ServiceRequest) -> list[Party]:
    """Have nobody follow a request any more; returns who did."""
    _, *others = parties(db, request)
    db.execute(delete(Follower).where(Follower.request_id == request.id))
    return others


def add(db: Db, request: ServiceRequest, party: Party, now: datetime) -> Follower | None:
    """Have somebody told, whatever may be followed; None when they follow it already."""
    follower = Follower(
        request_id=request.id,
        resident_id=party.resident_id,
        conversation_id=party.conversation_id,
        followed_at=now,
    )
    try:
        with db.begin_nested():
            db.add(follower)
            db.flush()
    except IntegrityError:  # they follow it already
        return None
    return follower
