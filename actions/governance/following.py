"""Whom a request concerns: who reported it, and who met the same and follows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from actions import behalf
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
    """Somebody a request concerns, and where that is told.

    `acted_by` is who reads there, when it is somebody who acts for them.
    """

    resident_id: str
    conversation_id: str
    acted_by: str = ""

    @property
    def reader_id(self) -> str:
        """Who reads what is told."""
        return self.acted_by or self.resident_id


def follow(
    db: Db,
    *,
    request: ServiceRequest,
    conversation: Conversation,
    now: datetime,
    acting_id: int | None = None,
) -> Follower | None:
    """Have a resident told what the reporter is told; None when they follow it already.

    Raises:
        Refusal: it is their own, not for others to see, or over; or a rule of `behalf.owner`.
    """
    resident_id = behalf.owner(db, conversation, acting_id)
    if request.visibility != PUBLIC or request.status not in FOLLOWABLE:
        raise Refusal("utter_request_not_to_follow")
    if request.resident_id == resident_id:
        raise Refusal("utter_request_yours", reference=request.reference)
    follower = add(db, request, Party(resident_id, conversation.id), now)
    if follower is not None:
        history.record(db, request, Kind.FOLLOWED, now=now)
    return follower


def parties(db: Db, request: ServiceRequest) -> list[Party]:
    """Return everybody who is told of a request, the reporter first.

    What was asked for on somebody's behalf is told where it was asked for, and at their own.
    """
    return [party for one in _concerned(db, request) for party in _told(db, one)]


def followers(db: Db, request: ServiceRequest) -> Sequence[Follower]:
    """Return who follows a request beside its reporter, first come first."""
    return db.scalars(
        select(Follower).where(Follower.request_id == request.id).order_by(Follower.id)
    ).all()


def as_whom(db: Db, request: ServiceRequest, resident_id: str) -> str | None:
    """Return as whom somebody may speak of a request: themselves, or for whom they act.

    None when it concerns neither.
    """
    concerned = [one.resident_id for one in _concerned(db, request)]
    if resident_id in concerned:
        return resident_id
    return next((one for one in concerned if behalf.may(db, resident_id, one)), None)


def _concerned(db: Db, request: ServiceRequest) -> list[Party]:
    """Return whom a request concerns, the reporter first, and where each asked for it."""
    following = (Party(f.resident_id, f.conversation_id) for f in followers(db, request))
    return [Party(request.resident_id, request.conversation_id), *following]


def _told(db: Db, party: Party) -> list[Party]:
    whose = party.resident_id
    return [
        Party(whose, one.conversation_id, one.reader_id if one.reader_id != whose else "")
        for one in behalf.listeners(db, whose, party.conversation_id)
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
    for party in _concerned(db, merged):
        if party.resident_id != into.resident_id:
            add(db, into, party, now)


def release(db: Db, request: ServiceRequest) -> list[Party]:
    """Have nobody follow a request any more; returns who did."""
    others = [party for one in _concerned(db, request)[1:] for party in _told(db, one)]
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
