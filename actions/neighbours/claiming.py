"""A neighbour takes a need on, or does not: of many at once one wins, and all hear which."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from actions import outbox
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours import (
    helping,
    kinds,
    lapsing,
    needs,
    offers,
    pair,
    showing,
    stages,
    telling,
)
from actions.neighbours.model import (
    HelpOffer,
    HelpRequest,
    Match,
    MatchStatus,
    OfferedKind,
    Status,
)
from actions.people import blocks
from actions.people.model import Resident
from actions.quiet import quiet_ends
from actions.square import Square

LOOKED_AT = 200  # open needs, when somebody wants to see what there is
WAS_ASKED = (MatchStatus.PROPOSED, MatchStatus.DECLINED, MatchStatus.LAPSED)


@dataclass(frozen=True)
class Claim:
    """Somebody wants to take a need on; `match` is what there was between them before."""

    db: Db
    square: Square
    request: HelpRequest
    helper: Conversation
    match: Match | None
    now: datetime


def claim(
    db: Db, square: Square, *, request_id: int, helper: Conversation, now: datetime
) -> Match:
    """Give a need to the first neighbour who takes it; all who were asked are told.

    Raises:
        Refusal: another was faster, or it is not, or no longer, open to this neighbour.
    """
    request = pair.hold(db, request_id)
    if request is None:
        raise Refusal("utter_help_not_possible")
    wish = Claim(db, square, request, helper, _between(db, request, helper), now)
    if against := hindrance(wish):
        raise Refusal(against, **telling.described(square, request))
    needs.move(db, request, Status.OPEN, Status.MATCHED, now=now, refusal="utter_help_taken")
    match = _accept(wish)
    telling.take_back(db, lapsing.key_of(match))
    outbox.cancel(db, needs.about(request))
    for other in lapsing.lapse(db, request, now=now):
        telling.tell(
            db,
            square,
            request,
            other.conversation_id,
            "utter_help_found_other",
            now=now,
            due_at=quiet_ends(now, square.zone),
            match=other,
        )
    helping.begin(db, square, request, match, now)
    return match


def decline(
    db: Db, square: Square, *, request_id: int, helper: Conversation, now: datetime
) -> HelpRequest:
    """Note that a neighbour who was asked cannot help this time; the next is asked.

    Raises:
        Refusal: they have taken it on.
    """
    request = pair.hold(db, request_id)
    if request is None:
        raise Refusal("utter_help_not_possible")
    match = _between(db, request, helper)
    if match is not None and match.status == MatchStatus.ACCEPTED:
        raise Refusal("utter_help_yours_already", **telling.described(square, request))
    if match is not None and match.status == MatchStatus.PROPOSED:
        match.status, match.answered_at = MatchStatus.DECLINED, now
        if request.status == Status.OPEN:
            request.look_at = now
    db.flush()
    return request


def never(
    db: Db, square: Square, *, request_id: int, helper: Conversation, now: datetime
) -> HelpRequest:
    """Decline, and ask them for this kind no more.

    Raises:
        Refusal: they have taken it on.
    """
    request = decline(db, square, request_id=request_id, helper=helper, now=now)
    offer = _offer(db, helper)
    if offer is not None:
        kind = db.get(OfferedKind, (offer.id, request.kind_id))
        if kind is None:
            kind = OfferedKind(offer_id=offer.id, kind_id=request.kind_id)
            db.add(kind)
        kind.never = True
        db.flush()
    return request


def within_reach(
    db: Db, square: Square, helper: Conversation, *, now: datetime, limit: int
) -> list[HelpRequest]:
    """Return the open needs a neighbour may take on now, the most pressing first."""
    open_now = db.scalars(
        select(HelpRequest)
        .where(HelpRequest.status == Status.OPEN, HelpRequest.expires_at > now)
        .order_by(HelpRequest.expires_at, HelpRequest.id)
        .limit(LOOKED_AT)
    )
    wishes = (
        Claim(db, square, need, helper, _between(db, need, helper), now) for need in open_now
    )
    return list(islice((one.request for one in wishes if hindrance(one) is None), limit))


def hindrance(wish: Claim) -> str | None:
    """Return the response that says why a neighbour may not take a need on, None if they may.

    Who is blocked does not learn of it.
    """
    return next((response for response, holds in HINDRANCES if holds(wish)), None)


def _is_own(wish: Claim) -> bool:
    return pair.is_asker(wish.db, wish.request, wish.helper)


def _has_it(wish: Claim) -> bool:
    return wish.match is not None and wish.match.status in pair.TAKEN


def _is_past(wish: Claim) -> bool:
    gone = wish.request.status in (Status.EXPIRED, Status.DONE)
    return gone or (wish.request.status == Status.OPEN and wish.request.expires_at <= wish.now)


def _is_kept_apart(wish: Claim) -> bool:
    asker_id = wish.request.resident_id
    return (
        _kind_is_restricted(wish)
        or wish.helper.resident_id in blocks.blocked_with(wish.db, asker_id)
        or blocks.is_suspended(wish.db, asker_id, now=wish.now)
        or (wish.match is not None and wish.match.status not in WAS_ASKED)
    )


def _kind_is_restricted(wish: Claim) -> bool:
    kind = showing.kind_in(wish.square, wish.request.kind_id)
    return kind is not None and kind.restricted


def _is_suspended(wish: Claim) -> bool:
    return blocks.is_suspended(wish.db, wish.helper.resident_id, now=wish.now)


def _is_not_verified(wish: Claim) -> bool:
    helper_id = wish.helper.resident_id
    return not offers.may_give(wish.db, wish.square, helper_id, wish.request.kind_id)


def _is_too_far(wish: Claim) -> bool:
    """Who was asked may take it wherever they live."""
    if wish.match is not None:
        return False
    neighbour = wish.db.get_one(Resident, wish.helper.resident_id)
    waited = wish.now - (wish.request.opened_at or wish.now)
    kind = showing.kind_in(wish.square, wish.request.kind_id)
    return not kinds.reaches(kind, (wish.request.area_id, neighbour.area_id), waited)


# Why somebody may not take a need on; the first that holds is told.
HINDRANCES: tuple[tuple[str, Callable[[Claim], bool]], ...] = (
    ("utter_help_own", _is_own),
    ("utter_help_yours_already", _has_it),
    ("utter_help_ended", _is_past),
    ("utter_help_not_needed", lambda wish: wish.request.status == Status.CANCELLED),
    ("utter_help_taken", lambda wish: wish.request.status == Status.MATCHED),
    ("utter_help_not_possible", lambda wish: wish.request.status != Status.OPEN),
    ("utter_help_not_possible", _is_kept_apart),
    ("utter_help_helper_suspended", _is_suspended),
    ("utter_help_verified_only", _is_not_verified),
    ("utter_help_not_possible", _is_too_far),
)


def _accept(wish: Claim) -> Match:
    """Write down who has it. The database allows one, whatever we believe."""
    match = wish.match or Match(
        request_id=wish.request.id,
        helper_id=wish.helper.resident_id,
        step=_step(wish),
        asked_at=wish.now,
    )
    try:
        with wish.db.begin_nested():
            match.conversation_id = wish.helper.id
            match.status, match.answered_at = MatchStatus.ACCEPTED, wish.now
            wish.db.add(match)
            wish.db.flush()
    except IntegrityError:
        raise Refusal("utter_help_taken") from None
    return match


def _step(wish: Claim) -> str:
    all_stages = stages.of(wish.square, wish.request)
    return all_stages[stages.reached(all_stages, [], wish.now)].step


def _between(db: Db, request: HelpRequest, helper: Conversation) -> Match | None:
    of_both = select(Match).where(
        Match.request_id == request.id, Match.helper_id == helper.resident_id
    )
    return db.scalar(of_both.execution_options(populate_existing=True))


def _offer(db: Db, helper: Conversation) -> HelpOffer | None:
    return db.scalar(
        select(HelpOffer).where(
            HelpOffer.resident_id == helper.resident_id, HelpOffer.withdrawn_at.is_(None)
        )
    )
