"""A need and who took it on, held for one deed: whoever does something holds the need first."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours.model import HelpRequest, Match, MatchStatus
from actions.people import acting

TAKEN = (MatchStatus.ACCEPTED, MatchStatus.DONE)


@dataclass(frozen=True)
class Pair:
    """Who needs help and who gives it."""

    request: HelpRequest
    match: Match


def hold(db: Db, request_id: int) -> HelpRequest | None:
    """Return a need as it is now, and let nobody else change it meanwhile."""
    held = select(HelpRequest).where(HelpRequest.id == request_id)
    held = held.with_for_update(of=HelpRequest).execution_options(populate_existing=True)
    return db.scalar(held)


def for_helper(db: Db, request_id: int, helper: Conversation) -> Pair:
    """Return the pair in which somebody helps.

    Raises:
        Refusal: they do not.
    """
    request = hold(db, request_id)
    match = taken(db, request) if request else None
    if request is None or match is None or match.helper_id != helper.resident_id:
        raise Refusal("utter_help_not_yours")
    return Pair(request, match)


def for_asker(db: Db, request_id: int, asker: Conversation) -> Pair:
    """Return the pair in which somebody is helped, or has asked that somebody is.

    Raises:
        Refusal: it is not theirs, or nobody helps.
    """
    request = asked_by(db, request_id, asker)
    match = taken(db, request)
    if match is None:
        raise Refusal("utter_help_not_yours")
    return Pair(request, match)


def asked_by(db: Db, request_id: int, asker: Conversation) -> HelpRequest:
    """Return a need of somebody, or of whom they act for.

    Raises:
        Refusal: it is not theirs.
    """
    request = hold(db, request_id)
    if request is None or not is_asker(db, request, asker):
        raise Refusal("utter_help_not_yours")
    return request


def is_asker(db: Db, request: HelpRequest, somebody: Conversation) -> bool:
    """Whether it is their own need: they need it, asked for it, or may act for who does."""
    asked_at = db.get(Conversation, request.conversation_id)
    return (
        request.resident_id == somebody.resident_id
        or (asked_at is not None and asked_at.resident_id == somebody.resident_id)
        or acting.may_act(db, somebody.resident_id, request.resident_id)
    )


def taken(
    db: Db, request: HelpRequest, statuses: Iterable[MatchStatus] = TAKEN
) -> Match | None:
    """Return what says who has taken a need on."""
    of_request = select(Match).where(
        Match.request_id == request.id, Match.status.in_([*statuses])
    )
    return db.scalar(of_request.execution_options(populate_existing=True))
