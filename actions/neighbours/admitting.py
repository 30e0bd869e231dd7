"""Who may ask neighbours, how often, and what is found of a need before anybody hears of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from actions import alerts
from actions.alerts import AlertKind
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours import kinds, safety, showing
from actions.neighbours.model import WAITING, HelpRequest
from actions.neighbours.need import Need
from actions.people import acting, blocks, consents
from actions.people.model import Resident
from actions.square import Square

AN_HOUR = timedelta(hours=1)
PURPOSE = "help"  # of the consent


@dataclass(frozen=True)
class Looked:
    """What was found of a need before it is posted: why staff look first, what to warn of."""

    reasons: tuple[str, ...]
    warned: bool


def look(square: Square, need: Need) -> Looked:
    """Look at a need as `post` does.

    Raises:
        Refusal: neighbours are never asked for this, or not at this hour.
    """
    kind = showing.kind_in(square, need.kind_id)
    verdict = safety.require_allowed(square.pack, need.words)
    if kinds.within_window(kind, square.zone, need.wanted) is None:
        raise Refusal("utter_help_not_then", **showing.hours(square, need.kind_id))
    at_night = [safety.AT_NIGHT] if safety.is_at_night(need.wanted, square.zone) else []
    doubt = [safety.DOUBT] if need.doubtful and not verdict.reasons else []
    reasons = [*safety.reasons_of_kind(kind), *verdict.reasons, *at_night, *doubt]
    return Looked(tuple(dict.fromkeys(reasons)), verdict.warned is not None)


def hold(db: Db, resident_id: str, conversation: Conversation) -> Resident:
    """Let nobody else ask for a resident, or from a conversation, before this transaction ends.

    So two channels at once do not pass a limit.
    """
    held = {
        one: db.get_one(Resident, one, with_for_update=True)
        for one in sorted({resident_id, conversation.resident_id})
    }
    return held[resident_id]


def require_may_ask(
    db: Db, resident_id: str, conversation: Conversation, *, now: datetime
) -> None:
    """Make sure a conversation may ask neighbours for a resident at this moment.

    Raises:
        Refusal: not for that other, no consent, or suspended.
    """
    actor_id = conversation.resident_id
    if resident_id != actor_id and not acting.may_act(db, actor_id, resident_id):
        raise Refusal("utter_help_not_for_them")
    if any(blocks.is_suspended(db, one, now=now) for one in {resident_id, actor_id}):
        raise Refusal("utter_help_suspended")
    if not all(consents.is_given(db, one, PURPOSE) for one in {resident_id, actor_id}):
        raise Refusal("utter_help_no_consent")


def is_too_fast(db: Db, square: Square, conversation: Conversation, *, now: datetime) -> bool:
    """Whether somebody has asked so often within an hour that they have to wait."""
    lately = db.scalar(
        select(func.count())
        .select_from(HelpRequest)
        .join(Conversation, Conversation.id == HelpRequest.conversation_id)
        .where(
            Conversation.resident_id == conversation.resident_id,
            HelpRequest.staff_id.is_(None),
            HelpRequest.created_at > now - AN_HOUR,
        )
    )
    return (lately or 0) >= square.pack.help_policy.max_per_hour


def require_pace(db: Db, square: Square, conversation: Conversation, *, now: datetime) -> None:
    """Make sure nobody floods the neighbours.

    Raises:
        Refusal: they have to wait an hour.
    """
    if is_too_fast(db, square, conversation, now=now):
        raise Refusal("utter_help_too_fast", most=square.pack.help_policy.max_per_hour)


def tell_of_pace(db: Db, conversation: Conversation, *, now: datetime) -> None:
    """Have staff look at somebody who asks too often; they are told once a day."""
    resident_id = conversation.resident_id
    alerts.raise_once(
        db,
        AlertKind.TOO_MANY_NEEDS,
        resident_id,
        about="help",
        key=f"needs:{resident_id}:{now:%y%m%d}",
        now=now,
    )


def require_room(db: Db, square: Square, resident: Resident, *, now: datetime) -> None:
    """Make sure a resident has not as many needs waiting as the community allows.

    Raises:
        Refusal: they have.
    """
    waiting = db.scalar(
        select(func.count())
        .select_from(HelpRequest)
        .where(
            HelpRequest.resident_id == resident.id,
            HelpRequest.status.in_(WAITING),
            HelpRequest.expires_at > now,
        )
    )
    most = square.pack.help_policy.max_open_per_resident
    if (waiting or 0) >= most:
        raise Refusal("utter_help_too_many", most=most)
