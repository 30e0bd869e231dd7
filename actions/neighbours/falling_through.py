"""Help that falls through: the helper cannot come, did not come, or is not needed any more."""

from datetime import datetime, timedelta

from actions import alerts, outbox
from actions.alerts import AlertKind
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours import helping, needs, pair, telling
from actions.neighbours.model import HelpRequest, MatchStatus, Status
from actions.neighbours.pair import Pair
from actions.relay import relaying
from actions.square import Square

CHOOSE_WITHIN = timedelta(days=1)  # whether another neighbour is to be asked


def withdraw(
    db: Db, square: Square, request_id: int, helper: Conversation, *, now: datetime
) -> HelpRequest:
    """The helper cannot come: who asked is told so, and others are asked while there is time.

    Raises:
        Refusal: they do not help, or it is done.
    """
    found = pair.for_helper(db, request_id, helper)
    request = part(db, square, found, now)
    again = open_again(db, square, request, now=now)
    telling.tell_asker(
        db,
        square,
        request,
        "utter_help_helper_gone" if again else "utter_help_helper_gone_over",
        now=now,
        due_at=telling.in_time(square, request, now),
    )
    if telling.is_soon(square, request, now):
        _raise(db, AlertKind.LATE_WITHDRAWAL, found, f"help-left:{found.match.id}", now)
    return request


def not_come(
    db: Db, square: Square, request_id: int, asker: Conversation, *, now: datetime
) -> bool:
    """The helper did not come: staff hear of it; whether others could still be asked in time.

    Raises:
        Refusal: it is not their need, it was done, or its time has not come.
    """
    found = pair.for_asker(db, request_id, asker)
    if now < found.request.wanted_from:
        raise Refusal("utter_help_not_time_yet", **telling.described(square, found.request))
    request = part(db, square, found, now)
    request.look_at = now + CHOOSE_WITHIN
    telling.tell(
        db,
        square,
        request,
        found.match.conversation_id,
        "utter_help_missed",
        now=now,
        due_at=telling.in_time(square, request, now),
    )
    _raise(db, AlertKind.HELPER_MISSED, found, f"help-missed:{found.match.id}", now)
    return request.wanted_until > now


def ask_others(
    db: Db, square: Square, request_id: int, asker: Conversation, *, now: datetime
) -> HelpRequest:
    """Ask other neighbours after the helper did not come.

    Raises:
        Refusal: it is not their need, somebody is to come, or there is no time left.
    """
    request = pair.asked_by(db, request_id, asker)
    if request.status == Status.OPEN:
        return request
    if request.status != Status.MATCHED or pair.taken(db, request):
        raise Refusal("utter_help_not_yours")
    if not open_again(db, square, request, now=now):
        raise Refusal("utter_help_ended", **telling.described(square, request))
    return request


def call_off(
    db: Db, square: Square, request_id: int, asker: Conversation, *, now: datetime
) -> HelpRequest:
    """Take a need back; who was to help is told.

    Raises:
        Refusal: it is not theirs, it is over, or the helper is there.
    """
    request = pair.asked_by(db, request_id, asker)
    if request.status == Status.CANCELLED:
        return request
    if request.status not in (Status.REVIEW, Status.OPEN, Status.MATCHED):
        raise Refusal("utter_help_ended", **telling.described(square, request))
    match = pair.taken(db, request)
    if match is not None and match.arrived_at:
        raise Refusal("utter_help_here_already", **telling.described(square, request))
    request.status = Status.CANCELLED
    helping.need_gone(db, square, request, now)
    return request


def open_again(db: Db, square: Square, request: HelpRequest, *, now: datetime) -> bool:
    """Ask neighbours again; False, and it is over, when its time is."""
    lasts = timedelta(hours=square.pack.help_policy.expires_after_hours)
    request.expires_at = min(now + lasts, request.wanted_until)
    if request.expires_at <= now:
        request.status, request.look_at = Status.CANCELLED, None
        db.flush()
        return False
    request.status, request.look_at = Status.OPEN, now
    needs.tell(db, square, request, "utter_help_expired", due_at=request.expires_at)
    return True


def part(
    db: Db,
    square: Square,
    found: Pair,
    now: datetime,
    to: MatchStatus = MatchStatus.WITHDRAWN,
) -> HelpRequest:
    """End it between the two; nothing of it is owed any more.

    Raises:
        Refusal: it has ended already.
    """
    request, match = found.request, found.match
    if match.status != MatchStatus.ACCEPTED:
        raise Refusal("utter_help_ended", **telling.described(square, request))
    match.status, match.answered_at = to, now
    outbox.cancel(db, telling.about(match))
    outbox.cancel(db, needs.about(request))
    relaying.close(db, needs.about(request), now=now)
    db.flush()
    return request


def _raise(db: Db, kind: AlertKind, found: Pair, key: str, now: datetime) -> None:
    """Have staff see to who waits for help that does not come."""
    alerts.raise_once(
        db,
        kind,
        found.request.resident_id,
        about=needs.about(found.request),
        key=key,
        now=now,
    )
